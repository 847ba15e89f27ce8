"""What kh says while it works: steps on standard error, results on standard output."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

HEARTBEAT_SECONDS = 20.0


def say(text: str) -> None:
    """A remark on standard error."""
    print(text, file=sys.stderr, flush=True)


def out(text: str = "") -> None:
    """A result on standard output."""
    print(text, flush=True)


class Step:
    """A running step: `note()` shows how far it is."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.started = time.monotonic()
        self.detail = ""
        self._watched: Callable[[], str] | None = None
        self._over = threading.Event()
        self._on_terminal = sys.stderr.isatty()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def note(self, detail: str) -> None:
        """Say what the step is busy with; shown with the next sign of life."""
        self.detail = detail

    def watch(self, detail: Callable[[], str]) -> None:
        """Ask `detail` for what the step is busy with, whenever a sign of life is due."""
        self._watched = detail

    def _progress(self) -> str:
        detail = self._watched() if self._watched else self.detail
        return f"{self.seconds:.0f} s" + (f", {detail}" if detail else "")

    def _tick(self) -> None:
        pause = 1.0 if self._on_terminal else HEARTBEAT_SECONDS
        while not self._over.wait(pause):
            if self._on_terminal:
                columns = shutil.get_terminal_size().columns - 1
                sys.stderr.write("\r\033[K" + f"· {self.title} … {self._progress()}"[:columns])
                sys.stderr.flush()
            else:
                say(f"  … {self._progress()}")

    def _finish(self, mark: str) -> None:
        self._over.set()
        start = "\r\033[K" if self._on_terminal else ""
        say(f"{start}{mark} {self.title} ({self.seconds:.1f} s)")


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Announce a step, show that it lives, say how long it took (or that it failed)."""
    running = Step(title)
    say(f"· {title}")
    ticker = threading.Thread(target=running._tick, daemon=True)
    ticker.start()
    try:
        yield running
    except BaseException:
        running._finish("✗")
        raise
    running._finish("✓")


def table(rows: list[tuple[str, ...]], head: tuple[str, ...]) -> str:
    """Rows under a head as text with aligned columns; Chinese characters count double."""
    everything = [head, *rows]
    widths = [max(width(row[i]) for row in everything) for i in range(len(head))]
    lines = [
        "  ".join(cell + " " * (widths[i] - width(cell)) for i, cell in enumerate(row)).rstrip()
        for row in everything
    ]
    return "\n".join([lines[0], "  ".join("─" * w for w in widths), *lines[1:]])


def width(text: str) -> int:
    """Columns that `text` takes on a terminal."""
    return sum(2 if "\u1100" <= char <= "\uffe6" and char != "–" else 1 for char in text)
