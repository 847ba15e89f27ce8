"""What an add-on leaves behind: two snapshots of a database, compared by name.

A snapshot holds every column, index and constraint, and every row of every table except those
that change by themselves. Taken before an add-on is installed and after it is uninstalled, the
two must be equal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

#: Tables in which rows come and go without any add-on's doing.
VOLATILE_TABLES = frozenset(
    {
        "bus_bus",
        "ir_actions_todo",  # the to-do of a configuration wizard is opened and done by Odoo
        "ir_attachment",  # compiled assets; attachments of ours hang on records that are compared
        "ir_cron_progress",
        "ir_cron_trigger",
        "ir_logging",
        "ir_module_category",
        "ir_module_module",
        "ir_module_module_dependency",
        "ir_module_module_exclusion",
        "ir_profile",
        "mail_notification",
        "orm_signaling_assets",
        "orm_signaling_default",
        "orm_signaling_groups",
        "orm_signaling_registry",
        "orm_signaling_routing",
        "orm_signaling_stable",
        "orm_signaling_templates",
        "res_device_log",
        "res_users_log",
    }
)
#: Columns that every write moves, whatever was written.
VOLATILE_COLUMNS = frozenset({"write_date", "write_uid", "create_date", "create_uid"})
#: Columns of single tables that Odoo itself moves while modules come and go.
VOLATILE_TABLE_COLUMNS = {
    "ir_cron": {"nextcall", "lastcall", "failure_count", "first_failure_date"},
    "ir_ui_view": {"arch_updated"},
    "website": {"write_date"},
}
#: Columns that name a row to a reader, best first.
NAME_COLUMNS = ("complete_name", "name", "display_name", "key", "xml_id", "model", "code")

STRUCTURE_SQL = {
    "column": """
        SELECT table_name || '.' || column_name FROM information_schema.columns
         WHERE table_schema = 'public'
    """,
    "index": "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'",
    "constraint": """
        SELECT r.relname || '.' || c.conname
          FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
          JOIN pg_namespace n ON n.oid = r.relnamespace
         WHERE n.nspname = 'public' AND c.contype <> 'n'
    """,
    "sequence": """
        SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'
    """,
}


@dataclass
class Snapshot:
    """State of one database, comparable with another state of the same database."""

    structure: dict[str, set[str]] = field(default_factory=dict)
    rows: dict[str, dict[str, str]] = field(default_factory=dict)
    xmlids: dict[tuple[str, str], str] = field(default_factory=dict)


def take(cursor: Any) -> Snapshot:
    """Read everything that is compared; `cursor` is one of psycopg2's."""
    snapshot = Snapshot()
    for kind, query in STRUCTURE_SQL.items():
        cursor.execute(query)
        snapshot.structure[kind] = {row[0] for row in cursor.fetchall()}
    cursor.execute(
        "SELECT table_name FROM information_schema.tables "
        "WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY table_name"
    )
    for (table,) in cursor.fetchall():
        if table not in VOLATILE_TABLES:
            snapshot.rows[table] = _rows(cursor, table, snapshot.structure["column"])
    cursor.execute(
        """
        SELECT replace(model, '.', '_'), res_id::text, module || '.' || name
          FROM ir_model_data ORDER BY id
        """
    )
    snapshot.xmlids = {(table, res_id): xmlid for table, res_id, xmlid in cursor.fetchall()}
    return snapshot


def _rows(cursor: Any, table: str, columns: set[str]) -> dict[str, str]:
    dropped = [*VOLATILE_COLUMNS, *VOLATILE_TABLE_COLUMNS.get(table, ())]
    has_id = f"{table}.id" in columns
    key = "t.id::text" if has_id else "to_jsonb(t)::text"
    # The name of the table comes from the catalogue of the same database.
    cursor.execute(f'SELECT {key}, (to_jsonb(t) - %s::text[])::text FROM "{table}" t', (dropped,))
    return dict(cursor.fetchall())


