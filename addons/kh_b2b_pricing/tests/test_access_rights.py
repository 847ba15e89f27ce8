from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import PricingCommon


@tagged("post_install", "-at_install")
class TestAccessRights(PricingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.staff = cls._create_staff()
        cls.dealer_a.user_id = cls.staff["salesperson"]
        cls.portal_a = cls._create_portal_user(cls.dealer_a, "kh_acc_a")

    def test_salesperson_prepares_contracts_of_own_dealers_only(self):
        own = self._create_contract(lines=[(self.product, 80.0, 0)])
        foreign = self._create_contract(
            partner=self.dealer_b, lines=[(self.product, 80.0, 0)], user_id=self.env.user.id
        )
        env = self.env(user=self.staff["salesperson"])
        own, foreign = own.with_env(env), foreign.with_env(env)
        own.note = "asked by phone"
        own.item_ids.fixed_price = 82.0
        self.assertEqual(foreign.name, foreign.sudo().name)
        with self.assertRaises(AccessError):
            foreign.note = "x"
        with self.assertRaises(AccessError):
            foreign.item_ids.fixed_price = 1.0
        with self.assertRaises(AccessError):
            self.env["product.pricelist.item"].with_env(env).create(
                {
                    "kh_contract_id": foreign.id,
                    "product_id": self.product.id,
                    "fixed_price": 1.0,
                }
            )
        with self.assertRaises(AccessError):
            own.action_submit()
        self.assertEqual(own.state, "draft")

    def test_salesperson_makes_no_price_outside_a_draft(self):
        items = self.env["product.pricelist.item"].with_user(self.staff["salesperson"])
        with self.assertRaises(AccessError):
            items.create(
                {
                    "pricelist_id": self.pricelist.id,
                    "kh_partner_id": self.dealer_a.id,
                    "fixed_price": 1.0,
                }
            )
        market = self._create_rule(95.0)
        with self.assertRaises(AccessError):
            market.with_user(self.staff["salesperson"]).fixed_price = 1.0

    def test_default_contract_makes_no_line_in_force(self):
        """A contract given by the context binds like one that is given as a value."""
        user = self.staff["salesperson"]
        contract = self._create_contract(lines=[(self.product, 80.0, 0)])
        vals = {
            "pricelist_id": self.pricelist.id,
            "kh_partner_id": self.dealer_a.id,
            "product_id": self.product.id,
            "applied_on": "0_product_variant",
            "compute_price": "fixed",
            "fixed_price": 1.0,
            "min_quantity": 2,
        }
        items = self.env["product.pricelist.item"].with_user(user)
        item = items.with_context(default_kh_contract_id=contract.id).create(dict(vals))
        self.assertTrue(item.kh_is_pending)
        self.env["ir.default"].set("product.pricelist.item", "kh_contract_id", contract.id, user.id)
        item = items.create(dict(vals))
        self.assertEqual(item.kh_contract_id, contract)
        self.assertTrue(item.kh_is_pending)
        self.assertEqual(self._price(partner=self.dealer_a, quantity=2), 100.0)
        contract.action_submit()
        with self.assertRaises(AccessError):
            items.create(dict(vals))

    def test_supervisor_needs_a_flow_or_a_price_manager(self):
        contract = self._create_contract(
            partner=self.dealer_b, lines=[(self.product, 80.0, 0)]
        ).with_user(self.staff["supervisor"])
        contract.note = "seen"
        contract.item_ids.fixed_price = 79.0
        with self.assertRaises(AccessError):
            contract.action_submit()

    def test_product_manager_decides(self):
        contract = self._create_contract(lines=[(self.product, 80.0, 0)])
        contract = contract.with_user(self.staff["product_manager"])
        contract.action_submit()
        self.assertEqual(contract.state, "active")
        contract.item_ids.fixed_price = 81.0
        contract.action_terminate()
        items = self.env["product.pricelist.item"].with_user(self.staff["product_manager"])
        items.create(
            {
                "pricelist_id": self.pricelist.id,
                "kh_grade_id": self.gold.id,
                "compute_price": "percentage",
                "percent_price": 5.0,
            }
        ).unlink()

    def test_order_clerk_reads_only(self):
        contract = self._create_contract(lines=[(self.product, 80.0, 0)])
        contract = contract.with_user(self.staff["order_clerk"])
        self.assertEqual(contract.item_ids.fixed_price, 80.0)
        for step in (
            lambda: contract.write({"note": "x"}),
            contract.action_submit,
            contract.action_terminate,
            lambda: contract.item_ids.write({"fixed_price": 1.0}),
            lambda: (
                self.env["kh.price.contract.import"]
                .with_user(self.staff["order_clerk"])
                .create({"contract_id": contract.id})
            ),
        ):
            with self.assertRaises(AccessError):
                step()

    def test_portal_reads_no_contract(self):
        contract = self._create_contract(lines=[(self.product, 80.0, 0)])
        with self.assertRaises(AccessError):
            contract.with_user(self.portal_a).read(["name"])

    def test_other_company_sees_no_contract(self):
        other = self.env["res.company"].create({"name": "Other"})
        user = self.staff["product_manager"]
        contract = self._create_contract(lines=[(self.product, 80.0, 0)])
        user.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        with self.assertRaises(AccessError):
            contract.with_user(user).with_company(other).read(["name"])

    def test_core_sales_manager_keeps_core_rights(self):
        manager = self.staff["order_clerk"]
        manager.group_ids += self.env.ref("sales_team.group_sale_manager")
        market = self._create_rule(95.0)
        market.with_user(manager).fixed_price = 94.0
        self.assertEqual(market.fixed_price, 94.0)

    def test_lines_of_a_contract_cannot_be_moved(self):
        contract = self._create_contract(lines=[(self.product, 80.0, 0)])
        loose = self._create_rule(5.0, kh_partner_id=self.dealer_a.id, product_id=self.product.id)
        with self.assertRaises(UserError):
            loose.kh_contract_id = contract
        with self.assertRaises(UserError):
            contract.item_ids.kh_contract_id = False
