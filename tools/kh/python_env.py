"""The virtual environment below `.kh`, with the pinned packages of the requirements files.

`.kh/venv` links to `.kh/venv-<digest>`; the digest is over `requirements.txt` and the Python in
use, so that changed requirements make a new environment while a running server keeps its own.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tools.kh import console, debian, locks, paths, process
from tools.kh.errors import KhError

if TYPE_CHECKING:
    from tools.kh.odoo_source import OdooSource

RUNTIME = "requirements.txt"
TOOLS = "requirements-dev.txt"
# Their metadata ask for packages that Odoo's own pins replace.
WITHOUT_DEPENDENCIES = "# no-deps:"
STAMP = "complete"
PTH = "odoo19.pth"


def ensure(source: OdooSource, *, dev: bool = False) -> Path:
    """The Python of a complete environment, made when it is not there.

    :param dev: the packages of `requirements-dev.txt` too
    :raise KhError: no network, disk full, Python without venv
    """
    folder = home()
    python = folder / "bin" / "python"
    if not is_stamped(folder, RUNTIME) or not python.exists():
        with locks.exclusive("venv"):
            if not is_stamped(folder, RUNTIME) or not python.exists():
                _make(folder)
                _prune(folder)
    if dev and not is_stamped(folder, TOOLS):
        with locks.exclusive("venv"), console.step("Python packages for tests"):
            _install(folder, TOOLS)
    _link(folder)
    _point_to(source, folder)
    return python


def home() -> Path:
    """Folder of the environment for these requirements and this Python, made or not."""
    return paths.KH / f"venv-{_digest(RUNTIME)}"


def platform_digest(source: OdooSource) -> str:
    """What databases depend on beside the add-ons: Odoo's code and the requirements."""
    text = f"{source.key} {_read(RUNTIME)}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _read(name: str) -> str:
    try:
        return (paths.ROOT / name).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise KhError(
            f"{paths.ROOT / name} is missing; restore it (git checkout {name})."
        ) from error


def _digest(name: str) -> str:
    text = f"{sys.implementation.cache_tag} {sys.base_prefix} {_read(name)}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def is_stamped(home: Path, name: str) -> bool:
    """Whether the packages of a requirements file are all in an environment."""
    stamp = home / f"{STAMP}-{name}"
    return stamp.is_file() and stamp.read_text() == _digest(name)


def _make(home: Path) -> None:
    paths.remove_tree(home)
    paths.sweep(paths.KH)
    with console.step(f"Python {sys.version_info[0]}.{sys.version_info[1]} environment"):
        _create(home)
    with console.step("Python packages (about 60, from wheels)"):
        _install(home, RUNTIME)


def _create(home: Path) -> None:
    """An environment with pip, also where Debian's python3-venv is not installed."""
    log = paths.log_file("venv")
    if process.run([sys.executable, "-m", "venv", str(home)], log=log, timeout=300) == 0:
        return
    paths.remove_tree(home)
    if process.run([sys.executable, "-m", "virtualenv", str(home)], log=log, timeout=300) == 0:
        return
    paths.remove_tree(home)
    argv = [sys.executable, "-m", "venv", "--without-pip", str(home)]
    if process.run(argv, log=log, timeout=300) == 0 and _bootstrap_pip(home, log):
        return
    paths.remove_tree(home)
    raise KhError(
        "This Python cannot make virtual environments; install them "
        f"(on Debian: apt-get install python3-venv) and run the same command again ({log})."
    )


def _bootstrap_pip(home: Path, log: Path) -> bool:
    """Install pip into an environment from the wheel that Debian ships, without root."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        return False
    folder = paths.folder("downloads")
    unpacked = paths.fresh_folder(paths.KH)
    try:
        package = next(folder.glob("python3-pip-whl_*.deb"), None)
        if package is None:
            process.run(
                ["apt-get", "download", "python3-pip-whl"], cwd=folder, log=log, timeout=300
            )
            package = next(folder.glob("python3-pip-whl_*.deb"), None)
        if package is None:
            return False
        debian.unpack(package, unpacked)
        wheel = next(unpacked.rglob("pip-*.whl"), None)
        if wheel is None:
            return False
        argv = [home / "bin" / "python", wheel / "pip", "install", "--no-index", wheel]
        return process.run(argv, log=log, timeout=300) == 0
    finally:
        paths.remove_tree(unpacked)


def _install(home: Path, name: str) -> None:
    log = paths.log_file(f"pip-{name.removesuffix('.txt')}")
    python = home / "bin" / "python"
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    constraints = ["-c", RUNTIME] if name != RUNTIME else []
    calls = [[*pip, "--prefer-binary", *constraints, "-r", name]]
    bare = without_dependencies(_read(name))
    if bare:
        calls.append([*pip, "--no-deps", *bare])
    for call in calls:
        code = process.run(call, log=log, env=env, timeout=3600)
        if code:
            raise KhError(f"The packages of {name} could not be installed {_why(log)}.")
    (home / f"{STAMP}-{name}").write_text(_digest(name))


def without_dependencies(text: str) -> list[str]:
    """Packages of the lines `# no-deps: name==version` of a requirements file."""
    return [
        line.removeprefix(WITHOUT_DEPENDENCIES).strip()
        for line in text.splitlines()
        if line.startswith(WITHOUT_DEPENDENCIES)
    ]


def _why(log: Path) -> str:
    """What to do about a failed pip, guessed from the end of its log."""
    text = process.tail(log, 40)
    if "Failed to establish a new connection" in text or "NewConnectionError" in text:
        return f"because the package index cannot be reached; check the network and retry ({log})"
    if "No matching distribution" in text or "Could not find a version" in text:
        return f"because the package index lacks a pinned version; the end of {log} names it"
    return f"; the end of {log} says why, then run the same command again"


def _link(home: Path) -> None:
    """Let `.kh/venv` name the environment in use, for people and editors."""
    link = paths.KH / "venv"
    if link.is_symlink() and os.readlink(link) == home.name:
        return
    paths.remove_tree(link)
    fresh = paths.KH / f".new-venv-{os.getpid()}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(home.name)
    fresh.replace(link)


def _point_to(source: OdooSource, home: Path) -> None:
    """Put Odoo's folder on the environment's path."""
    for library in (home / "lib").glob("python3.*"):
        file = library / "site-packages" / PTH
        text = f"{source.home}\n"
        if not file.is_file() or file.read_text() != text:
            paths.write_atomically(file, text)


def _prune(current: Path) -> None:
    """Remove environments of older requirements, unless a program still runs from them."""
    in_use = _programs_running()
    for folder in paths.KH.glob("venv-*"):
        if folder != current and not any(str(folder) in program for program in in_use):
            paths.remove_tree(folder)


def _programs_running() -> list[str]:
    """Command lines of all processes."""
    lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue  # the process has ended
    return lines
