"""What a row of an outside ERP says about a dealer. Pure functions, no database."""

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from . import checks

MAX_TEXT = 500
LIST_SEPARATOR = re.compile(r"[,;，；、|\n]+")
TRUE_WORDS = {"1", "y", "yes", "true", "t", "on", "active", "enabled", "是", "启用", "正常", "有效"}
FALSE_WORDS = {
    "0", "n", "no", "false", "f", "off", "inactive", "disabled", "blocked",
    "否", "停用", "禁用", "冻结", "无效",
}  # fmt: skip
MEMBER_TYPES = ("personal", "vip", "company")
# GB/T 2260: the first two digits of a province, and the code Odoo gives it
PROVINCES = {
    "11": "京", "12": "津", "13": "冀", "14": "晋", "15": "蒙", "21": "辽", "22": "吉", "23": "黑",
    "31": "沪", "32": "苏", "33": "浙", "34": "皖", "35": "闽", "36": "赣", "37": "鲁", "41": "豫",
    "42": "鄂", "43": "湘", "44": "粤", "45": "桂", "46": "琼", "50": "渝", "51": "蜀", "52": "黔",
    "53": "云", "54": "藏", "61": "陕", "62": "甘", "63": "青", "64": "宁", "65": "新", "71": "台",
    "81": "港", "82": "澳",
}  # fmt: skip
PROVINCE_SUFFIX = re.compile(
    r"(省|市|(维吾尔|壮族|回族)?自治区|特别行政区|\s+(province|city|sheng|shi))$", re.IGNORECASE
)


class Target(NamedTuple):
    """One thing a row may say.

    `kind` says how it is normalised, `owner` whose field it is: the dealer's card
    ("partner"), its manager ("contact"), its bank account ("bank") or the sync's own ("meta").
    """

    kind: str
    field: str = ""
    owner: str = "partner"


TARGETS = {
    "code": Target("text", owner="meta"),
    "version": Target("text", owner="meta"),
    "portal": Target("flag", owner="meta"),
    "name": Target("text", "name"),
    "vat": Target("vat", "vat"),
    "member_type": Target("choice", "kh_member_type"),
    "phone": Target("text", "phone"),
    "email": Target("email", "email"),
    "country": Target("reference", "country_id"),
    "state": Target("reference", "state_id"),
    "city": Target("text", "city"),
    "street": Target("text", "street"),
    "street2": Target("text", "street2"),
    "zip": Target("text", "zip"),
    "level": Target("reference", "grade_id"),
    "areas": Target("references", "kh_sales_area_ids"),
    "salesperson": Target("reference", "user_id"),
    "invoice_title": Target("text", "kh_invoice_title"),
    "invoice_address": Target("text", "kh_invoice_address"),
    "invoice_phone": Target("text", "kh_invoice_phone"),
    "manager_name": Target("text", "name", "contact"),
    "manager_phone": Target("text", "phone", "contact"),
    "manager_email": Target("email", "email", "contact"),
    "manager_function": Target("text", "function", "contact"),
    "bank_name": Target("text", owner="bank"),
    "bank_account": Target("account", owner="bank"),
    "active": Target("flag", "active"),
}


class RowError(Exception):
    """A row cannot be used. `reason` is a key of the engine's messages."""

    def __init__(self, reason, **values):
        super().__init__(reason)
        self.reason = reason
        self.values = values


class Rule(NamedTuple):
    """One line of a mapping: source path → target."""

    path: str
    target: str
    transform: str = "none"
    argument: str = ""


@dataclass
class Incoming:
    """A row, read and normalised; values are still in the words of the ERP."""

    index: int
    code: str = ""
    values: dict = field(default_factory=dict)
    version: str = ""
    portal: bool = False
    digest: str = ""
    error: RowError | None = None


class Merge(NamedTuple):
    write: dict  # what is written to our record
    base: dict  # what both sides know from now on
    clashes: list  # fields both sides changed


# === READ A ROW === #
MISSING = object()


def extract(row, path):
    """Return the value at a dotted path ("address.city", "phones.0"), or `MISSING`."""
    if isinstance(row, dict) and path in row:
        return row[path]
    node = row
    for part in path.split("."):
        if isinstance(node, dict) and part in node:
            node = node[part]
        elif isinstance(node, list) and part.isdigit() and int(part) < len(node):
            node = node[int(part)]
        else:
            return MISSING
    return node


