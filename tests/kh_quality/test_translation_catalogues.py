"""Merging and checking catalogues keeps what translators wrote and finds what they forgot."""

import json

import polib
import pytest

from tools.kh import translations


def catalogue(*entries):
    result = polib.POFile()
    result.metadata = {"POT-Creation-Date": "2026-01-01 00:00+0000"}
    for msgid, msgstr, place in entries:
        result.append(polib.POEntry(msgid=msgid, msgstr=msgstr, occurrences=[(place, "")]))
    return result


@pytest.fixture
def addon(tmp_path):
    folder = tmp_path / "kh_x" / "i18n"
    folder.mkdir(parents=True)
    template = catalogue(("Dealer", "", "model:a"), ("%(n)s orders", "", "code:b"))
    template.save(str(folder / "kh_x.pot"))
    catalogue(("Dealer", "经销商", "model:a"), ("%(n)s orders", "%(n)s 个订单", "code:b")).save(
        str(folder / "zh_CN.po")
    )
    exported = tmp_path / "export" / "kh_x.pot"
    exported.parent.mkdir()
    template.save(str(exported))
    return exported, tmp_path / "kh_x"


def test_complete_addon_is_complete(addon):
    exported, folder = addon
    report = translations.check("kh_x", exported, folder)
    assert report.is_complete, report
    assert report.terms == 2


def test_merge_keeps_translations_and_drops_obsolete_terms():
    template = catalogue(("New", "", "model:c"), ("Dealer", "", "model:a"))
    merged = translations.merge(
        template, catalogue(("Gone", "走了", "x"), ("Dealer", "经销商", "old"))
    )
    assert [(entry.msgid, entry.msgstr) for entry in merged] == [("New", ""), ("Dealer", "经销商")]
    assert merged[1].occurrences == [("model:a", "")]
    assert not merged.obsolete_entries()


def test_refresh_twice_changes_nothing(addon):
    exported, folder = addon
    translations.refresh("kh_x", exported, folder)
    fresh = polib.pofile(str(exported))
    fresh.metadata["POT-Creation-Date"] = "2027-01-01 00:00+0000"
    fresh.save(str(exported))
    assert translations.refresh("kh_x", exported, folder) == []


def fault_untranslated(folder):
    catalogue(("Dealer", "", "model:a"), ("%(n)s orders", "%(n)s 个", "code:b")).save(folder)


def fault_placeholder(folder):
    catalogue(("Dealer", "经销商", "model:a"), ("%(n)s orders", "订单", "code:b")).save(folder)


def fault_missing(folder):
    catalogue(("Dealer", "经销商", "model:a")).save(folder)


def fault_fuzzy(folder):
    po = catalogue(("Dealer", "经销商", "model:a"), ("%(n)s orders", "%(n)s 个", "code:b"))
    po[0].flags.append("fuzzy")
    po.save(folder)


def fault_obsolete(folder):
    po = catalogue(("Dealer", "经销商", "model:a"), ("%(n)s orders", "%(n)s 个", "code:b"))
    po.append(polib.POEntry(msgid="Gone", msgstr="走了", obsolete=True))
    po.save(folder)


@pytest.mark.parametrize(
    ("fault", "field", "term"),
    [
        (fault_untranslated, "untranslated", "Dealer"),
        (fault_placeholder, "placeholders", "%(n)s orders"),
        (fault_missing, "missing", "%(n)s orders"),
        (fault_fuzzy, "fuzzy", "Dealer"),
        (fault_obsolete, "obsolete", "Gone"),
    ],
)
def test_each_fault_is_found_by_name(addon, fault, field, term):
    exported, folder = addon
    fault(str(folder / "i18n" / "zh_CN.po"))
    report = translations.check("kh_x", exported, folder)
    assert getattr(report, field) == [term]
    assert not report.is_complete


def test_stale_template_is_found(addon):
    exported, folder = addon
    catalogue(("Dealer", "", "model:a"), ("Brand new", "", "model:z")).save(str(exported))
    assert translations.check("kh_x", exported, folder).stale_pot == ["%(n)s orders", "Brand new"]


def test_command_answers_in_json(addon, capsys):
    exported, folder = addon
    arguments = ["check", "--export", str(exported.parent), "--addons", str(folder.parent), "kh_x"]
    assert translations.main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["kh_x"]["terms"] == 2


@pytest.mark.parametrize(
    ("source", "translated", "good"),
    [
        ("50% discount", "五折", True),
        ("%s of %s", "%s / %s", True),
        ("%s of %s", "%s", False),
        ("Hello {name}", "你好 {name}", True),
        ("Hello {name}", "你好", False),
        ("See <b>here</b>", "看<b>这里</b>", True),
        ("See <b>here</b>", "看这里", False),
    ],
)
def test_placeholders_and_tags_must_survive(source, translated, good):
    assert translations.is_well_formed(polib.POEntry(msgid=source, msgstr=translated)) is good
