from datetime import date, datetime

from odoo.tests import BaseCase, tagged

from ..engine.sheet import Problem, as_date, as_number, as_text, read_table

HEADER = ["Item no.", "Product name", "Min. quantity", "Price", "Start date", "End date"]


@tagged("post_install", "-at_install")
class TestSheet(BaseCase):
    def test_numbers(self):
        for value, number in (
            (12, 12.0),
            ("12.50", 12.5),
            ("1,234.50", 1234.5),
            ("¥ 1，234.50", 1234.5),
            ("１２．５", 12.5),
            ("20元", 20.0),
        ):
            self.assertEqual(as_number(value), number)
        for value in ("abc", "", "1,2", "12-3", "nan", "1e999", True, float("nan"), 1e15):
            with self.assertRaises(ValueError):
                as_number(value)

    def test_dates(self):
        for value in ("2026-01-31", "2026/1/31", "20260131", "2026年1月31日", "2026.1.31"):
            self.assertEqual(as_date(value), date(2026, 1, 31))
        self.assertEqual(as_date(datetime(2026, 1, 31, 8)), date(2026, 1, 31))
        for value in (
            "31/01/2026",
            "2026-02-30",
            "soon",
            45000.0,
            "0026-01-31",
            date(1899, 12, 31),
        ):
            with self.assertRaises(ValueError):
                as_date(value)

    def test_texts(self):
        self.assertEqual(as_text(1001.0), "1001")
        self.assertEqual(as_text("ＧＳ８１－６３ "), "GS81-63")
        self.assertEqual(as_text(None), "")

    def test_chinese_header_below_a_title(self):
        sheet = read_table(
            [["2026 年度价格合同"], [], ["货号", "品名", "协议价", "起订量"], ["A-1", "x", 8.5, 10]]
        )
        self.assertEqual(sheet.missing, [])
        (row,) = sheet.rows
        self.assertEqual((row.number, row.code, row.price, row.min_quantity), (4, "A-1", 8.5, 10.0))

    def test_missing_columns(self):
        self.assertEqual(read_table([["a", "b"], [1, 2]]).missing, ["code", "price"])
        self.assertEqual(read_table([["Item no.", "Product"], ["A", "x"]]).missing, ["price"])
        self.assertEqual(read_table([]).missing, ["code", "price"])
        with_tax = [["货号", "品名", "含税单价"], ["A", "x", 113]]
        self.assertEqual(read_table(with_tax).missing, ["price"], "prices are before taxes")

    def test_every_row_is_good_or_bad(self):
        sheet = read_table(
            [
                HEADER,
                ["A", "", 0, 10, "", ""],
                ["A", "", 0, 11, "", ""],
                ["A", "", 5, 9, "", ""],
                ["", "", "", 9, "", ""],
                ["B", "", "", "", "", ""],
                ["C", "", "", -1, "", ""],
                ["D", "", "", 0, "", ""],
                ["E", "", "", "ten", "", ""],
                ["F", "", "many", 1, "", ""],
                ["G", "", -2, 1, "", ""],
                ["H", "", "", 1, "soon", ""],
                ["I", "", "", 1, "2026-02-01", "2026-01-01"],
                ["", "", "", "", "", ""],
                ["J"],
                ["K", "", "", 1, "9999-12-31", ""],
            ]
        )
        self.assertEqual(len(sheet.rows), 14)
        self.assertEqual(len(sheet.good) + len(sheet.bad), len(sheet.rows))
        found = {row.code or "-": [str(p.value) for p in row.problems] for row in sheet.bad}
        self.assertEqual([row.number for row in sheet.good], [2, 4])
        self.assertEqual(
            found,
            {
                "A": ["duplicate"],
                "-": ["no_code"],
                "B": ["no_price"],
                "C": ["not_positive"],
                "D": ["not_positive"],
                "E": ["bad_price"],
                "F": ["bad_quantity"],
                "G": ["bad_quantity"],
                "H": ["bad_date"],
                "I": ["end_before_start"],
                "J": ["no_price"],
                "K": ["bad_date"],
            },
        )
        duplicate = sheet.bad[0]
        self.assertEqual((duplicate.problems, duplicate.same_as), ([Problem.DUPLICATE], 2))
