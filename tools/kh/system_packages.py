"""Optional system packages: a browser for tests, PDF documents, Chinese letters in both."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools.kh import console, paths, process
from tools.kh.errors import KhError

FONT_FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path.home() / ".local/share/fonts",
    Path.home() / ".fonts",
)
RETRY_AFTER_SECONDS = 24 * 3600
REMEMBERED = "system-packages.json"


@dataclass(frozen=True)
class SystemPackage:
    """A Debian package, what is lost without it, and how to see whether it is there."""

    name: str
    without: str
    is_there: Callable[[], bool]


def _has_browser() -> bool:
    return any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))


def _has_pdf() -> bool:
    return shutil.which("wkhtmltopdf") is not None


def _has_cjk_font() -> bool:
    return any(next(folder.rglob("NotoS*CJK*"), None) for folder in FONT_FOLDERS if folder.is_dir())


PACKAGES = (
    SystemPackage("chromium", "browser tests and screenshots do not run", _has_browser),
    SystemPackage("wkhtmltopdf", "documents come as HTML instead of PDF", _has_pdf),
    SystemPackage("fonts-noto-cjk", "PDF and screenshots show no Chinese letters", _has_cjk_font),
)


def missing() -> list[SystemPackage]:
    """Packages that are not there."""
    return [package for package in PACKAGES if not package.is_there()]


def ensure() -> None:
    """Install what is missing where we may; otherwise name it in one sentence and go on.

    A package that could not be had is asked for again a day later.
    """
    absent = missing()
    if not absent:
        return
    given_up = _given_up()
    todo = [package for package in absent if package.name not in given_up]
    prefix = _root_prefix() if todo else None
    if todo and prefix is not None and shutil.which("apt-get"):
        with console.step(f"System packages: {', '.join(package.name for package in todo)}"):
            _install(prefix, todo)
        absent = missing()
    if absent and (todo or not given_up):
        lost = "; ".join(f"without {package.name} {package.without}" for package in absent)
        console.say(
            f"  Not installed: {', '.join(p.name for p in absent)} ({lost}); "
            f"an administrator may run: apt-get install {' '.join(p.name for p in absent)}"
        )
    _remember([package.name for package in absent])


def _root_prefix() -> list[str] | None:
    """What to put before a command so that it runs as root; None when we may not."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and process.capture(["sudo", "-n", "true"]).returncode == 0:
        return ["sudo", "-n"]
    return None


def _install(prefix: list[str], packages: list[SystemPackage]) -> None:
    """One apt-get for each package: one that left the archive must not keep the others away."""
    install = [*prefix, "apt-get", "install", "-y", "--no-install-recommends"]
    waiting = ["-o", "DPkg::Lock::Timeout=300"]
    refreshed = False
    for package in packages:
        if _succeeds([*install, *waiting, package.name]) or package.is_there():
            continue
        if not refreshed:
            refreshed = True
            _succeeds([*prefix, "dpkg", "--configure", "-a"])
            _succeeds([*prefix, "apt-get", "update"])
        _succeeds([*install, *waiting, package.name])


def _succeeds(argv: list[str]) -> bool:
    """Whether a command of the package manager went well; these packages are optional."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    log = paths.log_file("system-packages")
    try:
        return process.run(argv, log=log, env=environment, timeout=1200, outlives=True) == 0
    except KhError as error:
        console.say(f"  {error}")
        return False


def _given_up() -> set[str]:
    file = paths.KH / REMEMBERED
    try:
        remembered = json.loads(file.read_text())
        if time.time() - remembered["time"] < RETRY_AFTER_SECONDS:
            return set(remembered["missing"])
    except (OSError, ValueError, KeyError, TypeError):
        file.unlink(missing_ok=True)
    return set()


def _remember(names: list[str]) -> None:
    file = paths.below(REMEMBERED)
    if names and set(names) - _given_up():
        paths.write_atomically(file, json.dumps({"time": time.time(), "missing": names}))
