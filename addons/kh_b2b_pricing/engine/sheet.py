"""Reading the lines of a price contract from a sheet: no database, no ``env``.

Every row of the sheet ends in ``Sheet.rows``: nothing is dropped silently, and the text as
typed is kept beside each problem.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import MAXYEAR, date, datetime
from enum import Enum

from dateutil import parser as date_parser

COLUMNS = ("code", "name", "unit", "min_quantity", "price", "date_start", "date_end")
HEADERS = {
    "code": {"itemno", "itemcode", "code", "internalreference", "sku", "货号", "商品编码", "编码"},
    "name": {"product", "productname", "name", "item", "商品", "商品名称", "名称", "品名"},
    "unit": {"unit", "uom", "priceunit", "单位", "计量单位", "计价单位"},
    "min_quantity": {
        "minquantity",
        "minqty",
        "from",
        "moq",
        "起订量",
        "最小数量",
        "起始数量",
        "数量",
    },
    "price": {
        "price",
        "unitprice",
        "contractprice",
        "单价",
        "价格",
        "协议价",
        "合同价",
    },
    "date_start": {"start", "startdate", "validfrom", "开始日期", "生效日期", "开始", "起始日期"},
    "date_end": {"end", "enddate", "validuntil", "结束日期", "截止日期", "失效日期", "结束"},
}
MAX_PRICE = 10**12
MIN_YEAR = 1900


class Problem(str, Enum):
    """Why a row cannot be taken."""

    NO_CODE = "no_code"
    UNKNOWN_CODE = "unknown_code"
    AMBIGUOUS_CODE = "ambiguous_code"
    DUPLICATE = "duplicate"
    EXISTS = "exists"
    UNKNOWN_UNIT = "unknown_unit"
    OTHER_UNIT = "other_unit"
    AMBIGUOUS_UNIT = "ambiguous_unit"
    NO_PRICE = "no_price"
    BAD_PRICE = "bad_price"
    NOT_POSITIVE = "not_positive"
    BAD_QUANTITY = "bad_quantity"
    BAD_DATE = "bad_date"
    END_BEFORE_START = "end_before_start"
    OUTSIDE_TERM = "outside_term"


@dataclass
class Row:
    """One row of the sheet: what was typed, what it means, what is wrong with it.

    ``min_quantity`` and ``price`` are as typed, for the unit in ``texts``; once that is known,
    for the product's unit. ``uom_id`` and ``uom_price`` then tell another unit that was typed
    and the price for it.
    """

    number: int
    texts: dict
    code: str = ""
    min_quantity: float = 0.0
    price: float = 0.0
    date_start: date | None = None
    date_end: date | None = None
    problems: list = field(default_factory=list)
    same_as: int = 0
    product_id: int = 0
    uom_id: int = 0
    uom_price: float = 0.0


@dataclass
class Sheet:
    """All rows with content, and the columns that were not found."""

    rows: list
    missing: list

    @property
    def good(self):
        return [row for row in self.rows if not row.problems]

    @property
    def bad(self):
        return [row for row in self.rows if row.problems]


def as_text(value):
    """Return a cell as its user sees it: 1001.0 is ``1001``, full-width is half-width."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, datetime):
        value = value.date() if value.time() == datetime.min.time() else value
    return unicodedata.normalize("NFKC", str(value)).strip()


def as_number(value):
    """Return a cell as float; understands ``￥1，234.50`` and full-width digits.

    :raise ValueError: if it is no finite number
    """
    if isinstance(value, bool):
        raise ValueError(value)
    if isinstance(value, int | float):
        number = float(value)
    else:
        text = re.sub(r"[¥$元\s]", "", as_text(value)).replace("，", ",")
        if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", text):
            text = text.replace(",", "")
        if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", text):
            raise ValueError(value)
        number = float(text)
    if number != number or abs(number) >= MAX_PRICE:
        raise ValueError(value)
    return number


def as_date(value):
    """Return a cell as date; understands 2026-01-31, 2026/1/31, 20260131 and 2026年1月31日.

    :raise ValueError: if it is no date, or one before 1900 (a slip of the keyboard)
    """
    day = _parse_date(value)
    if day.year < MIN_YEAR:
        raise ValueError(value)
    return day


def _parse_date(value):
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = re.sub(r"[年月/.]", "-", as_text(value)).replace("日", "")
    if re.fullmatch(r"\d{8}", text):
        return datetime.strptime(text, "%Y%m%d").date()
    if not re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}( 00:00:00)?", text):
        raise ValueError(value)
    return date_parser.parse(text, yearfirst=True).date()


def _header_key(value):
    return re.sub(r"[\s_.*:：()（）#-]", "", as_text(value).lower())


def find_header(table, depth=10):
    """Return ``(row index, {column: position})`` of the first row that looks like a header."""
    for index, cells in enumerate(table[:depth]):
        found = {}
        for position, cell in enumerate(cells):
            key = _header_key(cell)
            for column, names in HEADERS.items():
                if key in names and column not in found:
                    found[column] = position
                    break
        if "code" in found and ("price" in found or len(found) > 1):
            return index, found
    return None, {}


def read_table(table):
    """Turn the cells of a sheet into checked rows (codes are not looked up here)."""
    index, positions = find_header(table)
    missing = [column for column in ("code", "price") if column not in positions]
    if missing:
        return Sheet([], missing)
    rows = []
    for number, cells in enumerate(table[index + 1 :], start=index + 2):
        raw = {
            column: cells[position] if position < len(cells) else None
            for column, position in positions.items()
        }
        texts = {column: as_text(raw.get(column)) for column in COLUMNS}
        if any(texts.values()):
            rows.append(_read_row(number, raw, texts))
    mark_duplicates(rows)
    return Sheet(rows, [])


def _read_row(number, raw, texts):
    row = Row(number, texts, code=texts["code"])
    if not row.code:
        row.problems.append(Problem.NO_CODE)
    _read_price(row, raw)
    if texts["min_quantity"]:
        try:
            row.min_quantity = as_number(raw["min_quantity"])
        except ValueError:
            row.problems.append(Problem.BAD_QUANTITY)
        if row.min_quantity < 0:
            row.problems.append(Problem.BAD_QUANTITY)
    for column in ("date_start", "date_end"):
        if texts[column]:
            try:
                setattr(row, column, as_date(raw[column]))
            except ValueError:
                row.problems.append(Problem.BAD_DATE)
    if row.date_start and row.date_start.year == MAXYEAR:
        row.problems.append(Problem.BAD_DATE)
    if row.date_start and row.date_end and row.date_end < row.date_start:
        row.problems.append(Problem.END_BEFORE_START)
    return row


def _read_price(row, raw):
    if not row.texts["price"]:
        row.problems.append(Problem.NO_PRICE)
        return
    try:
        row.price = as_number(raw["price"])
    except ValueError:
        row.problems.append(Problem.BAD_PRICE)
        return
    if row.price <= 0:
        row.problems.append(Problem.NOT_POSITIVE)


def mark_duplicates(rows, *, is_converted=False):
    """The same item from the same quantity and day twice: the second one is in question.

    :param bool is_converted: whether quantities are in the product's unit by now
    """
    first = {}
    for row in rows:
        if not row.code or {Problem.BAD_QUANTITY, Problem.DUPLICATE} & set(row.problems):
            continue
        unit = "" if is_converted else row.texts["unit"].casefold()
        key = (row.code, row.min_quantity, row.date_start, unit)
        if key in first:
            row.problems.append(Problem.DUPLICATE)
            row.same_as = first[key]
        else:
            first[key] = row.number
