"""`./kh doctor`: what is there, what is missing, what to do. It changes nothing."""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tools.kh import (
    asset_check,
    console,
    odoo_conf,
    odoo_source,
    paths,
    postgres,
    python_env,
    server,
    system_packages,
)
from tools.kh.addons import Addons
from tools.kh.errors import KhError, from_os_error

FINE, LATER, ADVICE, WRONG = "ok", "later", "advice", "wrong"
NEEDED_BYTES = 4 * 1024**3
PYTHONS = ((3, 10), (3, 13))


@dataclass(frozen=True)
class Finding:
    """One line of the report: `state` is ok, later (kh makes it), advice, or wrong."""

    state: str
    subject: str
    text: str


def register(subparsers: argparse._SubParsersAction) -> None:
    parser = subparsers.add_parser("doctor", help="what is there, what is missing, what to do")
    parser.set_defaults(run=run)


def run(_args: argparse.Namespace) -> int:
    findings = list(examine())
    rows = [(finding.state, finding.subject, finding.text) for finding in findings]
    console.out(console.table(rows, ("", "What", "How it stands")))
    wrong = [finding for finding in findings if finding.state == WRONG]
    if wrong:
        console.out(f"\n{len(wrong)} to put right: {', '.join(f.subject for f in wrong)}.")
        return 1
    console.out("\nAll that is needed is there, or ./kh run makes it.")
    return 0


def examine() -> Iterator[Finding]:
    """All checks, none of which may keep the others from being made."""
    for subject, check in CHECKS.items():
        try:
            yield from check()
        except KhError as error:
            yield Finding(WRONG, subject, str(error))
        except OSError as error:
            yield Finding(WRONG, subject, str(from_os_error(error, paths.KH)))


def check_python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    fits = PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]
    text = f"{version} at {sys.executable}"
    yield Finding(FINE if fits else WRONG, "Python", text if fits else f"{text}; use 3.10 to 3.13")


def check_disk() -> Iterator[Finding]:
    place = paths.KH
    while not place.exists():
        place = place.parent
    if not os.access(place, os.W_OK):
        yield Finding(WRONG, "Disk", f"{place} is not writable; name another folder in KH_HOME")
        return
    free = shutil.disk_usage(place).free
    text = f"{free / 1024**3:.1f} GB free for {paths.KH}"
    if free >= NEEDED_BYTES or (paths.KH / "venv").exists() and free > NEEDED_BYTES / 8:
        yield Finding(FINE, "Disk", text)
    else:
        yield Finding(WRONG, "Disk", f"{text}; a set-up needs 4 GB")


def check_odoo() -> Iterator[Finding]:
    own = os.environ.get("ODOO_HOME") or odoo_source.importable()
    if not own and not (paths.KH / "odoo" / odoo_source.STAMP).is_file():
        yield Finding(LATER, "Odoo 19", "not there; ./kh run fetches Debian's package")
        return
    source = odoo_source.ensure()
    missing = asset_check.missing_assets(source.addons)
    if missing:
        yield Finding(
            WRONG,
            "Odoo 19",
            f"{source.origin} lacks {missing[0]} and {len(missing) - 1} more; complete it, or "
            f"remove {paths.KH / 'odoo'} and run ./kh run",
        )
    else:
        yield Finding(FINE, "Odoo 19", f"{source.origin}, no asset missing")


def check_packages() -> Iterator[Finding]:
    home = python_env.home()
    for name, what in ((python_env.RUNTIME, "./kh run"), (python_env.TOOLS, "./kh test")):
        if python_env.is_stamped(home, name):
            yield Finding(FINE, f"Packages of {name}", str(home))
        else:
            yield Finding(LATER, f"Packages of {name}", f"not there; {what} installs them")


def check_postgres() -> Iterator[Finding]:
    options = odoo_conf.read_options()
    named = odoo_conf.named_server(options)
    python = python_env.home() / "bin" / "python"
    programs = postgres.program_folder(python)
    if named is not None:
        named = postgres.with_client(named, programs)
        postgres.check_named(named)
        yield Finding(FINE, "PostgreSQL", f"server at {named.host}:{named.port} answers")
    elif not (programs / "postgres").exists():
        yield Finding(LATER, "PostgreSQL", "none named; ./kh run installs a private one")
    else:
        private = postgres.embedded(programs)
        state = "runs" if private.pid() else "does not run; ./kh run starts it"
        yield Finding(FINE, "PostgreSQL", f"private server in {private.data.parent} {state}")


def check_system_packages() -> Iterator[Finding]:
    absent = {package.name for package in system_packages.missing()}
    for package in system_packages.PACKAGES:
        if package.name in absent:
            text = f"missing: {package.without}; apt-get install {package.name}"
            yield Finding(ADVICE, package.name, text)
        else:
            yield Finding(FINE, package.name, "there")


def check_addons() -> Iterator[Finding]:
    names = Addons([paths.ADDONS]).own_names()
    yield Finding(FINE, "Add-ons", f"{len(names)}: {', '.join(names)}")


def check_server() -> Iterator[Finding]:
    running = server.all_running()
    for ours in running:
        yield Finding(FINE, "Server", f"runs at {ours.url} with database {ours.database}")
    if not running:
        with socket.socket() as probe:
            busy = probe.connect_ex((server.HOST, server.PORT)) == 0
        if busy:
            text = f"port {server.PORT} is another program's; start with --port N"
            yield Finding(ADVICE, "Server", text)
        else:
            yield Finding(FINE, "Server", f"does not run; port {server.PORT} is free")


CHECKS: dict[str, Callable[[], Iterator[Finding]]] = {
    "Python": check_python,
    "Disk": check_disk,
    "Odoo 19": check_odoo,
    "Packages": check_packages,
    "PostgreSQL": check_postgres,
    "System packages": check_system_packages,
    "Add-ons": check_addons,
    "Server": check_server,
}
