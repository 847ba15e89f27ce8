"""Fetching Odoo: a fake mirror and apt-get with faults, and kills at many moments."""

import hashlib
import os
import shutil
import subprocess

import pytest
from conftest import kill_at_random_moments, start_python

from tools.kh import debian, odoo_source
from tools.kh.errors import KhError

# Serves the packages in $MIRROR; $FAULT makes it fail in one way or another.
APT_GET = """
#!/bin/sh
case "$*" in
*indextargets*) echo 'Debian|Debian|main|http://mirror.invalid/debian'; exit 0 ;;
*" update") [ "$FAULT" = offline ] && exit 100
    mkdir -p "$KH_HOME/apt/lists" && : > "$KH_HOME/apt/lists/x_Packages"; exit 0 ;;
esac
uris=; code=0
case "$*" in *--print-uris*) uris=1 ;; esac
seen=
for word in "$@"; do
    if [ "$word" = download ]; then seen=1; continue; fi
    [ -n "$seen" ] || continue
    name=${word%%/*}; suite=${word##*/}
    file=$(ls "$MIRROR/$suite/${name}"_*.deb 2>/dev/null)
    if [ -z "$file" ]; then echo "E: Unable to locate package $name" >&2; code=100; continue; fi
    if [ -n "$uris" ]; then
        sum=$(sha256sum "$file" | cut -d' ' -f1)
        echo "'http://mirror.invalid/$name' $(basename "$file") $(stat -c %s "$file") SHA256:$sum"
    elif [ "$FAULT" = truncated ]; then head -c 100 "$file" > "$(basename "$file")"
    elif [ "$FAULT" = full ]; then echo 'No space left on device' >&2; exit 100
    elif [ "$FAULT" = cut ]; then exit 100
    else sleep "${SECONDS_EACH:-0}"; cp "$file" .; fi
done
exit $code
"""


def make_package(folder, name, files):
    root = folder / f".{name}"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN" / "control").write_text(
        f"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: x\nDescription: x\n"
    )
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            file.symlink_to("../../../../../../share/javascript/nowhere.js")
        else:
            file.write_text(content)
    folder.mkdir(exist_ok=True)
    argv = ["dpkg-deb", "--build", "--root-owner-group", "-Znone", str(root)]
    subprocess.run([*argv, str(folder / f"{name}_1_all.deb")], check=True, capture_output=True)


LIBRARY = "usr/lib/python3/dist-packages"
ODOO_FILES = {
    f"{LIBRARY}/odoo/release.py": "version_info = (19, 0, 0, 'final', 0, '')\n",
    f"{LIBRARY}/odoo/addons/sale/__manifest__.py": "{'name': 'Sales'}",
    **{f"{LIBRARY}/odoo/addons/sale/models/m{i}.py": "x = 1\n" for i in range(60)},
}


@pytest.fixture
def mirror(tmp_path, kh_home, programs, monkeypatch):
    folder = tmp_path / "mirror"
    (folder / "sid").mkdir(parents=True)
    (folder / "bookworm").mkdir()
    make_package(folder / "sid", odoo_source.ODOO_PACKAGE, ODOO_FILES)
    for name in odoo_source.ASSET_PACKAGES:
        suite = "sid" if name == "fonts-montserrat" else "bookworm"
        make_package(folder / suite, name, {f"usr/share/{name}/file": name})
    programs("apt-get", APT_GET)
    keyring = tmp_path / "keyring.gpg"
    keyring.write_text("")
    monkeypatch.setattr(debian, "KEYRING", keyring)
    monkeypatch.setenv("MIRROR", str(folder))
    monkeypatch.delenv("FAULT", raising=False)
    return folder


def is_whole(home):
    root = home / "odoo"
    models = root / LIBRARY / "odoo" / "addons" / "sale" / "models"
    placeholder = root / LIBRARY / next(iter(odoo_source.PLACEHOLDERS))
    return (root / "complete").is_file() and len(list(models.iterdir())) == 60, placeholder


def test_fetched_once_and_then_found(mirror, kh_home, monkeypatch):
    source = odoo_source.fetched()
    whole, placeholder = is_whole(kh_home)
    assert whole
    assert placeholder.read_text().startswith("/*")
    assert not (kh_home / "downloads").exists()
    monkeypatch.setenv("FAULT", "offline")
    assert odoo_source.fetched() == source


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("offline", "mirror of this host cannot be reached"),
        ("truncated", "could not be fetched whole"),
        ("cut", "could not be fetched whole"),
        ("full", "disk .* is full"),
    ],
)
def test_a_fault_is_one_sentence(mirror, kh_home, monkeypatch, fault, sentence):
    """… and the next run succeeds."""
    monkeypatch.setenv("FAULT", fault)
    with pytest.raises(KhError, match=sentence) as caught:
        odoo_source.fetched()
    assert "\n" not in str(caught.value)
    assert not (kh_home / "odoo").exists()
    monkeypatch.delenv("FAULT")
    odoo_source.fetched()
    assert is_whole(kh_home)[0]


