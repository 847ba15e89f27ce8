"""Debian packages unpacked into a private folder: no root, nothing installed on the host.

apt works on lists of its own below `.kh/apt`, with the host's mirror and Debian's keyring, and
checks every signature. `odoo-19` comes from unstable; the assets that it links to come from a
stable release, because unstable's have other file names.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.kh import paths, process
from tools.kh.console import Step
from tools.kh.errors import KhError, disk_full, says_disk_full

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
UNSTABLE = "sid"
STABLE = ("bookworm",)  # asked first, in this order
FROM_UNSTABLE = frozenset({"odoo-19"})
OWN_ODOO = "or set ODOO_HOME to an Odoo 19 checkout of your own"


@dataclass(frozen=True)
class Archive:
    """One package file as apt names it: `sha256` is what the signed list says."""

    name: str
    size: int
    sha256: str


def sources() -> list[Path]:
    """The host's lists of package sources."""
    folder = Path("/etc/apt/sources.list.d")
    return [
        Path("/etc/apt/sources.list"),
        *sorted(folder.glob("*.sources")),
        *sorted(folder.glob("*.list")),
    ]


def mirror() -> str:
    """Address of the host's Debian mirror.

    :raise KhError: the host has no Debian package source
    """
    answer = process.capture(
        [
            "apt-get",
            "indextargets",
            "--format",
            "$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)",
            "Created-By: Packages",
        ]
    )
    for line in answer.stdout.splitlines():
        origin, label, component, address = (line.split("|") + [""] * 4)[:4]
        if origin == label == "Debian" and component == "main" and address:
            return address
    for file in sources():
        found = _configured_mirror(file)
        if found:
            return found
    raise KhError(
        f"This host has no Debian package source to fetch Odoo 19 from; add one, {OWN_ODOO}."
    )


def _configured_mirror(file: Path) -> str | None:
    """The first address in a source list that is Debian's main archive, not its security one."""
    if not file.is_file():
        return None
    text = re.sub(r"(?m)^\s*#.*$", "", file.read_text(errors="replace"))
    addresses = re.findall(r"(?m)^(?:URIs:|deb\s+(?:\[[^]]*\]\s+)?)\s*(\S+)", text)
    for address in addresses:
        if re.search(r"/debian/?$", address):
            return address
    return None


def apt_options() -> list[str]:
    """Options that keep apt inside `.kh/apt`; the source list is written there.

    :raise KhError: apt, its keyring or a mirror is missing
    """
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            raise KhError(
                f"This host has no {program} to fetch Odoo 19 with; use Debian, {OWN_ODOO}."
            )
    if not KEYRING.is_file():
        raise KhError(
            f"{KEYRING} is missing, so Debian's signatures cannot be checked; "
            f"apt-get install debian-archive-keyring, {OWN_ODOO}."
        )
    home = paths.folder("apt")
    for name in ("lists/partial", "cache/archives/partial"):
        (home / name).mkdir(parents=True, exist_ok=True)
    address = mirror()
    listed = "".join(
        f"deb [signed-by={KEYRING}] {address} {suite} main\n" for suite in (UNSTABLE, *STABLE)
    )
    paths.write_atomically(home / "sources.list", listed)
    settings = {
        "Dir::State::lists": home / "lists",
        "Dir::Cache": home / "cache",
        "Dir::Etc::sourcelist": home / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": "-",
        "APT::Sandbox::User": "",
        "APT::Get::List-Cleanup": "0",
        "APT::Default-Release": "",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
    }
    return [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]


def download(names: Iterable[str], step: Step) -> dict[str, Path]:
    """Fetch packages into `.kh/downloads`, each checked against its signed digest.

    What a killed run had fetched whole is kept.

    :return: package file by package name
    :raise KhError: no network, no such package, disk full
    """
    log = paths.log_file("download")
    options = apt_options()
    folder = paths.folder("downloads")
    step.note("package lists")
    _update(options, log)
    step.note("what to fetch")
    wanted = _locate(options, list(names))
    if shutil.disk_usage(folder).free < 3 * sum(archive.size for archive in wanted.values()):
        raise disk_full(folder)
    step.note("packages")
    _fetch(options, wanted, folder, log)
    return {where.partition("/")[0]: folder / archive.name for where, archive in wanted.items()}


