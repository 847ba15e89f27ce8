"""The rules of the house that no public linter knows, checked on plain text.

Everything here is a pure function of ``{relative path: text}``, so that the tests can hand in a
small tree of their own. ``./kh lint`` feeds it what git lists.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

MAX_FILE_LINES = 500
MAX_FILE_BYTES = 2_000_000
TEXT_SUFFIXES = frozenset(
    (".py", ".xml", ".csv", ".js", ".mjs", ".scss", ".css", ".md", ".rst", ".txt", ".toml")
    + (".conf", ".cfg", ".sh", ".yaml", ".yml", ".json", ".po", ".pot")
)


class Finding(NamedTuple):
    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


class TextRule(NamedTuple):
    pattern: re.Pattern[str]
    where: re.Pattern[str] | None
    message: str


def _rule(pattern: str, where: str | None, message: str) -> TextRule:
    return TextRule(re.compile(pattern, re.M), re.compile(where) if where else None, message)


# A host of a package registry in a file would tie the project to one mirror. The names are put
# together here so that this file does not break its own rule.
_REGISTRIES = "|".join(
    r"\.".join(parts)
    for parts in (
        ("deb", "debian"),
        ("snapshot", "debian"),
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs"),
    )
)
# Spelled in two halves for the same reason.
_UNFINISHED = "|".join(
    ("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK", "NotImplemented" + "Error")
)

TEXT_RULES = (
    _rule(_REGISTRIES, None, "names a package registry's host"),
    _rule(r"(?<![\w.])/(?:work|farm|home)/", None, "carries a path of one machine"),
    _rule(
        r"except(?: \(?(?:Base)?Exception\)?)?(?: as \w+)?:\s*\n\s*(?:pass|continue)\b",
        r"\.py$",
        "swallows an error",
    ),
    _rule(r"^\s*_sql_constraints\b", r"^addons/.*\.py$", "use models.Constraint (Odoo 19)"),
    _rule(r"<tree[\s>]", r"^addons/.*\.xml$", "use <list> (Odoo 19)"),
    _rule(r"\b(?:attrs|states)=[\"']\{?[\"'\[({]", r"^addons/.*\.xml$", "use invisible="),
    _rule(r"\bgroups_id\b", r"^addons/.*\.(?:py|xml|csv)$", "use group_ids (Odoo 19)"),
    _rule(r"\bt-(?:raw|esc)=", r"^addons/(?!.*/static/).*\.xml$", "use t-out"),
    _rule(r"position=[\"']replace[\"']", r"^addons/(?!.*/tests/).*\.xml$", "replaces a node"),
    _rule(r"type=[\"']json[\"']", r"^addons/.*controllers/.*\.py$", 'use type="jsonrpc"'),
    _rule(r"^from odoo import (?:.*\W)?_(?!\w)", r"^addons/.*\.py$", "use self.env._ (Odoo 19)"),
    _rule(r"\bself\._(?:cr|uid|context)\b", r"^addons/.*\.py$", "use self.env.cr, uid, context"),
    _rule(
        r"\.cr\.(?:commit|rollback)\(\)",
        r"^addons/(?!.*/(?:tests|tools)/).*\.py$",
        "commits or rolls back by hand",
    ),
    _rule(
        r"cr\.execute\(\s*f[\"']|cr\.execute\(\s*(?:\"\"\")?[\"'][^\"']*[\"']{1,3}\s*%[\s(]",
        r"^addons/.*\.py$",
        "builds SQL from strings",
    ),
    _rule(
        rf"\b(?:{_UNFINISHED})\b",
        r"^(?:addons|tools|tests|bench)/.*\.(?:py|js|xml)$",
        "left unfinished",
    ),
    _rule(
        r"@(?:unittest\.)?skip\b|pytest\.mark\.(?:skip|xfail)|skipTest\(",
        r"^(?:addons|tests|bench)/.*\.py$",
        "skips a test",
    ),
    _rule(
        r"(?:src|href)=[\"'](?:https?:)?//(?!localhost|127\.)|@import\s+url\(|url\([\"']?(?:https?:)?//",
        r"^addons/.*static/.*\.(?:xml|scss|css|js)$",
        "asks a foreign host",
    ),
)

_CLASS = re.compile(r"^class \w+\(models\.(?:Model|TransientModel)\):\n((?:(?!^\S).*\n?)*)", re.M)
_NAME = re.compile(r"^    _name = [\"']([\w.]+)[\"']", re.M)
_INHERIT = re.compile(r"^    _inherit = (\[[^\]]*\]|.*)", re.M)
_ASSERTS = re.compile(r"\bassert|start_tour|\bexpect\(|raises\(|@given|\.toBe")
_SUDO = re.compile(r"\.sudo\(\)")


def text_findings(files: Mapping[str, str]) -> Iterator[Finding]:
    """What one pattern in one file shows."""
    for rule in TEXT_RULES:
        for name, body in files.items():
            if rule.where and not rule.where.search(name):
                continue
            for match in rule.pattern.finditer(body):
                start = match.start() + len(match.group(0)) - len(match.group(0).lstrip())
                yield Finding(name, body.count("\n", 0, start) + 1, rule.message)


def access_findings(files: Mapping[str, str]) -> Iterator[Finding]:
    """A model without a row in ir.model.access.csv is open to nobody, or to whom core says."""
    for name, body in files.items():
        module = re.match(r"addons/([^/]+)/(?:models|wizards?|report)/.*\.py$", name)
        if not module:
            continue
        prefix = f"addons/{module.group(1)}/"
        access = "\n".join(
            text
            for path, text in files.items()
            if path.startswith(prefix) and path.endswith("ir.model.access.csv")
        )
        for match in _CLASS.finditer(body):
            declared = _NAME.search(match.group(1))
            inherited = _INHERIT.search(match.group(1))
            if declared and inherited and f'"{declared.group(1)}"' in inherited.group(1):
                continue  # an extension that only adds a mixin
            if declared and not re.search(
                r"\bmodel_" + re.escape(declared.group(1).replace(".", "_")) + r"\b", access
            ):
                line = body.count("\n", 0, match.start()) + 1
                yield Finding(name, line, f"model {declared.group(1)} has no access rows")


def size_findings(files: Mapping[str, str]) -> Iterator[Finding]:
    for name, body in files.items():
        lines = body.count("\n")
        if re.match(r"(?:addons|tools|tests|bench)/.*\.(?:py|js|scss)$", name) and (
            lines > MAX_FILE_LINES
        ):
            yield Finding(name, 1, f"{lines} lines; split by subject (at most {MAX_FILE_LINES})")


def test_findings(files: Mapping[str, str]) -> Iterator[Finding]:
    for name, body in files.items():
        if re.search(r"(?:^|/)test_[^/]+\.py$", name) and not _ASSERTS.search(body):
            yield Finding(name, 1, "a test file that asserts nothing")


def sudo_findings(files: Mapping[str, str]) -> Iterator[Finding]:
    """``sudo()`` needs a comment on the line or within the three lines above it."""
    for name, body in files.items():
        if not re.match(r"addons/(?!.*/tests/).*\.py$", name):
            continue
        lines = body.splitlines()
        for number, line in enumerate(lines):
            if _SUDO.search(line) and not line.lstrip().startswith("#"):
                near = "\n".join(lines[max(0, number - 6) : number + 1])
                if "#" not in near and "sudo" not in near.replace(".sudo(", ""):
                    yield Finding(name, number + 1, "sudo() without a reason beside it")


def addon_findings(files: Mapping[str, str]) -> Iterator[Finding]:
    """What each add-on must bring."""
    needed = (
        "i18n/{addon}.pot",
        "i18n/zh_CN.po",
        "tests/__init__.py",
        "readme/DESCRIPTION.md",
        "readme/CONFIGURE.md",
        "readme/USAGE.md",
    )
    for addon in addons_of(files):
        for need in needed:
            path = f"addons/{addon}/{need.format(addon=addon)}"
            if path not in files:
                yield Finding(f"addons/{addon}/__manifest__.py", 1, f"no {path}")
        init = files.get(f"addons/{addon}/tests/__init__.py", "")
        for name in files:
            match = re.fullmatch(rf"addons/{addon}/tests/(test_\w+)\.py", name)
            if match and not re.search(rf"\b{match.group(1)}\b", init):
                yield Finding(name, 1, "not imported by tests/__init__.py: Odoo does not run it")


def po_findings(files: Mapping[str, str]) -> Iterator[Finding]:
    """Untranslated or fuzzy Chinese entries; a test compares the catalogue with the .pot."""
    for name, body in files.items():
        if not name.endswith("zh_CN.po"):
            continue
        empty = len(re.findall(r'^msgid "(?:[^"\\]|\\.)+"\nmsgstr ""\n(?!")', body, re.M))
        empty += len(re.findall(r'^msgid ""\n(?:".*"\n)+msgstr ""\n(?!")', body, re.M))
        fuzzy = len(re.findall(r"^#,.*\bfuzzy\b", body, re.M))
        if empty or fuzzy:
            yield Finding(name, 1, f"{empty} untranslated, {fuzzy} fuzzy")


def readme_findings(files: Mapping[str, str]) -> Iterator[Finding]:
    for name in ("README.md", "README.zh_CN.md"):
        for command in ("./kh run", "./kh test"):
            if command not in files.get(name, ""):
                yield Finding(name, 1, f"does not say {command}")


CHECKS = (
    text_findings,
    access_findings,
    size_findings,
    test_findings,
    sudo_findings,
    addon_findings,
    po_findings,
    readme_findings,
)


def addons_of(files: Iterable[str]) -> list[str]:
    found = (re.fullmatch(r"addons/([^/]+)/__manifest__\.py", name) for name in files)
    return sorted(match.group(1) for match in found if match)


def check(files: Mapping[str, str]) -> list[Finding]:
    """All findings, by file and line."""
    return sorted(finding for rule in CHECKS for finding in rule(files))


def listed_files(root: Path) -> list[str]:
    """Paths below `root` of the files that git knows or would add."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=root,
        capture_output=True,
        check=True,
        text=True,
    )
    return sorted(name for name in listing.stdout.split("\0") if name and (root / name).is_file())


def read_tree(root: Path) -> dict[str, str]:
    """Text of every listed file that holds text."""
    files = {}
    for name in listed_files(root):
        path = root / name
        if path.suffix not in TEXT_SUFFIXES | {""} or path.stat().st_size > MAX_FILE_BYTES:
            continue
        try:
            files[name] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            files[name] = ""  # not text whatever its name says: nothing to read in it
    return files
