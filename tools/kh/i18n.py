"""`./kh i18n`: refresh the .pot and zh_CN.po of every add-on, and say what is not translated.

The terms come from Odoo's own export of a database in which all add-ons are installed.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.kh import console, databases, environment, paths, process
from tools.kh.addons import Addons
from tools.kh.environment import Environment
from tools.kh.errors import KhError

FAULTS = {
    "untranslated": "not translated",
    "fuzzy": "fuzzy",
    "missing": "not in zh_CN.po",
    "obsolete": "no longer in use",
    "placeholders": "placeholders or tags differ",
    "stale_pot": "the .pot is out of date",
}


def register(subparsers: argparse._SubParsersAction) -> None:
    parser = subparsers.add_parser("i18n", help="refresh translations", description=__doc__)
    parser.add_argument("addons", nargs="*", help="add-ons (default: all)")
    parser.add_argument(
        "--check", action="store_true", help="change nothing, exit 1 when something is missing"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    names = args.addons or all_addons()
    unknown = sorted(set(names) - set(all_addons()))
    if unknown:
        raise KhError(f"There is no add-on {', '.join(unknown)} in addons/; correct the name.")
    env = environment.prepare(dev=True)
    reports = refresh(env, names, check=args.check)
    show(reports)
    incomplete = any(report[fault] for report in reports.values() for fault in FAULTS)
    return 1 if args.check and incomplete else 0


def all_addons() -> list[str]:
    return Addons([paths.ADDONS]).own_names()


def refresh(env: Environment, names: Sequence[str], *, check: bool) -> dict[str, Any]:
    """Export the terms and merge (or only compare) the catalogues; one report for each add-on."""
    with tempfile.TemporaryDirectory() as folder:
        export(env, names, Path(folder))
        answer = process.capture(
            [
                *(env.python, "-m", "tools.kh.translations", "check" if check else "refresh"),
                *("--export", folder, "--addons", paths.ADDONS, *names),
            ],
            cwd=paths.ROOT,
            env=env.odoo_env(),
        )
    if answer.returncode:
        raise KhError(f"A catalogue cannot be read: {answer.stderr.strip().splitlines()[-1]}")
    return json.loads(answer.stdout)


def export(env: Environment, names: Sequence[str], into: Path) -> None:
    """Write a fresh .pot for each add-on below `into`, from a database that has all of them."""
    template = databases.ensure_template(env, all_addons(), lang="zh_CN", name_hint="demo")
    with databases.scratch(env, template, "i18n") as database:
        process.run_checked(
            [
                *(env.python, "-m", "tools.kh.odoo_terms", "-c", env.config, "-d", database),
                *("--into", into, *names),
            ],
            cwd=paths.ROOT,
            env=env.odoo_env(),
            log=paths.log_file("i18n"),
            failure="Odoo could not export the terms",
        )


def show(reports: dict[str, Any]) -> None:
    """One line for each add-on, then what is missing, term by term."""
    for name, report in sorted(reports.items()):
        found = [
            f"{len(report[fault])} {words}" for fault, words in FAULTS.items() if report[fault]
        ]
        changed = f" (written: {', '.join(report['changed'])})" if report["changed"] else ""
        console.out(f"{name}: {report['terms']} terms, {', '.join(found) or 'complete'}{changed}")
        for fault, words in FAULTS.items():
            for term in report[fault][:20]:
                console.out(f"    {words}: {term[:110]!r}")
            if len(report[fault]) > 20:
                console.out(f"    … and {len(report[fault]) - 20} more")
