"""ODOO_HOME and what may be wrong with it; manifests; assets."""

import pytest

from tools.kh import asset_check, odoo_source
from tools.kh.errors import KhError


def make_odoo(root, version="19, 0, 0, FINAL, 0, ''", sale=True):
    (root / "odoo" / "addons" / "base").mkdir(parents=True)
    (root / "odoo" / "release.py").write_text(f"FINAL = 'final'\nversion_info = ({version})\n")
    (root / "odoo" / "addons" / "base" / "__manifest__.py").write_text("{'name': 'Base'}")
    if sale:
        (root / "addons" / "sale").mkdir(parents=True)
        (root / "addons" / "sale" / "__manifest__.py").write_text("{'name': 'Sales'}")
    return root


def test_a_checkout_is_taken(tmp_path, kh_home, monkeypatch):
    home = make_odoo(tmp_path / "odoo19")
    monkeypatch.setenv("ODOO_HOME", str(home))
    source = odoo_source.ensure()
    assert source.home == home
    assert source.addons == (home / "addons", home / "odoo" / "addons")


def test_the_key_follows_the_checkout(tmp_path):
    home = make_odoo(tmp_path / "odoo19")
    (home / ".git").mkdir()
    (home / ".git" / "HEAD").write_text("1111")
    before = odoo_source.from_folder(home, "it").key
    (home / ".git" / "HEAD").write_text("2222")
    assert odoo_source.from_folder(home, "it").key != before


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda root: root, "is no Odoo"),
        (lambda root: make_odoo(root, "18, 0, 0, FINAL, 0, ''"), "holds Odoo 18.0"),
        (lambda root: make_odoo(root, "'saas~19', 2, 0, FINAL, 0, ''"), "holds Odoo saas~19.2"),
        (lambda root: make_odoo(root, sale=False), "lacks Odoo's add-ons"),
    ],
)
def test_a_wrong_odoo_home_is_one_sentence(tmp_path, kh_home, monkeypatch, make, sentence):
    monkeypatch.setenv("ODOO_HOME", str(make(tmp_path / "wrong")))
    with pytest.raises(KhError, match=sentence) as caught:
        odoo_source.ensure()
    assert "unset ODOO_HOME" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{'name': 'x',\n 'depends': [}", "line 2"),
        ("['a', 'list']", "no dictionary"),
        ("{'name': open('/etc/passwd')}", "malformed"),
    ],
)
def test_a_broken_manifest_is_one_sentence(tmp_path, text, reason):
    file = tmp_path / "__manifest__.py"
    file.write_text(text)
    with pytest.raises(KhError, match=reason) as caught:
        odoo_source.read_manifest(file)
    assert str(file) in str(caught.value)


def test_missing_assets_and_dangling_links(tmp_path):
    home = tmp_path / "addons" / "web"
    (home / "static").mkdir(parents=True)
    (home / "static" / "there.js").write_text("")
    (home / "static" / "link.js").symlink_to("nowhere")
    (home / "__manifest__.py").write_text(
        repr(
            {
                "assets": {
                    "web.assets": [
                        "web/static/there.js",
                        "/web/static/gone.js",
                        "web/static/lib/**/*",
                        ("include", "web._assets"),
                        ("after", "web/static/there.js", "web/static/also_gone.js"),
                        ("remove", "web/static/never.js"),
                        "https://example.com/x.js",
                        "not_installed/static/x.js",
                    ]
                }
            }
        )
    )
    missing = asset_check.missing_assets([tmp_path / "addons"])
    assert missing == ["web/static/also_gone.js", "web/static/gone.js"]
    assert asset_check.dangling_links(tmp_path) == [home / "static" / "link.js"]
