from odoo.tests import BaseCase, tagged

from ..engine.quick_rows import (
    find_header,
    fold,
    near_codes,
    parse_amount,
    read_table,
    split_text,
    tokens,
)


@tagged("post_install", "-at_install")
class TestQuickRows(BaseCase):
    def _read(self, text, columns=None):
        sheet = read_table(split_text(text), columns)
        return sheet.columns, [
            (row.number, row.own_code, row.quantity, row.unit) for row in sheet.rows
        ]

    def test_amounts_as_people_type_them(self):
        for text, expected in (
            ("20", (20.0, "")),
            ("２０个", (20.0, "个")),
            ("×20", (20.0, "")),
            ("x 3", (3.0, "")),
            ("1,200", (1200.0, "")),
            ("2 箱", (2.0, "箱")),
            ("2.5", (2.5, "")),
            ("20、", (20.0, "")),
            ("", (None, "")),
            ("ten", (None, "")),
            ("-5", (None, "")),
            ("99999999999", (None, "")),
        ):
            with self.subTest(text=text):
                self.assertEqual(parse_amount(text), expected)

    def test_lines_without_tabs(self):
        for text, code, quantity in (
            ("A-1001 20个", "A-1001", 20.0),
            ("A-1001 × 20", "A-1001", 20.0),
            ("A-1001×20", "A-1001", 20.0),
            ("A-1001、20", "A-1001", 20.0),
            ("A-1001，20", "A-1001", 20.0),
            ("GS81-63x2", "GS81-63x2", None),  # an x inside a code is no multiplication
            ("断路器 2P 10A", "断路器 2P 10A", None),  # the end of a name is no quantity
        ):
            with self.subTest(text=text):
                row = read_table(split_text(text)).rows[0]
                self.assertEqual((row.own_code, row.quantity), (code, quantity))

    def test_header_words_in_both_languages(self):
        for header, columns in (
            (
                "序号\t货号\t品名\t规格型号\t数量\t单位",
                ["", "code", "name", "model", "quantity", "unit"],
            ),
            ("Item no.\tDescription\tQty\tRemark", ["code", "name", "quantity", "note"]),
        ):
            with self.subTest(header=header):
                self.assertEqual(find_header(split_text(header)), (0, columns))

    def test_columns_by_content(self):
        for text, columns in (
            ("A-1\t断路器\t20\t个\nB-2\t交换机\t3\t台", ["code", "name", "quantity", "unit"]),
            ("1\tA-1\t3\n2\tA-2\t4\n3\tA-3\t5", ["", "code", "quantity"]),
            ("6901234567890\t20\n6901234567891\t30", ["code", "quantity"]),
            ("断路器 2P\t20\n交换机 8口\t3", ["code", "quantity"]),
        ):
            with self.subTest(text=text):
                self.assertEqual(self._read(text)[0], columns)

    def test_the_user_corrects_a_column(self):
        columns, rows = self._read("3\tA-1\n5\tA-2", ["quantity", "code"])
        self.assertEqual(columns, ["quantity", "code"])
        self.assertEqual(rows, [(1, "A-1", 3.0, ""), (2, "A-2", 5.0, "")])

    def test_nothing_is_dropped(self):
        text = "货号\t数量\nA-1\t2\n\t7\n\nA-2\tmany\n"
        rows = self._read(text)[1]
        self.assertEqual([row[0] for row in rows], [2, 3, 5])
        self.assertEqual(rows[1][2], 7.0)
        self.assertIsNone(rows[2][2])
        stray = read_table([["A", "1", "left over"], ["", "", "stray"]], ["code", "quantity", ""])
        self.assertEqual([row.texts["note"] for row in stray.rows], ["", "stray"])

    def test_cells_of_excel(self):
        table = [["货号", "数量"], [1001.0, 20.0], ["Ａ－１", "３台"]]
        rows = read_table(table).rows
        self.assertEqual([row.keys for row in rows], [["1001"], ["A-1"]])
        self.assertEqual([row.quantity for row in rows], [20.0, 3.0])
        self.assertEqual(rows[1].texts["code"], "Ａ－１")  # as typed

    def test_an_inch_sign_opens_no_quotation(self):
        rows = split_text('3" valve\t2\nA-1\t5')
        self.assertEqual(len(rows), 2)
        self.assertEqual(split_text('"two\nlines"\t2')[0], ["two\nlines", "2"])

    def test_near_codes_are_one_slip_away(self):
        near = near_codes("A-1001")
        for code in ("A-1O01", "A-101", "A-10011", "A-0101", "B-1001"):
            self.assertIn(code, near)
        self.assertNotIn("A-1001", near)
        self.assertNotIn("A-2002", near)

    def test_folding_and_words(self):
        self.assertEqual(fold(" ａ－1 001 "), "A-1001")
        self.assertEqual(tokens("断路器2P10"), ["断路器", "2P", "10"])
