"""Shared pieces of the tests of ./kh: a `.kh` of their own, and programs that fail on demand."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tools.kh import addons, environment, locks, odoo_conf, paths, postgres

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def kh_home(tmp_path, monkeypatch):
    """An empty `.kh`, also for child processes."""
    home = tmp_path / ".kh"
    home.mkdir()
    monkeypatch.setattr(paths, "KH", home)
    monkeypatch.setenv("KH_HOME", str(home))
    for name in ("ODOO_HOME", "PGHOST", "PGPORT", "PGUSER", "PGPASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(locks, "_held", {})
    return home


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A folder at the front of PATH; call it with a name and a script to put a program there."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def put(name: str, script: str) -> Path:
        file = folder / name
        file.write_text(textwrap.dedent(script).lstrip())
        file.chmod(0o755)
        return file

    return put


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with two add-ons: `kh_top` stands on `kh_low`, that on core's `base`."""
    root = tmp_path / "checkout"
    for name, depends in (("kh_low", ["base"]), ("kh_top", ["kh_low"])):
        home = root / "addons" / name
        (home / "models").mkdir(parents=True)
        (home / "__manifest__.py").write_text(repr({"name": name, "depends": depends}))
        (home / "models" / "thing.py").write_text("THING = 1\n")
    core = root / "core" / "base"
    core.mkdir(parents=True)
    (core / "__manifest__.py").write_text(repr({"name": "base", "depends": []}))
    monkeypatch.setattr(paths, "ROOT", root)
    monkeypatch.setattr(paths, "ADDONS", root / "addons")
    return root


@pytest.fixture
def index(checkout):
    """The add-ons of `checkout`."""
    return addons.Addons([checkout / "core", checkout / "addons"])


def start_python(code: str, **kwargs) -> subprocess.Popen:
    """A Python process of the checkout's code, for what must be killed or must compete."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **kwargs,
    )


def kill_at_random_moments(start, undo, check, *, kills=6, seed=19):
    """Kill what `start()` begins at random moments of its own duration, `kills` times.

    The duration is that of one undisturbed run, so the moments fit any machine. What was
    half-made is left as it is for the next round; what was finished is taken away by `undo()`.
    `check()` looks at what a kill left behind.
    """
    begun = time.monotonic()
    child = start()
    output = child.communicate()[0]
    assert child.returncode == 0, output
    duration = time.monotonic() - begun
    undo()
    moments = random.Random(seed)
    killed = rounds = 0
    while killed < kills:
        rounds += 1
        assert rounds <= 10 * kills, "the work ends before it can be killed"
        child = start()
        time.sleep(moments.uniform(0.1, 1) * duration)
        is_finished = child.poll() is not None
        child.kill()
        child.communicate()
        check()
        if is_finished:
            undo()
        else:
            killed += 1


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A private PostgreSQL of the tests' own; its settings."""
    patch = pytest.MonkeyPatch()
    home = tmp_path_factory.mktemp("pg") / ".kh"
    patch.setattr(paths, "KH", home)
    for name in ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD"):
        patch.delenv(name, raising=False)
    settings = postgres.ensure(Path(sys.executable), {})
    patch.undo()
    yield settings
    patch.setattr(paths, "KH", home)
    postgres.stop(Path(sys.executable))
    patch.undo()


# What `python -m odoo` does as far as databases go: makes the database if it is not there, and
# notes the installed add-ons; it takes its time and fails for the add-on named in FAKE_BROKEN.
FAKE_ODOO = r"""
import os, subprocess, sys, time
args = sys.argv[1:]
def value(flag):
    return args[args.index(flag) + 1] if flag in args else ""
def psql(database, sql):
    subprocess.run(["psql", "-XAtqc", sql, database], check=True, stdout=subprocess.DEVNULL)
database = value("-d")
names = [n for flag in ("-i", "-u") for n in value(flag).split(",") if n]
there = subprocess.run(
    ["psql", "-XAtqc", f"SELECT 1 FROM pg_database WHERE datname = '{database}'", "postgres"],
    capture_output=True, text=True).stdout.strip()
if not there:
    psql("postgres", f'CREATE DATABASE "{database}"')
    psql(database, "CREATE TABLE ir_module_module (name text PRIMARY KEY, state text)")
store = os.path.join(os.environ["FAKE_DATA"], "filestore", database)
os.makedirs(store, exist_ok=True)
for name in names:
    time.sleep(float(os.environ.get("FAKE_SECONDS", "0")))
    psql(database, f"INSERT INTO ir_module_module VALUES ('{name}', 'installed') "
                   "ON CONFLICT DO NOTHING")
    open(os.path.join(store, name), "w").write(name)
    print(("update" if name in value("-u").split(",") else "install"), name, flush=True)
    if name == os.environ.get("FAKE_BROKEN"):
        print("ValueError: broken on purpose", flush=True)
        sys.exit(255)
"""


class FakeOdooEnvironment(environment.Environment):
    """An environment whose Odoo is `FAKE_ODOO`."""

    def odoo_argv(self, *args):
        return [sys.executable, "-c", FAKE_ODOO, *args]

    def odoo_env(self):
        variables = {**os.environ, **self.db.variables(), "FAKE_DATA": str(self.data_dir)}
        variables["PATH"] = f"{self.db.client}{os.pathsep}{variables['PATH']}"
        return variables


@pytest.fixture
def odoo(kh_home, checkout, server):
    """An environment with a real PostgreSQL and the fake Odoo; its databases go afterwards."""
    from tools.kh import sql

    prefix = f"t{os.getpid()}"
    settings = odoo_conf.DbSettings(**{**vars(server), "prefix": prefix})
    env = make_environment(kh_home, checkout, settings)
    yield env
    for name in sql.list_databases(env):
        sql.drop(env, name)


def make_environment(home: Path, checkout: Path, settings) -> FakeOdooEnvironment:
    return FakeOdooEnvironment(
        python=Path(sys.executable),
        odoo_home=checkout,
        addons_path=[checkout / "core", checkout / "addons"],
        db=settings,
        data_dir=home / "data",
        config=home / "odoo.conf",
        platform="one",
    )
