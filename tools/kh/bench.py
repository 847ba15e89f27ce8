"""`./kh bench`: our add-ons against Odoo core or a peer, alternately in one run.

Each side works in a database of its own, made on demand and kept for the next run. The rounds of
the two sides take turns, so that whatever else the machine does meets both.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tools.kh import bench_report, console, databases, environment, paths
from tools.kh.bench_report import Measured, Row
from tools.kh.environment import Environment
from tools.kh.errors import KhError
from tools.kh.odoo_worker import OdooWorker

BENCHES = paths.ROOT / "bench"
LANGUAGE = "zh_CN"
ROUNDS = 5
WARM_UP = 1
#: Modules of the package that are no benches themselves.
HELPERS = frozenset({"__init__", "browser", "data", "gzip_front", "odoo_server", "served"})
Ask = Callable[[dict[str, Any]], dict[str, Any]]


def register(subparsers: argparse._SubParsersAction) -> None:
    parser = subparsers.add_parser("bench", help="measure against the peers", description=__doc__)
    parser.add_argument("name", nargs="?", metavar="NAME", help=f"one of: {', '.join(names())}")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the rows there as well")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds of each case")
    parser.add_argument("--scale", type=int, help="size of the data, such as 1000000 prices")
    parser.add_argument("--case", metavar="TEXT", help="only the cases whose name has this in it")
    parser.set_defaults(run=run)


def names() -> list[str]:
    return sorted(path.stem for path in BENCHES.glob("*.py") if path.stem not in HELPERS)


def run(args: argparse.Namespace) -> int:
    chosen = [args.name] if args.name else names()
    unknown = [name for name in chosen if name not in names()]
    if unknown:
        raise KhError(f"There is no bench {unknown[0]}; there are: {', '.join(names())}.")
    if args.rounds < 1:
        raise KhError("A bench needs one round at least; correct --rounds.")
    env = environment.prepare(dev=True)
    rows: list[Row] = []
    for name in chosen:
        rows += run_bench(env, name, args.scale, args.rounds, args.case)
    return finish(rows, args.json)


def finish(rows: Sequence[Row], target: Path | None) -> int:
    """Print the table and write the JSON; 1 when a bar was missed."""
    console.out(bench_report.table(rows))
    if target:
        text = json.dumps([row.as_json() for row in rows], indent=2, ensure_ascii=False)
        paths.write_atomically(target.absolute(), text + "\n")
    missed = [row for row in rows if not row.ok]
    console.out(f"\n{len(rows) - len(missed)} of {len(rows)} bars met.")
    return 1 if missed else 0


def constants(path: Path) -> dict[str, Any]:
    """TITLE, SIDES and SCALE of a bench, read without importing it (it may need Odoo).

    :raise KhError: when one is missing
    """
    found: dict[str, Any] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name in ("TITLE", "SIDES", "SCALE"):
                found[name] = ast.literal_eval(node.value)
    missing = {"TITLE", "SIDES", "SCALE"} - found.keys()
    if missing:
        raise KhError(
            f"{path.name} does not set {', '.join(sorted(missing))}; see bench/__init__.py."
        )
    return found


def run_bench(
    env: Environment, name: str, scale: int | None, rounds: int, only: str | None = None
) -> list[Row]:
    about = constants(BENCHES / f"{name}.py")
    scale = scale or about["SCALE"]
    console.say(f"\n{about['TITLE']} (scale {scale:,})")
    workers = {}
    try:
        for side, template in templates(env, about["SIDES"]).items():
            workers[side] = Worker(env, name, side, template, scale)
        for side, worker in workers.items():
            with console.step(f"Data of {side}"):
                worker.ask({"do": "prepare"})
        cases = workers["ours"].ask({"do": "describe"})["cases"]
        asks = {side: worker.ask for side, worker in workers.items()}
        return [
            measure(name, number, case, asks, rounds)
            for number, case in enumerate(cases)
            if not only or only in case["case"]
        ]
    finally:
        for worker in workers.values():
            worker.close()


def templates(env: Environment, sides: dict[str, list[str] | None]) -> dict[str, str]:
    """The template of each side; those that tests and runs use too, where they are the same."""
    found = {}
    ours = sides["ours"] or []
    for side, modules in sides.items():
        if modules == sides["ours"] and side != "ours":
            found[side] = found["ours"]
            continue
        hint = "core" if modules is None else "all" if side == "ours" else f"bench{side}"
        wanted = databases.layers(env, ours) if modules is None else modules
        found[side] = databases.ensure_template(env, wanted, lang=LANGUAGE, name_hint=hint)
    return found


def seats(case: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Where each figure of a case is measured: `{"ours" or "peer": (database, role)}`.

    Without a word of the case, each side works in its own database. A case may seat the peer
    elsewhere (`"peer": ("ours", "raw")`: in our database, called as `raw`), or have none.
    """
    found = {name: case.get(name, (name, name)) for name in ("ours", "peer")}
    return {name: (seat[0], seat[1]) for name, seat in found.items() if seat}


def measure(
    bench: str, number: int, case: dict[str, Any], asks: dict[str, Ask], rounds: int
) -> Row:
    """Rounds of one case, the sides in turn; the first round of each only warms up."""
    placed = seats(case)
    measured = {name: Measured() for name in placed}
    is_once = case.get("once", False)
    rounds, warm_up = (1, 0) if is_once else (case.get("rounds", rounds), WARM_UP)
    with console.step(f"{bench}: {case['case']}") as step:
        for turn in range(rounds + warm_up):
            step.note(f"round {turn} of {rounds}")
            # Each round another side begins: neither always finds the caches of the other.
            for name in sorted(measured, reverse=bool(turn % 2)):
                database, role = placed[name]
                answer = asks[database]({"do": "run", "case": number, "role": role})
                if turn >= warm_up:
                    measured[name].add(answer)
        for name, figures in () if is_once else measured.items():
            database, role = placed[name]
            answer = asks[database]({"do": "run", "case": number, "role": role, "memory": True})
            figures.memory = answer["memory"]
    return bench_report.judge(bench, case, measured["ours"], measured.get("peer"))


def database_digest(template: str, name: str, scale: int) -> str:
    """What the data of a bench depend on: its database, its code, its size."""
    digest = hashlib.sha256(f"{template} {scale}".encode())
    for path in (BENCHES / "data.py", BENCHES / f"{name}.py"):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


class Worker(OdooWorker):
    """A process with one side's database."""

    def __init__(self, env: Environment, bench: str, side: str, template: str, scale: int) -> None:
        mark = database_digest(template, bench, scale)
        self.database = f"{env.db.prefix}_bench_{bench}_{side}_{mark}"
        if not databases.exists(env, self.database):
            for older in databases.list_databases(env):
                if older.startswith(f"{env.db.prefix}_bench_{bench}_{side}_"):
                    databases.drop(env, older)
            databases.copy(env, template, self.database)
        options = ["-d", self.database, "--bench", bench, "--side", side]
        options += ["--scale", str(scale), "--mark", mark]
        log = paths.log_file(f"bench-{bench}-{side}")
        super().__init__(env, "tools.kh.bench_worker", options, log)