def test_no_odoo_at_the_mirror(mirror, kh_home):
    next((mirror / "sid").glob("odoo-19_*")).unlink()
    with pytest.raises(KhError, match="has no 'odoo-19'") as caught:
        odoo_source.fetched()
    assert "ODOO_HOME" in str(caught.value)


def test_no_keyring_no_debian(mirror, kh_home, monkeypatch, tmp_path):
    monkeypatch.setattr(debian, "KEYRING", tmp_path / "none")
    with pytest.raises(KhError, match="signatures cannot be checked"):
        odoo_source.fetched()


def test_another_system_is_told_to_name_an_odoo(kh_home, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(KhError, match="no apt-get .* ODOO_HOME"):
        odoo_source.fetched()


def test_a_dangling_asset_stops_the_set_up(mirror, kh_home):
    next((mirror / "sid").glob("odoo-19_*")).unlink()
    broken = {**ODOO_FILES, f"{LIBRARY}/odoo/addons/sale/static/jquery.js": None}
    (mirror / "again").mkdir()
    make_package(mirror / "again", odoo_source.ODOO_PACKAGE, broken)
    (mirror / "again" / "odoo-19_1_all.deb").rename(mirror / "sid" / "odoo-19_1_all.deb")
    with pytest.raises(KhError, match="links to a file that no package brought"):
        odoo_source.fetched()
    assert not (kh_home / "odoo").exists()


def test_only_what_is_missing_is_fetched_again(mirror, kh_home):
    folder = kh_home / "downloads"
    folder.mkdir()
    package = next((mirror / "bookworm").glob("libjs-jquery_*"))
    content = package.read_bytes()
    (folder / package.name).write_bytes(content)
    archive = debian.Archive(package.name, len(content), hashlib.sha256(content).hexdigest())
    assert debian.is_whole(folder / package.name, archive)
    (folder / package.name).write_bytes(content[:-1] + b"?")
    assert not debian.is_whole(folder / package.name, archive)
    odoo_source.fetched()
    assert is_whole(kh_home)[0]


def test_killed_at_many_moments(mirror, kh_home, monkeypatch):
    monkeypatch.setenv("SECONDS_EACH", "0.02")
    code = f"""
    from pathlib import Path
    from tools.kh import debian, odoo_source
    debian.KEYRING = Path({str(debian.KEYRING)!r})
    odoo_source.fetched()
    """

    def check():
        present, _placeholder = is_whole(kh_home) if (kh_home / "odoo").exists() else (True, None)
        assert present, "a half-made Odoo has the name of a whole one"

    kill_at_random_moments(
        lambda: start_python(code), lambda: shutil.rmtree(kh_home / "odoo"), check
    )
    odoo_source.fetched()
    assert is_whole(kh_home)[0]
    assert not list(kh_home.glob(".new-*"))


def test_two_at_once_fetch_once(mirror, kh_home):
    code = f"""
    from pathlib import Path
    from tools.kh import debian, odoo_source
    debian.KEYRING = Path({str(debian.KEYRING)!r})
    print(odoo_source.fetched().key)
    """
    children = [start_python(code) for _ in range(3)]
    outputs = [child.communicate()[0] for child in children]
    assert [child.returncode for child in children] == [0, 0, 0], outputs
    assert sum("unpack and check (" in output for output in outputs) == 1
    assert os.listdir(kh_home / "odoo")


@pytest.mark.parametrize(
    ("name", "text", "address"),
    [
        (
            "a.list",
            "# deb http://x/debian/ y main\ndeb [arch=amd64] http://m/debian sid main\n",
            "http://m/debian",
        ),
        ("b.sources", "Types: deb\nURIs: http://m/debian/\nSuites: bookworm\n", "http://m/debian/"),
        ("c.sources", "Types: deb\nURIs: http://m/debian-security/\nSuites: x\n", None),
        ("d.list", "deb http://m/ubuntu noble main\n", None),
    ],
)
def test_the_mirror_is_read_from_the_host(tmp_path, name, text, address):
    file = tmp_path / name
    file.write_text(text)
    assert debian._configured_mirror(file) == address
