import json
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import SQL

from ..engine.trace import Kind, losers_of, replay, steps_of, winner_of
from .common import PricingCommon


class TraceCommon(PricingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["account.analytic.distribution.model"].search([]).unlink()
        cls.customer = {"kh_partner_id": cls.dealer_a.id, "product_id": cls.product.id}

    @classmethod
    def _create_order(cls, lines, partner=None, **vals):
        return cls.env["sale.order"].create(
            {
                "partner_id": (partner or cls.buyer_a).id,
                "pricelist_id": cls.pricelist.id,
                "order_line": [
                    Command.create({"product_id": product.id, "product_uom_qty": quantity, **more})
                    for product, quantity, more in lines
                ],
                **vals,
            }
        )

    def _assert_replays(self, lines):
        for line in lines:
            self.assertAlmostEqual(replay(line.kh_price_trace), line.price_unit, places=6)

    def _core_way(self):
        """Switch the batch off: every line is priced as core does it."""
        return patch.object(
            self.env.registry["sale.order.line"],
            "_kh_has_standard_price_hooks",
            lambda lines: False,
        )


@tagged("post_install", "-at_install")
class TestOrderTrace(TraceCommon):
    """What order lines keep of their prices."""

    def test_a_contract_price_names_contract_and_losers(self):
        contract = self._create_contract(lines=[(self.product, 80.0, 0), (self.product, 70.0, 12)])
        contract.action_submit()
        self._create_rule(90.0, kh_grade_id=self.gold.id)
        line = self._create_order([(self.product, 2, {})]).order_line
        trace = line.kh_price_trace
        winner = winner_of(trace)
        self.assertEqual(line.price_unit, 80.0)
        self.assertEqual(winner.contract[:2], [contract.name, contract.version])
        self.assertEqual(len(losers_of(trace)), 2)
        self.assertEqual(steps_of(trace), [(12, 70.0)])
        contract.action_terminate()
        explanation = line.kh_explain_price()
        self.assertIn(contract.name, explanation["source"])
        self.assertIn("10 more Units for", explanation["next"])
        self.assertEqual(len(explanation["losers"]), 2)
        self.assertIn(contract.name, explanation["text"])

    def test_units_ratios_and_sales_prices(self):
        self._create_rule(80.0, **self.customer)
        self._create_rule(percent=10, kh_grade_id=self.gold.id, categ_id=self.category.id)
        other = self._create_product(
            "Cable", "KH-P-3", categ_id=self.env["product.category"].create({"name": "X"}).id
        )
        lines = self._create_order(
            [
                (self.product, 1, {"product_uom_id": self.uom_dozen.id}),
                (self.product_2, 3, {}),
                (other, 1, {}),
            ]
        ).order_line
        self.assertEqual(lines.mapped("price_unit"), [960.0, 90.0, 100.0])
        kinds = [line.kh_price_trace["k"] for line in lines]
        self.assertEqual(kinds, [Kind.FIXED.value, Kind.PERCENT.value, Kind.LIST.value])
        self.assertEqual(winner_of(lines[1].kh_price_trace).category, self.category.complete_name)
        self._assert_replays(lines)

    def test_foreign_currency_and_formula(self):
        eur = self.env.ref("base.EUR")
        eur.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": eur.id, "rate": 0.87, "company_id": self.company.id}
        )
        self.pricelist.currency_id = eur
        self.env["product.pricelist.item"].create(
            {
                "pricelist_id": self.pricelist.id,
                "kh_partner_id": self.dealer_a.id,
                "product_id": self.product.id,
                "compute_price": "formula",
                "price_discount": 10,
                "price_round": 0.05,
                "price_surcharge": 0.3,
            }
        )
        lines = self._create_order([(self.product, 1, {}), (self.product_2, 1, {})]).order_line
        trace = lines[0].kh_price_trace
        self.assertEqual(trace["k"], Kind.FORMULA.value)
        self.assertEqual(trace["b"][3:], [self.product.currency_id.name, 0.87])
        self._assert_replays(lines)
        explanation = lines[0].kh_explain_price()
        self.assertIn("rounded to 0.05", json.dumps(explanation, ensure_ascii=False))

    def test_taxes_of_a_fiscal_position_are_a_step(self):
        taxes = self.env["account.tax"].create(
            [
                {"name": f"KH {rate}", "amount": rate, "price_include_override": "tax_included"}
                for rate in (13, 3)
            ]
        )
        position = self.env["account.fiscal.position"].create({"name": "KH small"})
        taxes[1].write(
            {"fiscal_position_ids": [Command.link(position.id)], "original_tax_ids": taxes[0].ids}
        )
        self.product.taxes_id = taxes[0]
        self._create_rule(113.0, **self.customer)
        make = {"fiscal_position_id": position.id}
        line = self._create_order([(self.product, 1, {})], **make).order_line
        self.assertAlmostEqual(line.price_unit, 103.0)
        self.assertEqual(line.kh_price_trace["t"][1:], ["KH 13", "KH 3"])
        self._assert_replays(line)
        with self._core_way():
            again = self._create_order([(self.product, 1, {})], **make).order_line
        self.assertEqual(again.price_unit, line.price_unit)

    def test_discounts_in_a_column_of_their_own(self):
        self.env.ref("base.group_user")._apply_group(
            self.env.ref("sale.group_discount_per_so_line")
        )
        self._create_rule(percent=10, kh_grade_id=self.gold.id)
        line = self._create_order([(self.product, 1, {})]).order_line
        self.assertEqual((line.price_unit, line.discount), (100.0, 10.0))
        self._assert_replays(line)
        self.assertEqual(line.kh_price_trace["z"], 100.0)

    def test_a_price_by_hand_keeps_the_rules_price(self):
        self._create_rule(80.0, **self.customer)
        line = self._create_order([(self.product, 1, {})]).order_line
        line.price_unit = 75.0
        trace = line.kh_price_trace
        self.assertEqual(trace["m"][0], self.env.user.name)
        self.assertEqual(trace["m"][2], 75.0)
        self.assertEqual(replay(trace), 80.0)
        explanation = line.kh_explain_price()
        self.assertIn("80.00", explanation["note"])
        self.assertIn("75.00", explanation["price"])
        line.product_uom_qty = 3
        self.assertEqual(line.price_unit, 75.0, "core keeps what was entered by hand")
        self.assertEqual(line.kh_price_trace["m"], trace["m"])
        self.assertEqual(line.kh_price_trace["q"], 3.0)
        line.order_id._recompute_prices()
        self.assertEqual(line.price_unit, 80.0)
        self.assertNotIn("m", line.kh_price_trace)

    def test_an_invoiced_line_keeps_price_and_reasons(self):
        self._create_rule(80.0, **self.customer)
        self._create_rule(70.0, min_quantity=12, **self.customer)
        line = self._create_order([(self.product, 1, {})]).order_line
        trace = line.kh_price_trace
        self.env.flush_all()
        self.env.cr.execute(SQL("UPDATE sale_order_line SET qty_invoiced = 1"))
        line.invalidate_recordset()
        line.product_uom_qty = 12
        self.assertEqual(line.price_unit, 80.0)
        self.assertEqual(line.kh_price_trace, trace)

    def test_a_price_that_comes_with_the_line_is_compared_with_the_rules(self):
        self._create_rule(80.0, **self.customer)
        order = self._create_order(
            [
                (self.product, 1, {"price_unit": 80.0, "technical_price_unit": 80.0}),
                (self.product, 1, {"price_unit": 5.0}),
            ]
        )
        shown, agreed = order.order_line
        self.assertNotIn("m", shown.kh_price_trace)
        self.assertEqual(agreed.kh_price_trace["m"][2], 5.0)
        self.assertEqual(replay(agreed.kh_price_trace), 80.0)

    def test_lines_from_the_form_are_traced(self):
        self._create_rule(80.0, **self.customer)
        self._create_rule(70.0, min_quantity=12, **self.customer)
        order = self._create_order([])
        with Form(order) as form, form.order_line.new() as line:
            line.product_id = self.product
            line.product_uom_qty = 5
        self.assertEqual(order.order_line.price_unit, 80.0)
        self._assert_replays(order.order_line)
        with Form(order) as form, form.order_line.edit(0) as line:
            line.product_uom_qty = 12
        self.assertEqual(order.order_line.price_unit, 70.0)
        self.assertEqual(order.order_line.kh_price_trace["q"], 12.0)
        self._assert_replays(order.order_line)
        self.assertNotIn("m", order.order_line.kh_price_trace)

    def test_new_quantity_product_and_dealer(self):
        self._create_rule(80.0, **self.customer)
        self._create_rule(60.0, **{**self.customer, "kh_partner_id": self.dealer_b.id})
        order = self._create_order([(self.product, 1, {})])
        order.partner_id = self.dealer_b
        order._recompute_prices()
        self.assertEqual(order.order_line.price_unit, 60.0)
        self._assert_replays(order.order_line)
        order.order_line.product_id = self.product_2
        self.assertEqual(order.order_line.price_unit, 100.0)
        self._assert_replays(order.order_line)

    def test_a_copy_keeps_price_and_trace(self):
        rule = self._create_rule(80.0, **self.customer)
        order = self._create_order([(self.product, 1, {})])
        trace = order.order_line.kh_price_trace
        rule.fixed_price = 90.0
        copy = order.copy()
        self.assertEqual(copy.order_line.price_unit, 80.0)
        self.assertEqual(copy.order_line.kh_price_trace, trace)

    def test_nobody_writes_a_trace_by_hand(self):
        self._create_rule(80.0, **self.customer)
        line = self._create_order([(self.product, 1, {"kh_price_trace": {"k": "g", "a": 1.0}})])
        line = line.order_line
        trace = line.kh_price_trace
        self.assertEqual(trace["k"], "f")
        line.write({"kh_price_trace": {"k": "g", "a": 1.0}})
        self.env.flush_all()
        line.invalidate_recordset()
        self.assertEqual(line.kh_price_trace, trace)

    def test_plain_pricelists_and_sections_keep_nothing(self):
        plain = self.env["product.pricelist"].create({"name": "Plain"})
        order = self._create_order([(self.product, 1, {})], pricelist_id=plain.id)
        order.order_line = [Command.create({"display_type": "line_section", "name": "More"})]
        self.assertEqual(order.order_line.mapped("kh_price_trace"), [False, False])
        self.assertIn("No reasons", order.order_line[0].kh_explain_price()["note"])

    def test_sets_keep_their_price_itself(self):
        combo = self.env["product.combo"].create(
            {"name": "C", "combo_item_ids": [Command.create({"product_id": self.product.id})]}
        )
        product = self._create_product(
            "Set", "KH-SET", type="combo", combo_ids=[Command.set(combo.ids)]
        )
        order = self._create_order([(product, 1, {})])
        self.env["sale.order.line"].create(
            {
                "order_id": order.id,
                "product_id": self.product.id,
                "combo_item_id": combo.combo_item_ids.id,
                "linked_line_id": order.order_line.id,
            }
        )
        self.assertEqual(order.order_line.mapped("price_unit"), [0.0, 100.0])
        self.assertEqual([line.kh_price_trace["k"] for line in order.order_line], ["g", "g"])
        self._assert_replays(order.order_line)

    # --- access --- #

    def test_who_reads_what(self):
        self._create_rule(80.0, **self.customer)
        line = self._create_order([(self.product, 1, {})]).order_line
        staff = self._create_staff()
        line.order_id.user_id = staff["salesperson"]
        self.dealer_a.user_id = staff["salesperson"]
        told = line.with_user(staff["order_clerk"]).kh_explain_price()
        self.assertTrue(told["steps"])
        self.assertTrue(line.with_user(staff["order_clerk"]).kh_price_trace)
        reader = new_test_user(
            self.env, login="kh_trace_stock", groups="base.group_user,stock.group_stock_user"
        )
        mine = line.with_user(reader)
        with self.assertRaises(AccessError):
            mine.kh_price_trace  # noqa: B018
        if mine.has_access("read"):
            self.assertNotIn("losers", mine.kh_explain_price())
        else:
            with self.assertRaises(AccessError):
                mine.kh_explain_price()
        portal = self._create_portal_user(self.dealer_a, "kh_trace_portal")
        with self.assertRaises(AccessError):
            line.with_user(portal).kh_explain_price()
        with self.assertRaises(AccessError):
            line.with_user(portal).read(["kh_price_trace"])
        other = self._create_portal_user(self.dealer_b, "kh_trace_other")
        with self.assertRaises(AccessError):
            line.with_user(other).kh_explain_price()

    def test_whoever_reads_no_traces_leaves_them_all_the_same(self):
        self._create_rule(80.0, **self.customer)
        order = self._create_order([])
        groups = "base.group_user,stock.group_stock_user"
        user = new_test_user(self.env, login="kh_trace_none", groups=groups)
        for model in ("sale.order", "sale.order.line"):
            self.env["ir.model.access"].create(
                {
                    "name": f"KH test {model}",
                    "model_id": self.env["ir.model"]._get_id(model),
                    "group_id": self.env.ref("stock.group_stock_user").id,
                    **{f"perm_{right}": True for right in ("read", "write", "create")},
                }
            )
        lines = self.env["sale.order.line"].with_user(user)
        self.assertFalse(lines._has_field_access(lines._fields["kh_price_trace"], "read"))
        line = lines.create({"order_id": order.id, "product_id": self.product.id})
        self.assertEqual(replay(line.sudo().kh_price_trace), 80.0)
        line.write({"price_unit": 70.0})
        self.assertEqual(line.sudo().kh_price_trace["m"][0], user.name)
        copy = line.copy({"order_id": order.id})
        self.assertEqual(replay(copy.sudo().kh_price_trace), 80.0)

    def test_the_dealers_part_tells_nothing_of_others(self):
        self._create_rule(80.0, **self.customer)
        self._create_rule(91.5, kh_grade_id=self.gold.id)
        self._create_rule(70.0, min_quantity=12, **self.customer)
        line = self._create_order([(self.product, 2, {})]).order_line
        own = line._kh_explain_own()
        self.assertEqual(own["source"], "Contract price")
        self.assertIn("10 more Units for", own["next"])
        self.assertNotIn("91.5", json.dumps(own))
        line.price_unit = 42.0
        own = line._kh_explain_own()
        self.assertEqual(own["source"], "Price of this order")
        self.assertNotIn("80", json.dumps(own))

    # --- cost --- #

    def _count(self, number):
        products = [self._create_product(f"T{n}", f"KH-T-{number}-{n}") for n in range(number)]
        for product in products:
            self._create_rule(80.0, kh_partner_id=self.dealer_a.id, product_id=product.id)
            step = {"kh_partner_id": self.dealer_a.id, "product_id": product.id}
            self._create_rule(70.0, min_quantity=12, **step)
        rows = [(product, 1, {}) for product in products]
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        order = self._create_order(rows)
        self.env.flush_all()
        created = self.env.cr.sql_log_count - before
        self._assert_replays(order.order_line)
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        order._recompute_prices()
        self.env.flush_all()
        return created, self.env.cr.sql_log_count - before, order

    def test_the_batch_is_in_use(self):
        """No add-on that is installed here sends the lines core's way."""
        self.assertTrue(self.env["sale.order.line"]._kh_has_standard_price_hooks())

    def test_another_addon_that_sets_prices_is_asked(self):
        self._create_rule(80.0, **self.customer)
        lines = self.env.registry["sale.order.line"]
        hook = type("Foreign", (), {"__module__": "odoo.addons.foreign.models.x"})
        hook._get_display_price = lambda line: 12.34
        with (
            patch.object(lines, "mro", lambda: [hook, *type.mro(lines)], create=True),
            patch.object(lines, "_get_display_price", hook._get_display_price, create=True),
        ):
            line = self._create_order([(self.product, 1, {})]).order_line
        self.assertEqual(line.price_unit, 12.34)
        self.assertEqual(replay(line.kh_price_trace), 80.0, "the rule's price is kept beside it")
        self.assertEqual(line.kh_price_trace["m"][2], 12.34)

    def test_queries_do_not_grow_with_lines(self):
        self._count(1)
        created_1, priced_1, _order = self._count(1)
        created_50, priced_50, order = self._count(50)
        self.assertLessEqual(created_50 - created_1, 5)
        self.assertLessEqual(priced_50 - priced_1, 5)
        self.env.flush_all()
        sizes = self.env.execute_query(
            SQL(
                "SELECT pg_column_size(kh_price_trace) FROM sale_order_line WHERE id = ANY(%s)",
                order.order_line.ids,
            )
        )
        self.assertLess(max(size for (size,) in sizes), 400)
