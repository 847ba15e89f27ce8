"""Reading the rows of a quick order from a paste or a sheet: no database, no ``env``.

Every row with content ends in ``QuickSheet.rows``, with the dealer's own text untouched.
"""

import csv
import io
import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

COLUMNS = ("code", "name", "model", "quantity", "unit", "note")
KEY_COLUMNS = ("code", "model", "name")
HEADERS = {
    "code": "code itemno itemcode itemnumber sku barcode partno partnumber internalreference "
    "articleno mycode yourcode 货号 编码 编号 商品编码 商品编号 商品货号 物料编码 物料号 料号 条码 "
    "条形码 我的编码 存货编码 产品编码",
    "name": "name product productname item itemname description goods 名称 品名 商品 商品名称 "
    "产品名称 物料名称 货物名称 存货名称 产品",
    "model": "model spec specification modelno type size 型号 规格 规格型号 型号规格 商品型号 "
    "产品型号",
    "quantity": "quantity qty pieces count amount orderqty 数量 订货数量 采购数量 需求数量 "
    "订购数量 件数 数目",
    "unit": "unit uom units package 单位 计量单位 包装",
    "note": "note notes remark remarks comment 备注 说明 附注",
}
HEADER_WORDS = {word: column for column, words in HEADERS.items() for word in words.split()}
# Header words of columns that say nothing to us; they still show that a row is a header.
IGNORED_WORDS = {"no", "line", "row", "price", "序号", "行号", "单价", "金额", "小计", "价格", "#"}
SAMPLE = 200
MAX_QUANTITY = 10**9
_AMOUNT = re.compile(r"[x×✕*]?\s*(\d[\d,]*(?:\.\d*)?|\.\d+)\s*([^\d\s,.]*)", re.IGNORECASE)
_TAIL = re.compile(
    r"(?P<head>.+?)(?:\s*[×✕*]\s*|\s+x\s*|\s+)"
    r"(?P<quantity>\d[\d,]*(?:\.\d+)?\s*(?:[\u3400-\u9fff]{0,3}|pcs?|pieces?|units?|ea))",
    re.IGNORECASE,
)
# What stands in a column of quantities; "2P" in a column is a specification.
_PLAIN = re.compile(
    r"[x×✕*]?\s*[\d,]*\.?\d+\s*(?:[\u3400-\u9fff]{0,3}|pcs?|pieces?|units?|ea)", re.IGNORECASE
)
_DIGITS = "0123456789"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ALIKE = {"O": "0", "0": "O", "I": "1", "1": "IL", "L": "1", "S": "5", "5": "S", "B": "8", "8": "B"}
_CJK = re.compile(r"[\u3400-\u9fff]")
_TOKEN = re.compile(r"[\u3400-\u9fff]+|\d+(?:\.\d+)?[A-Za-z]?|[A-Za-z]+")


@dataclass
class QuickRow:
    """One row: its number on the sheet, the texts as typed, and the quantity they mean.

    `quantity` is None when the text is no quantity; `unit` is the text of the unit, "" for none.
    """

    number: int
    texts: dict
    quantity: float | None
    unit: str

    @cached_property
    def keys(self):
        """What names the product, most telling first, folded by `fold`."""
        keys = (fold(self.texts[column]) for column in KEY_COLUMNS)
        return list(dict.fromkeys(key for key in keys if key))

    @property
    def own_code(self):
        """The dealer's own text for the product, as typed."""
        return next((self.texts[c] for c in KEY_COLUMNS if self.texts[c]), "")


@dataclass
class QuickSheet:
    """All rows with content, and what each column was taken for ("" for nothing)."""

    rows: list
    columns: list
    has_header: bool = False


def clean(value):
    """Return a cell as its user sees it: 1001.0 is ``1001``; spaces are single."""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return " ".join(str(value).replace("\x00", "").split())


