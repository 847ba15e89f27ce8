"""`./kh db new|list|drop`: databases of this checkout."""

from __future__ import annotations

import argparse
import re

from tools.kh import console, databases, locks, run_database, server, sql
from tools.kh.environment import Environment, prepare
from tools.kh.errors import KhError


def register(subparsers: argparse._SubParsersAction) -> None:
    parser = subparsers.add_parser("db", help="databases: new, list, drop")
    actions = parser.add_subparsers(dest="action", metavar="new|list|drop", required=True)
    new = actions.add_parser("new", help="a database of your own with all add-ons")
    new.add_argument("name", help="its name")
    new.add_argument("--no-demo", action="store_true", help="without the demo company")
    new.add_argument("--modules", help=argparse.SUPPRESS)
    actions.add_parser("list", help="databases and what is in them")
    drop = actions.add_parser("drop", help="remove a database with its files")
    drop.add_argument("name", nargs="+", help="its name as ./kh db list shows it")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    env = prepare()
    databases.clean(env)
    actions = {"new": new_database, "list": list_databases, "drop": drop_databases}
    return actions[args.action](env, args)


def full_name(env: Environment, name: str) -> str:
    """The database that a person means by `name`.

    :raise KhError: the name has other characters than a database's should
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_]{0,40}", name):
        raise KhError(f"'{name}' is no good database name; use letters, digits and '_'.")
    return name if name.startswith(f"{env.db.prefix}_") else f"{env.db.prefix}_{name}"


def new_database(env: Environment, args: argparse.Namespace) -> int:
    name = full_name(env, args.name)
    with locks.exclusive(f"db-{name}"):
        if sql.exists(env, name):
            raise KhError(f"There is a database {name} already; ./kh db drop {name} removes it.")
        demo = not args.no_demo
        modules = run_database.modules_to_run(env, demo=demo)
        if args.modules:
            modules = args.modules.split(",")
        template = databases.ensure_template(
            env,
            modules,
            lang=run_database.TEMPLATE_LANGUAGE,
            name_hint="demo" if demo else "all",
        )
        building = name + databases.BUILDING
        databases.copy(env, template, building)
        sql.set_mark(env, building, {"person": True})
        sql.rename(env, building, name)
    console.out(name)
    return 0


def list_databases(env: Environment, _args: argparse.Namespace) -> int:
    sizes = dict(
        sql.execute(
            env,
            "SELECT datname, pg_size_pretty(pg_database_size(oid)) FROM pg_database"
            f" WHERE starts_with(datname, {sql.literal(env.db.prefix + '_')})",
        )
    )
    running = {server_.database: server_.url for server_ in server.all_running()}
    rows = [
        (name, kind(name, mark), sizes.get(name, "?"), running.get(name, ""))
        for name, mark in sql.list_databases(env).items()
    ]
    console.out(console.table(rows, ("Database", "What it is", "Size", "Served at")))
    return 0


def kind(name: str, mark: dict[str, object]) -> str:
    """What a database is, in words."""
    if name.endswith(databases.BUILDING):
        return "being made"
    if mark.get("person"):
        return "yours" if not mark.get("complete") else "of ./kh run"
    if mark.get("complete"):
        return "template"
    return "work copy"


def drop_databases(env: Environment, args: argparse.Namespace) -> int:
    served = {server_.database for server_ in server.all_running()}
    for given in args.name:
        name = full_name(env, given)
        if name in served:
            raise KhError(f"The database {name} is being served; ./kh stop first.")
        with locks.exclusive(f"db-{name}"):
            if not sql.exists(env, name):
                raise KhError(f"There is no database {name}; ./kh db list names them.")
            databases.drop(env, name)
        console.out(f"Dropped {name}.")
    return 0
