"""Running other programs: output into a log, no orphans when kh is killed."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from tools.kh import paths
from tools.kh.errors import KhError, disk_full, says_disk_full

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(sig: int = signal.SIGKILL) -> Callable[[], None]:
    """For `preexec_fn`: the child gets `sig` when this process dies, however it dies."""
    parent = os.getpid()

    def prepare_child() -> None:
        if hasattr(_libc, "prctl"):
            _libc.prctl(PR_SET_PDEATHSIG, sig)
        if os.getppid() != parent:
            os._exit(1)

    return prepare_child


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log; empty when there is none."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 20_000))
        text = file.read().decode(errors="replace")
    return "\n".join(text.splitlines()[-lines:])


def run(
    argv: Sequence[str | Path],
    *,
    log: Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
    outlives: bool = False,
    feed: str = "",
) -> int:
    """Run a program with its output appended to `log`; return its exit code.

    Killed with its whole process group on Ctrl-C and after `timeout` seconds, and when this
    process is killed; the last not with `outlives`, for what must not be cut short (dpkg).

    :param feed: what the program reads as its input
    :raise KhError: not found, too slow, or the disk is full
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [str(part) for part in argv]
    with log.open("ab", buffering=0) as output, _input(feed) as given:
        start = output.tell()
        output.write(f"$ {' '.join(command)}\n".encode())
        try:
            child = subprocess.Popen(
                command,
                cwd=cwd or paths.ROOT,
                env=dict(env) if env is not None else None,
                stdin=given,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=None if outlives else die_with_parent(),
            )
        except FileNotFoundError as error:
            raise KhError(f"The program {command[0]} is missing; ./kh doctor says more.") from error
        try:
            code = child.wait(timeout)
        except subprocess.TimeoutExpired as error:
            end_group(child)
            raise KhError(
                f"{Path(command[0]).name} did not finish within {timeout:.0f} seconds; see {log}."
            ) from error
        except BaseException:
            end_group(child)
            raise
    if code and says_disk_full(_from(log, start)):
        raise disk_full(paths.KH)
    return code


@contextlib.contextmanager
def _input(feed: str) -> Iterator[int | IO[bytes]]:
    """What a program reads: a file with the text, or nothing at all."""
    if not feed:
        yield subprocess.DEVNULL
        return
    with tempfile.TemporaryFile() as given:
        given.write(feed.encode())
        given.seek(0)
        yield given


def run_checked(
    argv: Sequence[str | Path],
    *,
    log: Path,
    failure: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> None:
    """As `run`, and raise a KhError that says `failure` when the program failed."""
    code = run(argv, log=log, cwd=cwd, env=env, timeout=timeout)
    if code:
        raise KhError(f"{failure} (exit code {code}); the end of {log} says why.")


def capture(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float = 120,
) -> subprocess.CompletedProcess[str]:
    """Run a quick program and return its exit code, output and errors as text.

    A missing program counts as exit code 127, a slow one as 124.
    """
    command = [str(part) for part in argv]
    try:
        return subprocess.run(
            command,
            cwd=cwd,
            env=dict(env) if env is not None else None,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
            preexec_fn=die_with_parent(),
        )
    except FileNotFoundError:
        return subprocess.CompletedProcess(command, 127, "", f"{command[0]}: not found")
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", f"{command[0]}: no answer")


def end_group(child: subprocess.Popen[bytes], patience: float = 10) -> None:
    """End a child that leads its own process group: politely first, then by force."""
    for sig in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, sig)
        try:
            child.wait(patience)
            return
        except subprocess.TimeoutExpired:
            continue


def is_alive(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    return start_time(pid) is not None


def start_time(pid: int) -> str | None:
    """When a process started, in the kernel's clock ticks: with the pid it names one process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else fields[19]


def end_process(pid: int, patience: float = 20) -> None:
    """End a process that is no child of ours: SIGTERM, then SIGKILL after `patience` seconds."""
    for sig in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, sig)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not is_alive(pid):
                return
            time.sleep(0.05)


def _from(log: Path, start: int) -> str:
    with log.open("rb") as file:
        file.seek(max(start, log.stat().st_size - 200_000))
        return file.read().decode(errors="replace")
