import base64
import io
from datetime import timedelta

import xlsxwriter
from python_calamine import CalamineWorkbook

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from .common import PricingCommon

HEADER = ("Item no.", "Product name", "Min. quantity", "Price", "Start date", "End date")


class ImportCommon(PricingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls._create_contract()

    def _file(self, rows):
        buffer = io.BytesIO()
        with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
            sheet = book.add_worksheet()
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
        return base64.b64encode(buffer.getvalue())

    def _wizard(self, rows, header=HEADER, **vals):
        wizard = self.env["kh.price.contract.import"].create(
            {
                "contract_id": self.contract.id,
                "file": self._file([header, *rows]),
                "file_name": "prices.xlsx",
                **vals,
            }
        )
        wizard.action_check()
        return wizard

    def _cells(self, content):
        book = CalamineWorkbook.from_filelike(io.BytesIO(base64.b64decode(content)))
        return book.get_sheet_by_index(0).to_python()


@tagged("post_install", "-at_install")
class TestContractImport(ImportCommon):
    def test_year_9999_means_no_end(self):
        wizard = self._wizard([["KH-P-1", "", 0, 80, "", "9999-12-31"]])
        wizard.action_import()
        self.assertFalse(self.contract.item_ids.date_end)

    def test_clean_file(self):
        wizard = self._wizard(
            [["KH-P-1", "", 0, 80, "", ""], ["KH-P-1", "", 10, 75.5, "", ""], ["KH-P-2", "", "", 9]]
        )
        self.assertEqual((wizard.row_count, wizard.good_count, wizard.bad_count), (3, 3, 0))
        self.assertFalse(self.contract.item_ids, "checking writes nothing")
        wizard.action_import()
        items = self.contract.item_ids
        self.assertEqual(sorted(items.mapped("fixed_price")), [9.0, 75.5, 80.0])
        self.assertTrue(all(items.mapped("kh_is_pending")))
        self.assertEqual(items.kh_partner_id, self.dealer_a)
        self.assertEqual(self._price(partner=self.dealer_a), 100.0)
        self.contract.action_submit()
        self.assertEqual(self._price(partner=self.dealer_a, quantity=10), 75.5)

    def test_all_or_nothing_unless_asked(self):
        self._create_product("Twin", "KH-P-2")
        wizard = self._wizard(
            [
                ["KH-P-1", "", 0, 80],
                ["NOPE", "Ghost", 0, 80],
                ["KH-P-2", "", 0, 80],
                ["KH-P-1", "", 0, 81],
                ["KH-P-1", "", 5, -3],
            ]
        )
        self.assertEqual((wizard.row_count, wizard.good_count, wizard.bad_count), (5, 1, 4))
        self.assertEqual(wizard.error_ids.mapped("row_number"), [3, 4, 5, 6])
        self.assertIn("NOPE", wizard.error_ids[0].error)
        with self.assertRaises(UserError):
            wizard.action_import()
        self.assertFalse(self.contract.item_ids)
        wizard.action_import_good()
        self.assertEqual(self.contract.item_ids.mapped("fixed_price"), [80.0])

    def test_error_file_keeps_the_original_text(self):
        wizard = self._wizard([["NOPE", "Ghost", "a few", "cheap", "soon", ""]])
        header, row = self._cells(wizard.error_file)
        self.assertEqual(row[:6], ["NOPE", "Ghost", "", "a few", "cheap", "soon"])
        self.assertEqual(len(header), 8)
        self.assertEqual(len(row[7].split("; ")), 4, row[7])

    def test_template_has_the_columns_that_are_read(self):
        wizard = self.env["kh.price.contract.import"].create({"contract_id": self.contract.id})
        header = [*HEADER[:2], "Unit", *HEADER[2:]]
        self.assertEqual(self._cells(wizard.template_file)[0], header)

    def test_existing_lines(self):
        rows = [["KH-P-1", "", 0, 80]]
        self._wizard(rows).action_import()
        again = self._wizard(rows)
        self.assertEqual(again.bad_count, 1)
        replace = self._wizard([["KH-P-1", "", 0, 70]], mode="replace")
        self.assertEqual(replace.bad_count, 0)
        replace.action_import()
        self.assertEqual(self.contract.item_ids.mapped("fixed_price"), [70.0])

    def test_dates_are_days_of_the_company(self):
        self.company.partner_id.tz = "Asia/Shanghai"
        self.contract.write({"date_start": "2026-01-01", "date_end": "2027-12-31"})
        wizard = self._wizard(
            [
                ["KH-P-1", "", 0, 80, "2026-02-01", "2026-02-28"],
                ["KH-P-2", "", 0, 80, "2028-02-01", ""],
            ]
        )
        self.assertEqual(wizard.bad_count, 1)
        wizard.action_import_good()
        self.assertEqual(str(self.contract.item_ids.date_start), "2026-01-31 16:00:00")
        self.assertEqual(str(self.contract.item_ids.date_end), "2026-02-28 15:59:59")

    def test_unreadable_files(self):
        wizard = self.env["kh.price.contract.import"].create({"contract_id": self.contract.id})
        with self.assertRaises(UserError):
            wizard.action_check()
        for content in (base64.b64encode(b"hello"), self._file([]), self._file([["a"], ["b"]])):
            wizard.file = content
            with self.assertRaises(UserError):
                wizard.action_check()
        wizard.file = self._file([HEADER])
        with self.assertRaises(UserError):
            wizard.action_check()

    def test_cells_far_apart_are_refused_before_they_are_read(self):
        buffer = io.BytesIO()
        with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, HEADER)
            sheet.write(1048575, 16383, "far")
        wizard = self.env["kh.price.contract.import"].create(
            {"contract_id": self.contract.id, "file": base64.b64encode(buffer.getvalue())}
        )
        with self.assertRaisesRegex(UserError, "reaches too far"):
            wizard.with_context(lang="en_US").action_check()
        wizard.file = base64.b64encode(buffer.getvalue()[60:])
        with self.assertRaisesRegex(UserError, "not an Excel file"):
            wizard.with_context(lang="en_US").action_check()

    def test_frozen_contract_takes_no_lines(self):
        self._wizard([["KH-P-1", "", 0, 80]]).action_import()
        self.contract.action_submit()
        self.contract.action_terminate()
        with self.assertRaises(UserError):
            self._wizard([["KH-P-2", "", 0, 80]])
        with self.assertRaises(UserError):
            self.contract.action_import()

    def test_rows_into_a_contract_in_force(self):
        """They begin now; what the contract has already is refused, however it came."""
        self._wizard([["KH-P-1", "", 0, 80]]).action_import()
        self.contract.action_submit()
        days = [fields.Datetime.now() + timedelta(days=n) for n in range(1, 4)]
        with freeze_time(days[0]):
            self.contract.item_ids.fixed_price = 79.0
        with freeze_time(days[1]):
            again = self._wizard(
                [["KH-P-1", "", 0, 70], ["KH-P-1", "", 10, 60], ["KH-P-2", "", 0, 50]]
            )
            self.assertEqual(again.bad_count, 1)
            again.action_import_good()
            self.assertEqual(self._price(partner=self.dealer_a), 79.0)
            self.assertEqual(self._price(partner=self.dealer_a, quantity=10), 60.0)
            self.assertEqual(self._price(self.product_2, self.dealer_a), 50.0)
            new = self.contract.item_ids.filtered(lambda item: item.fixed_price < 70.0)
            self.assertEqual(new.product_tmpl_id, (self.product | self.product_2).product_tmpl_id)
            self.assertEqual(set(new.mapped("date_start")), {days[1].replace(microsecond=0)})
            self.assertFalse(any(new.mapped("kh_is_pending")))
        with freeze_time(days[2]):
            self._wizard([["KH-P-2", "", 0, 44]], mode="replace").action_import()
            self.assertEqual(self.contract.item_ids.mapped("fixed_price"), [44.0])
            history = self.env["kh.price.history"].search([("contract_id", "=", self.contract.id)])
            self.assertEqual(sorted(history.mapped("fixed_price")), [44.0, 50.0, 60.0, 79.0, 80.0])
            self.assertEqual(history.filtered("is_current").fixed_price, 44.0)

    def test_thousand_rows_in_few_queries(self):
        self.env["product.product"].create(
            [
                {"name": f"Part {n}", "default_code": f"KH-T-{n}", "list_price": 10}
                for n in range(1000)
            ]
        )
        rows = [[f"KH-T-{n}", "", 0, 5 + n / 100] for n in range(1000)]
        wizard = self._wizard(rows)
        self.assertEqual((wizard.row_count, wizard.good_count), (1000, 1000))
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        wizard.action_import()
        self.env.flush_all()
        self.assertLessEqual(self.env.cr.sql_log_count - before, 60)
        self.assertEqual(self.contract.item_count, 1000)
