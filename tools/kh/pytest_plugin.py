"""Pytest plugin of `./kh test`: writes down what the command needs to judge the run.

Loaded with ``-p tools.kh.pytest_plugin``; the folder named by ``--kh-record`` receives

* ``results.jsonl``, one object per finished test: key, outcome, seconds, text of a failure;
* ``warnings.jsonl``, one object per log record of level WARNING or above that a test let through.

Workers of pytest-xdist append to the same files: each line is one write.
"""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path
from typing import Any

import pytest

RESULTS = "results.jsonl"
WARNINGS = "warnings.jsonl"


def append_json(path: Path, row: dict[str, Any]) -> None:
    """Add `row` as one line, whole even when several processes write."""
    line = json.dumps(row, ensure_ascii=False) + "\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    """Rows of a file of JSON lines; none when it does not exist."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def item_key(item: pytest.Item) -> str:
    """Name of a test that does not depend on where Odoo lies: dotted module::Class::method."""
    module = getattr(getattr(item, "module", None), "__name__", "")
    if module.startswith("odoo.addons."):
        return "::".join([module.removeprefix("odoo.addons."), *item.nodeid.split("::")[1:]])
    return item.nodeid


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
        self.progress_every = 30.0
        self.last_progress = time.monotonic()
        self.done = 0
        self.handler = WarningRecorder(folder / WARNINGS)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Leave out what Odoo's own runner leaves out too: tests without the tag `standard`."""
        kept, dropped = [], []
        excluded = set(config.getoption("--kh-exclude"))
        for item in items:
            item.user_properties.append(("kh_key", item_key(item)))
            tags = getattr(getattr(item, "cls", None), "test_tags", {"standard"})
            skip = "standard" not in tags or item_key(item) in excluded
            (dropped if skip else kept).append(item)
        if dropped:
            config.hook.pytest_deselected(items=dropped)
            items[:] = kept

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        self.handler.test = item_key(item)
        root = logging.getLogger()
        root.addHandler(self.handler)
        try:
            return (yield)
        finally:
            root.removeHandler(self.handler)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if self.is_worker:
            return  # the controller hears of it as well
        failed_outside_call = report.when != "call" and not report.passed
        if report.when != "call" and not failed_outside_call:
            return
        append_json(
            self.folder / RESULTS,
            {
                "key": dict(report.user_properties).get("kh_key", report.nodeid),
                "nodeid": report.nodeid,
                "path": str(report.fspath),
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
    group.addoption("--kh-exclude", action="append", default=[], help="key of a test to leave out")


def pytest_configure(config: pytest.Config) -> None:
    folder = config.getoption("--kh-record")
    if folder:
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        config.pluginmanager.register(Recorder(path, config), "kh-recorder")
