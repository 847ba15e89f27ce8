import base64
import io
import zipfile

import openpyxl

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..engine import sheet_size
from .sync_common import SyncCommon, to_base64
from .test_sheet_size import pack


@tagged("post_install", "-at_install")
class TestSyncFile(SyncCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.file_source = cls.env["kh.sync.source"].create(
            {"name": "Files", "code": "kh-file", "way": "file"}
        )

    def _import(self, content, filename="dealers.xlsx", user=None):
        wizard = (
            self.env["kh.sync.import"]
            .with_user(user or self.administrator)
            .create(
                {
                    "source_id": self.file_source.id,
                    "data": to_base64(content),
                    "filename": filename,
                }
            )
        )
        return self.env["kh.sync.run"].browse(wizard.action_import()["res_id"])

    def _book(self, *lines):
        book = openpyxl.Workbook()
        for line in lines:
            book.active.append(line)
        stream = io.BytesIO()
        book.save(stream)
        return stream.getvalue()

    def test_a_sheet_that_would_not_fit_into_memory_is_refused(self):
        self._map(self.file_source, code="客户编码", name="名称")
        head = ["客户编码", "名称"]
        book = openpyxl.Workbook()
        book.active.append(head)
        book.active["XFD1048576"] = "x"
        stream = io.BytesIO()
        book.save(stream)
        bomb = pack(b" " * (sheet_size.MAX_UNPACKED + 1), "docProps/app.xml")
        for content, text in (
            (stream.getvalue(), "reaches too far"),
            (bomb, "reaches too far"),
            (b"PK\x03\x04" + b"x" * 40, "no Excel workbook"),
            (self._book([*head, *map(str, range(200))]), "more than 200 columns"),
        ):
            with self.subTest(text=text, size=len(content)):
                self.assertLess(len(content), 1024 * 1024)
                with self.assertRaisesRegex(UserError, text):
                    self._import(content)

    def test_what_a_sheet_says_of_its_size_is_not_believed(self):
        self._map(self.file_source, code="客户编码", name="名称", zip="邮编")
        content = self._book(["客户编码", "名称", "邮编"], ["1001", "甲公司"])
        stream = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(content)) as book,
            zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as claiming,
        ):
            for name in book.namelist():
                data = book.read(name)
                if name == "xl/worksheets/sheet1.xml":
                    self.assertIn(b'ref="A1:C2"', data)
                    data = data.replace(b'ref="A1:C2"', b'ref="A1:XFD1048576"')
                claiming.writestr(name, data)
        wizard = self.env["kh.sync.import"].create(
            {"source_id": self.file_source.id, "data": to_base64(stream.getvalue())}
        )
        rows = wizard._read_rows()
        self.assertEqual(rows, [{"客户编码": "1001", "名称": "甲公司", "邮编": None}])

    def test_workbook_with_a_mapping(self):
        self._map(self.file_source, code="客户编码", name="名称", areas="区域", zip="邮编")
        run = self._import(
            self._book(
                ["客户编码", "名称", "区域", "邮编", "其他"],
                [1001, "甲公司", "KH-TEST-E", 310000.0, "x"],
                [None, None, None, None, None],
                [None, "无编码", None, None, None],
                ["1003", "丙公司", "X9", None, None],
            )
        )
        self.assertEqual((run.row_count, run.created_count), (3, 1))
        self.assertEqual((run.error_count, run.conflict_count), (1, 1))
        dealer = self._dealer("1001")
        self.assertEqual((dealer.name, dealer.zip), ("甲公司", "310000"))
        self.assertEqual(dealer.kh_sales_area_ids, self.area)
        self.assertEqual(run.line_ids.mapped("row"), [2, 3])

    def test_csv_in_chinese_encodings(self):
        text = "code;name;city\nK1;甲公司;杭州\n"
        for number, encoding in enumerate(("utf-8", "utf-8-sig", "gb18030"), 1):
            content = text.replace("K1", f"K{number}").encode(encoding)
            self.assertEqual(self._import(content, "a.csv").created_count, 1)
            self.assertEqual(self._dealer(f"K{number}").name, "甲公司")

    def test_template_is_what_the_import_reads(self):
        wizard = self.env["kh.sync.import"].with_user(self.administrator)
        wizard = wizard.create({"source_id": self.file_source.id})
        wizard.action_download_template()
        book = openpyxl.load_workbook(io.BytesIO(base64.b64decode(wizard.data)))
        headers = [cell.value for cell in book.active[1]]
        self.assertIn("Sales Areas", headers)
        line = ["K1" if name == "ERP Code" else "Dealer" if name == "Name" else None
                for name in headers]  # fmt: skip
        self.assertEqual(self._import(self._book(headers, line)).created_count, 1)

    def test_unusable_files(self):
        for content in (
            b"",
            b"PK broken",
            self._book(["code", "code"], ["1", "2"]),
            b"\xff\xff\xff",
        ):
            with self.assertRaises(UserError):
                self._import(content)

    def test_only_administrators(self):
        for user in (self.clerk, self.director, self.erp_user):
            with self.assertRaises(AccessError):
                self._import(b"code;name\nK1;A\n", "a.csv", user=user)
