"""Where things lie: `ROOT` is the checkout, `KH` what kh makes (ignored by git)."""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KH = Path(os.path.abspath(os.environ.get("KH_HOME") or ROOT / ".kh"))
ADDONS = ROOT / "addons"


def below(*parts: str) -> Path:
    """A path below `.kh`; its parent folder exists afterwards."""
    path = KH.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def folder(*parts: str) -> Path:
    """A folder below `.kh`, made when missing."""
    path = KH.joinpath(*parts)
    path.mkdir(parents=True, exist_ok=True)
    return path


def log_file(name: str) -> Path:
    """Where the output of the step `name` is kept."""
    return below("log", f"{name}.log")


def checkout_id() -> str:
    """Six characters that tell this `.kh` from others on the same machine."""
    return hashlib.sha256(str(KH).encode()).hexdigest()[:6]


def write_atomically(path: Path, text: str, mode: int = 0o644) -> None:
    """Replace `path` by `text`: readers see the old or the new text, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def remove_tree(path: Path) -> None:
    """Remove a folder, file or link; nothing happens when it is not there.

    The folder is renamed first, so that a kill half-way leaves no folder that looks whole.
    """
    if path.is_symlink() or path.is_file():
        path.unlink(missing_ok=True)
    elif path.exists():
        doomed = path.with_name(f".gone-{uuid.uuid4().hex[:8]}")
        path.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)


def sweep(parent: Path) -> None:
    """Remove what an interrupted `remove_tree` or `fresh_folder` left in `parent`."""
    for left in (*parent.glob(".gone-*"), *parent.glob(".new-*")):
        shutil.rmtree(left, ignore_errors=True)


def fresh_folder(parent: Path) -> Path:
    """An empty folder in `parent`, to be filled and then renamed to its final name."""
    parent.mkdir(parents=True, exist_ok=True)
    path = parent / f".new-{uuid.uuid4().hex[:8]}"
    path.mkdir()
    return path