def _title(snapshot: Snapshot, table: str, key: str) -> str:
    """A name for a row: its XML id, or what it calls itself."""
    values = json.loads(snapshot.rows[table][key])
    if table == "ir_model_data":
        return f"{values['module']}.{values['name']}"
    xmlid = snapshot.xmlids.get((table, key))
    if xmlid:
        return xmlid
    for column in NAME_COLUMNS:
        name = values.get(column)
        if name:
            return str(name.get("en_US", name) if isinstance(name, dict) else name)
    return key if len(key) < 120 else key[:117] + "..."


def _is_odoos_own(snapshot: Snapshot, table: str, title: str) -> bool:
    """Traces that Odoo 19 leaves after every add-on, also after its own (`maintenance` for one).

    It keeps a list of all modules ever seen, the external names of selections and of inheritance
    that a removed model had through a mixin, and rows of foreign keys that went with their column.
    """
    if table == "ir_model_data":
        name = title.partition(".")[2]
        return title.startswith("base.module_") or name.startswith(
            ("selection__", "model_inherit__")
        )
    if table == "ir_model_inherit":
        # a mixin of a core model is noted under the module that was loaded last
        return title.partition(".")[2].startswith("model_inherit__")
    if table == "ir_model_constraint":
        there = {name.partition(".")[2] for name in snapshot.structure.get("constraint", ())}
        return title not in there
    return False


def created(before: Snapshot, after: Snapshot) -> dict[str, set[str]]:
    """Keys of the rows that came between two snapshots, by table; new tables left out."""
    return {
        table: set(after.rows[table]) - set(before.rows[table])
        for table in before.rows.keys() & after.rows.keys()
    }


def orphans(cursor: Any) -> list[str]:
    """One line for each table with rows that belong to a model which no longer exists."""
    cursor.execute(
        """
        SELECT c.table_name, c.column_name
          FROM information_schema.columns c
          JOIN information_schema.tables t USING (table_schema, table_name)
         WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
           AND c.column_name IN ('model', 'res_model', 'model_name')
           AND c.data_type IN ('character varying', 'text')
         ORDER BY 1, 2
        """
    )
    lines = []
    for table, column in cursor.fetchall():
        # Both names come from the catalogue of the same database.
        cursor.execute(
            f"""
            SELECT "{column}", count(*) FROM "{table}"
             WHERE "{column}" LIKE 'kh.%' AND "{column}" NOT IN (SELECT model FROM ir_model)
             GROUP BY 1 ORDER BY 1
            """
        )
        lines += [f"{count} rows of {model} left in {table}" for model, count in cursor.fetchall()]
    return lines


def compare(
    before: Snapshot, after: Snapshot, used: Mapping[str, set[str]] | None = None
) -> list[str]:
    """One line for each difference, by name; empty when the add-on left nothing behind.

    `used` holds the keys of rows that somebody made with the add-on, by table: customers and
    orders of theirs rightly stay. See `orphans` for those that may not.
    """
    used = used or {}
    lines = []
    for kind, names in before.structure.items():
        lines += [f"{kind} left: {name}" for name in after.structure[kind] - names]
        lines += [f"{kind} lost: {name}" for name in names - after.structure[kind]]
    for table in before.rows.keys() & after.rows.keys():
        lines += _compare_rows(before, after, table, used.get(table, set()))
    return sorted(lines)


def _compare_rows(before: Snapshot, after: Snapshot, table: str, used: set[str]) -> Iterator[str]:
    old, new = before.rows[table], after.rows[table]
    for key in new.keys() - old.keys() - used:
        title = _title(after, table, key)
        if not _is_odoos_own(after, table, title):
            yield f"row left in {table}: {title}"
    for key in old.keys() - new.keys():
        yield f"row lost from {table}: {_title(before, table, key)}"
    for key in old.keys() & new.keys():
        if old[key] != new[key]:
            was, now = json.loads(old[key]), json.loads(new[key])
            changed = sorted(c for c in was.keys() | now.keys() if was.get(c) != now.get(c))
            if changed and any(c in was and c in now for c in changed):
                yield f"row changed in {table}: {_title(after, table, key)} ({', '.join(changed)})"
