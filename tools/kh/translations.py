"""Catalogues of terms: merge, compare, write. Needs only polib, which Odoo brings.

Run as a program inside the prepared environment it refreshes or checks the add-ons::

    python -m tools.kh.translations refresh|check --export DIR --addons DIR ADDON...

`--export` is where :mod:`tools.kh.odoo_terms` has written one fresh .pot for each add-on.
The answer is one JSON object on standard output.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import polib

LANGUAGE = "zh_CN"
#: ``%s``, ``%(name)s``, ``{name}``, ``{}``, ``{{ expr }}`` and the markup that Odoo keeps in terms
PLACEHOLDER = re.compile(r"%\([^)]+\)[-#0+]*[\d.]*[a-zA-Z]|%[-#0+]*[\d.]*[sdifrxeg]|\{[^{}\s]*\}")
MARKUP = re.compile(r"</?([a-zA-Z][\w-]*)")


class Report(NamedTuple):
    """What is wrong with the catalogues of one add-on; every list holds msgids."""

    addon: str
    terms: int
    untranslated: list[str]
    fuzzy: list[str]
    missing: list[str]
    obsolete: list[str]
    placeholders: list[str]
    stale_pot: list[str]

    @property
    def is_complete(self) -> bool:
        return not any(self[2:])


def _occurrences(entry: polib.POEntry) -> set[str]:
    return {name for name, _line in entry.occurrences}


def _live(catalogue: polib.POFile) -> dict[str, polib.POEntry]:
    return {entry.msgid: entry for entry in catalogue if not entry.obsolete}


def placeholders(text: str) -> Counter[str]:
    """Placeholders of a term, with how often each stands in it."""
    return Counter(PLACEHOLDER.findall(text.replace("%%", "")))


def is_well_formed(entry: polib.POEntry) -> bool:
    """Does the translation carry the placeholders and tags of its source?"""
    if not entry.msgstr:
        return True
    return placeholders(entry.msgid) == placeholders(entry.msgstr) and Counter(
        MARKUP.findall(entry.msgid)
    ) == Counter(MARKUP.findall(entry.msgstr))


def same_terms(one: polib.POFile, other: polib.POFile) -> list[str]:
    """Msgids that stand in one template only, or at other places."""
    left, right = _live(one), _live(other)
    return sorted(
        msgid
        for msgid in left.keys() | right.keys()
        if msgid not in left
        or msgid not in right
        or _occurrences(left[msgid]) != _occurrences(right[msgid])
    )


def merge(template: polib.POFile, translated: polib.POFile | None) -> polib.POFile:
    """The catalogue in the order of `template`: translations kept, no obsolete entries.

    A fuzzy entry whose source is unchanged stays fuzzy, so that nobody loses the mark of a doubt.
    """
    old = _live(translated) if translated is not None else {}
    result = polib.POFile(wrapwidth=template.wrapwidth)
    result.header = template.header
    result.metadata = dict(template.metadata)
    if translated is not None:
        for name in ("POT-Creation-Date", "PO-Revision-Date", "Last-Translator", "Language-Team"):
            if translated.metadata.get(name):
                result.metadata[name] = translated.metadata[name]
    result.metadata["Language"] = LANGUAGE
    result.metadata["Plural-Forms"] = "nplurals=1; plural=0;"
    for source in template:
        known = old.get(source.msgid)
        result.append(
            polib.POEntry(
                msgid=source.msgid,
                msgstr=known.msgstr if known else "",
                comment=source.comment,
                tcomment=known.tcomment if known else "",
                occurrences=source.occurrences,
                flags=list(known.flags) if known else [],
            )
        )
    return result


def _text(catalogue: polib.POFile) -> str:
    return str(catalogue).rstrip("\n") + "\n"


def _write(catalogue: polib.POFile, path: Path) -> bool:
    """Write only what differs in more than its dates; True when the file changed."""
    if path.exists():
        current = polib.pofile(str(path))
        keep = {
            name: current.metadata[name]
            for name in ("POT-Creation-Date", "PO-Revision-Date")
            if name in current.metadata
        }
        dated = dict(catalogue.metadata)
        catalogue.metadata.update(keep)
        if _text(catalogue) == path.read_text(encoding="utf-8"):
            return False
        catalogue.metadata = dated
    path.parent.mkdir(exist_ok=True)
    path.write_text(_text(catalogue), encoding="utf-8")
    return True


def refresh(addon: str, exported: Path, addon_dir: Path) -> list[str]:
    """Bring .pot and zh_CN.po of one add-on up to date; names of the files that changed."""
    changed = []
    template = polib.pofile(str(exported))
    pot = addon_dir / "i18n" / f"{addon}.pot"
    if _write(template, pot):
        changed.append(pot.name)
    po = addon_dir / "i18n" / f"{LANGUAGE}.po"
    translated = polib.pofile(str(po)) if po.exists() else None
    if _write(merge(polib.pofile(str(exported)), translated), po):
        changed.append(po.name)
    return changed


def check(addon: str, exported: Path | None, addon_dir: Path) -> Report:
    """What the catalogues of one add-on lack, against a fresh export when there is one."""
    pot_path = addon_dir / "i18n" / f"{addon}.pot"
    po_path = addon_dir / "i18n" / f"{LANGUAGE}.po"
    pot = polib.pofile(str(pot_path)) if pot_path.exists() else polib.POFile()
    translated = polib.pofile(str(po_path)) if po_path.exists() else polib.POFile()
    terms, known = _live(pot), _live(translated)
    return Report(
        addon=addon,
        terms=len(terms),
        untranslated=sorted(m for m, entry in known.items() if m in terms and not entry.msgstr),
        fuzzy=sorted(m for m, entry in known.items() if entry.fuzzy),
        missing=sorted(terms.keys() - known.keys()),
        obsolete=sorted(
            {*(known.keys() - terms.keys()), *(e.msgid for e in translated.obsolete_entries())}
        ),
        placeholders=sorted(m for m, entry in known.items() if not is_well_formed(entry)),
        stale_pot=same_terms(pot, polib.pofile(str(exported))) if exported else [],
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tools.kh.translations")
    parser.add_argument("action", choices=("refresh", "check"))
    parser.add_argument("--export", type=Path)
    parser.add_argument("--addons", type=Path, required=True)
    parser.add_argument("names", nargs="+")
    options = parser.parse_args(arguments)
    answer: dict[str, object] = {}
    for addon in options.names:
        folder = options.addons / addon
        exported = options.export / f"{addon}.pot" if options.export else None
        if exported is not None and not exported.exists():
            exported.write_text(str(polib.POFile()), encoding="utf-8")  # an add-on without terms
        changed = refresh(addon, exported, folder) if options.action == "refresh" else []
        answer[addon] = {**check(addon, exported, folder)._asdict(), "changed": changed}
    json.dump(answer, sys.stdout, ensure_ascii=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
