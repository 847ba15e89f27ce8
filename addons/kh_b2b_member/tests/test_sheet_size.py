import io
import struct
import zipfile

import xlsxwriter
import xlwt

from odoo.tests import BaseCase, tagged

from ..engine import sheet_size
from ..engine.sheet_size import SheetTooLarge, SheetUnreadable, ensure_readable

SHEET = "xl/worksheets/sheet1.xml"
ODS_CELL = '<table:table-cell office:value-type="string"{}><text:p>1</text:p></table:table-cell>'


def pack(text, name=SHEET):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr(name, text)
    return stream.getvalue()


def pack_xlsx(rows, name=SHEET):
    return pack(f"<worksheet><sheetData>{rows}</sheetData></worksheet>", name)


def pack_ods(rows):
    return pack(
        '<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x">'
        f"<table:table>{rows}</table:table></office:document-content>",
        "content.xml",
    )


@tagged("post_install", "-at_install")
class TestSheetSize(BaseCase):
    def _make_xlsx(self, cells):
        stream = io.BytesIO()
        with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
            sheet = book.add_worksheet()
            style = book.add_format({"bold": True})
            for row, column, text in cells:
                sheet.write(row, column, text, style)
        return stream.getvalue()

    def test_usual_files_pass(self):
        ensure_readable(self._make_xlsx((r, c, "x") for r in range(200) for c in range(20)))
        ensure_readable(b"code,quantity\nKH-1,5\n")
        ensure_readable(b"")

    def test_empty_cells_with_a_style_do_not_count(self):
        ensure_readable(self._make_xlsx([(0, 0, "x"), (1048575, 16383, "")]))
        ensure_readable(pack_xlsx('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"/>'))
        empty = '<table:table-cell table:number-columns-repeated="16384"/>'
        ensure_readable(
            pack_ods(
                f"<table:table-row>{ODS_CELL.format('')}{empty}</table:table-row>"
                f'<table:table-row table:number-rows-repeated="1048575">{empty}</table:table-row>'
            )
        )

    def test_cells_far_apart(self):
        small = self._make_xlsx([(0, 0, "x"), (1048575, 16383, "x")])
        self.assertLess(len(small), 10_000)
        repeated = ODS_CELL.format(' table:number-columns-repeated="16384"')
        for content in (
            small,
            pack_xlsx('<row r="1"><c r="XFD1048576"><v>1</v></c></row>'),
            pack_xlsx("<row r='1048576'><c s='>' r = 'xfd1'><is><t>1</t></is></c></row>"),
            pack_xlsx('<row r="1048576">' + "<c><v>1</v></c>" * 2 + "</row>"),
            pack_xlsx('<row r="1048576"><c r="B1"><v>1</v></c></row>', "xl/any/name.dat"),
            pack_xlsx(f'<row r="{"9" * 5000}"><c><v>1</v></c></row>'),
            pack_xlsx(f'<row><c r="{"Z" * 5000}1"><v>1</v></c></row>'),
            pack_ods(
                '<table:table-row table:number-rows-repeated="1048576">'
                f"{repeated}</table:table-row>"
            ),
        ):
            with self.subTest(size=len(content)), self.assertRaises(SheetTooLarge):
                ensure_readable(content)

    def _make_xls(self, rows, columns=5):
        stream = io.BytesIO()
        book = xlwt.Workbook()
        sheet = book.add_sheet("Sheet")
        for row in range(rows):
            for column in range(columns):
                sheet.write(row, column, row + column + 0.123)
        book.save(stream)
        return stream.getvalue()

    def test_old_files(self):
        for rows in (1, 50, 3000):  # in small sectors, large ones, and many
            ensure_readable(self._make_xls(rows))
        content = self._make_xls(1000, 1)
        last = struct.pack("<HHHH", 0x0203, 14, 999, 0)
        bounds = struct.pack("<HHIIHH", 0x0200, 14, 0, 1000, 0, 1)
        for old, new in (
            (last, struct.pack("<HHHH", 0x0203, 14, 65535, 65535)),
            (bounds, struct.pack("<HHIIHH", 0x0200, 14, 0, 2**32 - 1, 0, 65535)),
        ):
            self.assertEqual(content.count(old), 1)
            with self.assertRaises(SheetTooLarge):
                ensure_readable(content.replace(old, new))
        for broken in (content[:8], content[:300]):
            with self.assertRaises(SheetUnreadable):
                ensure_readable(broken)

    def test_each_sheet_counts_for_itself(self):
        cell = ODS_CELL.format("")
        table = f'<table:table-row table:number-rows-repeated="600000">{cell}</table:table-row>'
        ensure_readable(pack_ods(f"{table}</table:table><table:table>{table}"))

    def test_unpacked_size(self):
        content = pack(b" " * (sheet_size.MAX_UNPACKED + 1), "docProps/app.xml")
        self.assertLess(len(content), 1024 * 1024)
        with self.assertRaises(SheetTooLarge):
            ensure_readable(content)
        # the directory says one byte
        small = (sheet_size.MAX_UNPACKED + 1).to_bytes(4, "little")
        with self.assertRaises((SheetTooLarge, SheetUnreadable)):
            ensure_readable(content.replace(small, (1).to_bytes(4, "little")))

    def test_damaged_or_strange_packages(self):
        whole = pack_xlsx('<row><c r="A1"><v>1</v></c></row>')
        for content in (
            whole[:40] + b"\xff" * 20 + whole[60:],
            whole[60:],
            b"code\nPK\x05\x06",
            pack("<sheetData><row"),
            pack('<!DOCTYPE a [<!ENTITY b "c">]><sheetData/>'),
            pack("", "xl/workbook.bin"),
        ):
            with self.subTest(size=len(content)), self.assertRaises(SheetUnreadable):
                ensure_readable(content)
