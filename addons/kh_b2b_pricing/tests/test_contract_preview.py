from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from .common import PricingCommon


@tagged("post_install", "-at_install")
class TestContractPreview(PricingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.staff = cls._create_staff()
        cls.dealer_a.user_id = cls.staff["salesperson"]
        cls.product_3 = cls._create_product("Breaker 16A", "KH-P-3", standard_price=75.0)
        cls.contract = cls._create_contract(
            lines=[
                (cls.product, 80.0, 0),
                (cls.product, 75.0, 10),
                (cls.product_2, 60.0, 0),
            ],
            user_id=cls.staff["salesperson"].id,
        )
        cls.contract.action_submit()
        cls.draft = cls._create_contract(
            lines=[
                (cls.product, 84.0, 0),
                (cls.product, 72.0, 10),
                (cls.product_3, 70.0, 0),
            ],
            user_id=cls.staff["salesperson"].id,
            supersedes_id=cls.contract.id,
        )

    def _preview(self, contract=None):
        action = (contract or self.draft).action_preview()
        return self.env["kh.price.contract.preview"].browse(action["res_id"])

    def _create_order(self, lines, partner=None, state="sale", days=5, **vals):
        order = self.env["sale.order"].create(
            {
                "partner_id": (partner or self.dealer_a).id,
                "pricelist_id": self.pricelist.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "product_uom_qty": quantity,
                            "price_unit": price,
                            "product_uom_id": uom.id,
                        }
                    )
                    for product, quantity, price, uom in lines
                ],
                **vals,
            }
        )
        order.write({"state": state, "date_order": fields.Datetime.now() - timedelta(days=days)})
        return order

    def test_lines_up_down_new_and_gone(self):
        preview = self._preview()
        counts = [preview[f"{kind}_count"] for kind in ("up", "down", "new", "gone", "same")]
        self.assertEqual(counts, [1, 1, 1, 1, 0])
        lines = {(line.product_id, line.kind): line for line in preview.line_ids}
        up = lines[self.product, "up"]
        self.assertEqual((up.old_price, up.new_price, up.market_price), (80.0, 84.0, 100.0))
        self.assertAlmostEqual(up.change_rate, 0.05)
        gone = lines[self.product_2, "gone"]
        self.assertEqual((gone.old_price, gone.new_price), (60.0, 0.0))
        self.assertLess(lines[self.product_3, "new"].margin_rate, 0)
        self.assertEqual((preview.below_cost_count, preview.unchecked_count), (1, 2))
        self.assertAlmostEqual(preview.max_discount_rate, 0.3)
        self.assertEqual(self.draft.state, "draft")
        self.assertFalse(self.draft.figures_date, "a look stores nothing")

    def test_effect_on_the_orders_of_90_days(self):
        self._create_order(
            [
                (self.product, 2, 99.0, self.uom_unit),  # 2 × 80 → 2 × 84
                (self.product, 1, 900.0, self.uom_dozen),  # 12 × 75 → 12 × 72
                (self.product_3, 3, 50.0, self.uom_unit),  # paid 150 → 210
                (self.product_2, 5, 60.0, self.uom_unit),  # no new price: not counted
            ]
        )
        self._create_order([(self.product, 1, 80.0, self.uom_unit)], state="draft")
        self._create_order([(self.product, 1, 80.0, self.uom_unit)], days=91)
        self._create_order([(self.product, 1, 80.0, self.uom_unit)], partner=self.dealer_b)
        preview = self._preview()
        self.assertEqual(preview.order_line_count, 3)
        self.assertEqual(preview.amount_until_now, 160.0 + 900.0 + 150.0)
        self.assertEqual(preview.amount_new, 168.0 + 864.0 + 210.0)
        self.assertEqual(preview.amount_difference, 32.0)

    def test_branches_count_where_the_contract_is_for_them(self):
        branch = self.env["res.partner"].create(
            {"name": "Branch", "is_company": True, "parent_id": self.dealer_a.id}
        )
        self._create_order([(self.product, 1, 80.0, self.uom_unit)], partner=branch)
        self.assertEqual(self._preview().order_line_count, 0)
        self.draft.with_branches = True
        self.assertEqual(self._preview().order_line_count, 1)

    def test_first_contract(self):
        first = self._create_contract(partner=self.dealer_b, lines=[(self.product, 90.0, 0)])
        preview = self._preview(first)
        self.assertEqual((preview.new_count, preview.gone_count), (1, 0))
        self.assertEqual(preview.amount_new, 0.0)

    def test_submit_from_the_preview(self):
        self._preview().action_submit()
        self.assertEqual(self.draft.state, "active")

    def test_costs_are_for_some_and_previews_for_their_maker(self):
        preview = self._preview(self.draft.with_user(self.staff["salesperson"]))
        mine = preview.with_user(self.staff["salesperson"])
        self.assertEqual(mine.read(["up_count"])[0]["up_count"], 1)
        for record, name in (
            (mine, "min_margin_rate"),
            (mine, "below_cost_count"),
            (mine.line_ids, "margin_rate"),
        ):
            with self.assertRaises(AccessError):
                record.read([name])
        clerk = self.staff["order_clerk"]
        with self.assertRaises(AccessError):
            preview.with_user(clerk).read(["up_count"])
        with self.assertRaises(AccessError):
            preview.line_ids.with_user(clerk).read(["new_price"])
        theirs = self._preview(self.draft.with_user(clerk)).with_user(clerk)
        with self.assertRaises(AccessError):
            theirs.action_submit()

    def test_statements_do_not_grow_with_lines(self):
        many = self._create_contract(
            partner=self.dealer_b,
            lines=[(self.product, 90.0 - n / 100, n) for n in range(200)],
        )
        few = self._create_contract(partner=self.dealer_b, lines=[(self.product, 80.0, 0)])
        counts = []
        for contract in (few, many):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            contract.action_preview()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 2)

    def test_form_of_40_lines_reads_a_constant_number_of_queries(self):
        """What the list of the form shows: market price, last price, margin, changes."""
        names = [
            "kh_default_code",
            "kh_market_price",
            "kh_change_rate",
            "kh_last_price",
            "kh_last_change_rate",
            "kh_margin_rate",
            "fixed_price",
        ]
        products = [self._create_product(f"Part {n}", f"KH-F-{n}") for n in range(40)]
        counts = []
        for chosen in (products[:2], products):
            contract = self._create_contract(
                lines=[(product, 80.0, 0) for product in chosen],
                supersedes_id=self.contract.id,
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            contract.item_ids.read(names)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 2)

    def test_market_prices_are_those_of_the_engine(self):
        template = self._create_template_with_variants()
        values = template.attribute_line_ids.product_template_value_ids
        values[0].price_extra = 12.5
        series = self.product_2.product_tmpl_id
        self._create_rule(95.0, applied_on="1_product", product_tmpl_id=series.id)
        self._create_rule(
            percent=10.0, applied_on="0_product_variant", product_id=self.product_3.id
        )
        dollars = self.env["res.currency"].create({"name": "KHX", "symbol": "X"})
        self.env["res.currency.rate"].create({"currency_id": dollars.id, "rate": 0.5})
        foreign = self.env["product.pricelist"].create(
            {"name": "Foreign", "kh_is_b2b": True, "currency_id": dollars.id}
        )
        variants = template.product_variant_ids | self.product | self.product_2 | self.product_3
        templates = variants.product_tmpl_id
        mixin = self.env["kh.price.figures.mixin"]
        for pricelist in (self.pricelist, foreign):
            found = mixin._get_market_prices(pricelist, variants.ids, templates.ids)
            expected = {}
            for products in (variants, templates):
                prices = pricelist._get_products_price(products, 1.0, kh_partner=self.nobody)
                for product in products:
                    key = (product.id, 0) if products == variants else (0, product.id)
                    expected[key] = prices[product.id]
            self.assertEqual(found.keys(), expected.keys())
            for key, price in expected.items():
                self.assertAlmostEqual(found[key], price, 6)
            self.assertGreater(len(set(found.values())), 1)
