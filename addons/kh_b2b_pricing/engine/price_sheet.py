"""Writing price lists as Excel and PDF files, line by line: no database, no ``env``.

Lines come from an iterator and are written as they come. Excel goes to its file row by row;
of a PDF the finished pages are kept deflated (some 500 bytes a line) until it is closed.
"""

import zlib
from functools import lru_cache
from typing import Any, NamedTuple

import xlsxwriter
from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfbase import pdfdoc, pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

# A Chinese font every PDF reader brings along: no file, nothing embedded.
FONT = "STSong-Light"
FONT_SIZE = 8
LINE_HEIGHT = 10.5
MARGIN = 34
MAX_TEXT_LINES = 4  # of one cell; what is longer ends in …
MAX_CELL = 32_767  # characters Excel takes in a cell

pdfmetrics.registerFont(UnicodeCIDFont(FONT))


class Line(NamedTuple):
    """One price: a product from a minimum quantity on.

    ``price`` and ``market`` are numbers, or a text where no single number can be named;
    ``market`` may be ``None``. Dates are ``datetime.date`` or ``None``.
    """

    code: str
    name: str
    spec: str
    uom: str
    minimum: float
    price: Any
    market: Any
    source: str
    date_start: Any
    date_end: Any
    tax: str = ""


class Column(NamedTuple):
    """A column: its head, the field of :class:`Line`, share of the width, kind of content."""

    label: str
    field: str
    width: float
    kind: str = "text"  # text, quantity, price, date


class Head(NamedTuple):
    """What stands around the lines: title, ``[(label, value)]``, columns, foot notes.

    ``signatures`` are the parties that sign (label of the party, name); empty for none.
    ``signature_lines`` are the labels of what each fills in.
    """

    title: str
    facts: tuple
    columns: tuple
    notes: tuple = ()
    signatures: tuple = ()
    signature_lines: tuple = ()
    page_label: str = "{page}"
    digits: int = 2  # decimals of prices


# === EXCEL === #


def write_xlsx(target, head, lines):
    """Write a workbook to ``target`` (path or binary file); returns the number of lines.

    Rows go to a temporary file as they come; numbers are numbers, dates are dates, and no
    text is taken for a formula or a link.
    """
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "default_date_format": "yyyy-mm-dd",
    }
    with xlsxwriter.Workbook(target, options) as book:
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True})
        formats = {
            "text": book.add_format(),
            "quantity": book.add_format({"num_format": "0.###"}),
            "price": book.add_format({"num_format": "#,##0.00" + "#" * max(head.digits - 2, 0)}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        for position, column in enumerate(head.columns):
            sheet.set_column(position, position, column.width * 1.6)
        sheet.write_string(0, 0, head.title, bold)
        row = 1
        for label, value in head.facts:
            sheet.write_string(row, 0, label)
            sheet.write_string(row, 1, str(value or ""))
            row += 1
        header = row + 1
        for position, column in enumerate(head.columns):
            sheet.write_string(header, position, column.label, bold)
        count = 0
        for count, line in enumerate(lines, start=1):
            for position, column in enumerate(head.columns):
                _write_cell(sheet, header + count, position, column, line, formats)
        for number, note in enumerate(head.notes, start=header + count + 2):
            sheet.write_string(number, 0, note)
    return count


def _write_cell(sheet, row, position, column, line, formats):
    value = getattr(line, column.field)
    if value is None or value == "":
        return
    if column.kind == "date":
        sheet.write_datetime(row, position, value, formats["date"])
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        sheet.write_number(row, position, value, formats[column.kind])
    else:
        sheet.write_string(row, position, str(value)[:MAX_CELL], formats["text"])


# === PDF === #


class _Canvas(Canvas):
    """A canvas that deflates each page as soon as it is done, not at the end."""

    def showPage(self):  # noqa: N802 - name of the library
        super().showPage()
        page = self._doc.Pages.pages[-1]
        deflated = pdfdoc.PDFDictionary({"Filter": pdfdoc.PDFName("FlateDecode")})
        content = zlib.compress(page.stream.encode("latin-1"))
        page.Contents = pdfdoc.PDFStream(deflated, content)
        page.stream = ""


@lru_cache(maxsize=20_000)
def _char_width(char):
    return pdfmetrics.stringWidth(char, FONT, FONT_SIZE)


def wrap(text, width, most=MAX_TEXT_LINES):
    """Break ``text`` into lines of at most ``width`` points; Chinese breaks anywhere."""
    text = " ".join(text.split())
    if sum(map(_char_width, text)) <= width:
        return [text]
    lines, current, used, blank = [], "", 0.0, -1
    for char in text:
        step = _char_width(char)
        if used + step > width and current:
            cut = blank if blank > 0 and not _is_wide(char) else len(current)
            lines.append(current[:cut].rstrip())
            current = current[cut:].lstrip()
            used = sum(map(_char_width, current))
            blank = -1
        current += char
        used += step
        if char == " ":
            blank = len(current)
        elif _is_wide(char):
            blank = -1
    lines.append(current)
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1][:-1] + "…"]
    return lines


def _is_wide(char):
    return char >= "\u2e80"


