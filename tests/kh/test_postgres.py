"""The private PostgreSQL and named servers, with what can go wrong."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from conftest import start_python

from tools.kh import odoo_conf, paths, postgres
from tools.kh.errors import KhError

PYTHON = Path(sys.executable)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A `.kh` with a private server that was made once."""
    patch = pytest.MonkeyPatch()
    for name in ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD"):
        patch.delenv(name, raising=False)
    home = tmp_path_factory.mktemp("made") / ".kh"
    patch.setattr(paths, "KH", home)
    patch.setenv("KH_HOME", str(home))
    yield home
    postgres.stop(PYTHON)
    patch.undo()


def private():
    return postgres.embedded(postgres.program_folder(PYTHON))


def test_made_started_found_stopped(made):
    settings = postgres.ensure(PYTHON, {})
    pid = private().pid()
    assert settings.user == "odoo"
    assert settings.embedded
    assert postgres.ensure(PYTHON, {}) == settings
    assert private().pid() == pid
    assert postgres.stop(PYTHON)
    assert private().pid() is None
    assert not postgres.stop(PYTHON)


def test_only_its_owner_comes_near(made):
    postgres.ensure(PYTHON, {})
    assert private().socket.stat().st_mode & 0o777 == 0o700


def test_it_survives_a_kill(made):
    postgres.ensure(PYTHON, {})
    os.kill(private().pid(), signal.SIGKILL)
    time.sleep(0.2)
    assert (private().data / "postmaster.pid").exists()
    postgres.ensure(PYTHON, {})
    assert private().is_up()


def test_a_stale_pid_file_names_another_program(made):
    postgres.ensure(PYTHON, {})
    postgres.stop(PYTHON)
    stale = private().data / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{private().data}\n1\n5432\n\n\n\nready\n")
    assert private().pid() is None
    postgres.ensure(PYTHON, {})
    assert private().is_up()


def test_a_half_made_folder_is_made_again(made):
    postgres.stop(PYTHON)
    data = private().data
    for path in (data / "PG_VERSION", data / "postgresql.conf"):
        path.unlink()
    (data.parent / ".new-half").mkdir(exist_ok=True)
    postgres.ensure(PYTHON, {})
    assert private().is_up()
    assert not list(data.parent.glob(".new-*"))


def test_two_at_once_start_one(made):
    postgres.stop(PYTHON)
    code = """
    import sys
    from pathlib import Path
    from tools.kh import postgres
    postgres.ensure(Path(sys.executable), {})
    """
    children = [start_python(code) for _ in range(3)]
    outputs = [child.communicate()[0] for child in children]
    assert [child.returncode for child in children] == [0, 0, 0], outputs
    assert sum("✓ PostgreSQL: start" in output for output in outputs) == 1


def test_a_deep_checkout_gets_a_short_socket(kh_home, monkeypatch):
    deep = kh_home / ("deep" * 15) / ("deeper" * 10)
    monkeypatch.setattr(paths, "KH", deep)
    assert len(str(postgres.socket_folder() / ".s.PGSQL.5432.lock")) <= 107
    assert str(postgres.socket_folder()).startswith("/tmp/kh-")


@pytest.mark.parametrize("by", ["odoo.conf", "variables"])
def test_an_unreachable_server_is_one_sentence(kh_home, monkeypatch, by):
    options = {}
    if by == "odoo.conf":
        options = {"db_host": "127.0.0.1", "db_port": "1", "db_user": "someone"}
    else:
        monkeypatch.setenv("PGHOST", "127.0.0.1")
        monkeypatch.setenv("PGPORT", "1")
        monkeypatch.setenv("PGUSER", "someone")
    with pytest.raises(KhError, match="PostgreSQL at 127.0.0.1:1 cannot be used") as caught:
        postgres.ensure(PYTHON, options)
    assert "odoo.conf" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_role_that_may_not_create_databases_is_one_sentence(made):
    settings = postgres.ensure(PYTHON, {})
    argv = [settings.program("psql"), "-XAtqc", "CREATE ROLE poor LOGIN", "postgres"]
    from tools.kh import process

    process.capture(argv, env={**os.environ, **settings.variables()})
    options = {"db_host": settings.host, "db_port": "5432", "db_user": "poor"}
    with pytest.raises(KhError, match="ALTER ROLE"):
        postgres.ensure(PYTHON, options)


def test_the_role_postgres_is_refused():
    with pytest.raises(KhError, match="Odoo refuses"):
        odoo_conf.named_server({"db_host": "x", "db_user": "postgres"})


def test_a_port_that_is_no_number_is_one_sentence():
    with pytest.raises(KhError, match="is no number"):
        odoo_conf.named_server({"db_host": "x", "db_port": "many"})


def test_settings_without_form_are_one_sentence(tmp_path):
    file = tmp_path / "odoo.conf"
    file.write_text("db_host = x\n")
    with pytest.raises(KhError, match="not a settings file"):
        odoo_conf.read_options(file)


def test_the_written_settings_keep_the_password_private(kh_home):
    db = odoo_conf.DbSettings("h", 5432, "u", "secret")
    path = odoo_conf.write({"limit_time_cpu": "60"}, db, kh_home / "data", [Path("/a"), Path("/b")])
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text()
    assert "addons_path = /a,/b" in text
    assert "db_password = secret" in text
    assert "limit_time_cpu = 60" in text
