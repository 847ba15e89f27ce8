"""The command as people call it: help, wrong Python, one sentence and exit code 1."""

import errno
import os
import shutil
import socket
import subprocess
import sys

import pytest
from conftest import ROOT

from tools.kh import cli, console, errors, paths


def kh(*args, root=ROOT, **variables):
    env = {**os.environ, "KH_PYTHON": sys.executable, **variables}
    return subprocess.run(
        [str(root / "kh"), *args], env=env, capture_output=True, text=True, check=False
    )


@pytest.fixture
def copy(tmp_path):
    """A checkout with the command and nothing else."""
    root = tmp_path / "checkout"
    root.mkdir()
    for name in ("kh", "odoo.conf", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, root)
    (root / "tools").mkdir()
    shutil.copytree(ROOT / "tools" / "kh", root / "tools" / "kh")
    (root / "addons").mkdir()
    return root


@pytest.fixture
def alone(programs, tmp_path):
    """Variables with which `kh` finds the Pythons that a test makes, and none of this machine."""
    folder = programs("dirname", f'#!/bin/sh\nexec "{shutil.which("dirname")}" "$@"\n').parent
    return {"PATH": str(folder), "HOME": str(tmp_path), "PYENV_ROOT": str(tmp_path)}


def is_one_sentence(answer, *words):
    lines = answer.stderr.strip().splitlines()
    assert answer.returncode == 1
    assert len(lines) == 1, answer.stderr
    assert lines[0].startswith("kh: ")
    for word in words:
        assert word in lines[0]
    return True


def test_help_names_the_commands():
    answer = kh("--help")
    assert answer.returncode == 0
    for name in ("run", "stop", "test", "bench", "lint", "shell", "db", "i18n", "shots", "doctor"):
        assert f"\n    {name} " in answer.stdout


def test_without_a_command_it_helps():
    answer = kh()
    assert answer.returncode == 2
    assert "usage" in answer.stdout


def test_no_fitting_python_is_one_sentence(alone, programs):
    for name in ("python3", "python3.13", "python3.12", "python3.11", "python3.10"):
        programs(name, "#!/bin/sh\nexit 1\n")
    answer = subprocess.run(
        [str(ROOT / "kh"), "doctor"], env=alone, capture_output=True, text=True, check=False
    )
    assert is_one_sentence(answer, "3.10 to 3.13", "install")


def test_an_older_python_is_passed_over(alone, programs):
    programs("python3", "#!/bin/sh\nexit 1\n")
    programs("python3.12", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    answer = subprocess.run(
        [str(ROOT / "kh"), "--help"], env=alone, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0


def test_an_optimised_python_comes_first(alone, tmp_path):
    """One that was built without optimisation is taken where there is no other."""
    fast, plain = tmp_path / "fast", tmp_path / "plain"
    for folder in (plain, fast):
        folder.mkdir()
        program = folder / "python3"
        program.write_text(
            "#!/bin/sh\n"
            f'case "$2" in *CONFIG_ARGS*) exit {int(folder == plain)};; esac\n'
            f'case "$1" in */__main__.py) echo {folder.name} >&2;; esac\n'
            f'exec "{sys.executable}" "$@"\n'
        )
        program.chmod(0o755)
    for folders, chosen in (((plain, fast), "fast"), ((plain,), "plain")):
        path = os.pathsep.join([*map(str, folders), alone["PATH"]])
        answer = subprocess.run(
            [str(ROOT / "kh"), "--help"],
            env={**alone, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (answer.returncode, answer.stderr.split()) == (0, [chosen])


def test_a_broken_manifest_stops_before_anything_is_made(copy, tmp_path):
    (copy / "addons" / "kh_x").mkdir()
    (copy / "addons" / "kh_x" / "__manifest__.py").write_text("{'name': 'x',")
    answer = kh("run", root=copy, KH_HOME=str(tmp_path / "home"))
    assert is_one_sentence(answer, "kh_x/__manifest__.py", "correct it")
    assert not (tmp_path / "home" / "odoo").exists()


def test_a_wrong_odoo_home(copy, tmp_path):
    answer = kh("run", "--port", free_port(), root=copy, ODOO_HOME=str(tmp_path))
    assert is_one_sentence(answer, "is no Odoo", "ODOO_HOME")


def test_a_port_in_use(copy):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        answer = kh("run", "--port", port, root=copy)
    assert is_one_sentence(answer, f"Port {port}", "--port")


def test_doctor_counts_what_is_wrong(copy, tmp_path):
    answer = kh("doctor", root=copy, ODOO_HOME=str(tmp_path))
    assert answer.returncode == 1
    assert "is no Odoo" in answer.stdout
    assert "1 to put right: Odoo 19." in answer.stdout


def test_doctor_on_a_fresh_checkout(copy):
    env = {name: "" for name in ("KH_HOME", "ODOO_HOME", "PGHOST", "PGPORT")}
    answer = kh("doctor", root=copy, **env)
    assert answer.returncode == 0, answer.stdout
    assert "later" in answer.stdout
    assert not (copy / ".kh" / "odoo").exists()


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "is full; free some space"),
        (errno.EACCES, "may not be read or written"),
        (errno.EROFS, "read-only disk"),
        (errno.EIO, "correct this"),
    ],
)
def test_errors_of_the_system_are_sentences(monkeypatch, capsys, number, words):
    def fail(_args):
        raise OSError(number, os.strerror(number), "/some/file")

    monkeypatch.setattr("tools.kh.doctor.run", fail)
    assert cli.main(["doctor"]) == 1
    said = capsys.readouterr().err
    assert words in said
    assert "/some/file" in said
    assert said.count("\n") == 1


def test_ctrl_c_is_no_traceback(monkeypatch, capsys):
    def fail(_args):
        raise KeyboardInterrupt

    monkeypatch.setattr("tools.kh.doctor.run", fail)
    assert cli.main(["doctor"]) == 130
    assert "goes on where it was" in capsys.readouterr().err


def test_a_full_disk_leaves_the_file_that_was_there(tmp_path, monkeypatch):
    file = tmp_path / "settings"
    paths.write_atomically(file, "old")

    def full(_descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))

    monkeypatch.setattr(paths.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        paths.write_atomically(file, "new")
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["settings"]
    assert "free some space" in str(errors.from_os_error(OSError(errno.ENOSPC, ""), file))


def test_columns_with_chinese_words_line_up():
    text = console.table([("财务", "a"), ("Finance", "b")], ("Role", "Login"))
    lines = text.splitlines()
    assert {console.width(line.rpartition(" ")[0]) for line in lines[2:]} == {8}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])
