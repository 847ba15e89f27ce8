"""`./kh lint`: every linter of the project, one after the other, with one verdict.

Odoo is not needed: the Python tools live in `.kh/lint`, the others in `.kh/node`.
"""

from __future__ import annotations

import argparse
import configparser
import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tools.kh import console, house_rules, lint_tools, paths, process
from tools.kh.addons import DEMO

PYTHON_FOLDERS = ("addons", "bench", "tests", "tools")
PRETTIER_SUFFIXES = (".xml", ".js", ".mjs", ".scss")


class Result(NamedTuple):
    """What one linter said; `output` is empty when it is content."""

    name: str
    ok: bool
    output: str


def register(subparsers: argparse._SubParsersAction) -> None:
    parser = subparsers.add_parser("lint", help="run every linter", description=__doc__)
    parser.add_argument("--fix", action="store_true", help="repair what can be repaired")
    parser.add_argument(
        "--only", choices=sorted(LINTERS), action="append", help="one linter (repeatable)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    results = []
    for name in args.only or LINTERS:
        results.append(LINTERS[name](args.fix))
        console.out(f"{name:<12} {'ok' if results[-1].ok else 'FINDINGS'}")
    for result in results:
        if not result.ok:
            console.out(f"\n--- {result.name}\n{result.output.strip()}")
    bad = [result.name for result in results if not result.ok]
    console.out("All linters are content." if not bad else f"\nFindings of: {', '.join(bad)}.")
    return 1 if bad else 0


def files(*suffixes: str) -> list[str]:
    """Paths, from the root, of files with one of `suffixes` that git knows or would add."""
    return [name for name in house_rules.listed_files(paths.ROOT) if name.endswith(suffixes)]


def addons() -> list[str]:
    """Folders of our add-ons, from the root."""
    return sorted(f"addons/{path.parent.name}" for path in paths.ADDONS.glob("*/__manifest__.py"))


def tool(
    name: str, commands: Iterable[Sequence[str]], complains: Callable[[str], bool] | None = None
) -> Result:
    """Run the commands of one linter; content when all exit with 0 and none complains."""
    outputs = []
    for command in commands:
        done = process.capture(
            command,
            cwd=paths.ROOT,
            env={**os.environ, "PYTHONWARNINGS": "ignore", "NO_COLOR": "1"},
            timeout=900,
        )
        said = (done.stdout + done.stderr).strip()
        if done.returncode or (complains and complains(said)):
            outputs.append(said or f"{Path(command[0]).name} ended with {done.returncode}")
    return Result(name, not outputs, "\n".join(outputs))


# --- the linters --------------------------------------------------------------------------------


def lint_ruff(fix: bool) -> Result:
    ruff = lint_tools.python_tool("ruff")
    folders = [name for name in PYTHON_FOLDERS if (paths.ROOT / name).is_dir()]
    check = [ruff, "check", "--no-cache", "--quiet", "--output-format=concise", *folders]
    style = [ruff, "format", "--no-cache", "--quiet", *folders]
    if fix:
        check.insert(2, "--fix")
        return tool("ruff", [check, style])
    return tool("ruff", [check, [*style, "--diff"]])


def lint_pylint(fix: bool) -> Result:
    found = addons()
    if not found:
        return Result("pylint", True, "")
    pylint = lint_tools.python_tool("pylint")
    return tool("pylint", [[pylint, "--rcfile=.pylintrc", *found]])


def lint_oca(fix: bool) -> Result:
    found = addons()
    module = lint_tools.python_tool("oca-checks-odoo-module")
    catalogue = lint_tools.python_tool("oca-checks-po")
    commands = []
    repair = ["--fix"] if fix else []
    # The demo company reads its tables itself, so its manifest names none of them.
    demo = [path for path in found if path == f"addons/{DEMO}"]
    product = [path for path in found if path not in demo]
    if product:
        commands.append([module, *repair, *product])
    if demo:
        disabled = f"--disable=file-not-used,{_disabled()}"
        commands.append([module, *repair, disabled, *demo])
    catalogues = [name for name in files(".po", ".pot") if name.startswith("addons/")]
    if catalogues:
        commands.append([catalogue, *catalogues])
    return tool("oca", commands, complains=_oca_complains)


def _disabled() -> str:
    """What the settings file leaves out; an option on the command line replaces it."""
    settings = configparser.ConfigParser()
    settings.read(paths.ROOT / ".oca_hooks.cfg", encoding="utf-8")
    return settings["MESSAGES_CONTROL"]["disable"]


def _oca_complains(said: str) -> bool:
    """The programs sum up their findings; with some versions they exit with 0 all the same."""
    return bool(re.search(r"^\* *[\w-]+: *[1-9]", said, re.M))


def lint_prettier(fix: bool) -> Result:
    node, modules = lint_tools.node_modules()
    wanted = files(*PRETTIER_SUFFIXES)
    if not wanted:
        return Result("prettier", True, "")
    plugin = modules / "@prettier/plugin-xml/src/plugin.js"
    program = modules / "prettier/bin/prettier.cjs"
    base = [node, str(program), "--no-cache", f"--plugin={plugin}", "--log-level=warn"]
    return tool("prettier", [[*base, "--write" if fix else "--check", *wanted]])


def lint_eslint(fix: bool) -> Result:
    node, modules = lint_tools.node_modules()
    wanted = [name for name in files(".js") if name.startswith("addons/")]
    if not wanted:
        return Result("eslint", True, "")
    program = modules / "eslint/bin/eslint.js"
    # The packages lie below .kh, the settings at the root: a copy beside the packages finds both.
    settings = modules.parent / "eslint.config.mjs"
    settings.write_text(
        (paths.ROOT / "eslint.config.mjs").read_text(encoding="utf-8"), encoding="utf-8"
    )
    command = [node, str(program), "--config", str(settings), "--no-warn-ignored"]
    return tool("eslint", [[*command, *(["--fix"] if fix else []), *wanted]])


def lint_house(fix: bool) -> Result:
    found = house_rules.check(house_rules.read_tree(paths.ROOT))
    return Result("house", not found, "\n".join(map(str, found)))


LINTERS: dict[str, Callable[[bool], Result]] = {
    "ruff": lint_ruff,
    "pylint": lint_pylint,
    "oca": lint_oca,
    "prettier": lint_prettier,
    "eslint": lint_eslint,
    "house": lint_house,
}
