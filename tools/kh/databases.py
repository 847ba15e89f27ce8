"""Databases with Odoo in them: cached templates, copies of them, and the one that people use.

A template is a database that nobody works in. What is in it stands in its mark (a JSON comment):

    {"modules": {name: digest}, "lang": "zh_CN", "platform": digest, "used": seconds, ...}

While it is made its name ends in `_building`; the last step gives it its own name, so that a
half-made one is never taken for a whole one. Templates stand on each other: the core add-ons of
others, then ours, then the demo company; a changed add-on is updated on a copy of the newest
template that fits.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.kh import console, locks, page_assets, paths, process, sql
from tools.kh.addons import DEMO, Addons
from tools.kh.environment import Environment
from tools.kh.errors import KhError
from tools.kh.process import is_alive
from tools.kh.sql import create, drop, exists, list_databases

__all__ = ["copy", "create", "drop", "ensure_template", "exists", "list_databases", "scratch"]

BUILDING = "_building"
KEEP = 2
INSTALL_SECONDS = 3600
WITH_PAGES = "website"
# More new add-ons than this are better installed on the layer below, which others share.
MOST_INSTALLS = 2


@dataclass(frozen=True)
class Content:
    """What a database shall hold: add-ons with their digests, languages, on which platform."""

    modules: dict[str, str]
    lang: str
    platform: str

    def mark(self, **more: Any) -> dict[str, Any]:
        return {
            "modules": self.modules,
            "lang": self.lang,
            "platform": self.platform,
            "used": int(time.time()),
            **more,
        }

    def digest(self) -> str:
        text = json.dumps([self.modules, self.lang, self.platform], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:10]


@dataclass(frozen=True)
class Change:
    """What turns a database with some mark into the wanted one."""

    install: list[str]
    update: list[str]
    translations: bool = False

    def __bool__(self) -> bool:
        return bool(self.install or self.update)


def content(env: Environment, modules: Sequence[str], lang: str | None) -> Content:
    """What installing `modules` comes to: the named ones, and ours among what they depend on."""
    addons = Addons(env.addons_path)
    wanted = set(modules) | {name for name in addons.closure(modules) if addons.is_own(name)}
    digests = {name: addons.digest(name) if addons.is_own(name) else "-" for name in wanted}
    return Content(dict(sorted(digests.items())), lang or "", env.platform)


def change(mark: dict[str, Any], wanted: Content) -> Change | None:
    """What is missing in a database with this mark; None when it cannot become the wanted one."""
    has: dict[str, str] = mark.get("modules", {})
    if mark.get("platform") != wanted.platform or mark.get("lang") != wanted.lang:
        return None
    if not has or has.keys() - wanted.modules.keys():
        return None
    install = [name for name in wanted.modules if name not in has]
    update = [n for n, digest in wanted.modules.items() if n in has and has[n] != digest]
    translations = any(
        wanted.modules[n].rpartition(".")[2] != has[n].rpartition(".")[2] for n in update
    )
    return Change(install, update, translations)


def ensure_template(
    env: Environment, modules: Sequence[str], *, lang: str | None = None, name_hint: str = "all"
) -> str:
    """Name of a template with exactly these add-ons (and what they depend on), made if need be.

    :param lang: language to load beside English, such as zh_CN
    :param name_hint: short word in its name, for people
    :raise KhError: an add-on does not install; the log that it names says why
    """
    wanted = content(env, modules, lang)
    name = f"{env.db.prefix}_t_{name_hint}_{wanted.digest()}"
    marks = list_databases(env)
    if name not in marks:
        with locks.exclusive(f"db-{name}"):
            if not exists(env, name):
                _build(env, name, wanted, name_hint)
                _prune(env, name)
    elif time.time() - marks[name].get("used", 0) > 3600:
        sql.set_mark(env, name, wanted.mark(hint=name_hint, complete=True))
    return name


def layers(env: Environment, modules: Sequence[str]) -> list[str]:
    """Add-ons for the template below: without the demo company; then without any of ours.

    Empty when there is nothing below.
    """
    addons = Addons(env.addons_path)
    if DEMO in modules:
        return sorted(n for n in addons.closure(modules) if n != DEMO and addons.is_own(n))
    own = {name for name in addons.closure(modules) if addons.is_own(name)}
    if not own:
        return []
    core = {d for name in own for d in addons.depends(name) if not addons.is_own(d)}
    return sorted((core | set(modules)) - own)


def _build(env: Environment, name: str, wanted: Content, hint: str) -> None:
    """Make the template `name`: from one that needs few changes, else from the layer below."""
    base, todo = _best_base(env, wanted)
    if base is not None and todo is not None and todo.update:
        try:
            _fill(env, name, wanted, hint, base, todo)
            return
        except KhError as error:
            if "disk" in str(error):
                raise
            console.say(f"  {error}\n  The update failed, so this database is made anew.")
            base = None
    if base is None:
        below = layers(env, list(wanted.modules))
        if below and set(below) != set(wanted.modules):
            lower_hint = "all" if DEMO in wanted.modules else "core"
            base = ensure_template(env, below, lang=wanted.lang or None, name_hint=lower_hint)
            todo = change(list_databases(env)[base], _widened(wanted, below))
    _fill(env, name, wanted, hint, base, todo or Change(list(wanted.modules), []))


def _fill(
    env: Environment, name: str, wanted: Content, hint: str, base: str | None, todo: Change
) -> None:
    """Copy `base` (None: an empty database), run Odoo on the copy, give it its name."""
    building = name + BUILDING
    drop(env, building)
    with console.step(f"Database {_title(hint, todo)}") as step:
        if base is not None:
            create(env, building, base)
        step.watch(lambda: module_in_work(paths.log_file(f"db-{hint}")))
        run_odoo(env, building, todo, lang="" if base else wanted.lang, log_name=f"db-{hint}")
        ensure_installed(env, building, wanted)
        if WITH_PAGES in Addons(env.addons_path).closure(wanted.modules):
            page_assets.compile_bundles(env, building, f"db-{hint}")
        sql.set_mark(env, building, wanted.mark(hint=hint, complete=True))
        sql.rename(env, building, name)
        sql.protect(env, name, closed=True)


def ensure_installed(env: Environment, database: str, wanted: Content) -> None:
    """Make sure that all wanted add-ons are installed.

    :raise KhError: one is not
    """
    rows = sql.execute(
        env, "SELECT name FROM ir_module_module WHERE state = 'installed'", database=database
    )
    absent = wanted.modules.keys() - {row[0] for row in rows}
    if absent:
        raise KhError(
            f"Odoo did not install {', '.join(sorted(absent))}; the logs below "
            f"{paths.KH / 'log'} say why."
        )


def _widened(wanted: Content, names: Iterable[str]) -> Content:
    """The wanted content, plus add-ons of others that a template below names itself."""
    named = {name: "-" for name in names if name not in wanted.modules}
    return Content({**named, **wanted.modules}, wanted.lang, wanted.platform)


def _title(hint: str, todo: Change) -> str:
    words = []
    for verb, names in (("install", todo.install), ("update", todo.update)):
        if names:
            more = f" and {len(names) - 4} more" if len(names) > 5 else ""
            words.append(f"{verb} {', '.join(names[: 4 if more else 5])}{more}")
    return f"'{hint}': {'; '.join(words)}"


def module_in_work(log: Path) -> str:
    """The add-on that Odoo loads just now, as in `sale, 12 of 95`; empty when not known."""
    found = re.findall(r"Loading module (\w+) \((\d+)/(\d+)\)", process.tail(log, 60))
    return "{}, {} of {}".format(*found[-1]) if found else ""


def _best_base(env: Environment, wanted: Content) -> tuple[str | None, Change | None]:
    """The template that needs least: fewest add-ons to install or update, then the newest.

    Only templates that hold nothing else than what the wanted one will hold.
    """
    addons = Addons(env.addons_path)
    allowed = addons.closure(wanted.modules)
    has_own = any(addons.is_own(name) for name in wanted.modules)
    best: tuple[tuple[int, float], str, Change] | None = None
    for name, mark in list_databases(env).items():
        if not mark.get("complete") or name.endswith(BUILDING) or mark.get("person"):
            continue
        has = mark.get("modules", {})
        if any(addons.is_own(n) for n in has) != has_own or not set(has) <= allowed:
            continue
        todo = change(mark, _widened(wanted, has))
        if todo is not None and len(todo.install) <= MOST_INSTALLS:
            rank = (len(todo.install) + len(todo.update), -mark.get("used", 0))
            if best is None or rank < best[0]:
                best = (rank, name, todo)
    return (best[1], best[2]) if best else (None, None)


def run_odoo(
    env: Environment, database: str, todo: Change, *, lang: str = "", log_name: str = "odoo"
) -> None:
    """Install and update add-ons in a database.

    :raise KhError: it went wrong; names the log and, where it can be seen, the reason
    """
    log = paths.log_file(log_name)
    start = log.stat().st_size if log.exists() else 0
    args = ["-d", database, "--stop-after-init", "--no-http", "--max-cron-threads", "0"]
    if todo.install:
        args += ["-i", ",".join(todo.install)]
    if todo.update:
        args += ["-u", ",".join(todo.update)]
    if lang:
        args += ["--load-language", lang]
    if todo.translations:
        args.append("--i18n-overwrite")
    code = process.run(env.odoo_argv(*args), log=log, env=env.odoo_env(), timeout=INSTALL_SECONDS)
    text = _new_text(log, start)
    if code or "Failed to load registry" in text or "Failed to initialize database" in text:
        raise KhError(
            f"Odoo could not prepare the database ({why_it_failed(text)}); "
            f"correct that and run the same command again ({log})."
        )
    skipped = re.search(r"Some modules are not loaded.*?: (\[.*?\])", text)
    if skipped:
        raise KhError(f"Odoo did not load the add-ons {skipped.group(1)}; {log} says why.")


def _new_text(log: Path, start: int) -> str:
    with log.open("rb") as file:
        file.seek(start)
        return file.read().decode(errors="replace")


def why_it_failed(text: str) -> str:
    """The most telling line of a failed installation's log."""
    errors = re.findall(r"(?m)^(?!\s)((?:[\w.]+\.)?\w*(?:Error|Exception|Violation)\b.*)$", text)
    if errors:
        return str(errors[-1])[:300]
    marked = re.findall(r"(?m) (?:ERROR|CRITICAL) \S+ (.*)$", text)
    return str(marked[-1])[:300] if marked else "no reason in its log"