def _update(options: list[str], log: Path) -> None:
    """Refresh the lists. A suite that the mirror lacks is no error yet; no list at all is."""
    code = process.run(["apt-get", *options, "update"], log=log, timeout=900)
    if code and not any((paths.KH / "apt" / "lists").glob("*_Packages*")):
        raise KhError(
            "The package mirror of this host cannot be reached; check the network and run the "
            f"same command again, {OWN_ODOO} (details: {log})."
        )


def _locate(options: list[str], names: list[str]) -> dict[str, Archive]:
    """What to fetch, `{name/suite: archive}`: each package from the first suite that has it.

    :raise KhError: no suite has it
    """
    found: dict[str, Archive] = {}
    for suite in (*STABLE, UNSTABLE):
        done = {where.partition("/")[0] for where in found}
        todo = [n for n in names if n not in done and (suite == UNSTABLE) >= (n in FROM_UNSTABLE)]
        found.update(_offers(options, todo, suite))
    absent = [name for name in names if not any(where.startswith(name + "/") for where in found)]
    if absent:
        raise KhError(
            f"The package mirror of this host has no '{absent[0]}' in "
            f"{' or '.join((*STABLE, UNSTABLE))}; try again later, {OWN_ODOO}."
        )
    return found


def _offers(options: list[str], names: list[str], suite: str) -> dict[str, Archive]:
    """Those of the packages that a suite has, `{name/suite: archive}`.

    apt refuses a whole request for one unknown package, so the refused ones are taken out.
    """
    todo = {f"{name}/{suite}": name for name in names}
    for _attempt in range(len(todo)):
        answer = process.capture(["apt-get", *options, "--print-uris", "download", *todo])
        refused = [where for where in todo if _is_refused(todo[where], suite, answer.stderr)]
        if answer.returncode == 0 or not refused:
            break
        for where in refused:
            del todo[where]
    if not todo:
        return {}
    found = {}
    for match in re.finditer(r"(?m)^'[^']+' (\S+) (\d+) SHA256:([0-9a-f]{64})", answer.stdout):
        name = match.group(1).partition("_")[0]
        archive = Archive(match.group(1), int(match.group(2)), match.group(3))
        found[f"{name}/{suite}"] = archive
    return found


def _is_refused(name: str, suite: str, errors: str) -> bool:
    quoted = re.escape(name)
    return bool(
        re.search(rf"'{re.escape(suite)}' for '{quoted}'", errors)
        or re.search(rf"(?m)package {quoted}\b(?!-)", errors)
    )


def _fetch(options: list[str], wanted: dict[str, Archive], folder: Path, log: Path) -> None:
    """Fetch what is not there whole yet.

    :raise KhError: something is still not there whole
    """
    todo = [where for where, item in wanted.items() if not is_whole(folder / item.name, item)]
    for where in todo:
        (folder / wanted[where].name).unlink(missing_ok=True)
    if not todo:
        return
    argv = ["apt-get", *options, "download", *todo]
    code = process.run(argv, cwd=folder, log=log, timeout=3600)
    for where in todo:
        archive = wanted[where]
        if code or not is_whole(folder / archive.name, archive):
            raise KhError(
                f"The package {archive.name} could not be fetched whole; check the network and "
                f"run the same command again (details: {log})."
            )


def is_whole(file: Path, archive: Archive) -> bool:
    """Whether `file` is exactly what the signed list announced."""
    if not file.is_file() or file.stat().st_size != archive.size:
        return False
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while block := content.read(1 << 20):
            digest.update(block)
    return digest.hexdigest() == archive.sha256


def unpack(package: Path, root: Path) -> None:
    """Unpack a package file below `root`.

    :raise KhError: the file is damaged, or the disk is full
    """
    answer = process.capture(["dpkg-deb", "-x", str(package), str(root)], timeout=900)
    if answer.returncode:
        if says_disk_full(answer.stderr):
            raise disk_full(root)
        package.unlink(missing_ok=True)
        raise KhError(
            f"The package {package.name} could not be unpacked "
            f"({answer.stderr.strip().splitlines()[-1:] or ['no reason given']}); "
            "run the same command again, it is fetched anew."
        )
