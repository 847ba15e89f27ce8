from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import SQL

from .simulation_common import SimulationCommon


@tagged("post_install", "-at_install")
class TestPriceSimulation(SimulationCommon):
    """What a scenario comes to."""

    def test_level_price_touches_the_level_only(self):
        self._sell(self.dealer_a, [(self.product, 10, 95.0), (self.product_2, 2, 100.0)])
        self._sell(self.dealer_b, [(self.product, 5, 90.0)])
        simulation = self._create_simulation([self._gold_discount(20, categ_id=self.category.id)])
        simulation.action_run()
        self.assertEqual(simulation.state, "done")
        self._assert_amounts(self._row(simulation, self.dealer_a), 1150.0, 1200.0, 960.0)
        self._assert_amounts(self._row(simulation, self.dealer_b), 450.0, 450.0, 450.0)
        self._assert_amounts(self._row(simulation, self.product), 1400.0, 1450.0, 1250.0)
        self._assert_amounts(simulation, 1600.0, 1650.0, 1410.0)
        self.assertEqual((simulation.line_count, simulation.touched_count), (3, 2))
        self.assertEqual(simulation.dealer_down_ids.partner_id, self.dealer_a)
        self.assertFalse(simulation.dealer_up_ids)
        self._assert_reconciles(simulation)

    def test_product_level_price_stands_before_general_one_and_market(self):
        self._create_rule(percent=5, kh_grade_id=self.gold.id)
        self._create_rule(90.0, product_tmpl_id=self.product.product_tmpl_id.id)
        self._sell(self.dealer_a, [(self.product, 1, None), (self.product_2, 1, None)])
        simulation = self._create_simulation(
            [
                self._gold_discount(10),
                {
                    "kind": "fixed",
                    "grade_id": self.gold.id,
                    "product_tmpl_id": self.product.product_tmpl_id.id,
                    "fixed_price": 99.0,
                },
            ]
        )
        simulation.action_run()
        self._assert_amounts(self._row(simulation, self.product), 95.0, 95.0, 99.0)
        self._assert_amounts(self._row(simulation, self.product_2), 95.0, 95.0, 90.0)

    def test_customer_price_is_not_touched_by_level_price(self):
        self._create_rule(70.0, product_id=self.product.id, kh_partner_id=self.dealer_a.id)
        self._sell(self.dealer_a, [(self.product, 3, None)])
        simulation = self._create_simulation([self._gold_discount(50)])
        simulation.action_run()
        self._assert_amounts(simulation, 210.0, 210.0, 210.0)

    def test_market_price_reaches_whoever_has_no_other(self):
        self._create_rule(percent=10, kh_grade_id=self.gold.id)
        self._sell(self.dealer_a, [(self.product, 1, None)])
        self._sell(self.dealer_b, [(self.product, 1, None)])
        simulation = self._create_simulation([{"kind": "fixed", "fixed_price": 80.0}])
        simulation.action_run()
        self._assert_amounts(self._row(simulation, self.dealer_a), 90.0, 90.0, 90.0)
        self._assert_amounts(self._row(simulation, self.dealer_b), 100.0, 100.0, 80.0)

    def test_changed_rule_counts_instead_of_the_present_one(self):
        old = self._create_rule(60.0, kh_grade_id=self.gold.id, product_id=self.product.id)
        self._sell(self.dealer_a, [(self.product, 1, None)])
        with Form(self.env["kh.price.simulation"]) as form:
            form.name = "Gold pays more"
            form.pricelist_id = self.pricelist
            with form.line_ids.new() as line:
                line.item_id = old
                self.assertEqual((line.kind, line.fixed_price), ("fixed", 60.0))
                self.assertEqual(line.grade_id, self.gold)
                line.fixed_price = 75.0
        simulation = form.record
        simulation.action_run()
        self._assert_amounts(simulation, 60.0, 60.0, 75.0)

    def test_ladder_by_quantity_in_the_unit_of_the_product(self):
        self._sell(
            self.dealer_a,
            [
                (self.product, 23, 100.0),
                (self.product, 2, 1200.0, {"product_uom_id": self.uom_dozen.id}),
                (self.product, 1, 1200.0, {"product_uom_id": self.uom_dozen.id}),
            ],
        )
        line = {"kind": "fixed", "grade_id": self.gold.id, "fixed_price": 90.0, "min_quantity": 24}
        simulation = self._create_simulation([line])
        simulation.action_run()
        self._assert_amounts(simulation, 5900.0, 5900.0, 5660.0)
        self.assertEqual(simulation.touched_count, 1)
        self.assertEqual(self._row(simulation, self.product).quantity, 59.0)

    def test_discount_given_on_the_line_stays(self):
        self._sell(self.dealer_a, [(self.product, 3, 100.0, {"discount": 7.5})])
        simulation = self._create_simulation([self._gold_discount(10)])
        simulation.action_run()
        self._assert_amounts(simulation, 277.5, 277.5, 249.75)

    def test_discount_shown_for_the_rule_is_not_given_twice(self):
        self.env["res.config.settings"].create({"group_discount_per_so_line": True}).execute()
        self._create_rule(percent=10, kh_grade_id=self.gold.id)
        order = self._sell(self.dealer_a, [(self.product, 1, None)])
        self.assertEqual((order.order_line.price_unit, order.order_line.discount), (100.0, 10.0))
        simulation = self._create_simulation([self._gold_discount(20)])
        simulation.action_run()
        self._assert_amounts(simulation, 90.0, 90.0, 80.0)

    def test_what_is_no_sale_of_goods_is_left_out(self):
        lines = [
            (self.product, 1, 100.0),
            (self.product_2, 5, 0.0),
            (self.product_2, 1, -20.0),
            (self.product_2, 1, 50.0, {"is_downpayment": True}),
            (self.product_2, 1, 50.0, {"is_delivery": True}),
        ]
        self._sell(self.dealer_a, lines)
        draft = self._sell(self.dealer_a, [(self.product, 7, 100.0)])
        draft.state = "sent"
        long_ago = self.last_month - timedelta(days=500)
        self._sell(self.dealer_a, [(self.product, 7, 100.0)], moment=long_ago)
        simulation = self._create_simulation([self._gold_discount(10)])
        simulation.action_run()
        self._assert_amounts(simulation, 100.0, 100.0, 90.0)

    def test_first_and_last_moment_of_the_period_where_the_company_is(self):
        self.company.partner_id.tz = "Asia/Shanghai"
        day = fields.Date.to_date("2026-03-10")
        for moment in ("2026-03-09 15:59:59", "2026-03-10 16:00:00"):
            self._sell(self.dealer_a, [(self.product, 100, 100.0)], moment=moment)
        for moment in ("2026-03-09 16:00:00", "2026-03-10 15:59:59"):
            self._sell(self.dealer_a, [(self.product, 1, 100.0)], moment=moment)
        simulation = self._create_simulation([self._gold_discount(10)], date_from=day, date_to=day)
        simulation.action_run()
        self.assertEqual((simulation.line_count, simulation.amount_actual), (2, 200.0))

    def test_rules_of_the_day_or_of_today(self):
        end = self.last_month + timedelta(days=5)
        self._create_rule(80.0, kh_grade_id=self.gold.id, product_id=self.product.id, date_end=end)
        self._sell(self.dealer_a, [(self.product, 1, 80.0)])
        self._sell(self.dealer_a, [(self.product, 1, 100.0)], moment=end + timedelta(days=1))
        lines = [self._gold_discount(10)]
        by_day = self._create_simulation(lines)
        by_day.action_run()
        self._assert_amounts(by_day, 180.0, 180.0, 170.0)
        today = self._create_simulation(lines, rules_at="today")
        today.action_run()
        self._assert_amounts(today, 180.0, 200.0, 180.0)

    def test_change_by_percent_for_tag_and_category(self):
        tag = self.env["res.partner.category"].create({"name": "East"})
        self.dealer_b.category_id = tag
        other = self.env["product.category"].create({"name": "Other"})
        self.product_2.categ_id = other
        for dealer in (self.dealer_a, self.dealer_b):
            self._sell(dealer, [(self.product, 3, 33.0), (self.product_2, 1, 100.0)])
        simulation = self._create_simulation(
            [
                {
                    "kind": "change",
                    "partner_category_id": tag.id,
                    "categ_id": self.parent_category.id,
                    "change_rate": 0.015,
                }
            ]
        )
        simulation.action_run()
        self._assert_amounts(self._row(simulation, self.dealer_a), 199.0, 199.0, 199.0)
        self._assert_amounts(self._row(simulation, self.dealer_b), 199.0, 400.0, 404.5)
        self.assertEqual(simulation.dealer_up_ids.partner_id, self.dealer_b)

    def test_margin_with_the_cost_of_today(self):
        self._sell(self.dealer_a, [(self.product, 10, 100.0)])
        simulation = self._create_simulation([self._gold_discount(10)])
        simulation.action_run()
        self.assertEqual((simulation.margin_present, simulation.margin_scenario), (400.0, 300.0))
        row = self._row(simulation, self.product)
        self.assertEqual((row.amount_cost, row.margin_scenario), (600.0, 300.0))

    def test_taxes_in_the_price_are_no_revenue(self):
        tax = self.env["account.tax"].create(
            {
                "name": "VAT 13 % in the price",
                "amount": 13,
                "type_tax_use": "sale",
                "price_include_override": "tax_included",
            }
        )
        order = self._sell(
            self.dealer_a, [(self.product, 3, 100.0, {"tax_ids": [Command.set(tax.ids)]})]
        )
        simulation = self._create_simulation([self._gold_discount(17)])
        simulation.action_run()
        actual = order.order_line.price_subtotal
        order.order_line.price_unit = 83.0
        self._assert_amounts(simulation, actual, actual, order.order_line.price_subtotal)

    def test_combinations_and_extras_keep_their_price(self):
        attribute = self.env["product.attribute"].create(
            {
                "name": "Engraving",
                "create_variant": "no_variant",
                "value_ids": [Command.create({"name": "Logo", "default_extra_price": 5})],
            }
        )
        template = self.env["product.template"].create(
            {"name": "Plate", "list_price": 100.0, "taxes_id": False, "categ_id": self.category.id}
        )
        template.attribute_line_ids = [
            Command.create(
                {
                    "attribute_id": attribute.id,
                    "value_ids": [Command.set(attribute.value_ids.ids)],
                }
            )
        ]
        value = self.env["product.template.attribute.value"].search(
            [("product_tmpl_id", "=", template.id)]
        )
        plate = template.product_variant_id
        extra = {"product_no_variant_attribute_value_ids": [Command.set(value.ids)]}
        self._sell(self.dealer_a, [(plate, 1, 105.0, extra), (self.product_2, 1, 100.0)])
        simulation = self._create_simulation([self._gold_discount(10)])
        simulation.action_run()
        self._assert_amounts(simulation, 205.0, 205.0, 195.0)
        self.assertEqual(simulation.kept_count, 1)

    def test_orders_in_another_currency_count_at_their_rate(self):
        foreign = self.env["res.currency"].create(
            {
                "name": "KHX",
                "symbol": "X",
                "rounding": 0.01,
                "rate_ids": [
                    Command.create({"name": "2000-01-01", "rate": 4.0}),
                    Command.create({"name": fields.Date.today() - timedelta(days=10), "rate": 2.0}),
                ],
            }
        )
        pricelist = self.env["product.pricelist"].create(
            {"name": "Abroad", "kh_is_b2b": True, "currency_id": foreign.id}
        )
        vals = {"pricelist_id": pricelist.id, "date_order": self.last_month}
        order = self._sell(self.dealer_a, [(self.product, 2, None)], **vals)
        self.assertEqual((order.currency_rate, order.order_line.price_unit), (4.0, 400.0))
        simulation = self._create_simulation([self._gold_discount(10)], pricelist_id=pricelist.id)
        simulation.action_run()
        self._assert_amounts(simulation, 200.0, 200.0, 180.0)

    def test_orders_of_another_company_do_not_count(self):
        other = self.env["res.company"].create({"name": "KH South"})
        pricelist = self.env["product.pricelist"].create(
            {"name": "All", "kh_is_b2b": True, "company_id": False}
        )
        self.product.with_company(other).standard_price = 10.0
        for company, price in ((self.company, 100.0), (other, 50.0)):
            self._sell(
                self.dealer_a,
                [(self.product, 1, price)],
                pricelist_id=pricelist.id,
                company_id=company.id,
            )
        lines = [self._gold_discount(10)]
        here = self._create_simulation(lines, pricelist_id=pricelist.id)
        here.action_run()
        self._assert_amounts(here, 100.0, 100.0, 90.0)
        there = self._create_simulation(lines, pricelist_id=pricelist.id, company_id=other.id)
        there.action_run()
        self._assert_amounts(there, 50.0, 100.0, 90.0)
        self.assertEqual(there.margin_present, 90.0)

    def test_prices_built_on_another_pricelist(self):
        """Replayed where the scenario leaves the base alone, refused where it changes it."""
        self._create_rule(90.0)
        retail = self.env["product.pricelist"].create({"name": "Built on", "kh_is_b2b": True})
        self._create_rule(
            percent=5, pricelist_id=retail.id, base="pricelist", base_pricelist_id=self.pricelist.id
        )
        self._sell(self.dealer_a, [(self.product, 1, None)], pricelist_id=retail.id)
        simulation = self._create_simulation([self._gold_discount(20)], pricelist_id=retail.id)
        simulation.action_run()
        self._assert_amounts(simulation, 85.5, 85.5, 80.0)
        market = self._create_simulation([{"kind": "fixed", "fixed_price": 80.0}])
        with self.assertRaisesRegex(UserError, "Built on"):
            market.action_run()

    # Set-up and life

    def test_a_scenario_needs_something_to_change(self):
        simulation = self._create_simulation()
        with self.assertRaises(UserError):
            simulation.action_run()
        self.assertEqual(simulation.state, "draft")

    def test_prices_that_cannot_be(self):
        cases = [
            {"kind": "fixed", "fixed_price": 0.0},
            {"kind": "percentage", "percent_price": 100.0},
            {"kind": "change", "change_rate": -1.0},
            {"kind": "change", "change_rate": 0.1, "min_quantity": 2},
            {
                **self._gold_discount(1),
                "categ_id": self.category.id,
                "product_tmpl_id": self.product.product_tmpl_id.id,
            },
        ]
        for line in cases:
            with self.subTest(line=line), self.assertRaises(ValidationError):
                self._create_simulation([line])

    def test_a_replayed_scenario_is_changed_after_reset_only(self):
        self._sell(self.dealer_a, [(self.product, 1, 100.0)])
        simulation = self._create_simulation([self._gold_discount(10)])
        simulation.action_run()
        simulation.action_run()
        with self.assertRaises(UserError):
            simulation.rules_at = "today"
        with self.assertRaises(ValidationError):
            simulation.line_ids.percent_price = 20
        with self.assertRaises(UserError):
            simulation.state = "draft"
        with self.assertRaises(UserError):
            simulation.amount_scenario = 1.0
        simulation.name = "Renamed"
        simulation.action_reset()
        self.assertFalse(simulation.result_ids)
        simulation.line_ids.percent_price = 20
        simulation.action_run()
        self._assert_amounts(simulation, 100.0, 100.0, 80.0)
        twin = simulation.copy()
        self.assertEqual((twin.state, twin.amount_actual, len(twin.line_ids)), ("draft", 0.0, 1))

    def test_nothing_is_written_but_the_result(self):
        self._create_rule(percent=5, kh_grade_id=self.gold.id)
        self._create_contract(lines=[(self.product, 90.0, 0)]).action_activate()
        draft = self._create_contract(
            lines=[(self.product, 80.0, 0)], date_start=self.today + timedelta(days=9)
        )
        self._sell(self.dealer_a, [(self.product, 1, None), (self.product_2, 4, None)])
        simulation = self._create_simulation(
            [self._gold_discount(10)], contract_ids=[Command.set(draft.ids)]
        )
        tables = (
            *("sale_order", "sale_order_line", "product_pricelist", "product_pricelist_item"),
            *("kh_price_contract", "res_partner", "product_template", "product_product"),
        )

        def snapshot():
            self.env.flush_all()
            return {
                table: self.env.execute_query(
                    SQL(
                        "SELECT count(*), md5(string_agg(r::text || r.xmin, '|' ORDER BY id))"
                        " FROM %s r",
                        SQL.identifier(table),
                    )
                )
                for table in tables
            }

        before = snapshot()
        simulation.action_run()
        self.assertEqual(snapshot(), before)
        self.assertTrue(simulation.touched_count)

    def test_queries_do_not_grow_with_lines(self):
        def queries(simulation):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            simulation.action_run()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        self._sell(self.dealer_a, [(self.product, 1, 100.0), (self.product_2, 1, 100.0)])
        lines = [self._gold_discount(10)]
        queries(self._create_simulation(lines))
        few = queries(self._create_simulation(lines))
        for number in range(6):
            moment = self.last_month - timedelta(days=number)
            rows = [(self.product, n, 100.0) for n in range(1, 26)]
            self._sell(self.dealer_a, rows + [(self.product_2, 3, 100.0)], moment=moment)
        many = self._create_simulation(lines)
        self.assertLessEqual(queries(many), few)
        self.assertEqual(many.line_count, 158)
