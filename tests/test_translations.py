"""Every term of every add-on is in its .pot and has a Chinese translation that fits."""

import pytest

from tools.kh import i18n, translations
from tools.kh.paths import ADDONS

NAMES = i18n.all_addons()


@pytest.fixture(scope="module")
def exported(kh_environment, tmp_path_factory):
    """Fresh exports of all add-ons; made once, they take a database with all installed."""
    folder = tmp_path_factory.mktemp("export")
    i18n.export(kh_environment, NAMES, folder)
    return folder


@pytest.mark.needs_odoo
@pytest.mark.parametrize("addon", NAMES)
def test_template_is_up_to_date(addon, exported):
    report = translations.check(addon, exported / f"{addon}.pot", ADDONS / addon)
    assert report.stale_pot == [], "run ./kh i18n"


@pytest.mark.parametrize("addon", NAMES)
def test_chinese_is_complete(addon):
    report = translations.check(addon, None, ADDONS / addon)
    assert report.terms, f"{addon} has no terms: is there an i18n/{addon}.pot?"
    assert report.untranslated == []
    assert report.missing == []
    assert report.fuzzy == []
    assert report.obsolete == []


@pytest.mark.parametrize("addon", NAMES)
def test_placeholders_and_tags_survive(addon):
    assert translations.check(addon, None, ADDONS / addon).placeholders == []
