"""Cached databases: what is reused, what is updated, and that no half-made one is taken."""

import pytest
from conftest import kill_at_random_moments, start_python

from tools.kh import addons, databases, sql
from tools.kh.databases import Change, Content
from tools.kh.errors import KhError


def mark(modules, lang="", platform="one"):
    return Content(modules, lang, platform).mark(complete=True)


WANTED = Content({"low": "1.a", "top": "1.a"}, "", "one")


@pytest.mark.parametrize(
    ("has", "expected"),
    [
        (mark({"low": "1.a", "top": "1.a"}), Change([], [], False)),
        (mark({"low": "1.a"}), Change(["top"], [], False)),
        (mark({"low": "0.a", "top": "1.a"}), Change([], ["low"], False)),
        (mark({"low": "1.a", "top": "1.0"}), Change([], ["top"], True)),
        (mark({"low": "1.a", "other": "1.a"}), None),
        (mark({"low": "1.a"}, platform="two"), None),
        (mark({"low": "1.a"}, lang="zh_CN"), None),
        ({}, None),
    ],
)
def test_what_turns_one_database_into_another(has, expected):
    assert databases.change(has, WANTED) == expected


def test_a_digest_follows_what_a_database_loads(index, checkout):
    home = checkout / "addons" / "kh_low"
    before = index.digest("kh_low")
    for name in ("tests/test_x.py", "readme/USAGE.md", "models/__pycache__/thing.pyc", ".swp"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("x")
    assert index.digest("kh_low") == before
    (home / "i18n").mkdir()
    (home / "i18n" / "zh_CN.po").write_text('msgid ""')
    translated = index.digest("kh_low")
    assert translated.split(".")[0] == before.split(".")[0]
    assert translated != before
    (home / "models" / "thing.py").write_text("THING = 2\n")
    assert index.digest("kh_low").split(".")[0] != before.split(".")[0]


def test_dependencies_are_followed_and_a_missing_one_is_a_sentence(index, checkout):
    assert index.closure(["kh_top"]) == {"kh_top", "kh_low", "base"}
    manifest = checkout / "addons" / "kh_top" / "__manifest__.py"
    manifest.write_text("{'depends': ['nowhere']}")
    fresh = addons.Addons(index.addons_path)
    with pytest.raises(KhError, match="kh_top depends on 'nowhere'"):
        fresh.closure(["kh_top"])


def test_why_it_failed_is_the_last_error():
    text = (
        "2026 1 INFO db odoo: x\nTraceback (most recent call last):\n  File\n"
        "odoo.tools.convert.ParseError: while parsing x.xml:5\n"
    )
    assert "while parsing x.xml:5" in databases.why_it_failed(text)
    assert databases.why_it_failed("") == "no reason in its log"


def installed(odoo, name):
    sql.protect(odoo, name, closed=False)
    rows = sql.execute(odoo, "SELECT name FROM ir_module_module ORDER BY 1", database=name)
    sql.protect(odoo, name, closed=True)
    return [row[0] for row in rows]


def logged(kh_home, name):
    file = kh_home / "log" / f"db-{name}.log"
    words = ("install ", "update ")
    return [line for line in file.read_text().splitlines() if line.startswith(words)]


def test_a_template_is_made_in_layers_and_found_again(odoo, kh_home):
    name = databases.ensure_template(odoo, ["kh_top"], name_hint="all")
    assert installed(odoo, name) == ["base", "kh_low", "kh_top"]
    assert logged(kh_home, "core") == ["install base"]
    assert databases.ensure_template(odoo, ["kh_top"], name_hint="all") == name
    assert len(logged(kh_home, "all")) == 2
    assert sorted(path.name for path in (kh_home / "data" / "filestore" / name).iterdir()) == [
        "base",
        "kh_low",
        "kh_top",
    ]


def test_only_what_changed_is_updated(odoo, kh_home, checkout):
    before = databases.ensure_template(odoo, ["kh_top"], name_hint="all")
    (checkout / "addons" / "kh_low" / "models" / "thing.py").write_text("THING = 2\n")
    after = databases.ensure_template(odoo, ["kh_top"], name_hint="all")
    assert after != before
    assert logged(kh_home, "all")[2:] == ["update kh_low"]
    assert logged(kh_home, "core") == ["install base"]


def test_another_platform_makes_everything_anew(odoo, kh_home):
    databases.ensure_template(odoo, ["kh_low"], name_hint="all")
    object.__setattr__(odoo, "platform", "two")
    databases.ensure_template(odoo, ["kh_low"], name_hint="all")
    assert logged(kh_home, "core") == ["install base"] * 2


def test_a_failure_is_one_sentence_and_leaves_nothing_that_looks_whole(odoo, kh_home, monkeypatch):
    monkeypatch.setenv("FAKE_BROKEN", "kh_top")
    with pytest.raises(KhError, match="broken on purpose") as caught:
        databases.ensure_template(odoo, ["kh_top"], name_hint="all")
    assert "\n" not in str(caught.value)
    whole = [name for name in sql.list_databases(odoo) if not name.endswith("_building")]
    assert all("_t_core_" in name for name in whole)
    assert databases.clean(odoo)
    monkeypatch.delenv("FAKE_BROKEN")
    name = databases.ensure_template(odoo, ["kh_top"], name_hint="all")
    assert installed(odoo, name) == ["base", "kh_low", "kh_top"]


def test_copies_are_independent(odoo, kh_home):
    template = databases.ensure_template(odoo, ["kh_low"], name_hint="all")
    with databases.scratch(odoo, template, "test") as name:
        sql.execute(odoo, "DELETE FROM ir_module_module", database=name)
        (sql.filestore(odoo, name) / "base").unlink()
        assert databases.exists(odoo, name)
    assert not databases.exists(odoo, name)
    assert not sql.filestore(odoo, name).exists()
    assert installed(odoo, template) == ["base", "kh_low"]
    assert (sql.filestore(odoo, template) / "base").exists()


def test_nobody_works_in_a_template(odoo):
    template = databases.ensure_template(odoo, ["kh_low"], name_hint="all")
    with pytest.raises(KhError, match="not currently accepting connections"):
        sql.execute(odoo, "SELECT 1", database=template)


def test_old_templates_go(odoo, checkout):
    file = checkout / "addons" / "kh_low" / "models" / "thing.py"
    for number in range(5):
        file.write_text(f"THING = {number}\n")
        databases.ensure_template(odoo, ["kh_low"], name_hint="all")
    names = [name for name in sql.list_databases(odoo) if "_t_all_" in name]
    assert len(names) == databases.KEEP + 1


def test_clean_spares_what_is_being_built(odoo):
    building = f"{odoo.db.prefix}_t_all_x{databases.BUILDING}"
    sql.create(odoo, building)
    lock = f"db-{building.removesuffix(databases.BUILDING)}"
    code = f"""
    import time
    from tools.kh import locks
    with locks.exclusive({lock!r}):
        print("held", flush=True)
        time.sleep(60)
    """
    builder = start_python(code)
    assert builder.stdout.readline().strip() == "held"
    assert databases.clean(odoo) == []
    builder.kill()
    builder.wait()
    assert databases.clean(odoo) == [building]


BUILD = """
import sys
from pathlib import Path
sys.path.insert(0, "tests/kh")
from conftest import make_environment
from tools.kh import databases, odoo_conf, paths
paths.ROOT, paths.ADDONS = Path({checkout!r}), Path({checkout!r}) / "addons"
env = make_environment(paths.KH, paths.ROOT, odoo_conf.DbSettings(**{settings!r}))
print(databases.ensure_template(env, ["kh_top"], name_hint="all"))
"""


def builder(odoo, checkout):
    settings = {**vars(odoo.db), "client": str(odoo.db.client)}
    return start_python(BUILD.format(checkout=str(checkout), settings=settings))


def test_killed_at_many_moments(odoo, kh_home, checkout, monkeypatch):
    monkeypatch.setenv("FAKE_SECONDS", "0.1")

    def check():
        for name, found in sql.list_databases(odoo).items():
            assert found.get("complete") or name.endswith(databases.BUILDING), name
        databases.clean(odoo)

    def undo():
        for name in sql.list_databases(odoo):
            databases.drop(odoo, name)

    kill_at_random_moments(lambda: builder(odoo, checkout), undo, check, seed=7)
    name = databases.ensure_template(odoo, ["kh_top"], name_hint="all")
    assert installed(odoo, name) == ["base", "kh_low", "kh_top"]
    assert {path.name for path in sql.filestore(odoo, name).iterdir()} == {
        "base",
        "kh_low",
        "kh_top",
    }


def test_two_at_once_build_once(odoo, kh_home, checkout, monkeypatch):
    monkeypatch.setenv("FAKE_SECONDS", "0.2")
    children = [builder(odoo, checkout) for _ in range(3)]
    outputs = [child.communicate()[0] for child in children]
    assert [child.returncode for child in children] == [0, 0, 0], outputs
    assert logged(kh_home, "core") == ["install base"]
    assert len(logged(kh_home, "all")) == 2
