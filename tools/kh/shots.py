"""`./kh shots`: pictures of the key pages, in Chinese and English, on a desk and on a phone.

They are taken from a copy of the demo company, into `.kh/shots/LANGUAGE/WIDTH/NAME.png`. Meanwhile
the browser is listened to: JavaScript errors, requests to foreign hosts, pages wider than the
screen and pages that do not answer are listed, and the command fails.
"""

from __future__ import annotations

import argparse
import ast
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tools.kh import console, databases, environment, paths, process, shot_pages
from tools.kh.addons import Addons
from tools.kh.environment import Environment
from tools.kh.errors import KhError

LANGUAGES = ("zh_CN", "en_US")
WIDTHS = (1280, 390)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LOGINS_FILE = paths.ADDONS / "kh_b2b_demo" / "const.py"
START_SECONDS = 180


def register(subparsers: argparse._SubParsersAction) -> None:
    parser = subparsers.add_parser("shots", help="pictures of key pages", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="pages (default: all)")
    parser.add_argument("--lang", choices=LANGUAGES, action="append", help="one language only")
    parser.add_argument("--width", type=int, choices=WIDTHS, action="append", help="one width")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    pages = chosen_pages(args.names)
    env = environment.prepare(dev=True)
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        raise KhError("There is no Chromium; install it (on Debian: apt-get install chromium).")
    modules = Addons([paths.ADDONS]).own_names()
    template = databases.ensure_template(env, modules, lang="zh_CN", name_hint="demo")
    with databases.scratch(env, template, "shots") as database, served(env, database) as base:
        order = {
            "base": base,
            "out": str(paths.folder("shots")),
            "chromium": browser,
            "languages": args.lang or LANGUAGES,
            "widths": args.width or WIDTHS,
            "pages": [page._asdict() for page in pages],
            "logins": demo_logins(),
        }
        findings = take(env, order)
    return report(findings)


def chosen_pages(names: list[str]) -> list[shot_pages.Page]:
    """Pages whose names contain one of `names`; all when none is given."""
    found = [p for p in shot_pages.PAGES if not names or any(name in p.name for name in names)]
    if not found:
        known = ", ".join(page.name for page in shot_pages.PAGES)
        raise KhError(f"No page is called {' or '.join(names)}; there are: {known}.")
    return found


def demo_logins() -> dict[str, str]:
    """Logins and passwords of the demo company, read from its list."""
    for node in ast.parse(LOGINS_FILE.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "LOGINS":
            return {login: word for _r, login, word, _u in ast.literal_eval(node.value) if login}
    raise KhError(f"{LOGINS_FILE} has no list LOGINS; restore it.")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def served(env: Environment, database: str) -> Iterator[str]:
    """Odoo on `database` while the block runs; gives its address."""
    port = free_port()
    log = paths.log_file("shots-server")
    with log.open("ab") as output:
        server = subprocess.Popen(
            env.odoo_argv(
                *("-d", database, f"--db-filter=^{database}$", f"--http-port={port}"),
                *("--http-interface=127.0.0.1", "--max-cron-threads=0"),
            ),
            cwd=paths.ROOT,
            env=env.odoo_env(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=process.die_with_parent(),
        )
    try:
        base = f"http://127.0.0.1:{port}"
        with console.step("Starting Odoo"):
            wait_until_up(server, f"{base}/web/login")
        yield base
    finally:
        process.end_group(server)


def wait_until_up(server: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=60):
                return
        except urllib.error.HTTPError as error:
            raise KhError(f"{url} answers {error.code}; see .kh/log/shots-server.log.") from error
        except OSError:
            time.sleep(0.3)
    raise KhError("Odoo did not start; see .kh/log/shots-server.log.")


def take(env: Environment, order: dict[str, Any]) -> list[dict[str, str]]:
    """Run the photographer in the prepared environment; give what it found."""
    total = sum(
        len(order["languages"]) for p in order["pages"] for w in order["widths"] if w in p["widths"]
    )
    with console.step(f"Taking {total} pictures"):
        answer = subprocess.run(
            [str(env.python), "-m", "tools.kh.browser_shots"],
            cwd=paths.ROOT,
            env=env.odoo_env(),
            input=json.dumps(order),
            capture_output=True,
            text=True,
            preexec_fn=process.die_with_parent(),
        )
    if answer.returncode:
        reason = (answer.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise KhError(f"The pictures could not be taken ({reason}).")
    return [json.loads(line) for line in answer.stdout.splitlines() if line.startswith("{")]


def report(findings: list[dict[str, str]]) -> int:
    """List what the browser complained about; 1 when it did."""
    seen: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        seen.setdefault((finding["kind"], finding["text"]), []).append(finding["page"])
    for (kind, text), where in sorted(seen.items()):
        console.out(f"{kind}: {text}\n    {len(where)} ×, first on {where[0]}")
    console.out(f"Pictures are in {paths.KH / 'shots'}; {len(seen)} findings.")
    return 1 if seen else 0
