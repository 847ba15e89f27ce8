from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import Form, freeze_time, tagged

from .common import PricingCommon


@tagged("post_install", "-at_install")
class TestPriceOvertaken(PricingCommon):
    """An adjustment while the next version of the contract is being prepared."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.today()
        cls.staff = cls._create_staff()
        cls.contract = cls._create_contract(
            lines=[(cls.product, 80.0, 0), (cls.product, 75.0, 10), (cls.product_2, 60.0, 0)],
            date_start=cls.today - timedelta(days=30),
        )
        cls.contract.action_submit()
        cls.first, cls.ladder, cls.second = cls.contract.item_ids.sorted("id")

    def _next(self, **vals):
        action = self.contract.action_new_version()
        version = self.env["kh.price.contract"].browse(action["res_id"])
        version.write(vals)
        return version

    def _adjust(self, lines, **vals):
        adjustment = self.env["kh.price.adjustment"].create(
            {
                "contract_id": self.contract.id,
                "reason": "Copper",
                "line_ids": [
                    Command.create({"item_id": item.id, "new_price": price, **more})
                    for item, price, more in lines
                ],
                **vals,
            }
        )
        adjustment.action_submit()
        self.assertEqual(adjustment.state, "applied")
        return adjustment

    def _flow(self):
        self.env["kh.approval.flow"].create(
            {
                "name": "Contracts",
                "model_id": self.env["ir.model"]._get("kh.price.contract").id,
                "step_ids": [
                    Command.create(
                        {"name": "Product", "user_ids": self.staff["product_manager"].ids}
                    )
                ],
            }
        )

    def _prices(self, version):
        return sorted(
            (item.product_id.default_code, item.min_quantity, item.fixed_price)
            for item in version.item_ids
        )

    def _bodies(self, record):
        return "".join(record.message_ids.mapped("body"))

    def test_draft_follows_where_its_line_is_the_copy(self):
        version = self._next()
        self._adjust([(self.first, 82.0, {}), (self.ladder, 77.0, {})])
        self.assertEqual(
            self._prices(version),
            [("KH-P-1", 0.0, 82.0), ("KH-P-1", 10.0, 77.0), ("KH-P-2", 0.0, 60.0)],
        )
        self.assertFalse(any(version.item_ids.mapped("date_start")))
        self.assertEqual(version.overtaken_count, 0)
        self.assertIn("2 prices follow", self._bodies(version))
        version.action_submit()
        self.assertEqual(self._price(partner=self.dealer_a), 82.0)

    def test_twice(self):
        version = self._next()
        adjustment = self._adjust([(self.first, 82.0, {})])
        with freeze_time(fields.Datetime.now() + timedelta(minutes=1)):
            self._adjust([(adjustment.line_ids.new_item_id, 84.0, {})])
        self.assertIn(("KH-P-1", 0.0, 84.0), self._prices(version))
        self.assertEqual(len(version.item_ids), 3)

    def test_own_price_of_the_version_stays_and_is_told(self):
        version = self._next()
        own = version.item_ids.filtered(lambda item: item.fixed_price == 80.0)
        own.fixed_price = 79.0
        self._adjust([(self.first, 82.0, {}), (self.second, 61.0, {})])
        self.assertEqual(own.fixed_price, 79.0)
        self.assertIn(("KH-P-2", 0.0, 61.0), self._prices(version), "the other one follows")
        self.assertEqual(version.overtaken_count, 1)
        for text in (version.overtaken_note, self._bodies(version)):
            for part in ("Breaker 6A", "80.00", "82.00", "79.00"):
                self.assertIn(part, text)
            self.assertNotIn("Breaker 10A", text)
        own.fixed_price = 82.0
        self.assertEqual(version.overtaken_count, 0, "the same price is no difference")
        own.fixed_price = 78.0
        version.action_submit()
        self.assertIn("In force with other prices", self._bodies(version))
        self.assertEqual(version.overtaken_count, 0, "over and done")

    def test_line_that_the_version_has_not(self):
        version = self._next()
        version.item_ids.filtered(lambda item: item.product_id == self.product_2).unlink()
        self._adjust([(self.second, 61.0, {})])
        self.assertEqual(len(version.item_ids), 2)
        self.assertIn("no price", version.overtaken_note)

    def test_under_review_nothing_changes(self):
        self._flow()
        version = self._next()
        version.action_submit()
        self.assertEqual(version.state, "review")
        figures = version.max_discount_rate
        self._adjust([(self.first, 82.0, {})])
        self.assertIn(("KH-P-1", 0.0, 80.0), self._prices(version))
        self.assertEqual(version.max_discount_rate, figures)
        self.assertEqual(version.overtaken_count, 1)
        self.assertIn("is not in this version", self._bodies(version))
        summary = dict(version._approval_summary())
        self.assertIn("82.00", summary["Changed since in the replaced contract"])
        version.with_user(self.staff["product_manager"]).action_approval_approve()
        self.assertEqual(version.state, "active")
        self.assertEqual(self._price(partner=self.dealer_a), 80.0, "as decided")
        self.assertIn("In force with other prices", self._bodies(version))

    def test_approved_version_of_a_later_day(self):
        version = self._next(date_start=self.today + timedelta(days=10))
        version.action_submit()
        self.assertEqual((version.state, self.contract.state), ("active", "active"))
        self._adjust([(self.first, 82.0, {})])
        self.assertEqual(self._price(partner=self.dealer_a), 82.0)
        later = fields.Datetime.now() + timedelta(days=12)
        self.assertEqual(self._price(partner=self.dealer_a, date=later), 80.0)
        self.assertEqual(version.overtaken_count, 1)
        self.assertIn("is not in this version", self._bodies(version))

    def test_later_start_and_last_day(self):
        version = self._next(date_start=self.today + timedelta(days=5))
        start, end = self.today + timedelta(days=10), self.today + timedelta(days=20)
        self._adjust([(self.first, 70.0, {"date_end": end})], date_start=start)
        self.assertEqual(version.overtaken_count, 0)
        version.action_submit()
        for days, price in ((1, 80.0), (6, 80.0), (15, 70.0), (25, 80.0)):
            moment = fields.Datetime.now() + timedelta(days=days)
            self.assertEqual(self._price(partner=self.dealer_a, date=moment), price, days)

    def test_adjustment_that_begins_before_the_version(self):
        """The version has the new price from its first day, and no row for a time before it."""
        version = self._next(date_start=self.today + timedelta(days=15))
        start, end = self.today + timedelta(days=10), self.today + timedelta(days=20)
        self._adjust(
            [(self.first, 70.0, {"date_end": end}), (self.second, 50.0, {})], date_start=start
        )
        self.assertEqual(len(version.item_ids), 4)
        version.action_submit()
        for days, price in ((1, 80.0), (12, 70.0), (17, 70.0), (25, 80.0)):
            moment = fields.Datetime.now() + timedelta(days=days)
            self.assertEqual(self._price(partner=self.dealer_a, date=moment), price, days)

    def test_price_that_is_over_before_the_version_begins(self):
        version = self._next(date_start=self.today + timedelta(days=30))
        self._adjust([(self.first, 70.0, {"date_end": self.today + timedelta(days=9)})])
        self.assertIn(("KH-P-1", 0.0, 80.0), self._prices(version))
        self.assertEqual(len(version.item_ids), 3)
        self.assertEqual(version.overtaken_count, 0)

    def test_other_minimum(self):
        version = self._next()
        self._adjust([(self.ladder, 74.0, {"min_quantity": 20})])
        self.assertIn(("KH-P-1", 20.0, 74.0), self._prices(version))
        self.assertEqual(version.overtaken_count, 0)

    def test_other_minimum_that_the_version_has_already(self):
        version = self._next()
        self.env["product.pricelist.item"].create(
            {
                "kh_contract_id": version.id,
                "product_id": self.product.id,
                "applied_on": "0_product_variant",
                "fixed_price": 70.0,
                "min_quantity": 20,
            }
        )
        self._adjust([(self.ladder, 74.0, {"min_quantity": 20})])
        self.assertIn(("KH-P-1", 10.0, 75.0), self._prices(version))
        self.assertIn(("KH-P-1", 20.0, 70.0), self._prices(version))
        self.assertEqual(version.overtaken_count, 1)

    def test_agreed_unit_follows(self):
        contract = self._create_contract(
            partner=self.dealer_b, date_start=self.today - timedelta(days=9)
        )
        self.env["product.pricelist.item"].create(
            {
                "kh_contract_id": contract.id,
                "product_id": self.product.id,
                "applied_on": "0_product_variant",
                "kh_uom_id": self.uom_dozen.id,
                "kh_uom_price": 100.0,
            }
        )
        contract.action_submit()
        self.contract = contract
        version = self._next()
        self._adjust([(contract.item_ids, 100.02, {})])
        self.assertEqual(version.item_ids.kh_uom_price, 100.02)
        self.assertAlmostEqual(version.item_ids.fixed_price, 8.34)

    def test_direct_change_is_told(self):
        version = self._next()
        self.first.fixed_price = 83.0
        self.assertEqual(version.overtaken_count, 1)
        for part in ("80.00", "83.00"):
            self.assertIn(part, version.overtaken_note)

    def test_salesperson_reads_the_warning(self):
        self.contract.user_id = self.staff["salesperson"]
        version = self._next()
        version.item_ids.filtered(lambda item: item.fixed_price == 80.0).fixed_price = 79.0
        self._adjust([(self.first, 82.0, {})])
        form = Form(version.with_user(self.staff["salesperson"]))
        self.assertEqual(form.overtaken_count, 1)
        self.assertIn("82.00", form.overtaken_note)

    def test_statements_do_not_grow_with_lines(self):
        contract = self._create_contract(
            partner=self.dealer_b,
            lines=[(self.product, 90.0 - n / 100, n) for n in range(80)],
            date_start=self.today - timedelta(days=3),
        )
        contract.action_submit()
        self.contract = contract
        version = self._next()
        items = contract.item_ids.sorted("id")
        for item in version.item_ids.sorted("id")[40:]:
            item.fixed_price = 1.0
        counts = []
        for chosen in (items[:1] | items[40:41], items[1:31] | items[41:71]):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._adjust([(item, 50.0, {}) for item in chosen])
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(version.overtaken_count, 31)
        self.assertLessEqual(counts[1], counts[0] + 6)