def parse_value_map(text):
    """Read lines "their value = our value"; "* = x" is for all others."""
    pairs = (line.split("=", 1) for line in (text or "").splitlines() if "=" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def transform(value, name, argument=""):
    """Apply the transformation `name` of a mapping line to a value."""
    if name in ("none", "") or value is None:
        return value
    text = str(value).strip()
    if name == "map":
        values = parse_value_map(argument)
        return values.get(text, values.get("*", value))
    if name == "date":
        return _read_date(text, argument)
    if name == "digits":
        return re.sub(r"\D", "", text)
    return {"upper": text.upper(), "lower": text.lower()}[name]


def _read_date(text, pattern):
    if not text:
        return None
    try:
        moment = datetime.strptime(text, pattern) if pattern else datetime.fromisoformat(text)
    except ValueError as error:
        raise RowError("date", value=text[:80]) from error
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def parse_row(index, row, rules, *, targets=None, allow_legacy=False):
    """Read one row by the rules; never raises, the error is kept on the result.

    :param rules: list of `Rule`; empty: the row uses our names and knows no others
    :rtype: Incoming
    """
    targets = TARGETS if targets is None else targets
    incoming = Incoming(index)
    try:
        if not isinstance(row, dict):
            raise RowError("not_a_row")
        raw = _apply_rules(row, rules) if rules else _check_names(row, targets)
        _fill_incoming(incoming, raw, targets, allow_legacy)
    except RowError as error:
        incoming.error = error
    return incoming


def _apply_rules(row, rules):
    raw = {}
    for rule in rules:
        value = (
            rule.argument if rule.transform == "constant" else extract(row, rule.path)
        )  # a constant needs no path
        if value is MISSING:
            continue
        name = "none" if rule.transform == "constant" else rule.transform
        raw[rule.target] = transform(value, name, rule.argument)
    return raw


def _check_names(row, targets):
    unknown = sorted(str(name)[:40] for name in row.keys() - targets.keys())
    if unknown:
        raise RowError("unknown_names", names=", ".join(unknown[:5]))
    return row


def _fill_incoming(incoming, raw, targets, allow_legacy):
    incoming.code = normalize("code", "text", raw.get("code")) or ""
    if not incoming.code:
        raise RowError("no_code")
    for name, value in raw.items():
        if name == "code":
            continue
        value = normalize(name, targets[name].kind, value)
        if name == "version":
            incoming.version = value or ""
        elif name == "portal":
            incoming.portal = bool(value)
        elif not (name == "active" and value is None):
            incoming.values[name] = value
    country = incoming.values.get("country") or "CN"
    _check_vat(incoming.values.get("vat"), country, allow_legacy)
    incoming.digest = get_digest([incoming.values, incoming.portal])


def _check_vat(vat, country, allow_legacy):
    is_chinese = country.upper() in ("CN", "中国", "CHINA")
    if vat and is_chinese and not checks.is_valid_code(vat, allow_legacy):
        raise RowError("vat", value=vat[:40])


def normalize(name, kind, value):
    """Bring a value to the one form in which it is compared. Empty is None.

    :raise RowError: if it is not of its kind
    """
    if kind == "flag":
        return _normalize_flag(name, value)
    if kind == "references":
        return _normalize_list(name, value)
    if isinstance(value, (dict, list, tuple)):
        raise RowError("not_simple", name=name)
    if value is None or value is False:
        return None
    text = checks.normalize(_to_text(value))
    if len(text) > MAX_TEXT:
        raise RowError("too_long", name=name, limit=MAX_TEXT)
    return NORMALIZERS.get(kind, _normalize_text)(name, text) if text else None


def _to_text(value):
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # numbers of spreadsheets: 100.0 is the code 100
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value)


def _normalize_flag(name, value):
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    word = checks.normalize(_to_text(value)).lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise RowError("flag", name=name, value=word[:40])


def _normalize_list(name, value):
    if value is None or value is False:
        return None
    values = value if isinstance(value, (list, tuple)) else LIST_SEPARATOR.split(_to_text(value))
    return sorted({text for text in (normalize(name, "text", v) for v in values) if text}) or None


def _normalize_text(name, text):
    return text


def _normalize_email(name, text):
    if not checks.is_valid_email(text):
        raise RowError("email", name=name, value=text[:80])
    return text.lower()


def _normalize_account(name, text):
    account = checks.normalize_account(text)
    if not checks.is_valid_account(account):
        raise RowError("account", name=name)
    return account


def _normalize_choice(name, text):
    if text.lower() not in MEMBER_TYPES:
        raise RowError("choice", name=name, value=text[:40], choices=", ".join(MEMBER_TYPES))
    return text.lower()


NORMALIZERS = {
    "email": _normalize_email,
    "vat": lambda name, text: checks.normalize_code(text) or None,
    "account": _normalize_account,
    "choice": _normalize_choice,
}


def get_digest(data):
    """Return a short digest of JSON data that does not depend on the order of keys."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def get_state_keys(text):
    """Return the forms under which a province may be known: as sent, short, GB code."""
    short = PROVINCE_SUFFIX.sub("", text).strip()
    keys = [text.lower(), short.lower()]
    if re.match(r"^\d{2}(0000)?$", text):
        keys.append(PROVINCES.get(text[:2], ""))
    return [key for key in keys if key]


def split_waves(rows):
    """Split rows so that a code comes once in each wave, in the order of the rows."""
    waves, seen = [], {}
    for row in rows:
        turn = seen.get(row.code, 0)
        seen[row.code] = turn + 1
        if turn == len(waves):
            waves.append([])
        waves[turn].append(row)
    return waves


# === COMPARE === #
def is_older(version, stamp, known_version, known_stamp):
    """Whether a row is older than what is known: by the ERP's version, else by arrival."""
    if version and known_version:
        if version.isdigit() and known_version.isdigit():
            return int(version) < int(known_version)
        return version < known_version
    return bool(known_stamp) and stamp < known_stamp


def merge(base, ours, theirs, policies=None, default="ask"):
    """Merge a row into our record, field by field, against what both sides knew last.

    :param dict base: values at the last sync; a field that is absent was never synced
    :param dict ours: values of our record now
    :param dict theirs: values the row has; absent ones are left alone
    :param dict policies: `{field: "ask"|"theirs"|"ours"}` when both sides changed
    :rtype: Merge
    """
    write, known, clashes = {}, dict(base), []
    for name, value in theirs.items():
        mine = ours.get(name)
        if value == mine or (value is None and name not in base):
            known[name] = value
            continue
        if name in base and value == base[name]:
            continue  # the ERP did not change it: ours stays
        policy = (policies or {}).get(name) or default
        if (mine == base[name] if name in base else mine is None) or policy == "theirs":
            write[name] = known[name] = value
        elif policy == "ours":
            known[name] = value
        else:
            clashes.append(name)
    return Merge(write, known, clashes)
