from datetime import timedelta

from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PricingCommon


@tagged("post_install", "-at_install")
class TestEngine(PricingCommon):
    def test_precedence_customer_level_market(self):
        self.assertEqual(self._price(), 100.0)
        self._create_rule(95.0, product_tmpl_id=self.product.product_tmpl_id.id)
        self._create_rule(percent=10, kh_grade_id=self.gold.id)
        self.assertEqual(self._price(), 95.0)
        self.assertEqual(self._price(partner=self.dealer_a), 90.0)
        self.assertEqual(self._price(partner=self.dealer_b), 95.0)
        self._create_rule(
            88.0, kh_grade_id=self.gold.id, product_tmpl_id=self.product.product_tmpl_id.id
        )
        self.assertEqual(self._price(partner=self.dealer_a), 88.0)
        self._create_rule(80.0, kh_partner_id=self.dealer_a.id, product_id=self.product.id)
        self.assertEqual(self._price(partner=self.dealer_a), 80.0)
        self.assertEqual(self._price(partner=self.buyer_a), 80.0, "contacts buy at the company's")
        self.assertEqual(self._price(partner=self.dealer_b), 95.0)
        self.assertEqual(self._price(), 95.0)

    def test_rule_of_contact_belongs_to_company(self):
        rule = self._create_rule(70.0, kh_partner_id=self.buyer_a.id, product_id=self.product.id)
        self.assertEqual(rule.kh_partner_id, self.dealer_a)
        rule.kh_partner_id = self.buyer_a
        self.assertEqual(rule.kh_partner_id, self.dealer_a)

    def test_quantity_steps_and_units(self):
        customer = {"kh_partner_id": self.dealer_a.id, "product_id": self.product.id}
        self._create_rule(80.0, **customer)
        self._create_rule(75.0, min_quantity=12, **customer)
        self.assertEqual(self._price(partner=self.dealer_a, quantity=11), 80.0)
        self.assertEqual(self._price(partner=self.dealer_a, quantity=12), 75.0)
        dozen = self._price(partner=self.dealer_a, quantity=1, uom=self.uom_dozen)
        self.assertAlmostEqual(dozen, 75.0 * 12)

    def test_step_not_reached_falls_to_level(self):
        self._create_rule(90.0, kh_grade_id=self.gold.id, product_id=self.product.id)
        self._create_rule(
            75.0, kh_partner_id=self.dealer_a.id, product_id=self.product.id, min_quantity=10
        )
        self.assertEqual(self._price(partner=self.dealer_a, quantity=9), 90.0)
        self.assertEqual(self._price(partner=self.dealer_a, quantity=10), 75.0)

    def test_dates(self):
        now = fields.Datetime.now()
        self._create_rule(
            80.0,
            kh_partner_id=self.dealer_a.id,
            product_id=self.product.id,
            date_start=now - timedelta(days=5),
            date_end=now + timedelta(days=5),
        )
        prices = [
            self._price(partner=self.dealer_a, date=now + timedelta(days=days))
            for days in (-6, 0, 6)
        ]
        self.assertEqual(prices, [100.0, 80.0, 100.0])

    def test_pending_rule_counts_for_nobody(self):
        contract = self._create_contract(lines=[(self.product, 66.0, 0)])
        self.assertTrue(contract.item_ids.kh_is_pending)
        self.assertEqual(self._price(partner=self.dealer_a), 100.0)

    def test_template_takes_rule_of_its_only_variant(self):
        self._create_rule(80.0, kh_partner_id=self.dealer_a.id, product_id=self.product.id)
        template = self.product.product_tmpl_id
        self.assertEqual(self._price(template, self.dealer_a), 80.0)
        series = self._create_template_with_variants()
        self._create_rule(
            70.0, kh_partner_id=self.dealer_a.id, product_id=series.product_variant_ids[0].id
        )
        self.assertEqual(self._price(series, self.dealer_a), 100.0)
        self.assertEqual(self._price(series.product_variant_ids[0], self.dealer_a), 70.0)

    def test_ratio_in_other_currency(self):
        usd = self.env["res.currency"].create(
            {"name": "KHX", "symbol": "K", "rounding": 0.01, "rate_ids": [(0, 0, {"rate": 2.0})]}
        )
        pricelist = self.pricelist.copy({"currency_id": usd.id})
        base_rate = self.company.currency_id.rate
        self.env["product.pricelist.item"].create(
            {
                "pricelist_id": pricelist.id,
                "kh_partner_id": self.dealer_a.id,
                "compute_price": "percentage",
                "percent_price": 10,
            }
        )
        price = pricelist._get_product_price(self.product, 1.0, kh_partner=self.dealer_a)
        self.assertAlmostEqual(price, 90.0 * 2.0 / base_rate)

    def test_rules_of_other_company_on_shared_pricelist(self):
        shared = self.pricelist.copy({"company_id": False, "kh_is_b2b": True})
        other = self.env["res.company"].create({"name": "Other"})
        contract = self.env["kh.price.contract"].create(
            {
                "partner_id": self.dealer_a.id,
                "pricelist_id": shared.id,
                "company_id": other.id,
                "item_ids": [(0, 0, {"product_id": self.product.id, "fixed_price": 10.0})],
            }
        )
        contract.action_submit()
        self.assertEqual(contract.item_ids.company_id, other)
        price = shared._get_product_price(self.product, 1.0, kh_partner=self.dealer_a)
        self.assertEqual(price, 100.0)
        theirs = shared.with_company(other)._get_product_price(
            self.product.with_company(other), 1.0, kh_partner=self.dealer_a
        )
        self.assertEqual(theirs, 10.0)

    def test_core_pricelist_untouched(self):
        plain = self.env["product.pricelist"].create(
            {"name": "Plain", "item_ids": [(0, 0, {"fixed_price": 42.0})]}
        )
        self.assertEqual(
            plain._get_product_price(self.product, 1.0, kh_partner=self.dealer_a), 42.0
        )
        self.assertEqual(self.env["product.pricelist"]._get_product_price(self.product, 1.0), 100.0)

    def test_base_pricelist_is_a_ratio_of_the_market_price(self):
        self._create_rule(50.0, kh_partner_id=self.dealer_a.id, product_id=self.product.id)
        self._create_rule(95.0, product_id=self.product.id)
        on_top = self.env["product.pricelist"].create(
            {
                "name": "On top",
                "kh_is_b2b": True,
                "item_ids": [
                    (
                        0,
                        0,
                        {
                            "compute_price": "formula",
                            "base": "pricelist",
                            "base_pricelist_id": self.pricelist.id,
                            "price_discount": 10.0,
                        },
                    )
                ],
            }
        )
        price = on_top._get_product_price(self.product, 1.0, kh_partner=self.dealer_a)
        self.assertAlmostEqual(price, 85.5)

    def test_rules_walked_by_others_never_give_a_personal_price(self):
        personal = self._create_rule(1.0, kh_partner_id=self.dealer_a.id)
        level = self._create_rule(2.0, kh_grade_id=self.gold.id)
        market = self._create_rule(95.0)
        self.assertFalse(personal._is_applicable_for(self.product, 1.0))
        self.assertFalse(level._is_applicable_for(self.product, 1.0))
        self.assertTrue(market._is_applicable_for(self.product, 1.0))
        rules = self.pricelist._get_applicable_rules(self.product, fields.Datetime.now())
        self.assertEqual(rules, market)
        self.pricelist.invalidate_recordset(["item_ids"])
        self.assertEqual(self.pricelist.item_ids, market)
        self.assertEqual(self.pricelist.copy().item_ids.fixed_price, 95.0)
        self.product.invalidate_recordset()
        self.assertNotIn(personal, self.product.product_tmpl_id.pricelist_rule_ids)
        self.pricelist.kh_is_b2b = False
        self.assertEqual(self._price(partner=self.dealer_a), 95.0)

    def test_shared_items_domain_for_the_till(self):
        self._create_rule(1.0, kh_partner_id=self.dealer_a.id)
        market = self._create_rule(95.0)
        domain = Domain("pricelist_id", "=", self.pricelist.id)
        shared = domain & self.env["product.pricelist"]._kh_shared_items_domain()
        self.assertEqual(self.env["product.pricelist.item"].search(shared), market)

    def test_personal_rules_need_a_b2b_pricelist(self):
        plain = self.env["product.pricelist"].create({"name": "Plain"})
        with self.assertRaises(ValidationError):
            self._create_rule(1.0, pricelist_id=plain.id, kh_grade_id=self.gold.id)
        with (
            self.assertRaises(CheckViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self._create_rule(1.0, kh_grade_id=self.gold.id, kh_partner_id=self.dealer_a.id)

    def test_first_b2b_pricelist_switches_pricelists_on(self):
        group_user = self.env.ref("base.group_user")
        feature = self.env.ref("product.group_product_pricelist")
        group_user._remove_group(feature)
        self.assertFalse(
            self.env["res.groups"]._is_feature_enabled("product.group_product_pricelist")
        )
        self.env["product.pricelist"].create({"name": "Plain"})
        self.assertNotIn(feature, group_user.implied_ids)
        self.env["product.pricelist"].create({"name": "B2B", "kh_is_b2b": True})
        self.assertIn(feature, group_user.implied_ids)

    def test_queries_do_not_grow_with_products(self):
        products = self.env["product.product"].union(
            *(self._create_product(f"P{n}", f"KH-Q-{n}") for n in range(50))
        )
        for product in products:
            self._create_rule(80.0, kh_partner_id=self.dealer_a.id, product_id=product.id)
        left = products[0]
        self.env["product.pricelist.item"].search([("product_id", "=", left.id)]).unlink()
        self._create_rule(90.0, kh_grade_id=self.gold.id, product_id=left.id)
        self.env.flush_all()
        self._price(products[0], self.dealer_a)
        for batch in (products[0], products):
            self.env.invalidate_all()
            self.pricelist.kh_is_b2b  # noqa: B018 - read outside of the count
            self.pricelist.currency_id  # noqa: B018
            with self.assertQueryCount(3):
                self.pricelist._compute_price_rule(
                    batch, 1.0, kh_partner=self.dealer_a, compute_price=False
                )

    def test_context_names_the_dealer_for_staff_only(self):
        self._create_rule(80.0, kh_partner_id=self.dealer_a.id, product_id=self.product.id)
        context = {"kh_partner_id": self.dealer_a.id}
        price = self.pricelist.with_context(**context)._get_product_price(self.product, 1.0)
        self.assertEqual(price, 80.0)
        portal = self._create_portal_user(self.dealer_b, "kh_ctx_b")
        pricelist = self.pricelist.with_user(portal).sudo().with_context(**context)
        self.assertEqual(pricelist._get_product_price(self.product, 1.0), 100.0)

    def test_market_price_and_change_on_rule(self):
        rule = self._create_rule(80.0, kh_partner_id=self.dealer_a.id, product_id=self.product.id)
        self.assertEqual(rule.kh_market_price, 100.0)
        self.assertAlmostEqual(rule.kh_change_rate, -0.2)
        self.assertEqual(rule.kh_default_code, "KH-P-1")
