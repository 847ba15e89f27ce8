"""The rules of the house find what they are for, and nothing in clean code."""

import pytest

from tools.kh import house_rules

ADDON = "addons/kh_x"
CLEAN = {
    f"{ADDON}/__manifest__.py": "{}",
    f"{ADDON}/i18n/kh_x.pot": "",
    f"{ADDON}/i18n/zh_CN.po": 'msgid ""\nmsgstr ""\n\nmsgid "Dealer"\nmsgstr "经销商"\n',
    f"{ADDON}/tests/__init__.py": "from . import test_x\n",
    f"{ADDON}/tests/test_x.py": "def test_x():\n    assert 1\n",
    f"{ADDON}/readme/DESCRIPTION.md": "",
    f"{ADDON}/readme/CONFIGURE.md": "",
    f"{ADDON}/readme/USAGE.md": "",
    f"{ADDON}/models/thing.py": (
        "class Thing(models.Model):\n    _name = 'kh.thing'\n\n"
        "    def go(self):\n"
        "        # sudo: the buyer may not read the level\n"
        "        return self.sudo().grade_id\n"
    ),
    f"{ADDON}/security/ir.model.access.csv": "id,model_id:id\na,model_kh_thing\n",
    "README.md": "./kh run ./kh test",
    "README.zh_CN.md": "./kh run ./kh test",
}


def messages(**changes):
    return [str(finding) for finding in house_rules.check({**CLEAN, **changes.pop("files", {})})]


def test_clean_tree_has_no_findings():
    assert messages() == []


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (f"{ADDON}/models/a.py", "_sql_constraints = []\n", "models.Constraint"),
        (f"{ADDON}/views/a.xml", "<tree></tree>", "use <list>"),
        (f"{ADDON}/views/a.xml", "<field attrs=\"{'a': 1}\"/>", "use invisible="),
        (f"{ADDON}/views/a.xml", '<field name="groups_id"/>', "group_ids"),
        (f"{ADDON}/views/a.xml", '<t t-raw="x"/>', "t-out"),
        (f"{ADDON}/views/a.xml", '<xpath expr="//a" position="replace"/>', "replaces a node"),
        (f"{ADDON}/models/a.py", "self.env.cr.commit()\n", "by hand"),
        (f"{ADDON}/models/a.py", 'cr.execute(f"select {x}")\n', "SQL from strings"),
        (f"{ADDON}/models/a.py", "x = self._cr\n", "self.env.cr"),
        (f"{ADDON}/models/a.py", "from odoo import _, models\n", "self.env._"),
        (f"{ADDON}/models/a.py", "from odoo import fields, _\n", "self.env._"),
        (f"{ADDON}/models/a.py", "try:\n    x\nexcept Exception:\n    pass\n", "swallows"),
        (f"{ADDON}/models/a.py", "# " + "TO" + "DO later\n", "left unfinished"),
        (f"{ADDON}/models/a.py", "x = self.sudo().name\n", "without a reason"),
        (f"{ADDON}/models/a.py", "x = 1\n" * 501, "501 lines"),
        (f"{ADDON}/controllers/a.py", '@route("/a", type="json")\n', "jsonrpc"),
        (f"{ADDON}/static/src/a.scss", '@import url("//fonts.example/a")', "foreign host"),
        (f"{ADDON}/tests/test_y.py", "assert 1\n", "not imported by tests/__init__.py"),
        (f"{ADDON}/tests/test_x.py", "def test_x():\n    x = 1\n", "asserts nothing"),
        (f"{ADDON}/i18n/zh_CN.po", 'msgid "Dealer"\nmsgstr ""\n', "1 untranslated"),
        (f"{ADDON}/i18n/zh_CN.po", '#, fuzzy\nmsgid "A"\nmsgstr "B"\n', "1 fuzzy"),
        (f"{ADDON}/models/b.py", 'class B(models.Model):\n    _name = "kh.b"\n', "kh.b has no"),
        ("README.md", "./kh run", "does not say ./kh test"),
        ("docs/a.md", "see https://" + "py" + "pi.org", "package registry"),
        ("docs/a.md", "in " + "/" + "work/main", "path of one machine"),
    ],
)
def test_each_rule_names_the_place(path, text, expected):
    found = messages(files={path: text})
    assert len(found) == 1, found
    assert found[0].startswith(f"{path}:")
    assert expected in found[0]


@pytest.mark.parametrize("need", ["i18n/zh_CN.po", "tests/__init__.py", "readme/USAGE.md"])
def test_missing_files_of_an_addon_are_listed(need):
    files = {name: text for name, text in CLEAN.items() if name != f"{ADDON}/{need}"}
    assert any(f"no {ADDON}/{need}" in str(finding) for finding in house_rules.check(files))


def test_access_rows_of_another_addon_do_not_count():
    other = {**CLEAN, f"{ADDON}/security/ir.model.access.csv": ""}
    other["addons/kh_y/security/ir.model.access.csv"] = "a,model_kh_thing\n"
    assert any("no access rows" in str(finding) for finding in house_rules.check(other))
