"""The database that people work in: made from a template once, updated ever after, never remade.

An update happens on a copy. Only when it went well does the copy take the name; until then, and
after a kill at any moment, the database is there as it was.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import NamedTuple

from tools.kh import console, databases, locks, paths, sql
from tools.kh.addons import DEMO, Addons
from tools.kh.environment import Environment
from tools.kh.errors import KhError

TEMPLATE_LANGUAGE = "zh_CN"
OLD = "_old"


class Login(NamedTuple):
    """Somebody who may log in to the demo company."""

    role: str
    login: str
    password: str
    url: str


ADMINISTRATOR = Login("Administrator", "admin", "admin", "/odoo")


def name_of(env: Environment, *, demo: bool, lang: str) -> str:
    """Name of the database for these options of `./kh run`."""
    kind = "demo" if demo else "plain"
    return f"{env.db.prefix}_{kind}" + ("" if lang == TEMPLATE_LANGUAGE else f"_{lang[:2]}")


def ensure(env: Environment, modules: list[str], *, demo: bool, lang: str) -> str:
    """The database for `./kh run`, made or brought up to date; its name.

    :param modules: add-ons that must be in it
    :raise KhError: an add-on does not install or update; the database is as it was
    """
    name = name_of(env, demo=demo, lang=lang)
    wanted = databases.content(env, modules, TEMPLATE_LANGUAGE)
    mark = sql.list_databases(env).get(name, {})
    if mark.get("complete") and mark.get("modules") == wanted.modules:
        return name
    with locks.exclusive(f"db-{name}"):
        _recover(env, name)
        if exists_whole(env, name):
            _update(env, name, wanted)
        else:
            hint = "demo" if demo else "all"
            template = databases.ensure_template(
                env, modules, lang=TEMPLATE_LANGUAGE, name_hint=hint
            )
            building = name + databases.BUILDING
            with console.step(f"Database {name}: copy of the template"):
                databases.copy(env, template, building)
                if not demo or lang != TEMPLATE_LANGUAGE:
                    speak(env, building, lang)
                sql.set_mark(env, building, wanted.mark(person=True, complete=True))
                sql.rename(env, building, name)
    return name


def exists_whole(env: Environment, name: str) -> bool:
    return bool(sql.list_databases(env).get(name, {}).get("complete"))


def _recover(env: Environment, name: str) -> None:
    """Undo a swap of names that was cut short."""
    there = sql.list_databases(env)
    if name + OLD in there:
        if name in there:
            sql.drop(env, name + OLD)
        else:
            sql.rename(env, name + OLD, name)


def _update(env: Environment, name: str, wanted: databases.Content) -> None:
    """Bring the database up to date on a copy, then swap the names."""
    mark = sql.list_databases(env)[name]
    has: dict[str, str] = mark["modules"]
    if mark.get("platform") == wanted.platform:
        todo = databases.change({**mark, "lang": wanted.lang}, _keeping(wanted, has))
    else:
        todo = databases.Change([n for n in wanted.modules if n not in has], ["base"], True)
    if not todo:
        sql.set_mark(env, name, wanted.mark(person=True, complete=True))
        return
    changed = ", ".join([*todo.install, *todo.update])
    building = name + databases.BUILDING
    title = f"Database {name}: bring up to date what changed ({changed}); data stay"
    with console.step(title) as step:
        step.watch(lambda: databases.module_in_work(paths.log_file(f"db-{name}")))
        databases.copy(env, name, building)
        databases.run_odoo(env, building, todo, log_name=f"db-{name}")
        databases.ensure_installed(env, building, wanted)
        sql.set_mark(env, building, wanted.mark(person=True, complete=True))
        sql.rename(env, name, name + OLD)
        sql.rename(env, building, name)
        sql.drop(env, name + OLD)


def _keeping(wanted: databases.Content, has: dict[str, str]) -> databases.Content:
    """The wanted content, plus what was installed in it by people and is not ours to judge."""
    extra = {name: digest for name, digest in has.items() if name not in wanted.modules}
    return databases.Content({**extra, **wanted.modules}, wanted.lang, wanted.platform)


def speak(env: Environment, database: str, lang: str) -> None:
    """Make `lang` the language of people and website in a database that has it loaded."""
    code = sql.literal(lang)
    sql.execute(
        env,
        f"UPDATE res_lang SET active = true WHERE code = {code}",
        f"UPDATE res_partner SET lang = {code} WHERE lang IN ('zh_CN', 'en_US')",
        f"UPDATE ir_default SET json_value = '\"{lang}\"' WHERE field_id IN"
        " (SELECT id FROM ir_model_fields WHERE model = 'res.partner' AND name = 'lang')",
        "DO $$ BEGIN IF to_regclass('website') IS NOT NULL THEN"
        " UPDATE website SET default_lang_id ="
        f" (SELECT id FROM res_lang WHERE code = {code});"
        " INSERT INTO website_lang_rel (website_id, lang_id)"
        f" SELECT w.id, l.id FROM website w, res_lang l WHERE l.code = {code}"
        " ON CONFLICT DO NOTHING; END IF; END $$",
        database=database,
    )


def tell_address(env: Environment, database: str, url: str) -> None:
    """Tell a database where it is reached: links in e-mails and styles of PDFs start there.

    An address on another host, which somebody set, stays as it is.
    """
    sql.execute(
        env,
        "DO $$ BEGIN IF to_regclass('ir_config_parameter') IS NOT NULL THEN"
        f" UPDATE ir_config_parameter SET value = {sql.literal(url)}"
        " WHERE key = 'web.base.url' AND value ~ '^https?://(localhost|127[.]0[.]0[.]1)(:|/|$)';"
        " END IF; END $$",
        database=database,
    )


def modules_to_run(env: Environment, *, demo: bool) -> list[str]:
    """All add-ons of ours; the demo company only with `demo`."""
    names = Addons(env.addons_path).own_names()
    return [name for name in names if demo or name != DEMO]


def logins(demo: bool, file: Path | None = None) -> list[Login]:
    """Demo logins by role, read from the demo add-on without Odoo.

    :raise KhError: its list cannot be read
    """
    file = file or paths.ADDONS / DEMO / "const.py"
    if not demo or not file.exists():
        return [ADMINISTRATOR]
    try:
        rows = _constant(ast.parse(file.read_text(encoding="utf-8")), "LOGINS")
        return [Login(*map(str, row[:4])) for row in rows]
    except (SyntaxError, ValueError, TypeError) as error:
        raise KhError(f"LOGINS in {file} cannot be read ({error}); correct it.") from error


def _constant(tree: ast.Module, name: str) -> list[tuple[str, ...]]:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        for target in targets:
            if isinstance(target, ast.Name) and target.id == name and node.value is not None:
                return list(ast.literal_eval(node.value))
    raise ValueError(f"there is no {name}")
