"""Pytest plugin of `./kh test`: writes down what the command needs to judge the run.

Loaded with ``-p tools.kh.pytest_plugin``; the folder named by ``--kh-record`` receives

* ``results.jsonl``, one object per finished test: key, outcome, seconds, text of a failure;
* ``warnings.jsonl``, one object per log record of level WARNING or above that a test let through.

Workers of pytest-xdist append to the same files: each line is one write.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from tools.kh.json_lines import RESULTS, WARNINGS, append_json
from tools.kh.remember import remember_all

LONGEST_LINE = 1000
#: Seconds from which the making of what a class of tests shares is written down as well.
WORTH_A_LINE = 0.05
DAY = 86400.0
#: Words in the name of a test file that promise a long run, and how long.
GUESSED_SECONDS = {"install_matrix": 240.0, "tour": 90.0, "journey": 90.0, "portal": 20.0}


def item_key(item: pytest.Item) -> str:
    """Name of a test that does not depend on where Odoo lies: dotted module::Class::method."""
    module = getattr(getattr(item, "module", None), "__name__", "")
    if module.startswith("odoo.addons."):
        return "::".join([module.removeprefix("odoo.addons."), *item.nodeid.split("::")[1:]])
    return item.nodeid


def shorten(line: str) -> str:
    """`line` with its middle left out when it is too long to be read."""
    if len(line) <= LONGEST_LINE:
        return line
    half = LONGEST_LINE // 2
    return f"{line[:half]} … {len(line) - 2 * half} characters left out … {line[-half:]}"


class WarningRecorder(logging.Handler):
    """Collects log records of level WARNING and above while tests run."""

    def __init__(self, path: Path) -> None:
        super().__init__(logging.WARNING)
        self.path = path
        self.test = ""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except (TypeError, ValueError) as error:
            message = f"{record.msg} (arguments do not fit: {error})"
        append_json(
            self.path,
            {
                "level": record.levelname,
                "logger": record.name,
                "message": message[:2000],
                "test": self.test,
            },
        )


class Recorder:
    """Hooks that need the record folder."""

    def __init__(self, folder: Path, config: pytest.Config) -> None:
        self.folder = folder
        self.is_worker = hasattr(config, "workerinput")
        self.handler = WarningRecorder(folder / WARNINGS)
        durations = config.getoption("--kh-durations")
        self.durations: dict[str, float] = {}
        if durations and Path(durations).exists():
            self.durations = json.loads(Path(durations).read_text(encoding="utf-8"))

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Leave out what Odoo's own runner leaves out too: tests without the tag `standard`."""
        kept, dropped = [], []
        excluded = set(config.getoption("--kh-exclude"))
        for item in items:
            item.user_properties.append(("kh_key", item_key(item)))
            item.user_properties.append(("kh_path", str(item.path)))
            tags = getattr(getattr(item, "cls", None), "test_tags", {"standard"})
            skip = "standard" not in tags or item_key(item) in excluded
            (dropped if skip else kept).append(item)
        if dropped:
            config.hook.pytest_deselected(items=dropped)
        # Files that take long go first, so that no worker is left with one at the end. Files stay
        # whole, and the order is the same in each worker.
        items[:] = sorted(kept, key=lambda item: -self.weight(item))

    def weight(self, item: pytest.Item) -> float:
        """Seconds that the file took last time; a guess by its name when it is new."""
        name = item.path.name
        known = self.durations.get(str(item.path))
        if known is not None:
            return known
        return next((seconds for word, seconds in GUESSED_SECONDS.items() if word in name), 1.0)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        self.handler.test = item_key(item)
        root = logging.getLogger()
        root.addHandler(self.handler)
        try:
            return (yield)
        finally:
            root.removeHandler(self.handler)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        """Shorten what a failed assertion quotes: a whole web page hides the line that matters."""
        report = yield
        entries = getattr(getattr(report.longrepr, "reprtraceback", None), "reprentries", ())
        for entry in entries:
            lines = getattr(entry, "lines", None)
            if lines:
                entry.lines = [shorten(line) for line in lines]
        return report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.is_worker:
            append_json(
                self.folder / RESULTS,
                {
                    "key": report.nodeid,
                    "path": str(report.fspath),
                    "when": "collect",
                    "outcome": "failed",
                    "subtest": False,
                    "seconds": 0.0,
                    "text": str(report.longrepr),
                },
            )

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if self.is_worker:
            return  # the controller hears of it as well
        # a class that stops the clock says nonsense of how long it took
        if report.when != "call" and report.passed and not WORTH_A_LINE < report.duration < DAY:
            return
        known = dict(report.user_properties)
        append_json(
            self.folder / RESULTS,
            {
                "key": known.get("kh_key", report.nodeid),
                "path": known.get("kh_path", str(report.fspath)),
                "when": report.when,
                "outcome": report.outcome,
                "subtest": type(report).__name__ == "SubtestReport",
                "seconds": round(report.duration, 3),
                "text": "" if report.passed else str(report.longrepr),
            },
        )


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("kh", "./kh test")
    group.addoption("--kh-record", help="folder for results.jsonl and warnings.jsonl")
    group.addoption("--kh-durations", help="JSON file: seconds of each test file, last time")
    group.addoption("--kh-exclude", action="append", default=[], help="key of a test to leave out")


def pytest_sessionstart(session: pytest.Session) -> None:
    if session.config.getoption("--odoo-database", None):
        keep_files()
        remember_all()


def keep_files() -> None:
    """Let no class of tests clean the filestore: the workers share it.

    Odoo removes after each class what no attachment of its own database names, and so what a test
    of another worker has just written. The files go with the database at the end.
    """
    from odoo.tests.common import TransactionCase

    TransactionCase._gc_filestore = classmethod(lambda cls: None)


def pytest_configure(config: pytest.Config) -> None:
    folder = config.getoption("--kh-record")
    if folder:
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        config.pluginmanager.register(Recorder(path, config), "kh-recorder")
