"""`./kh test`: every test of the project, or Odoo's own with our add-ons installed.

The add-ons are tested on a copy of a database that has all of them and no demo data, the demo
company on one with demo data, the tools and what spans add-ons in the same run. The last line is
pytest's, summed up over all of it.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from pathlib import Path

from tools.kh import console, core_tests, databases, environment, paths
from tools.kh.addons import DEMO, Addons
from tools.kh.errors import KhError
from tools.kh.pytest_run import PytestRun, remember_durations, worker_copies
from tools.kh.results import (
    ERROR,
    Outcome,
    install_warnings,
    read_listed,
    summary_line,
    unexpected_warnings,
)

LANGUAGE = "zh_CN"
#: Short names of the templates; `./kh run` uses the same ones, so that each is made once.
TEMPLATES = {"product": "all", "demo": "demo"}
ALLOWED_WARNINGS = paths.ROOT / "tests" / "allowed_log_warnings.txt"


def register(subparsers: argparse._SubParsersAction) -> None:
    parser = subparsers.add_parser("test", help="run the tests", description=__doc__)
    parser.add_argument("paths", nargs="*", metavar="PATHS", help="files, folders or test ids")
    parser.add_argument("-k", metavar="EXPR", help="only tests whose names match, as in pytest")
    parser.add_argument("-x", "--exitfirst", action="store_true", help="stop at the first failure")
    parser.add_argument(
        "--core",
        metavar="MODULES",
        help="Odoo's own tests of these modules (comma-separated), with and without our add-ons",
    )
    parser.add_argument(
        "--workers", type=int, default=default_workers(), help="processes (default: the cores)"
    )
    parser.set_defaults(run=run)


def default_workers() -> int:
    """One for each core that this process may use, two at least and four at most."""
    return max(2, min(4, len(os.sched_getaffinity(0))))


def run(args: argparse.Namespace) -> int:
    if args.core:
        modules = [name.strip() for name in args.core.split(",") if name.strip()]
        return core_tests.run(modules, args.workers, args.k)
    return run_tests(args.paths, args)


def product_addons() -> list[str]:
    """Our add-ons except the demo company, which is no part of the product."""
    return [name for name in all_addons() if name != DEMO]


def all_addons() -> list[str]:
    return Addons([paths.ADDONS]).own_names()


def split_targets(targets: Sequence[str]) -> dict[str, list[str]]:
    """Which paths go to which kind of run: `product`, `demo` or `plain` (needs no database).

    :raise KhError: when a path does not exist
    """
    if not targets:
        product = [f"addons/{name}/tests" for name in product_addons()]
        found = {"product": [p for p in product if (paths.ROOT / p).is_dir()]}
        found["product"].append("tests")
        demo = f"addons/{DEMO}/tests"
        found["demo"] = [demo] if (paths.ROOT / demo).is_dir() else []
        return {**found, "plain": []}
    found = {"product": [], "demo": [], "plain": []}
    for target in targets:
        file = Path(os.path.abspath(target.split("::", 1)[0]))
        if not file.exists():
            raise KhError(f"There is no {target}; name a file, a folder or a test id.")
        inside = file.relative_to(paths.ROOT).parts if file.is_relative_to(paths.ROOT) else ()
        absolute = str(file) + target[len(target.split("::", 1)[0]) :]
        if inside[:2] == ("addons", DEMO):
            found["demo"].append(absolute)
        elif inside[:1] == ("tests",):
            found["plain"].append(absolute)
        else:
            found["product"].append(absolute)
    return found


def run_tests(targets: Sequence[str], args: argparse.Namespace) -> int:
    started = time.monotonic()
    chosen = split_targets(targets)
    options = ["-k", args.k] if args.k else []
    options += ["-x"] if args.exitfirst else []
    env = environment.prepare(dev=True)
    outcome = Outcome()
    warnings = []
    for kind in ("product", "plain", "demo"):
        if not chosen[kind]:
            continue
        done, logged = run_kind(env, kind, chosen[kind], options, args.workers)
        outcome.add(done.results())
        warnings += [*logged, *done.warnings()]
        if done.exit_code not in (0, 1, 5):
            outcome.add([crash_row(done)])
        if args.exitfirst and outcome.bad:
            break
    remember_durations(outcome.file_seconds())
    return finish(outcome, warnings, time.monotonic() - started)


def run_kind(
    env: environment.Environment, kind: str, targets: list[str], options: list[str], workers: int
) -> tuple[PytestRun, list[dict]]:
    """Run one kind of tests on a database made for it; give the run and the install's warnings."""
    if kind == "plain":
        done = PytestRun(env, kind, targets, workers=workers, options=options)
        done.go()
        return done, []
    hint = TEMPLATES[kind]
    modules = product_addons() if kind == "product" else all_addons()
    template = databases.ensure_template(env, modules, lang=LANGUAGE, name_hint=hint)
    logged = install_warnings(paths.log_file(f"db-{hint}"), template)
    with databases.scratch(env, template, f"test{kind}") as database, worker_copies(env, database):
        # The demo company is one registry and few tests: a second worker would cost more.
        count = 1 if kind == "demo" else workers
        done = PytestRun(env, kind, targets, database, count, options)
        done.go()
    return done, logged


def crash_row(done: PytestRun) -> dict:
    """A run that ended for another reason than a failed test counts as an error."""
    return {
        "key": f"pytest ({done.name})",
        "path": "",
        "when": "run",
        "outcome": "failed",
        "seconds": 0.0,
        "text": f"pytest ended with exit code {done.exit_code}; its output is above.",
    }


def finish(outcome: Outcome, warnings: list[dict], seconds: float) -> int:
    """Say what was wrong, last of all pytest's line; give the exit status."""
    unexpected = unexpected_warnings(warnings, read_listed(ALLOWED_WARNINGS))
    counts = outcome.counts
    if unexpected:
        counts[ERROR] += len(unexpected)
        console.out(f"\nLog warnings that {ALLOWED_WARNINGS.name} does not allow:")
        for line, tests in sorted(unexpected.items()):
            console.out(f"  {line[:300]}\n      {len(tests)} ×, first in {tests[0] or 'start-up'}")
    if outcome.bad:
        console.out("\nFailed:")
        for key in outcome.bad:
            console.out(f"  {outcome.tests[key]:<7} {key}")
    console.out()
    console.out(summary_line(counts, seconds))
    if not counts:
        return 5
    return 1 if unexpected or outcome.bad else 0