def fold(text):
    """Fold what people type differently: full-width, case and spaces do not count."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text or "")).upper()


def tokens(text):
    """Cut a text into the words that a search looks for: ``断路器2P10`` → 断路器, 2P, 10."""
    return _TOKEN.findall(unicodedata.normalize("NFKC", text or ""))


def parse_amount(text):
    """Read ``20``, ``２０个``, ``×20``, ``1,200``, ``2 箱``.

    :return: ``(quantity or None, unit text)``; ``(None, "")`` for what is no quantity
    """
    folded = unicodedata.normalize("NFKC", text or "").replace("、", "").strip()
    match = _AMOUNT.fullmatch(folded)
    if not match:
        return None, ""
    quantity = float(match[1].replace(",", ""))
    return (quantity, match[2]) if quantity < MAX_QUANTITY else (None, "")


def split_text(text):
    """Cut pasted text into cells: tabs as Excel sends them, or commas, or ``code × quantity``.

    :raise csv.Error: the text is none that a sheet or a person makes
    """
    text = (text or "").replace("\r\n", "\n").replace("\r", "\n")
    if "\t" in text:
        return _read_csv(text, "\t")
    lines = [line for line in text.split("\n") if line.strip()]
    folded = "\n".join(lines).translate(str.maketrans("，；", ",;"))
    for mark in (";", "|", ","):
        if lines and sum(mark in line for line in folded.split("\n")) >= 0.8 * len(lines):
            return _read_csv(folded, mark)
    return [_split_line(line) for line in lines]


def _read_csv(text, mark):
    # an inch sign is no quotation mark: only pairs can be meant
    quoting = csv.QUOTE_NONE if text.count('"') % 2 else csv.QUOTE_MINIMAL
    return list(csv.reader(io.StringIO(text), delimiter=mark, quoting=quoting))


def _split_line(line):
    folded = unicodedata.normalize("NFKC", line).strip().rstrip("、,;。")
    for mark in ("、", ","):
        head, found, tail = folded.rpartition(mark)
        if found and head.strip() and parse_amount(tail)[0] is not None:
            return [head.strip(), tail.strip()]
    match = _TAIL.fullmatch(folded)
    return [match["head"].strip(), match["quantity"]] if match else [line.strip()]


def _header_key(cell):
    return re.sub(r"[\s_.*:：()（）-]", "", fold(clean(cell))).lower()


def _find_column(key):
    """Return the column that a header names; of ``my code / item no.`` the first known part."""
    return next((HEADER_WORDS[part] for part in (key, *key.split("/")) if part in HEADER_WORDS), "")


def find_header(table, depth=10):
    """Return ``(row index, columns)`` of the first row that looks like a header, else None."""
    for index, cells in enumerate(table[:depth]):
        keys = [_header_key(cell) for cell in cells]
        columns = [_find_column(key) for key in keys]
        known = sum(bool(name) for name in columns)
        strange = sum(
            bool(key) and not name and key not in IGNORED_WORDS
            for key, name in zip(keys, columns, strict=True)
        )
        if known and known >= strange and any(name in KEY_COLUMNS for name in columns):
            seen = set()
            for position, name in enumerate(columns):
                columns[position] = "" if name in seen else name
                seen.add(name)
            return index, columns
    return None


def guess_columns(table):
    """Tell by their content what columns are."""
    width = max((len(cells) for cells in table), default=0)
    samples = [
        [clean(cells[position]) for cells in table[:SAMPLE] if position < len(cells)]
        for position in range(width)
    ]
    columns = [""] * width
    facts = [_describe([text for text in texts if text]) for texts in samples]
    _take_quantity(columns, facts)
    for position, fact in enumerate(facts):
        if not columns[position] and fact["is_unit"] and "quantity" in columns[:position]:
            columns[position] = "unit"
            break
    texts = [p for p, fact in enumerate(facts) if not columns[p] and fact["texts"]]
    texts = [p for p in texts if not facts[p]["is_counter"]] or texts
    codes = [p for p in texts if facts[p]["is_code"]]
    if codes or len(texts) == 1:
        columns[(codes or texts)[0]] = "code"
    for name, fits in (("name", "is_wordy"), ("model", "is_code"), ("note", "texts")):
        left = [p for p in texts if not columns[p] and facts[p][fits]]
        if left:
            columns[left[0]] = name
    return columns


def _describe(texts):
    amounts = [parse_amount(text)[0] for text in texts]
    numeric = sum(
        amount is not None
        and amount < 10**6
        and bool(_PLAIN.fullmatch(unicodedata.normalize("NFKC", text)))
        for amount, text in zip(amounts, texts, strict=True)
    )
    count = len(texts)
    most = 0.7 * count
    return {
        "texts": count,
        "is_quantity": count and numeric >= 0.8 * count,
        "is_counter": count > 2 and amounts == [float(n) for n in range(1, count + 1)],
        "is_unit": count
        and all(len(text) <= 6 and not re.search(r"\d", text) for text in texts)
        and len(set(texts)) <= max(3, count // 5),
        "is_code": count
        and sum(not _CJK.search(text) and len(text) <= 40 for text in texts) >= most,
        "is_wordy": count and sum(bool(_CJK.search(t) or " " in t) for t in texts) >= 0.5 * count,
    }


def _take_quantity(columns, facts):
    fitting = [p for p, fact in enumerate(facts) if fact["is_quantity"]]
    if len(fitting) > 1:
        fitting = [p for p in fitting if not facts[p]["is_counter"]] or fitting
    if len(fitting) > 1 and not any(fact["texts"] and not fact["is_quantity"] for fact in facts):
        fitting = fitting[1:]  # codes that are plain numbers come before their quantity
    if fitting and len(facts) > 1:
        columns[fitting[0]] = "quantity"


def read_table(table, columns=None):
    """Turn cells into rows; products are not looked up here.

    :param columns: what each column is, as corrected by the user; None: to be recognised
    :rtype: QuickSheet
    """
    header = find_header(table)
    start = header[0] + 1 if header else 0
    if columns is None:
        columns = header[1] if header else guess_columns(table)
    position_of = {name: position for position, name in enumerate(columns) if name}
    rows = []
    for number, cells in enumerate(table[start:], start=start + 1):
        texts = {}
        for name in COLUMNS:
            position = position_of.get(name)
            cell = cells[position] if position is not None and position < len(cells) else ""
            texts[name] = clean(cell)
        if any(texts.values()):
            quantity, unit = parse_amount(texts["quantity"])
            rows.append(QuickRow(number, texts, quantity, texts["unit"] or unit))
        elif any(clean(cell) for cell in cells):
            # content in columns that mean nothing: shown, not dropped
            texts["note"] = " ".join(clean(cell) for cell in cells if clean(cell))
            rows.append(QuickRow(number, texts, None, ""))
    return QuickSheet(rows, list(columns), bool(header))


def near_codes(code):
    """All codes one slip of the keyboard away: a letter wrong, missing, too many or swapped."""
    cuts = [(code[:i], code[i:]) for i in range(len(code) + 1)]
    found = {left + right[1:] for left, right in cuts if right}
    found |= {left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1}
    for left, right in cuts:
        if right:
            likely = _likely(left[-1:] + right[:2])
            found |= {left + letter + right[1:] for letter in likely}
        found |= {left + letter + right for letter in _likely(left[-1:] + right[:1])}
    return found - {code}


def _likely(neighbours):
    """What is typed for or beside these: digits among digits, letters among letters."""
    likely = set("-./")
    for letter in neighbours:
        likely |= set(_DIGITS if letter.isdigit() else _LETTERS)
        likely |= set(_ALIKE.get(letter, ""))
    return likely
