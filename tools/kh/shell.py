"""`./kh shell`: a Python shell with Odoo's `env` on a database."""

from __future__ import annotations

import argparse
import os

from tools.kh import run_database, sql
from tools.kh.environment import prepare
from tools.kh.errors import KhError


def register(subparsers: argparse._SubParsersAction) -> None:
    parser = subparsers.add_parser("shell", help="a Python shell on a database, with Odoo's env")
    parser.add_argument("database", nargs="?", help="database (default: the one of ./kh run)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    env = prepare()
    name = args.database or run_database.name_of(env, demo=True, lang="zh_CN")
    if not sql.exists(env, name):
        raise KhError(f"There is no database {name}; ./kh db list names them, ./kh run makes one.")
    argv = env.odoo_argv("shell", "-d", name, "--no-http", "--log-level", "warn")
    os.execve(argv[0], argv, env.odoo_env())