def copy(env: Environment, source: str, target: str) -> str:
    """Copy a database with its files; an existing `target` is replaced. Return `target`."""
    drop(env, target)
    create(env, target, source)
    sql.protect(env, target, closed=False)
    return target


@contextmanager
def scratch(env: Environment, source: str, hint: str) -> Iterator[str]:
    """A copy that lives as long as the block; one left by a killed run goes at the next clean."""
    name = copy(env, source, f"{env.db.prefix}_w_{hint}_{os.getpid()}")
    try:
        yield name
    finally:
        drop(env, name)


def clean(env: Environment) -> list[str]:
    """Drop what killed runs left: half-made databases that nobody builds, copies of the dead."""
    dropped = []
    for name in list_databases(env):
        copy_of = re.fullmatch(rf"{env.db.prefix}_w_.*_(\d+)", name)
        if name.endswith(BUILDING):
            with locks.attempt(f"db-{name.removesuffix(BUILDING)}") as free:
                if free:
                    drop(env, name)
                    dropped.append(name)
        elif copy_of and not is_alive(int(copy_of.group(1))):
            drop(env, name)
            dropped.append(name)
    return dropped


def _prune(env: Environment, newest: str) -> None:
    """Drop old templates: keep the `KEEP` last used of each kind."""
    kinds: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for name, mark in list_databases(env).items():
        if mark.get("complete") and "_t_" in name and name != newest and "hint" in mark:
            kind = (mark["hint"], mark.get("lang", ""))
            kinds.setdefault(kind, []).append((mark.get("used", 0), name))
    for rows in kinds.values():
        for _used, name in sorted(rows, reverse=True)[KEEP:]:
            with locks.attempt(f"db-{name}") as free:
                if free:
                    drop(env, name)


def stale(addons: Addons, has: dict[str, str]) -> bool:
    """Whether an add-on of ours has changed since the digests in `has` were taken."""
    return any(
        addons.is_own(name) and addons.digest(name) != digest for name, digest in has.items()
    )
