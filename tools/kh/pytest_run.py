"""Runs pytest on Odoo in a database, and reads what it recorded."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.kh import databases, paths, process
from tools.kh.environment import Environment
from tools.kh.json_lines import RESULTS, WARNINGS, read_json_lines

DURATIONS = "test-durations.json"


@dataclass
class PytestRun:
    """One pytest process (with its workers) on one database, or on none."""

    env: Environment
    name: str
    targets: Sequence[str]
    database: str | None = None
    workers: int = 2
    options: Sequence[str] = ()
    exclude: Sequence[str] = ()
    exit_code: int | None = field(default=None, init=False)

    @property
    def record(self) -> Path:
        return paths.KH / "test" / self.name

    def command(self) -> list[str]:
        argv = [str(self.env.python), "-m", "pytest", "-p", "tools.kh.pytest_plugin"]
        argv += ["-c", str(paths.ROOT / "pyproject.toml"), "--rootdir", str(paths.ROOT)]
        argv += ["-p", "no:cacheprovider", f"--kh-record={self.record}"]
        argv += [f"--kh-durations={paths.KH / DURATIONS}"]
        argv += [f"--kh-exclude={key}" for key in self.exclude]
        if self.workers > 1:
            argv += ["-n", str(self.workers), "--dist", "loadfile", "--no-loadscope-reorder"]
        if self.database:
            argv += [f"--odoo-database={self.database}", f"--odoo-config={self.env.config}"]
            argv += ["--odoo-log-level=warn", "--odoo-http", "--odoo-extra=max-cron-threads=0"]
            argv += [f"--odoo-extra=db-filter=^{self.database}$", "--odoo-extra=workers=0"]
        else:
            argv += ["-p", "no:odoo"]
        return [*argv, *self.options, *self.targets]

    def variables(self) -> dict[str, str]:
        """Environment of pytest: the one it was started in, with a way to copy databases.

        A private server stays out of the PG variables: a kh that a test starts would take it for
        one that its user has named.
        """
        env = self.env.odoo_env()
        env.pop("ODOO_RC", None)
        if self.env.db.embedded:
            for name in self.env.db.variables():
                env.pop(name, None)
            env["PATH"] = f"{client_wrappers(self.env)}{os.pathsep}{env['PATH']}"
        return env

    def go(self) -> int:
        """Run to the end with the output shown as it comes; give pytest's exit code."""
        paths.remove_tree(self.record)
        self.record.mkdir(parents=True)
        child = subprocess.Popen(
            self.command(),
            cwd=paths.ROOT,
            env=self.variables(),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=process.die_with_parent(),
        )
        try:
            self.exit_code = child.wait()
        except BaseException:
            process.end_group(child)
            raise
        return self.exit_code

    def results(self) -> list[dict[str, Any]]:
        return read_json_lines(self.record / RESULTS)

    def warnings(self) -> list[dict[str, Any]]:
        return read_json_lines(self.record / WARNINGS)


def client_wrappers(env: Environment) -> Path:
    """A folder with `createdb` and `dropdb` for the private server, which pytest-odoo calls."""
    folder = paths.folder("test", "pg")
    where = ["-h", env.db.host, "-p", str(env.db.port), "-U", env.db.user]
    for name in ("createdb", "dropdb"):
        command = shlex.join([env.db.program(name), *where])
        paths.write_atomically(folder / name, f'#!/bin/sh\nexec {command} "$@"\n', mode=0o755)
    return folder


@contextmanager
def worker_copies(env: Environment, database: str) -> Iterator[None]:
    """Remove the copies `DATABASE-gw0` … that pytest's workers work on, also those of the dead."""
    try:
        for name in list(databases.list_databases(env)):
            copy = re.fullmatch(r".*_w_.*_(\d+)-gw\d+", name)
            if copy and not process.is_alive(int(copy.group(1))):
                databases.drop(env, name)
        yield
    finally:
        for name in list(databases.list_databases(env)):
            if name.startswith(f"{database}-gw"):
                databases.drop(env, name)


def remember_durations(seconds: dict[str, float]) -> None:
    """Keep how long each file took, so that the next run starts the long ones first."""
    path = paths.KH / DURATIONS
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    paths.write_atomically(path, json.dumps({**known, **seconds}, indent=1, sort_keys=True))
