"""The writers alone: cells, texts, and how much memory a long list takes."""

import io
import tempfile
import tracemalloc
from datetime import date

from odoo.tests import BaseCase, tagged

from ..engine.price_sheet import WRITERS, Column, Head, Line, format_cell, wrap
from .common_documents import read_pdf, read_xlsx

HEAD = Head(
    title="Price list 价格表",
    facts=(("Dealer", "华瑞电气"), ("Currency", "CNY, tax included")),
    columns=(
        Column("Item no.", "code", 10),
        Column("Product", "name", 24),
        Column("From quantity", "minimum", 7, "quantity"),
        Column("My price", "price", 9, "price"),
        Column("Valid until", "date_end", 8, "date"),
    ),
    notes=("A note",),
    signatures=(("Supplier", "KH"), ("Dealer", "华瑞电气")),
    signature_lines=("Signature", "Date"),
    page_label="Page {page}",
)
MB = 1024 * 1024


def make_lines(count):
    for number in range(count):
        yield Line(
            code=f"KH-{number:05}",
            name=f"小型断路器 Circuit breaker C{number}",
            spec="6A",
            uom="个",
            minimum=1.0,
            price=number + 0.25,
            market=None,
            source="",
            date_start=None,
            date_end=date(2026, 12, 31),
        )


@tagged("post_install", "-at_install")
class TestPriceSheet(BaseCase):
    def _write(self, kind, lines, head=HEAD):
        target = io.BytesIO()
        count = WRITERS[kind](target, head, lines)
        return target.getvalue(), count

    def test_excel_has_numbers_and_dates(self):
        content, count = self._write("xlsx", make_lines(3))
        rows = read_xlsx(content)
        self.assertEqual(count, 3)
        self.assertEqual(rows[1][:2], ["Dealer", "华瑞电气"])
        self.assertEqual(rows[4], [column.label for column in HEAD.columns])
        self.assertEqual(rows[6][0], "KH-00001")
        self.assertEqual(rows[6][2:], [1.0, 1.25, date(2026, 12, 31)])

    def test_excel_takes_no_text_for_a_formula(self):
        [line] = make_lines(1)
        content, _count = self._write("xlsx", [line._replace(name="=1+1", code="http://x.test")])
        row = read_xlsx(content)[5]
        self.assertEqual(row[:2], ["http://x.test", "=1+1"])

    def test_pdf_has_all_texts_on_all_pages(self):
        content, count = self._write("pdf", make_lines(90))
        texts = read_pdf(content)
        self.assertEqual(count, 90)
        for text in ("Page 1", "Page 3", "Dealer 华瑞电气", "Signature"):
            self.assertIn(text, texts)
        prices = [text for text in texts if text.endswith(".25")]
        self.assertEqual(prices, [f"{number}.25" for number in range(90)])
        self.assertGreaterEqual(texts.count("Item no."), 3, "each page has the heads of columns")

    def test_no_lines_make_a_document_all_the_same(self):
        for kind in WRITERS:
            content, count = self._write(kind, [])
            self.assertFalse(count)
            self.assertTrue(content)

    def test_long_texts_are_wrapped(self):
        for text in ("小型断路器" * 12, "Circuit breaker with a long name " * 4, "x" * 200):
            lines = wrap(text, 100)
            self.assertLessEqual(len(lines), 4)
            self.assertGreater(len(lines), 1)
        self.assertEqual("".join(wrap("小型断路器" * 6, 100)), "小型断路器" * 6)
        self.assertEqual(
            " ".join(wrap("one two three four five six", 60)), "one two three four five six"
        )

    def test_cells(self):
        self.assertEqual(format_cell(1234.5, "price"), "1,234.50")
        self.assertEqual(format_cell(0.1234, "price", 4), "0.1234")
        self.assertEqual(format_cell(0.12, "price", 4), "0.12")
        self.assertEqual(format_cell(2.5, "quantity"), "2.5")
        self.assertEqual(format_cell(1200.0, "quantity"), "1,200")
        self.assertEqual(format_cell(None, "price"), "")
        self.assertEqual(format_cell("15 % discount", "price"), "15 % discount")

    def _peak(self, kind, count):
        """Peak memory of Python objects while `count` lines are written, in bytes."""
        with tempfile.TemporaryFile() as target:
            tracemalloc.start()
            try:
                written = WRITERS[kind](target, HEAD, make_lines(count))
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
        self.assertEqual(written, count)
        return peak

    def test_memory_of_excel_does_not_grow_with_lines(self):
        short, long = self._peak("xlsx", 500), self._peak("xlsx", 5_000)
        self.assertLess(long, short * 1.5 + MB / 4)
        self.assertLess(long, 4 * MB)

    def test_memory_of_pdf_stays_below_a_kilobyte_a_line(self):
        short, long = self._peak("pdf", 500), self._peak("pdf", 5_000)
        self.assertLess(long - short, 4_500 * 1024)
        self.assertLess(long, 8 * MB)
