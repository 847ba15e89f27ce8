"""What a test run said: counts, failures, log warnings. Pure functions over recorded rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.kh.errors import KhError

FAILED, ERROR, SKIPPED, PASSED = "failed", "error", "skipped", "passed"


@dataclass
class Outcome:
    """The sum of one or several pytest runs."""

    tests: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def counts(self) -> Counter[str]:
        return Counter(self.tests.values())

    @property
    def bad(self) -> list[str]:
        return sorted(key for key, what in self.tests.items() if what in (FAILED, ERROR))

    def add(self, rows: Iterable[dict[str, Any]]) -> None:
        """Take in rows of `results.jsonl`; the worst word about a test counts."""
        severity = {PASSED: 0, SKIPPED: 1, FAILED: 2, ERROR: 3}
        for row in rows:
            key, what = row["key"], row["outcome"]
            if what == FAILED and row["when"] != "call":
                what = ERROR
            known = self.tests.get(key)
            if known is None or severity[what] > severity[known]:
                self.tests[key] = what
                self.texts[key] = row["text"]
            self.seconds[key] = self.seconds.get(key, 0.0) + row["seconds"]
            self.places[key] = row["path"]

    def file_seconds(self) -> dict[str, float]:
        totals: dict[str, float] = {}
        for key, seconds in self.seconds.items():
            totals[self.places[key]] = round(totals.get(self.places[key], 0.0) + seconds, 2)
        return totals


def summary_line(counts: Counter[str], seconds: float, width: int = 80) -> str:
    """The closing line in pytest's own words."""
    words = {FAILED: "failed", PASSED: "passed", SKIPPED: "skipped", ERROR: "error"}
    parts = []
    for what in (FAILED, PASSED, SKIPPED, ERROR):
        if counts[what]:
            plural = "s" if what == ERROR and counts[what] > 1 else ""
            parts.append(f"{counts[what]} {words[what]}{plural}")
    text = f" {', '.join(parts) or 'no tests ran'} in {seconds:.2f}s "
    return text.center(width, "=")


@dataclass(frozen=True)
class Listed:
    """One line of a file of exceptions: what, and why it is accepted."""

    text: str
    reason: str


def read_listed(path: Path) -> list[Listed]:
    """Entries ``text  # reason`` of a file; lines that start with # are comments.

    :raise KhError: when an entry gives no reason
    """
    entries = []
    if not path.exists():
        return []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        text, _mark, reason = line.partition("  # ")
        if not reason.strip():
            raise KhError(f"{path.name}, line {number}: give a reason after two spaces and '# '.")
        entries.append(Listed(text.strip(), reason.strip()))
    return entries


def unexpected_warnings(
    rows: Sequence[dict[str, Any]], allowed: Sequence[Listed]
) -> dict[str, list[str]]:
    """Warnings that nobody allowed, each with the tests (or steps) that let it through."""
    patterns = [re.compile(entry.text) for entry in allowed]
    found: dict[str, list[str]] = {}
    for row in rows:
        line = f"{row['level']} {row['logger']}: {row['message']}"
        if not any(pattern.search(line) for pattern in patterns):
            first = line.split("\n", 1)[0]
            found.setdefault(first, []).append(row.get("test", ""))
    return found


#: A line of Odoo's log: date, process, level, database, logger, text.
LOG_LINE = re.compile(r"^\S+ \S+ \d+ (WARNING|ERROR|CRITICAL) (\S+) ([\w.]+): (.*)$")


def warnings_of_log(text: str, step: str) -> list[dict[str, Any]]:
    """Rows like those of `warnings.jsonl` from the log of an installation."""
    return [
        {"level": match[1], "logger": match[3], "message": match[4], "test": step}
        for match in map(LOG_LINE.match, text.splitlines())
        if match
    ]


def install_warnings(log: Path, template: str) -> list[dict[str, Any]]:
    """Warnings of the installation that made `template`, from the log of its kind.

    The log holds all installations of the kind; each begins with its command line, and so does
    what is done with the new database after it.
    """
    if not log.exists():
        return []
    runs = re.split(r"(?m)^\$ ", log.read_text(encoding="utf-8", errors="replace"))
    commands = [run.split("\n", 1)[0] + " " for run in runs]
    mine = [
        number for number, command in enumerate(commands) if f" {template}_building " in command
    ]
    installs = [number for number in mine if " shell " not in commands[number]]
    last = [runs[number] for number in mine if installs and number >= installs[-1]]
    return warnings_of_log("\n".join(last), f"installing {template}")
