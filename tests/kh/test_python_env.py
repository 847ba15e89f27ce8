"""The virtual environment: stamps, faults, kills."""

import shutil
import sys
from pathlib import Path

import pytest
from conftest import kill_at_random_moments, start_python

from tools.kh import paths, process, python_env
from tools.kh.errors import KhError
from tools.kh.odoo_source import OdooSource

# Steps that write many small files, as the real ones do, but in no time.
CHEAP_STEPS = """
import sys, time
from pathlib import Path
from tools.kh import paths, python_env
from tools.kh.odoo_source import OdooSource
paths.ROOT = Path({root!r})
def create(home):
    site = home / "lib" / "python3.11" / "site-packages"
    site.mkdir(parents=True)
    (home / "bin").mkdir()
    for name in range(20):
        (site / f"base{{name}}").write_text("")
        time.sleep(0.003)
    (home / "bin" / "python").write_text("")
def install(home, name):
    for number in range(40):
        (home / f"{{name}}-{{number}}").write_text("")
        time.sleep(0.003)
    (home / f"complete-{{name}}").write_text(python_env._digest(name))
python_env._create, python_env._install = create, install
print(python_env.ensure(OdooSource(Path("/odoo"), (), "key", "x"), dev=True))
"""


@pytest.fixture
def root(tmp_path, monkeypatch, kh_home):
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "requirements.txt").write_text("one==1\n# no-deps: two==2\n")
    (folder / "requirements-dev.txt").write_text("three==3\n")
    monkeypatch.setattr(paths, "ROOT", folder)
    return folder


def test_killed_at_many_moments(root, kh_home):
    code = CHEAP_STEPS.format(root=str(root))

    def check():
        home = python_env.home()
        for name in ("requirements.txt", "requirements-dev.txt"):
            assert not python_env.is_stamped(home, name) or (
                len(list(home.glob(f"{name}-*"))) == 40
            ), "stamped, and not whole"

    kill_at_random_moments(
        lambda: start_python(code), lambda: shutil.rmtree(python_env.home()), check, seed=3
    )
    child = start_python(code)
    output = child.communicate()[0]
    assert child.returncode == 0, output
    home = python_env.home()
    for name in ("requirements.txt", "requirements-dev.txt"):
        assert python_env.is_stamped(home, name)
        assert len(list(home.glob(f"{name}-*"))) == 40
    assert (kh_home / "venv").resolve() == home.resolve()
    pth = next(home.rglob(python_env.PTH))
    assert pth.read_text() == "/odoo\n"


def test_two_at_once_make_one(root, kh_home):
    code = CHEAP_STEPS.format(root=str(root))
    children = [start_python(code) for _ in range(3)]
    outputs = [child.communicate()[0] for child in children]
    assert [child.returncode for child in children] == [0, 0, 0], outputs
    assert sum("✓ Python 3" in output for output in outputs) == 1


def test_changed_requirements_make_a_new_environment(root, kh_home):
    before = python_env.home()
    (root / "requirements.txt").write_text("one==2\n")
    assert python_env.home() != before


def test_missing_requirements_are_a_sentence(root, kh_home):
    (root / "requirements.txt").unlink()
    with pytest.raises(KhError, match="requirements.txt is missing; restore it"):
        python_env.home()


def test_packages_without_their_dependencies():
    text = "# comment\none==1\n# no-deps: two==2\n# no-deps: three==3\n"
    assert python_env.without_dependencies(text) == ["two==2", "three==3"]


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        ("Failed to establish a new connection: [Errno -2]", "package index cannot be reached"),
        ("No matching distribution found for one==1", "lacks a pinned version"),
        ("error: command 'gcc' failed", "says why"),
    ],
)
def test_a_failed_pip_is_one_sentence(root, kh_home, monkeypatch, log, sentence):
    def run(argv, *, log: Path, **kwargs):
        log.parent.mkdir(exist_ok=True)
        log.write_text(text)
        return 1

    text = log
    monkeypatch.setattr(process, "run", run)
    home = kh_home / "venv-x"
    with pytest.raises(KhError, match=sentence) as caught:
        python_env._install(home, "requirements.txt")
    assert "\n" not in str(caught.value)
    assert not python_env.is_stamped(home, "requirements.txt")


def test_a_python_without_venv_is_one_sentence(root, kh_home, monkeypatch):
    monkeypatch.setattr(process, "run", lambda argv, **kwargs: 1)
    with pytest.raises(KhError, match="apt-get install python3-venv"):
        python_env.ensure(OdooSource(Path("/odoo"), (), "key", "x"))
    assert not list(kh_home.glob("venv-*"))


def test_pip_comes_from_debians_wheel_where_venv_has_none(root, kh_home, monkeypatch):
    """`ensurepip` and virtualenv fail; the bare environment works and pip is put into it."""
    calls = []

    def run(argv, **kwargs):
        calls.append([str(part) for part in argv])
        fails = "virtualenv" in calls[-1] or (
            "venv" in calls[-1] and "--without-pip" not in calls[-1]
        )
        return int(fails)

    monkeypatch.setattr(process, "run", run)
    monkeypatch.setattr(python_env, "_bootstrap_pip", lambda home, log: True)
    python_env._create(kh_home / "venv-x")
    assert calls[-1][:4] == [sys.executable, "-m", "venv", "--without-pip"]