def format_cell(value, kind, digits=2):
    """Write a value as it stands in the PDF."""
    if value is None or value == "":
        return ""
    if kind == "date":
        return value.strftime("%Y-%m-%d")
    if isinstance(value, str):
        return value
    if kind == "quantity":
        return f"{value:,.3f}".rstrip("0").rstrip(".")
    whole, decimals = f"{value:,.{max(digits, 2)}f}".split(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


class _Pages:
    """Lays lines out on pages."""

    def __init__(self, target, head):
        self.head = head
        self.width, self.height = landscape(A4)
        self.canvas = _Canvas(target, pagesize=(self.width, self.height), pageCompression=1)
        self.canvas.setTitle(head.title)
        self.number = 0
        usable = self.width - 2 * MARGIN
        total = sum(column.width for column in head.columns)
        self.places, left = [], MARGIN
        for column in head.columns:
            wide = usable * column.width / total
            self.places.append((column, left, wide))
            left += wide

    def start_page(self):
        self.number += 1
        self.canvas.setFont(FONT, FONT_SIZE)
        self.y = self.height - MARGIN
        label = self.head.page_label.format(page=self.number)
        self.canvas.drawRightString(self.width - MARGIN, MARGIN / 2, label)
        self.canvas.drawString(MARGIN, MARGIN / 2, wrap(self.head.title, 500, 1)[0])

    def next_page(self):
        self.canvas.showPage()
        self.start_page()

    def need(self, height, with_head=True):
        """Go on to the next page unless ``height`` points are left on this one."""
        if self.y - height < MARGIN:
            self.next_page()
            if with_head:
                self.draw_head()

    def draw_title(self):
        self.canvas.setFont(FONT, 15)
        self.y -= 12
        self.canvas.drawString(MARGIN, self.y, self.head.title)
        self.canvas.setFont(FONT, FONT_SIZE)
        self.y -= 8
        half = (self.width - 2 * MARGIN) / 2
        for position, (label, value) in enumerate(self.head.facts):
            if position % 2 == 0:
                self.y -= LINE_HEIGHT * 1.2
            text = wrap(f"{label}  {value or ''}", half - 10, 1)[0]
            self.canvas.drawString(MARGIN + half * (position % 2), self.y, text)
        self.y -= LINE_HEIGHT

    def draw_head(self):
        cells = [
            wrap(column.label, wide - 5, MAX_TEXT_LINES) for column, _left, wide in self.places
        ]
        height = max(map(len, cells)) * LINE_HEIGHT + 4
        self.canvas.setFillGray(0.92)
        self.canvas.rect(MARGIN, self.y - height, self.width - 2 * MARGIN, height, stroke=0, fill=1)
        self.canvas.setFillGray(0)
        self.draw_cells(cells, height)

    def draw_line(self, line):
        cells = [
            wrap(format_cell(getattr(line, column.field), column.kind, self.head.digits), wide - 5)
            for column, _left, wide in self.places
        ]
        height = max(map(len, cells)) * LINE_HEIGHT + 4
        self.need(height)
        self.draw_cells(cells, height)
        self.canvas.setStrokeGray(0.8)
        self.canvas.line(MARGIN, self.y, self.width - MARGIN, self.y)

    def draw_cells(self, cells, height):
        for (column, left, wide), texts in zip(self.places, cells, strict=True):
            for number, text in enumerate(texts):
                base = self.y - LINE_HEIGHT * (number + 1) + 1
                if column.kind in ("price", "quantity"):
                    self.canvas.drawRightString(left + wide - 3, base, text)
                else:
                    self.canvas.drawString(left + 2, base, text)
        self.y -= height

    def draw_end(self):
        for note in self.head.notes:
            for text in wrap(note, self.width - 2 * MARGIN):
                self.need(LINE_HEIGHT * 1.5, with_head=False)
                self.y -= LINE_HEIGHT * 1.2
                self.canvas.drawString(MARGIN, self.y, text)
        if not self.head.signatures:
            return
        rows = 1 + len(self.head.signature_lines)
        self.need(LINE_HEIGHT * (2 + 2.6 * rows), with_head=False)
        half = (self.width - 2 * MARGIN) / 2
        self.y -= LINE_HEIGHT * 2
        for position, (label, name) in enumerate(self.head.signatures):
            left = MARGIN + half * position
            self.canvas.drawString(left, self.y, wrap(f"{label}  {name}", half - 10, 1)[0])
            for number, wanted in enumerate(self.head.signature_lines, start=1):
                base = self.y - LINE_HEIGHT * 2.6 * number
                self.canvas.drawString(left, base, wanted)
                self.canvas.setStrokeGray(0.3)
                self.canvas.line(left + 90, base - 2, left + half - 40, base - 2)


def write_pdf(target, head, lines):
    """Write a PDF to ``target`` (path or binary file); returns the number of lines."""
    pages = _Pages(target, head)
    pages.start_page()
    pages.draw_title()
    pages.draw_head()
    count = 0
    for line in lines:
        pages.draw_line(line)
        count += 1
    pages.draw_end()
    pages.canvas.showPage()
    pages.canvas.save()
    return count


WRITERS = {"xlsx": write_xlsx, "pdf": write_pdf}
