"""Flows are data: discount above 25 % goes to the director, margin below 10 % to finance too."""

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import PricingCommon

DEEP = "[('max_discount_rate', '>', 0.25)]"
THIN = "[('min_margin_rate', '<', 0.1)]"
DEEP_OR_THIN = "['|', ('max_discount_rate', '>', 0.25), ('min_margin_rate', '<', 0.1)]"


@tagged("post_install", "-at_install")
class TestPriceApproval(PricingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.staff = cls._create_staff()
        cls.dealer_a.user_id = cls.staff["salesperson"]
        group = "base.group_user,kh_b2b_member.group_b2b_"
        cls.director = new_test_user(cls.env, "kh_flow_director", group + "director")
        cls.finance = new_test_user(cls.env, "kh_flow_finance", group + "finance")
        cls.product_manager = cls.staff["product_manager"]
        (cls.product | cls.product_2).standard_price = 60.0
        for model in ("kh.price.contract", "kh.price.adjustment"):
            cls._create_flow(model)

    @classmethod
    def _create_flow(cls, model):
        steps = (
            ("Price review", 10, "[]", cls.product_manager),
            ("Finance", 20, THIN, cls.finance),
            ("Director", 30, DEEP_OR_THIN, cls.director),
        )
        cls.env["kh.approval.flow"].create(
            {
                "name": model,
                "model_id": cls.env["ir.model"]._get(model).id,
                "step_ids": [
                    Command.create(
                        {
                            "name": name,
                            "sequence": sequence,
                            "domain": domain,
                            "user_ids": [Command.set(user.ids)],
                        }
                    )
                    for name, sequence, domain, user in steps
                ],
            }
        )

    def _submit(self, price, partner=None):
        contract = self._create_contract(
            partner=partner,
            lines=[(self.product, price, 0), (self.product_2, 98.0, 0)],
            user_id=self.staff["salesperson"].id,
        ).with_user(self.staff["salesperson"])
        contract.action_submit()
        return contract

    def _approve(self, document, *users):
        for user in users:
            self.assertEqual(document.sudo().state, "review", user.login)
            document.with_user(user).action_approval_approve()

    def test_small_discount_needs_the_product_manager_only(self):
        contract = self._submit(90.0)
        figures = contract.sudo()
        self.assertAlmostEqual(figures.max_discount_rate, 0.1)
        self.assertAlmostEqual(figures.average_discount_rate, 0.06)
        self.assertAlmostEqual(figures.min_margin_rate, 1 - 60 / 90, 4)
        self._approve(contract, self.product_manager)
        self.assertEqual(contract.state, "active")

    def test_deep_discount_needs_the_director(self):
        contract = self._submit(74.0)
        with self.assertRaises(AccessError):
            contract.with_user(self.director).action_approval_approve()
        self._approve(contract, self.product_manager, self.director)
        self.assertEqual(contract.state, "active")

    def test_thin_margin_needs_finance_and_director(self):
        self.product.standard_price = 75.0
        contract = self._submit(80.0)
        self.assertEqual(contract.sudo().below_cost_count, 0)
        self._approve(contract, self.product_manager, self.finance, self.director)
        self.assertEqual(contract.state, "active")

    def test_nobody_goes_past_the_flow_by_changing_a_price_in_force(self):
        contract = self._submit(90.0)
        self._approve(contract, self.product_manager)
        contract = contract.with_user(self.product_manager)
        item = contract.item_ids.filtered(lambda i: i.product_id == self.product)
        new = {"kh_contract_id": contract.id, "product_id": self.product_2.id, "fixed_price": 1.0}
        ways = (
            lambda: item.write({"fixed_price": 1.0}),
            lambda: item.unlink(),
            lambda: item.create({**new, "min_quantity": 5}),
            lambda: contract.action_import(),
        )
        for way in ways:
            with self.assertRaisesRegex(UserError, "Adjust Prices"):
                way()
        self.env["kh.approval.flow"].search(
            [("model_name", "=", "kh.price.adjustment")]
        ).action_archive()
        item.fixed_price = 89.0
        self.assertEqual(item.fixed_price, 89.0)

    def test_nobody_goes_past_the_flow_by_a_price_without_contract(self):
        old = self._create_rule(95.0, product_id=self.product.id, kh_partner_id=self.dealer_a.id)
        level = self._create_rule(96.0, product_id=self.product.id, kh_grade_id=self.gold.id)
        items = old.with_user(self.product_manager)
        new = {
            "pricelist_id": self.pricelist.id,
            "product_id": self.product_2.id,
            "kh_partner_id": self.dealer_a.id,
            "fixed_price": 1.0,
        }
        ways = (
            lambda: items.create(new),
            lambda: items.write({"fixed_price": 1.0}),
            lambda: (items + level).write({"fixed_price": 1.0}),
            lambda: level.with_user(self.product_manager).write(
                {"kh_partner_id": self.dealer_a.id, "kh_grade_id": False}
            ),
        )
        for way in ways:
            with self.assertRaisesRegex(UserError, "price contract"), self.env.cr.savepoint():
                way()
        level.with_user(self.product_manager).fixed_price = 94.0
        items.unlink()
        self.env["kh.approval.flow"].search(
            [("model_name", "=", "kh.price.contract")]
        ).action_archive()
        self.assertTrue(items.create(new))

    def test_a_pricelist_with_contracts_keeps_its_currency_and_its_dealers(self):
        contract = self._submit(90.0)
        for vals in ({"kh_is_b2b": False}, {"currency_id": self.env.ref("base.JPY").id}):
            with self.assertRaisesRegex(UserError, contract.name):
                self.pricelist.write(vals)
        self.pricelist.write({"currency_id": self.pricelist.currency_id.id, "kh_is_b2b": True})

    def test_adjustments_follow_the_same_conditions(self):
        contract = self._submit(90.0)
        self._approve(contract, self.product_manager)
        item = contract.item_ids.filtered(lambda i: i.product_id == self.product)
        ways = (
            (88.0, (self.product_manager,)),
            (70.0, (self.product_manager, self.director)),
            (59.0, (self.product_manager, self.finance, self.director)),
        )
        for price, users in ways:
            adjustment = (
                self.env["kh.price.adjustment"]
                .with_user(self.staff["salesperson"])
                .create(
                    {
                        "contract_id": contract.id,
                        "reason": "Offer",
                        "line_ids": [Command.create({"item_id": item.id, "new_price": price})],
                    }
                )
            )
            before = item.fixed_price
            adjustment.action_submit()
            self.assertAlmostEqual(adjustment.sudo().max_change_rate, 1 - price / before, 4)
            self._approve(adjustment, *users)
            self.assertEqual(adjustment.state, "applied")
            item = adjustment.line_ids.new_item_id
            # the next one begins after this one has been in force for a while
            self.env.cr.execute(
                "UPDATE product_pricelist_item SET date_start = date_start - interval '1 hour'"
                " WHERE id = %s",
                [item.id],
            )
            item.invalidate_recordset()
        self.assertEqual(adjustment.sudo().below_cost_count, 1)
        self.assertEqual(self._price(partner=self.dealer_a), 59.0)

    def test_conditions_are_frozen_under_review(self):
        self.product.standard_price = 75.0
        contract = self._submit(80.0)
        boss = contract.sudo()
        for vals in (
            {"min_margin_rate": 0.9},
            {"max_discount_rate": 0.0},
            {"supersedes_id": False},
            {"partner_id": self.dealer_b.id},
            {"with_branches": True},
            {"date_end": "2099-01-01"},
            {"item_ids": [Command.clear()]},
        ):
            with self.assertRaises(UserError):
                boss.write(vals)
        with self.assertRaises(UserError):
            boss.item_ids.write({"fixed_price": 99.0})
        with self.assertRaises(UserError):
            self.env["product.pricelist.item"].create(
                {"kh_contract_id": contract.id, "product_id": self.product.id, "fixed_price": 1.0}
            )
        self.product.standard_price = 10.0
        self._approve(contract, self.product_manager, self.finance, self.director)

    def test_returned_contract_is_measured_again(self):
        contract = self._submit(70.0)
        contract.with_user(self.product_manager).action_approval_return("Too deep")
        contract.item_ids.filtered(lambda i: i.fixed_price == 70.0).fixed_price = 95.0
        contract.action_submit()
        self.assertAlmostEqual(contract.sudo().max_discount_rate, 0.05)
        self._approve(contract, self.product_manager)
        self.assertEqual(contract.state, "active")

    def test_figures_are_searchable_and_costs_are_for_some(self):
        contract = self._submit(50.0)
        contracts = self.env["kh.price.contract"]
        domain = [("max_discount_rate", ">", 0.25), ("below_cost_count", ">", 0)]
        for user in (self.product_manager, self.finance, self.director):
            self.assertIn(contract, contracts.with_user(user).search(domain))
        for role in ("salesperson", "supervisor", "order_clerk"):
            mine = contracts.with_user(self.staff[role])
            self.assertIn(contract, mine.search([("max_discount_rate", ">", 0.25)]))
            for name in ("min_margin_rate", "below_cost_count", "unchecked_count"):
                with self.assertRaises(AccessError):
                    mine.search([(name, ">", -1)])
                with self.assertRaises(AccessError):
                    contract.with_user(self.staff[role]).read([name])
            with self.assertRaises(AccessError):
                contract.item_ids.with_user(self.staff[role]).read(["kh_margin_rate"])

    def test_margin_of_prices_with_tax(self):
        tax = self.env["account.tax"].create(
            {
                "name": "13 % in the price",
                "amount": 13.0,
                "price_include_override": "tax_included",
                "type_tax_use": "sale",
            }
        )
        self.product.taxes_id = tax
        self.product.standard_price = 90.0
        contract = self._submit(113.0)
        self.assertAlmostEqual(contract.sudo().min_margin_rate, 0.1, 4)
        item = contract.item_ids.filtered(lambda i: i.product_id == self.product)
        self.assertAlmostEqual(item.sudo().kh_margin_rate, 0.1, 4)

    def test_change_against_the_replaced_version(self):
        contract = self._submit(90.0)
        self._approve(contract, self.product_manager)
        version = self.env["kh.price.contract"].browse(contract.action_new_version()["res_id"])
        item = version.item_ids.filtered(lambda i: i.product_id == self.product)
        item.fixed_price = 81.0
        self.assertAlmostEqual(item.kh_last_price, 90.0)
        self.assertAlmostEqual(item.kh_last_change_rate, -0.1)
        version.with_user(self.staff["salesperson"]).action_submit()
        self.assertAlmostEqual(version.max_change_rate, 0.1)

    def test_ready_flows_are_switched_off_and_sound(self):
        for name in ("contract", "adjustment"):
            flow = self.env.ref(f"kh_b2b_pricing.kh_approval_flow_price_{name}")
            self.assertFalse(flow.active)
            self.assertEqual(len(flow.step_ids), 3)
