"""Where Odoo 19 comes from: `ODOO_HOME`, an importable `odoo`, or Debian's package below `.kh`."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.kh import asset_check, console, debian, locks, paths
from tools.kh.errors import KhError

SERIES = (19, 0)
UNPACKED = Path("usr/lib/python3/dist-packages")
STAMP = "complete"
ODOO_PACKAGE = "odoo-19"
# Bundled assets that Debian's package replaces by links into other packages.
ASSET_PACKAGES = (
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-font-awesome",
    "fonts-inconsolata",
    "fonts-montserrat",
    "fonts-ocr-b",
    "fonts-roboto-unhinted",
    "fonts-glyphicons-halflings",
    "fonts-dejavu-core",
)
# Stripped by Debian for its licence; only blurs the background of video calls.
PLACEHOLDERS = {
    "odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js": (
        "/* Not part of Debian's package: video calls have no background blur. */\n"
    ),
}


@dataclass(frozen=True)
class OdooSource:
    """Odoo's code: `home` is what goes on sys.path, `addons` its add-on folders.

    `key` changes whenever the code may have changed; `origin` says in words where it is from.
    """

    home: Path
    addons: tuple[Path, ...]
    key: str
    origin: str


def ensure() -> OdooSource:
    """Find Odoo 19, or fetch it.

    :raise KhError: a wrong `ODOO_HOME`, or Odoo cannot be fetched
    """
    home = os.environ.get("ODOO_HOME")
    if home:
        return from_folder(Path(home).expanduser().absolute(), f"ODOO_HOME {home}")
    found = importable()
    return found or fetched()


def release_of(home: Path) -> tuple[object, ...] | None:
    """`version_info` of the Odoo below `home`; None when there is none."""
    release = home / "odoo" / "release.py"
    if not release.is_file():
        return None
    match = re.search(r"^version_info\s*=\s*\((.+?)\)", release.read_text(), re.MULTILINE)
    if not match:
        return None
    words = [word.strip().strip("'\"") for word in match.group(1).split(",")]
    return tuple(int(word) if word.isdigit() else word for word in words)


def from_folder(home: Path, name: str) -> OdooSource:
    """An Odoo that somebody else put there.

    :raise KhError: no Odoo, another version, or an incomplete checkout
    """
    version = release_of(home)
    if version is None:
        raise KhError(
            f"{name} is no Odoo: there is no odoo/release.py in it; "
            "name the top folder of an Odoo 19 checkout, or unset ODOO_HOME."
        )
    if version[:2] != SERIES:
        got = ".".join(str(part) for part in version[:2])
        raise KhError(
            f"{name} holds Odoo {got}, but KH B2B needs 19.0; "
            "name an Odoo 19 checkout, or unset ODOO_HOME."
        )
    addons = tuple(
        folder
        for folder in (home / "addons", home / "odoo" / "addons")
        if any(folder.glob("*/__manifest__.py"))
    )
    if not any((folder / "sale" / "__manifest__.py").is_file() for folder in addons):
        raise KhError(
            f"{name} lacks Odoo's add-ons (there is no 'sale'); "
            "complete the checkout, or unset ODOO_HOME."
        )
    return OdooSource(home, addons, _key_of(home, version), name)


def _key_of(home: Path, version: tuple[object, ...]) -> str:
    head = home / ".git" / "HEAD"
    parts = [str(home), repr(version)]
    if head.is_file():
        reference = head.read_text().strip()
        parts.append(reference)
        branch = home / ".git" / reference.removeprefix("ref: ")
        if branch.is_file():
            parts.append(branch.read_text().strip())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def importable() -> OdooSource | None:
    """The `odoo` 19 that the running Python can import, if it is complete; else None.

    Not asked of the environment below `.kh`: what that imports is what we put there.
    """
    if Path(sys.prefix).is_relative_to(paths.KH):
        return None
    spec = importlib.util.find_spec("odoo")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        home = Path(place).parent
        if (release_of(home) or ())[:2] == SERIES:
            try:
                return from_folder(home, f"odoo in {home}")
            except KhError:
                continue
    return None


def fetched() -> OdooSource:
    """Debian's `odoo-19` below `.kh/odoo`; fetched, unpacked and checked when it is not there."""
    root = paths.KH / "odoo"
    stamp = root / STAMP
    if not stamp.is_file():
        with locks.exclusive("odoo"):
            if not stamp.is_file():
                _fetch(root)
    return _unpacked(root, stamp.read_text().strip())


def _unpacked(root: Path, version: str) -> OdooSource:
    home = root / UNPACKED
    key = hashlib.sha256(version.encode()).hexdigest()[:12]
    return OdooSource(home, (home / "odoo" / "addons",), key, f"Debian's {version}")


def _fetch(root: Path) -> None:
    paths.sweep(paths.KH)
    with console.step("Odoo 19: fetch Debian's package (135 MB)") as step:
        packages = debian.download((ODOO_PACKAGE, *ASSET_PACKAGES), step)
    with console.step("Odoo 19: unpack and check"):
        paths.remove_tree(root)
        fresh = paths.fresh_folder(paths.KH)
        for package in packages.values():
            debian.unpack(package, fresh)
        for name, text in PLACEHOLDERS.items():
            place = fresh / UNPACKED / name
            if not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                place.unlink(missing_ok=True)
                place.write_text(text)
        version = packages[ODOO_PACKAGE].name.removesuffix(".deb")
        check(_unpacked(fresh, version))
        (fresh / STAMP).write_text(f"{version}\n")
        fresh.rename(root)
    paths.remove_tree(paths.KH / "downloads")


def check(source: OdooSource) -> None:
    """Make sure that nothing is missing which a page would need.

    :raise KhError: a link dangles, or an asset of an add-on is not there
    """
    if release_of(source.home) is None:
        raise KhError(
            "The unpacked odoo-19 package holds no Odoo; set ODOO_HOME to an Odoo 19 checkout."
        )
    dangling = asset_check.dangling_links(source.home)
    if dangling:
        raise KhError(
            f"Odoo's package links to a file that no package brought ({dangling[0]}, "
            f"{len(dangling)} in all); set ODOO_HOME to an Odoo 19 checkout instead."
        )
    missing = asset_check.missing_assets(source.addons)
    if missing:
        raise KhError(
            f"Odoo's package lacks the asset {missing[0]} ({len(missing)} in all), so pages "
            "would break; set ODOO_HOME to an Odoo 19 checkout instead."
        )


def addons_path(source: OdooSource, python: Path) -> list[Path]:
    """Folders that Odoo looks for add-ons in: its own, OCA's, ours."""
    version = read_version(python)
    oca = python.parent.parent / "lib" / version / "site-packages" / "odoo" / "addons"
    return [*source.addons, *([oca] if oca.is_dir() else []), paths.ADDONS]


def read_version(python: Path) -> str:
    """Name of the library folder of a virtual environment, such as python3.11."""
    for folder in sorted((python.parent.parent / "lib").glob("python3.*")):
        return folder.name
    raise KhError(f"{python} is not part of a virtual environment; remove its folder.")


def read_manifest(file: Path) -> dict[str, object]:
    """The dictionary in a manifest.

    :raise KhError: it is not a Python dictionary
    """
    try:
        manifest = ast.literal_eval(file.read_text(encoding="utf-8"))
        if isinstance(manifest, dict):
            return manifest
        reason = "it holds no dictionary"
    except SyntaxError as error:
        reason = f"line {error.lineno}: {error.msg}"
    except (ValueError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
    raise KhError(f"The manifest {file} cannot be read ({reason}); correct it.")
