"""Databases as PostgreSQL sees them: psql, names, marks. What is in them, `databases` knows."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from tools.kh import process
from tools.kh.environment import Environment
from tools.kh.errors import KhError, disk_full, says_disk_full

LONGEST_NAME = 63


def quote(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """`text` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def execute(env: Environment, *statements: str, database: str = "postgres") -> list[list[str]]:
    """Run statements one by one; return the rows of the last ones as text.

    :raise KhError: PostgreSQL refuses, or the disk is full
    """
    argv = [env.db.program("psql"), "-XAtq", "-F", "\x1f", "-v", "ON_ERROR_STOP=1"]
    for statement in statements:
        argv += ["-c", statement]
    variables = {**os.environ, **env.db.variables()}
    answer = process.capture([*argv, database], env=variables, timeout=1800)
    if answer.returncode:
        if says_disk_full(answer.stderr):
            raise disk_full("the database")
        reason = (answer.stderr.strip().splitlines() or ["no reason given"])[0]
        raise KhError(f"PostgreSQL refuses ({reason}); ./kh doctor says what is there.")
    return [line.split("\x1f") for line in answer.stdout.splitlines()]


def list_databases(env: Environment) -> dict[str, dict[str, Any]]:
    """Databases of this checkout with their marks, `{name: mark}`; an empty mark for others'."""
    rows = execute(
        env,
        "SELECT datname, coalesce(replace(shobj_description(oid, 'pg_database'), chr(10), ' '), '')"
        f" FROM pg_database WHERE starts_with(datname, {literal(env.db.prefix + '_')})"
        " ORDER BY datname",
    )
    return {name: _mark(text) for name, text in rows}


def _mark(text: str) -> dict[str, Any]:
    try:
        mark = json.loads(text)
    except ValueError:
        return {}
    return mark if isinstance(mark, dict) else {}


def exists(env: Environment, name: str) -> bool:
    """Whether a database of that name is there."""
    return bool(execute(env, f"SELECT 1 FROM pg_database WHERE datname = {literal(name)}"))


def set_mark(env: Environment, name: str, mark: dict[str, Any]) -> None:
    """Write down in the database's comment what is in it."""
    text = json.dumps(mark, sort_keys=True)
    execute(env, f"COMMENT ON DATABASE {quote(name)} IS {literal(text)}")


def filestore(env: Environment, name: str) -> Path:
    """Where Odoo keeps the files of a database."""
    return env.data_dir / "filestore" / name


def merge_filestore(env: Environment, source: str, target: str) -> None:
    """Give `target` all files of `source`, as hard links where the disk can.

    Odoo names a file after its content and never changes one, so that links are safe and doing
    this twice does no harm.
    """
    origin, goal = filestore(env, source), filestore(env, target)
    for top, _folders, files in os.walk(origin):
        place = goal / Path(top).relative_to(origin)
        place.mkdir(parents=True, exist_ok=True)
        for name in files:
            if not (place / name).exists():
                _link(Path(top, name), place / name)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileNotFoundError:
        return  # removed meanwhile by Odoo's own cleaning
    except OSError:
        partial = target.with_name(f".{target.name}.part")
        shutil.copy2(source, partial)
        partial.replace(target)


def create(env: Environment, name: str, template: str = "template0") -> None:
    """Make a database, as a copy of `template`; other sessions on the template are ended.

    :raise KhError: it exists already, or the disk is full
    """
    if len(name.encode()) > LONGEST_NAME:
        raise KhError(f"The database name {name} is too long; take a shorter one.")
    if template != "template0":
        disconnect(env, template)
        merge_filestore(env, template, name)
    how = "ENCODING 'UTF8' LC_COLLATE 'C'" if template == "template0" else "STRATEGY file_copy"
    if execute(env, "SHOW server_version_num")[0][0] < "150000":
        how = how.replace("STRATEGY file_copy", "")
    try:
        execute(env, f"CREATE DATABASE {quote(name)} TEMPLATE {quote(template)} {how}")
    except KhError:
        if not exists(env, name):
            shutil.rmtree(filestore(env, name), ignore_errors=True)
        raise


def drop(env: Environment, name: str) -> None:
    """Remove a database and its files; nothing happens when it is not there."""
    disconnect(env, name)
    execute(env, f"DROP DATABASE IF EXISTS {quote(name)}")
    shutil.rmtree(filestore(env, name), ignore_errors=True)


def rename(env: Environment, name: str, to: str) -> None:
    """Rename a database; its files are in both places afterwards until `name` is dropped."""
    merge_filestore(env, name, to)
    disconnect(env, name)
    execute(env, f"ALTER DATABASE {quote(name)} RENAME TO {quote(to)}")
    shutil.rmtree(filestore(env, name), ignore_errors=True)


def disconnect(env: Environment, name: str) -> None:
    """End all sessions on a database."""
    with contextlib.suppress(KhError):
        execute(
            env,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = {literal(name)} AND pid <> pg_backend_pid()",
        )


def protect(env: Environment, name: str, closed: bool) -> None:
    """Let nobody connect to a finished template (a server's cron would change it)."""
    execute(env, f"ALTER DATABASE {quote(name)} ALLOW_CONNECTIONS {'false' if closed else 'true'}")


def sessions(env: Environment) -> int:
    """Sessions of others on the server's databases."""
    rows = execute(
        env,
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
    )
    return int(rows[0][0])
