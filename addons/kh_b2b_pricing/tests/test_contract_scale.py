import base64
import io
import logging
import time

import xlsxwriter

from odoo.tests import tagged
from odoo.tools import SQL

from .common import PricingCommon

_logger = logging.getLogger(__name__)
ACTIVATION_LINES = 20_000
FEW_LINES = 2_000
IMPORT_ROWS = 5_000
GROWTH = 50


@tagged("post_install", "-at_install")
class TestContractScale(PricingCommon):
    """The bars of big contracts: CPU seconds of our process, and how the clock grows.

    The clock itself tells of whatever else the machine does, so it is compared with that of a
    tenth of the lines: ten times as long is linear, a hundred times would be quadratic.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product.standard_price = 50.0
        templates = cls._multiply(
            cls.product.product_tmpl_id, SQL("generate_series(1, %s) n", ACTIVATION_LINES)
        )
        cls.variant_ids = cls._multiply(
            cls.product,
            SQL("unnest(%s) WITH ORDINALITY AS u(template, n)", templates),
            product_tmpl_id=SQL("u.template"),
            default_code=SQL("'KH-S-' || n"),
        )
        # Counted here, and so locked: the server's own count, at any moment, sees none of these
        # rows, after which the database expects none and joins them one with all.
        cls.env.cr.execute("ANALYZE product_template, product_product, product_pricelist_item")
        cls.env.invalidate_all()

    @classmethod
    def _multiply(cls, record, source, **values):
        """Copy one row for each row of ``source``, whatever columns the add-ons have added."""
        record.env.flush_all()
        columns = [
            name
            for name, field in record._fields.items()
            if field.store and field.column_type and name != "id"
        ]
        rows = cls.env.execute_query(
            SQL(
                "INSERT INTO %s (%s) SELECT %s FROM %s r, %s WHERE r.id = %s RETURNING id",
                SQL.identifier(record._table),
                SQL(", ").join(map(SQL.identifier, columns)),
                SQL(", ").join(values.get(name, SQL.identifier("r", name)) for name in columns),
                SQL.identifier(record._table),
                source,
                record.id,
            )
        )
        return [row[0] for row in rows]

    def _fill(self, contract, count):
        """Give a draft its lines past the ORM: how they came is not what is measured."""
        self.env.cr.execute(
            SQL(
                """INSERT INTO product_pricelist_item
                          (pricelist_id, company_id, currency_id, applied_on, display_applied_on,
                           base, compute_price, fixed_price, min_quantity, product_id,
                           product_tmpl_id, kh_partner_id, kh_contract_id, kh_is_pending)
                   SELECT %(pricelist)s, %(company)s, %(currency)s, '0_product_variant',
                          '1_product', 'list_price', 'fixed', 80, 0, p.id, p.product_tmpl_id,
                          %(partner)s, %(contract)s, TRUE
                     FROM product_product p WHERE p.id = ANY(%(variants)s)""",
                pricelist=self.pricelist.id,
                company=self.company.id,
                currency=self.pricelist.currency_id.id,
                partner=contract.partner_id.id,
                contract=contract.id,
                variants=self.variant_ids[:count],
            )
        )
        self.env.cr.execute("ANALYZE product_pricelist_item")
        self.env.invalidate_all()

    def _timed(self, action):
        """Return ``(statements, seconds on the clock, seconds of our own process)``."""
        self.env.flush_all()
        self.env.invalidate_all()
        before, start, cpu = self.env.cr.sql_log_count, time.perf_counter(), time.process_time()
        action()
        self.env.flush_all()
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        queries = self.env.cr.sql_log_count - before
        _logger.info("%.2f s (%.2f s CPU), %s queries", seconds, cpu, queries)
        return queries, seconds, cpu

    def test_activation_of_20000_lines(self):
        few = self._create_contract(partner=self.dealer_b)
        self._fill(few, FEW_LINES)
        many = self._create_contract()
        self._fill(many, ACTIVATION_LINES)
        few_queries, few_seconds, _cpu = self._timed(few.action_submit)
        queries, seconds, cpu = self._timed(many.action_submit)
        self.assertEqual(many.state, "active")
        product = self.env["product.product"].browse(self.variant_ids[-1])
        self.assertEqual(self._price(product, self.dealer_a), 80.0)
        self.assertLess(cpu, 5.0)
        self.assertLess(seconds, GROWTH * few_seconds)
        self.assertLessEqual(queries, few_queries + 2)

    def test_new_version_and_preview_of_20000_lines(self):
        seconds = []
        for partner, count in ((self.dealer_b, FEW_LINES), (self.dealer_a, ACTIVATION_LINES)):
            contract = self._create_contract(partner=partner)
            self._fill(contract, count)
            contract.action_submit()
            _queries, version_seconds, _cpu = self._timed(contract.action_new_version)
            version = contract._get_next_version()
            self.assertEqual(version.item_count, count)
            _queries, preview_seconds, cpu = self._timed(version.action_preview)
            seconds.append((version_seconds, preview_seconds))
        self.assertLess(cpu, 5.0)
        for few, many in zip(*seconds, strict=True):
            self.assertLess(many, GROWTH * few)

    def test_import_of_5000_rows(self):
        contract = self._create_contract()
        buffer = io.BytesIO()
        with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, ["Item no.", "Product name", "Min. quantity", "Price"])
            for n in range(1, IMPORT_ROWS + 1):
                sheet.write_row(n, 0, [f"KH-S-{n}", "", 0, 50 + n / 100])
            sheet.write_row(IMPORT_ROWS + 1, 0, ["NOPE", "", 0, 1])
        wizard = self.env["kh.price.contract.import"].create(
            {"contract_id": contract.id, "file": base64.b64encode(buffer.getvalue())}
        )
        _queries, _seconds, check_cpu = self._timed(wizard.action_check)
        self.assertEqual((wizard.good_count, wizard.bad_count), (IMPORT_ROWS, 1))
        queries, _seconds, cpu = self._timed(wizard.action_import_good)
        self.assertEqual(contract.item_count, IMPORT_ROWS)
        self.assertLess(check_cpu + cpu, 15.0)
        self.assertLess(queries, 60)

    def test_form_of_5000_lines_opens_fast(self):
        contract = self._create_contract()
        self._fill(contract, IMPORT_ROWS)
        spec = {
            "name": {},
            "item_count": {},
            "version_count": {},
            "adjustment_count": {},
            "item_ids": {
                "fields": {
                    "product_id": {"fields": {"display_name": {}}},
                    "kh_market_price": {},
                    "kh_last_price": {},
                    "kh_margin_rate": {},
                    "fixed_price": {},
                },
                "limit": 40,
            },
        }
        queries, _seconds, cpu = self._timed(lambda: contract.web_read(spec))
        self.assertLess(cpu, 1.5)
        self.assertLess(queries, 40)
