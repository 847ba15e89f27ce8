"""The database that people work in: their data stay, whatever happens to the add-ons."""

import pytest

from tools.kh import databases, run_database, sql
from tools.kh.errors import KhError


def ensure(odoo, modules=("kh_top",)):
    return run_database.ensure(odoo, list(modules), demo=True, lang="zh_CN")


@pytest.fixture
def name(odoo):
    database = ensure(odoo)
    sql.execute(odoo, "CREATE TABLE people (name text)", database=database)
    sql.execute(odoo, "INSERT INTO people VALUES ('Li')", database=database)
    (sql.filestore(odoo, database) / "licence").write_text("scan")
    return database


def data_are_there(odoo, name):
    rows = sql.execute(odoo, "SELECT name FROM people", database=name)
    return rows == [["Li"]] and (sql.filestore(odoo, name) / "licence").read_text() == "scan"


def change_addon(checkout, text="THING = 2\n"):
    (checkout / "addons" / "kh_low" / "models" / "thing.py").write_text(text)


def test_found_again_without_work(odoo, name, kh_home):
    log = kh_home / "log" / f"db-{name}.log"
    assert ensure(odoo) == name
    assert not log.exists()


def test_a_changed_addon_is_updated_and_the_data_stay(odoo, name, checkout, kh_home, capsys):
    change_addon(checkout)
    assert ensure(odoo) == name
    assert data_are_there(odoo, name)
    assert "update kh_low" in (kh_home / "log" / f"db-{name}.log").read_text()
    assert "kh_low" in capsys.readouterr().err
    assert name + run_database.OLD not in sql.list_databases(odoo)


def test_a_failed_update_leaves_it_as_it_was(odoo, name, checkout, monkeypatch):
    change_addon(checkout)
    monkeypatch.setenv("FAKE_BROKEN", "kh_low")
    with pytest.raises(KhError, match="broken on purpose"):
        ensure(odoo)
    assert data_are_there(odoo, name)
    monkeypatch.delenv("FAKE_BROKEN")
    ensure(odoo)
    assert data_are_there(odoo, name)


def test_a_swap_cut_short_is_undone(odoo, name, checkout):
    change_addon(checkout)
    sql.rename(odoo, name, name + run_database.OLD)
    assert ensure(odoo) == name
    assert data_are_there(odoo, name)


def test_a_swap_cut_short_after_the_second_name(odoo, name):
    databases.copy(odoo, name, name + run_database.OLD)
    sql.set_mark(odoo, name, {})
    sql.set_mark(odoo, name, databases.content(odoo, ["kh_low"], "zh_CN").mark(complete=True))
    assert ensure(odoo) == name
    assert data_are_there(odoo, name)
    assert name + run_database.OLD not in sql.list_databases(odoo)


def test_each_option_has_a_database_of_its_own(odoo):
    names = {
        run_database.name_of(odoo, demo=demo, lang=lang)
        for demo in (True, False)
        for lang in ("zh_CN", "en_US")
    }
    assert len(names) == 4


def test_the_database_knows_its_address_unless_somebody_set_one(odoo, name):
    sql.execute(
        odoo,
        "CREATE TABLE ir_config_parameter (key text, value text)",
        "INSERT INTO ir_config_parameter VALUES ('web.base.url', 'http://localhost:8069')",
        database=name,
    )
    ask = "SELECT value FROM ir_config_parameter"
    run_database.tell_address(odoo, name, "http://127.0.0.1:8100")
    assert sql.execute(odoo, ask, database=name) == [["http://127.0.0.1:8100"]]
    sql.execute(odoo, "UPDATE ir_config_parameter SET value = 'https://b2b.example'", database=name)
    run_database.tell_address(odoo, name, "http://127.0.0.1:8069")
    assert sql.execute(odoo, ask, database=name) == [["https://b2b.example"]]


def test_logins_are_read_without_odoo(tmp_path):
    file = tmp_path / "const.py"
    file.write_text("import nowhere\nLOGINS: list = [('Finance', 'f', 'p', '/odoo')]\n")
    assert run_database.logins(True, file) == [("Finance", "f", "p", "/odoo")]
    assert run_database.logins(False, file) == [run_database.ADMINISTRATOR]


@pytest.mark.parametrize("text", ["OTHER = []", "LOGINS = [", "LOGINS = [call()]"])
def test_unreadable_logins_are_one_sentence(tmp_path, text):
    file = tmp_path / "const.py"
    file.write_text(text)
    with pytest.raises(KhError, match="LOGINS in .* cannot be read"):
        run_database.logins(True, file)
