from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import Form, tagged

from odoo.addons.sale.models.sale_order_line import SaleOrderLine
from odoo.addons.website_sale.tests.common import MockRequest

from .common import PricingCommon


@tagged("post_install", "-at_install")
class TestOrder(PricingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["account.analytic.distribution.model"].search([]).unlink()

    def _create_order(self, lines, partner=None):
        return self.env["sale.order"].create(
            {
                "partner_id": (partner or self.buyer_a).id,
                "pricelist_id": self.pricelist.id,
                "order_line": [
                    Command.create({"product_id": product.id, "product_uom_qty": quantity, **vals})
                    for product, quantity, vals in lines
                ],
            }
        )

    def test_lines_take_the_dealers_price(self):
        customer = {"kh_partner_id": self.dealer_a.id, "product_id": self.product.id}
        rule = self._create_rule(80.0, **customer)
        step = self._create_rule(70.0, min_quantity=12, **customer)
        level = self._create_rule(percent=10, kh_grade_id=self.gold.id)
        order = self._create_order(
            [
                (self.product, 1, {}),
                (self.product, 1, {"product_uom_id": self.uom_dozen.id}),
                (self.product_2, 1, {}),
                (self.product_2, 1, {"price_unit": 5.0}),
            ]
        )
        self.assertEqual(order.order_line.mapped("price_unit"), [80.0, 840.0, 90.0, 5.0])
        self.assertEqual(order.order_line.pricelist_item_id, rule | step | level)
        order.order_line[0].product_uom_qty = 12
        self.assertEqual(order.order_line[0].price_unit, 70.0)
        order.partner_id = self.dealer_b
        order._recompute_prices()
        self.assertEqual(order.order_line[0].price_unit, 100.0)

    def test_changing_the_dealer_offers_new_prices(self):
        order = self._create_order([(self.product, 1, {})])
        with Form(order) as form:
            form.partner_id = self.dealer_a
            self.assertFalse(form.show_update_pricelist, "the same company")
            form.partner_id = self.dealer_b
            self.assertEqual(form.pricelist_id, self.pricelist)
            self.assertTrue(form.show_update_pricelist)

    def test_cart_that_changes_dealers_changes_prices(self):
        self._create_rule(80.0, kh_partner_id=self.dealer_a.id)
        self._create_rule(60.0, kh_partner_id=self.dealer_b.id)
        website = self.env["website"].get_current_website()
        order = self._create_order([(self.product, 1, {})])
        order.website_id = website
        self.assertEqual(order.order_line.price_unit, 80.0)
        with MockRequest(self.env, website=website, sale_order_id=order.id):
            order._update_address(self.dealer_b.id, ["partner_id"])
        self.assertEqual(order.pricelist_id, self.pricelist)
        self.assertEqual(order.order_line.price_unit, 60.0)

    def test_ratio_gives_a_price_that_multiplies_to_the_subtotal(self):
        self.product.list_price = 14.8
        self._create_rule(percent=6, kh_grade_id=self.gold.id)
        line = self._create_order([(self.product, 12, {})]).order_line
        self.assertEqual(line.price_unit, 13.91, "not 13.912")
        self.assertEqual(line.price_subtotal, 166.92)

    def test_sections_and_plain_pricelists_go_the_old_way(self):
        plain = self.env["product.pricelist"].create(
            {"name": "Plain", "item_ids": [Command.create({"fixed_price": 42.0})]}
        )
        self._create_rule(80.0, kh_partner_id=self.dealer_a.id)
        order = self._create_order([(self.product, 1, {})])
        order.write(
            {"order_line": [Command.create({"display_type": "line_section", "name": "More"})]}
        )
        order.pricelist_id = plain
        order._recompute_prices()
        self.assertEqual(order.order_line[0].price_unit, 42.0)
        self.assertNotIn("kh_partner", order.order_line[0]._get_pricelist_kwargs())

    def test_catalogue_shows_the_dealers_price(self):
        self._create_rule(80.0, kh_partner_id=self.dealer_a.id, product_id=self.product.id)
        order = self._create_order([])
        info = order._get_product_catalog_order_data(self.product | self.product_2)
        self.assertEqual(info[self.product.id]["price"], 80.0)
        self.assertEqual(info[self.product_2.id]["price"], 100.0)

    def _count_create(self, number, priced):
        products = [self._create_product(f"L{n}", f"KH-L-{number}-{n}") for n in range(number)]
        for product in products:
            self._create_rule(80.0, kh_partner_id=self.dealer_a.id, product_id=product.id)
        vals = {} if priced else {"price_unit": 80.0, "technical_price_unit": 80.0}
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        order = self._create_order([(product, 1, vals) for product in products])
        self.env.flush_all()
        queries = self.env.cr.sql_log_count - before
        self.assertEqual(set(order.order_line.mapped("price_unit")), {80.0})
        return queries

    def test_queries_do_not_grow_with_lines(self):
        self._count_create(1, True)
        one = self._count_create(1, True)
        hundred = self._count_create(100, True)
        given = self._count_create(100, False)
        self.assertLessEqual(hundred - one, 10, f"1 line {one}, 100 lines {hundred} queries")
        self.assertLessEqual(hundred - given, 5, f"priced {hundred}, given {given} queries")

    def test_distribution_of_other_addons_is_kept_without_models(self):
        plan = self.env["account.analytic.plan"].create({"name": "Plan"})
        account = self.env["account.analytic.account"].create({"name": "A", "plan_id": plan.id})

        def distribute(lines):
            lines.analytic_distribution = {str(account.id): 100.0}

        with patch.object(SaleOrderLine, "_compute_analytic_distribution", distribute):
            order = self._create_order([(self.product, 1, {})])
            self.assertEqual(order.order_line.analytic_distribution, {str(account.id): 100.0})

    def test_analytic_models_are_asked_when_there_are_some(self):
        plan = self.env["account.analytic.plan"].create({"name": "Plan"})
        account = self.env["account.analytic.account"].create({"name": "A", "plan_id": plan.id})
        self.env["account.analytic.distribution.model"].create(
            {"product_id": self.product.id, "analytic_distribution": {str(account.id): 100.0}}
        )
        order = self._create_order([(self.product, 1, {}), (self.product_2, 1, {})])
        self.assertEqual(order.order_line[0].analytic_distribution, {str(account.id): 100.0})
        self.assertFalse(order.order_line[1].analytic_distribution)
