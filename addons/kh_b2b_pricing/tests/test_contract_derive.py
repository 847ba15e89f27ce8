from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common import PricingCommon


@tagged("post_install", "-at_install")
class TestContractDerive(PricingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.staff = cls._create_staff()
        cls.dealer_a.user_id = cls.staff["salesperson"]
        cls.other_category = cls.env["product.category"].create({"name": "Cables"})
        cls.cable = cls._create_product("Cable", "KH-D-1", categ_id=cls.other_category.id)
        cls.source = cls._create_contract(
            lines=[(cls.product, 80.0, 0), (cls.product_2, 33.33, 10), (cls.cable, 12.34, 0)],
            user_id=cls.staff["salesperson"].id,
        )

    def _derive(self, **vals):
        wizard = self.env["kh.price.contract.derive"].create({"source_id": self.source.id, **vals})
        counted = wizard.line_count
        contract = self.env["kh.price.contract"].browse(wizard.action_apply()["res_id"])
        return contract, counted

    def test_copy_for_another_dealer_keeps_prices(self):
        contract, counted = self._derive(
            partner_id=self.dealer_b.id, with_branches=True, date_start="2026-01-01"
        )
        self.assertEqual((contract.state, contract.partner_id), ("draft", self.dealer_b))
        self.assertEqual((counted, contract.item_count), (3, 3))
        self.assertEqual(contract.item_ids.kh_partner_id, self.dealer_b)
        self.assertTrue(all(contract.item_ids.mapped("kh_with_branches")))
        self.assertEqual(
            sorted(contract.item_ids.mapped("fixed_price")),
            sorted(self.source.item_ids.mapped("fixed_price")),
        )
        self.assertEqual(self.source.item_count, 3)

    def test_percentage_is_rounded_to_the_precision_of_prices(self):
        contract, _counted = self._derive(partner_id=self.dealer_b.id, change_percent=-5)
        self.assertEqual(contract.item_ids.sorted("id").mapped("fixed_price"), [76.0, 31.66, 11.72])
        contract, _counted = self._derive(
            partner_id=self.dealer_b.id, change_percent=10, rounding_step=0.5
        )
        self.assertEqual(contract.item_ids.sorted("id").mapped("fixed_price"), [88.0, 36.5, 13.5])

    def test_percentage_of_a_ratio(self):
        self.source.item_ids[0].write({"compute_price": "percentage", "percent_price": 20.0})
        self.source.item_ids[1].write({"compute_price": "formula", "price_discount": 10.0})
        contract, counted = self._derive(partner_id=self.dealer_b.id, change_percent=-10)
        self.assertEqual(counted, 2, "a formula cannot be multiplied")
        self.assertAlmostEqual(contract.item_ids[0].percent_price, 28.0)
        contract, counted = self._derive(partner_id=self.dealer_b.id)
        self.assertEqual(counted, 3)

    def test_only_categories_with_those_below(self):
        contract, counted = self._derive(
            partner_id=self.dealer_b.id, category_ids=self.parent_category.ids
        )
        self.assertEqual(counted, 2)
        self.assertEqual(contract.item_ids.product_id, self.product | self.product_2)

    def test_fills_a_draft_with_what_it_does_not_have(self):
        draft = self._create_contract(
            partner=self.dealer_b, lines=[(self.product, 79.0, 0), (self.product, 70.0, 5)]
        )
        contract, counted = self._derive(contract_id=draft.id)
        self.assertEqual((contract, counted), (draft, 2))
        prices = {(item.product_id, item.min_quantity): item.fixed_price for item in draft.item_ids}
        self.assertEqual(prices[self.product, 0.0], 79.0)
        self.assertEqual(len(prices), 4)
        with self.assertRaises(UserError):
            self._derive(contract_id=draft.id)

    def test_refused(self):
        with self.assertRaises(UserError):
            self._derive()
        with self.assertRaises(ValidationError):
            self._derive(partner_id=self.dealer_b.id, change_percent=-100)
        active = self._create_contract(partner=self.dealer_b, lines=[(self.product, 1.0, 0)])
        active.action_submit()
        with self.assertRaises(UserError):
            self._derive(contract_id=active.id)
        with self.assertRaises(UserError):
            active.action_derive()
        usd = self.env.ref("base.USD")
        usd.active = True
        if usd == self.company.currency_id:
            usd = self.env.ref("base.EUR")
            usd.active = True
        dollars = self.env["product.pricelist"].create(
            {"name": "Foreign", "kh_is_b2b": True, "currency_id": usd.id}
        )
        foreign = self._create_contract(partner=self.dealer_b, pricelist_id=dollars.id)
        with self.assertRaises(UserError):
            self._derive(contract_id=foreign.id)

    def test_form_counts_before(self):
        form = Form(
            self.env["kh.price.contract.derive"].with_context(default_source_id=self.source.id)
        )
        self.assertEqual(form.line_count, 3)
        form.category_ids.add(self.other_category)
        self.assertEqual((form.line_count, form.left_out_count), (1, 2))

    def test_who_may(self):
        sales = self.env(user=self.staff["salesperson"])
        wizard = sales["kh.price.contract.derive"].create(
            {"source_id": self.source.id, "partner_id": self.dealer_a.id}
        )
        self.assertTrue(wizard.action_apply()["res_id"])
        # salespeople do not write contracts of others' dealers
        foreign = self._create_contract(partner=self.dealer_b, user_id=self.env.user.id)
        with self.assertRaises(AccessError):
            sales["kh.price.contract.derive"].create(
                {"source_id": self.source.id, "contract_id": foreign.id}
            ).action_apply()
        with self.assertRaises(AccessError):
            self.env(user=self.staff["order_clerk"])["kh.price.contract.derive"].create(
                {"source_id": self.source.id}
            )

    def test_statements_do_not_grow_with_lines(self):
        many = self._create_contract(lines=[(self.product, 80.0 - n / 100, n) for n in range(200)])
        counts = []
        for source in (self.source, many):
            wizard = self.env["kh.price.contract.derive"].create(
                {"source_id": source.id, "partner_id": self.dealer_b.id, "change_percent": 3}
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            wizard.action_apply()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 2)
