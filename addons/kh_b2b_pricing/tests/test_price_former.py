from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged
from odoo.tools import SQL

from ..hooks import uninstall_hook
from .common import PricingCommon


@tagged("post_install", "-at_install")
class TestPriceFormer(PricingCommon):
    """Prices of dealers without contract, of levels and of the market leave their history."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.now = fields.Datetime.now()
        target = {"product_id": cls.product.id, "applied_on": "0_product_variant"}
        cls.market = cls._create_rule(90.0, **target)
        cls.level = cls._create_rule(85.0, kh_grade_id=cls.gold.id, **target)
        cls.single = cls._create_rule(80.0, kh_partner_id=cls.dealer_a.id, **target)
        cls.rules = cls.market | cls.level | cls.single
        cls._age(cls.rules)

    @classmethod
    def _age(cls, records, days=30):
        """Let records be of an earlier transaction, as they are outside tests."""
        cls.env.flush_all()
        cls.env.cr.execute(
            SQL(
                "UPDATE %s SET create_date = %s WHERE id = ANY(%s)",
                SQL.identifier(records._table),
                fields.Datetime.now() - timedelta(days=days),
                records.ids,
            )
        )
        records.invalidate_recordset()

    def _history(self, rule=None, **domain):
        return self.env["kh.price.history"].search(
            [
                ("product_id", "=", self.product.id),
                ("pricelist_id", "=", self.pricelist.id),
                *((name, "=", value) for name, value in domain.items()),
            ],
            order="id",
        )

    def _former(self):
        return self.env["product.pricelist.item"].search(
            [("pricelist_id", "=", self.pricelist.id), ("kh_is_past", "=", True)], order="id"
        )

    def test_former_price_stays_for_its_time(self):
        self.rules.write({"fixed_price": 70.0})
        former = self._former()
        self.assertEqual(former.mapped("fixed_price"), [90.0, 85.0, 80.0])
        self.assertTrue(all(item.date_end <= fields.Datetime.now() for item in former))
        self.assertFalse(any(self.rules.mapped("date_start")), "among rules nothing has changed")
        self.assertEqual(self.rules.kh_changed_uid, self.env.user)
        yesterday = self.now - timedelta(days=1)
        for partner, before in (
            (self.dealer_a, 80.0),
            (self.dealer_b, 90.0),
            (self.nobody, 90.0),
        ):
            self.assertEqual(self._price(partner=partner, date=yesterday), before)
            self.assertEqual(self._price(partner=partner), 70.0)
        self.single.unlink()
        self.assertEqual(self._price(partner=self.dealer_a), 70.0)
        self.assertEqual(self._price(partner=self.dealer_a, date=yesterday), 80.0)

    def test_each_of_several_changes_has_its_time(self):
        moment = fields.Datetime.now()
        with patch.object(type(self.env.cr), "now", lambda cr: moment + timedelta(days=9)):
            for days, price in ((1, 79.0), (2, 78.0), (3, 77.0)):
                with freeze_time(moment + timedelta(days=days)):
                    self.single.fixed_price = price
        for days, price in ((0, 80.0), (1.5, 79.0), (2.5, 78.0), (3.5, 77.0)):
            date = moment + timedelta(days=days)
            self.assertEqual(self._price(partner=self.dealer_a, date=date), price, days)
        rows = self._history(owner="dealer")
        self.assertEqual(sorted(rows.mapped("fixed_price")), [77.0, 78.0, 79.0, 80.0])
        spans = sorted((row.date_start or moment, row.date_end) for row in rows)
        for (_start, end), (start, _end) in zip(spans, spans[1:], strict=False):
            self.assertEqual(end + timedelta(seconds=1), start, "neither gap nor overlap")

    def test_history_for_whom(self):
        self.rules.write({"fixed_price": 70.0})
        for owner, rule in (
            ("market", self.market),
            ("level", self.level),
            ("dealer", self.single),
        ):
            rows = self._history(owner=owner)
            self.assertEqual(len(rows), 2, owner)
            self.assertEqual(rows.sorted("is_current").mapped("is_current"), [False, True])
            self.assertEqual(rows.filtered("is_current").item_id, rule)
            self.assertEqual(rows.filtered("is_current").source, "direct")
        self.assertEqual(self._history(owner="level").grade_id, self.gold)
        for owner, name in (("market", "Market"), ("level", "Gold"), ("dealer", "Dealer A")):
            row = self._history(owner=owner)[0]
            self.assertEqual((row.owner_name, row.target_name), (name, "Breaker 6A"))

    def test_seasonal_price_stays_in_front(self):
        """A change of the lasting rule does not bring it before the one that started later."""
        self._create_rule(
            75.0,
            product_id=self.product.id,
            applied_on="0_product_variant",
            date_start=self.now - timedelta(days=5),
            date_end=self.now + timedelta(days=5),
        )
        self.market.fixed_price = 95.0
        self.assertEqual(self._price(), 75.0)
        self.assertEqual(self._price(date=self.now + timedelta(days=6)), 95.0)

    def test_no_history_of_no_time(self):
        fresh = self._create_rule(60.0, product_id=self.product_2.id, applied_on="1_product")
        fresh.fixed_price = 61.0
        fresh.unlink()
        self.assertFalse(self._former(), "made in this transaction")
        self.single.fixed_price = 79.0
        self.single.fixed_price = 78.0
        self.assertEqual(self._former().mapped("fixed_price"), [80.0], "once for a transaction")
        self.level.write({"fixed_price": 85.0, "min_quantity": 0})
        self.level.date_end = self.now + timedelta(days=3)
        self.assertEqual(len(self._former()), 1, "the price is as it was")

    def test_rules_not_in_force(self):
        self.single.date_start = self.now + timedelta(days=3)
        self.level.date_end = self.now - timedelta(days=3)
        (self.single | self.level).write({"fixed_price": 1.0})
        self.assertFalse(self._former())

    def test_deleted(self):
        self.rules.unlink()
        self.assertEqual(self._former().mapped("fixed_price"), [90.0, 85.0, 80.0])
        self.assertEqual(self._price(partner=self.dealer_a), 100.0)
        yesterday = self.now - timedelta(days=1)
        self.assertEqual(self._price(partner=self.dealer_a, date=yesterday), 80.0)

    def test_change_of_the_level(self):
        self.level.kh_grade_id = self.silver
        self.assertEqual(self._former().kh_grade_id, self.gold)
        self.assertEqual(self._price(partner=self.dealer_b), 85.0)

    def _shift(self, rule, days):
        """Let the price of the rule be so many days old, and its former one end then."""
        self.env.flush_all()
        since = self.now - timedelta(days=days)
        for query in (
            SQL(
                "UPDATE product_pricelist_item SET kh_price_since = %s WHERE id = %s",
                since,
                rule.id,
            ),
            SQL(
                "UPDATE product_pricelist_item SET date_end = %s - interval '1 second'"
                " WHERE kh_successor_id = %s",
                since,
                rule.id,
            ),
        ):
            self.env.cr.execute(query)
        self.env["product.pricelist.item"].invalidate_model()

    def test_a_former_price_ranks_as_its_rule_did(self):
        """Among rules of one product the one that started last wins, also at past dates."""
        self.market.fixed_price = 80.0
        self._shift(self.market, 10)
        self.market.fixed_price = 70.0
        prices = {30: 90.0, 5: 80.0, 0: 70.0}
        for days, price in prices.items():
            date = self.now - timedelta(days=days)
            self.assertEqual(self._price(partner=self.nobody, date=date), price, days)
        season = self.market.copy({"fixed_price": 60.0})
        season.date_start = self.now - timedelta(days=20)
        for days, price in {30: 90.0, 15: 60.0, 5: 60.0, 0: 60.0}.items():
            date = self.now - timedelta(days=days)
            self.assertEqual(self._price(partner=self.nobody, date=date), price, days)
        since = [row.date_start for row in self._history().filtered(lambda r: r.owner == "market")]
        self.assertIn(self.now - timedelta(days=10), since)

    def test_former_rows_cannot_be_changed(self):
        self.rules.write({"fixed_price": 70.0})
        former = self._former()
        for step in (
            lambda: former[0].write({"fixed_price": 1.0}),
            lambda: former[0].write({"date_end": False}),
            former[0].unlink,
        ):
            with self.assertRaises(UserError):
                step()
        with self.assertRaises(AccessError):
            self.single.kh_price_since = self.now

    def test_former_rows_are_in_no_list(self):
        self.rules.write({"fixed_price": 70.0})
        former = self._former()
        self.assertEqual(len(former), 3)
        self.pricelist.invalidate_recordset()
        self.assertEqual(self.pricelist.item_ids, self.market)
        self.assertEqual(self.product.product_tmpl_id.pricelist_rule_ids, self.market)
        self.assertEqual(self.pricelist.copy().item_ids.mapped("fixed_price"), [70.0])
        self.assertFalse(
            {rule.id for rule in self.pricelist._kh_find_dead_rules()} & set(former.ids)
        )
        for name in ("kh_level_price_action", "kh_contract_line_action"):
            action = self.env["ir.actions.actions"]._for_xml_id(f"kh_b2b_pricing.{name}")
            self.assertIn("kh_is_past", action["domain"])

    def test_scenario_takes_the_place_of_former_prices_too(self):
        self.level.fixed_price = 84.0
        former = self._former()
        self.assertEqual(former.kh_successor_id, self.level)
        simulation = self.env["kh.price.simulation"].create(
            {
                "name": "What if",
                "pricelist_id": self.pricelist.id,
                "line_ids": [
                    Command.create(
                        {
                            "kind": "percentage",
                            "grade_id": self.gold.id,
                            "percent_price": 10,
                            "categ_id": self.category.id,
                            "item_id": self.level.id,
                        }
                    )
                ],
            }
        )
        scenario = simulation._prepare_scenario(self.product.product_tmpl_id.ids)
        self.assertEqual(scenario.removed, set((self.level | former).ids))

    def test_neutral_on_other_pricelists(self):
        other = self.env["product.pricelist"].create({"name": "Retail"})
        rule = self.env["product.pricelist.item"].create(
            {"pricelist_id": other.id, "compute_price": "fixed", "fixed_price": 5.0}
        )
        self._age(rule)
        rule.fixed_price = 6.0
        rule.unlink()
        self.assertFalse(
            self.env["product.pricelist.item"].search([("pricelist_id", "=", other.id)])
        )

    def test_statements_do_not_grow_with_rules(self):
        counts = []
        for product, size in ((self.product, 1), (self.product_2, 60)):
            rules = self.env["product.pricelist.item"].create(
                [
                    {
                        "pricelist_id": self.pricelist.id,
                        "product_id": product.id,
                        "applied_on": "0_product_variant",
                        "compute_price": "fixed",
                        "fixed_price": 50.0,
                        "min_quantity": 100 + number,
                    }
                    for number in range(size)
                ]
            )
            self._age(rules)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            rules.write({"fixed_price": 49.0})
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(len(self._former()), 61)
        self.assertLessEqual(counts[1], counts[0] + 3)

    def test_who_may_not_write_leaves_nothing(self):
        staff = self._create_staff()
        with self.assertRaises(AccessError):
            self.level.with_user(staff["order_clerk"]).fixed_price = 1.0
        with self.assertRaises(AccessError):
            self.level.with_user(staff["order_clerk"]).unlink()
        self.assertFalse(self._former())

    def test_uninstall_takes_them_along(self):
        self.rules.write({"fixed_price": 70.0})
        former = self._former()
        with patch.object(type(self.env["kh.approval.flow"]), "_forget_model"):
            uninstall_hook(self.env)
        self.assertEqual((former | self.rules).exists(), self.market)

    def test_contract_lines_keep_theirs_as_before(self):
        contract = self._create_contract(
            partner=self.dealer_b,
            lines=[(self.product, 82.0, 0)],
            date_start=fields.Date.today() - timedelta(days=30),
        )
        contract.action_submit()
        contract.write({"item_ids": [Command.update(contract.item_ids.id, {"fixed_price": 81.0})]})
        self.assertEqual(self._former().mapped("fixed_price"), [82.0])
        self.assertTrue(contract.item_ids.date_start)
