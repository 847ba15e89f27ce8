"""Inside Odoo: one side of a bench, asked by the harness through standard input and output.

Commands are ``describe``, ``prepare`` and ``run``.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import sys
import time
import tracemalloc
from typing import Any

from tools.kh.odoo_worker import serve

PREPARED = "kh.bench.prepared"


class Side:
    """One database of one bench."""

    def __init__(self, options: argparse.Namespace) -> None:
        from odoo.modules.registry import Registry
        from odoo.service.server import load_server_wide_modules
        from odoo.tools import config

        config.parse_config(
            ["-c", options.config, "-d", options.database, "--no-http", "--log-level=error"]
            + [f"--db-filter=^{options.database}$", "--max-cron-threads=0"],
            setup_logging=True,
        )
        load_server_wide_modules()
        self.module = importlib.import_module(f"bench.{options.bench}")
        self.registry = Registry(options.database)
        self.side = options.side
        self.scale = options.scale
        self.mark = options.mark

    def handle(self, command: dict[str, Any]) -> dict[str, Any]:
        if command["do"] == "describe":
            return self.describe()
        if command["do"] == "prepare":
            return self.prepare()
        role = command.get("role", self.side)
        return self.run(command["case"], role, command.get("memory", False))

    def prepare(self) -> dict[str, Any]:
        """Fill the database once for this bench, scale and state of the code."""
        started = time.perf_counter()
        with self.registry.cursor() as cr:
            env = self._environment(cr)
            parameters = env["ir.config_parameter"]
            if parameters.get_param(PREPARED) == self.mark:
                return {"seconds": 0.0}
            self.module.prepare(env, self.side, self.scale)
            parameters.set_param(PREPARED, self.mark)
        self._settle()
        self.registry.clear_all_caches()
        return {"seconds": time.perf_counter() - started}

    def _settle(self) -> None:
        """Do now what PostgreSQL would do by itself in the middle of a measurement."""
        with self.registry.cursor() as cr:
            cr._cnx.autocommit = True
            cr.execute("VACUUM (ANALYZE)")
            cr._cnx.autocommit = False

    def describe(self) -> dict[str, Any]:
        """What the harness must know of each case; it cannot import a bench itself."""
        names = ("case", "bar", "limits", "rounds", "unit", "ours", "peer", "once")
        cases = [{n: case[n] for n in names if n in case} for case in self.module.CASES]
        return {"cases": cases}

    def run(self, number: int, role: str, memory: bool) -> dict[str, Any]:
        """One round: seconds, queries and what the call returned (a figure, where the case has
        a unit of its own), or (apart, because it slows) the peak of memory.

        Where a case says `calls`, a round is so many in a row, and its figures are their mean:
        a single call of two milliseconds would measure how long the database takes to wake up.
        """
        from odoo import sql_db

        case = self.module.CASES[number]
        with self.registry.cursor() as cr:
            env = self._environment(cr)
            call = case["start"](env, role, **case.get("args", {}))
            env.flush_all()
            gc.collect()
            if memory:
                tracemalloc.start()
                call()
                peak = tracemalloc.get_traced_memory()[1]
                tracemalloc.stop()
                answer = {"memory": peak / 2**20}
            else:
                calls = case.get("calls", 1)
                queries, started = sql_db.sql_counter, time.perf_counter()
                for _turn in range(calls):
                    value = call()
                answer = {
                    "seconds": (time.perf_counter() - started) / calls,
                    "queries": (sql_db.sql_counter - queries) // calls,
                    "value": value if "unit" in case else None,
                }
            cr.rollback()
        return answer

    def _environment(self, cr: Any) -> Any:
        from odoo import SUPERUSER_ID, api

        return api.Environment(cr, SUPERUSER_ID, {})


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tools.kh.bench_worker")
    parser.add_argument("-c", "--config", required=True)
    parser.add_argument("-d", "--database", required=True)
    parser.add_argument("--bench", required=True)
    parser.add_argument("--side", required=True)
    parser.add_argument("--scale", type=int, required=True)
    parser.add_argument("--mark", required=True)
    options = parser.parse_args(arguments)
    return serve(lambda: Side(options).handle)


if __name__ == "__main__":
    sys.exit(main())
