"""Looks for files that pages need and that a packager may have left out."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

WILD = frozenset("*?[")
# Listed by Odoo 19.0 itself although its repository does not have them either: the first two are
# leftovers, the third is for a test of what happens then, the last is made in the database.
NOT_IN_ODOO = frozenset(
    {
        "project/static/src/views/project_task_model_mixin",
        "website/static/src/interactions/follow.edit.js",
        "test_assetsbundle/static/invalid_src/xml/file_not_found.xml",
        "web/static/asset_styles_company_report.scss",
    }
)


def dangling_links(folder: Path) -> list[Path]:
    """Symbolic links below `folder` whose target is not there, sorted."""
    found = []
    for top, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(top, name)
            if path.is_symlink() and not path.exists():
                found.append(path)
    return sorted(found)


def missing_assets(addons: Iterable[Path]) -> list[str]:
    """Files that manifests below the folders `addons` list in bundles and that do not exist.

    Patterns that match nothing are allowed, as in Odoo; so are hosts and other add-ons that are
    not there.
    """
    folders = list(addons)
    missing = set()
    for folder in folders:
        for manifest in sorted(folder.glob("*/__manifest__.py")):
            for path in _asset_paths(manifest):
                if path not in NOT_IN_ODOO and not _exists(path, folders):
                    missing.add(path)
    return sorted(missing)


def _asset_paths(manifest: Path) -> Iterator[str]:
    content = ast.literal_eval(manifest.read_text(encoding="utf-8"))
    for entries in content.get("assets", {}).values():
        for entry in entries:
            if isinstance(entry, str):
                yield entry.lstrip("/")
            elif entry[0] not in ("include", "remove"):
                yield str(entry[-1]).lstrip("/")


def _exists(path: str, folders: list[Path]) -> bool:
    module, _slash, inside = path.partition("/")
    if "://" in path or "." in module or not inside or WILD & set(path):
        return True
    homes = [folder / module for folder in folders if (folder / module).is_dir()]
    return not homes or any((home / inside).exists() for home in homes)
