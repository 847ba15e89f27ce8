"""The add-ons on the path: manifests, dependencies, and digests that tell when one changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from tools.kh import odoo_source, paths
from tools.kh.errors import KhError

MANIFEST = "__manifest__.py"
DEMO = "kh_b2b_demo"
# Folders of an add-on that no database depends on.
WITHOUT_EFFECT = frozenset({"tests", "readme", "docs", "__pycache__", "node_modules"})


class Addons:
    """Add-ons below the folders of an add-ons path; each manifest is read once.

    :raise KhError: a manifest cannot be read, or one depends on an add-on that is not there
    """

    def __init__(self, addons_path: Sequence[Path], own: Path | None = None) -> None:
        self.addons_path = list(addons_path)
        self.own = own or paths.ADDONS
        self._manifests: dict[str, dict[str, object]] = {}

    def home(self, name: str) -> Path | None:
        """The folder of an add-on; None when there is no such add-on."""
        for folder in self.addons_path:
            if (folder / name / MANIFEST).is_file():
                return folder / name
        return None

    def manifest(self, name: str) -> dict[str, object]:
        if name not in self._manifests:
            home = self.home(name)
            if home is None:
                raise KhError(
                    f"There is no add-on '{name}' on the add-ons path; correct its name, or "
                    "add its package to requirements.txt."
                )
            self._manifests[name] = odoo_source.read_manifest(home / MANIFEST)
        return self._manifests[name]

    def depends(self, name: str) -> list[str]:
        """Names that an add-on depends on directly; 'base' for one that names none."""
        if name == "base":
            return []
        names = self.manifest(name).get("depends") or ["base"]
        if not isinstance(names, (list, tuple)) or not all(isinstance(n, str) for n in names):
            raise KhError(
                f"The manifest of {name} has a 'depends' that is no list of names; correct it."
            )
        for needed in names:
            if self.home(needed) is None:
                raise KhError(
                    f"The add-on {name} depends on '{needed}', which is not there; correct its "
                    "manifest, or add the package to requirements.txt."
                )
        return list(names)

    def closure(self, names: Iterable[str]) -> set[str]:
        """The add-ons and all that they depend on."""
        found: set[str] = set()
        todo = list(names)
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                todo += self.depends(name)
        return found

    def own_names(self) -> list[str]:
        """All installable add-ons of this checkout, sorted; every manifest is read.

        :raise KhError: a manifest is broken
        """
        if not self.own.is_dir():
            return []
        names = [path.parent.name for path in sorted(self.own.glob(f"*/{MANIFEST}"))]
        return [name for name in names if self.manifest(name).get("installable", True)]

    def is_own(self, name: str) -> bool:
        return (self.own / name / MANIFEST).is_file()

    def digest(self, name: str) -> str:
        """`code.translations`: two digests over the files of an add-on that a database loads."""
        home = self.home(name)
        if home is None:
            raise KhError(f"There is no add-on '{name}'; correct its name.")
        code, translations = hashlib.sha256(), hashlib.sha256()
        for file in sorted(relevant_files(home)):
            inside = file.relative_to(home)
            digest = translations if inside.parts[0] == "i18n" else code
            digest.update(f"{inside.as_posix()}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
        return f"{code.hexdigest()[:12]}.{translations.hexdigest()[:8]}"


def relevant_files(home: Path) -> list[Path]:
    """Files of an add-on that matter to a database: not tests, readmes, bytecode, editor files."""
    found = []
    for top, folders, files in os.walk(home):
        folders[:] = [f for f in folders if f not in WITHOUT_EFFECT and not f.startswith(".")]
        found += [
            Path(top, file)
            for file in files
            if not file.startswith(".") and not file.endswith((".pyc", ".pot", "~"))
        ]
    return found
