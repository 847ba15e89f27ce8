from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import PricingCommon


@tagged("post_install", "-at_install")
class TestPriceDataRights(PricingCommon):
    """Prices of a dealer are for staff of the suite, of sales and of accounting, in range."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_staff("pdr_seller", "role_salesperson")
        cls.rival = cls._create_staff("pdr_rival", "role_salesperson")
        cls.director = cls._create_staff("pdr_director", "role_director")
        cls.finance = cls._create_staff("pdr_finance", "role_finance")
        cls.employee = new_test_user(cls.env, "pdr_employee", "base.group_user")
        cls.core_seller = new_test_user(
            cls.env, "pdr_core", "base.group_user,sales_team.group_sale_salesman"
        )
        cls.area = cls.env["kh.sales.area"].create({"name": "PDR area"})
        cls.dealer_a.write({"kh_is_dealer": True, "user_id": cls.seller.id})
        cls.dealer_b.write({"kh_is_dealer": True, "kh_sales_area_ids": [Command.set(cls.area.ids)]})
        cls.contract_a = cls._create_contract(cls.dealer_a, [(cls.product, 80, 0)])
        cls.contract_b = cls._create_contract(cls.dealer_b, [(cls.product, 70, 0)])
        cls.market = cls._create_rule(95, applied_on="3_global")
        cls.contracts = cls.contract_a | cls.contract_b
        cls.items = cls.contracts.item_ids | cls.market

    @classmethod
    def _create_staff(cls, login, role):
        user = new_test_user(cls.env, login, "base.group_user")
        user.role_line_ids = [Command.create({"role_id": cls.env.ref(f"kh_b2b_member.{role}").id})]
        return user

    def _seen(self, user):
        records = self.env["product.pricelist.item"].with_user(user)
        found = records.search([("id", "in", self.items.ids)])
        counts = records._read_group([("id", "in", self.items.ids)], [], ["__count"])
        self.assertEqual(counts[0][0], len(found))
        return set(found.ids)

    def test_who_reads_prices_of_dealers(self):
        own = set((self.contract_a.item_ids | self.market).ids)
        cases = {
            self.employee: set(self.market.ids),
            self.core_seller: set(self.items.ids),
            self.director: set(self.items.ids),
            self.finance: set(self.items.ids),
            self.seller: own,
            self.rival: set(self.market.ids),
        }
        for user, expected in cases.items():
            with self.subTest(user=user.login):
                self.assertEqual(self._seen(user), expected)
        item = self.contract_a.item_ids.with_user(self.employee)
        with self.assertRaises(AccessError):
            item.read(["fixed_price"])
        self.assertTrue(self.market.with_user(self.employee).read(["fixed_price"]))

    def test_areas(self):
        self.rival.kh_data_area_ids = self.area
        self.director.kh_data_area_ids = self.area
        expected = set((self.contract_b.item_ids | self.market).ids)
        self.assertEqual(self._seen(self.rival), expected)
        self.assertEqual(self._seen(self.director), expected)

    def test_contracts(self):
        domain = [("id", "in", self.contracts.ids)]
        contracts = self.env["kh.price.contract"]
        self.assertEqual(contracts.with_user(self.seller).search(domain).ids, self.contract_a.ids)
        self.assertFalse(contracts.with_user(self.rival).search_count(domain))
        self.assertEqual(contracts.with_user(self.finance).search_count(domain), 2)
        foreign = self.contract_b.with_user(self.seller)
        self.assertFalse(foreign.has_access("read") or foreign.has_access("write"))
        self.assertTrue(self.contract_a.with_user(self.seller).has_access("write"))
        with self.assertRaises(AccessError):
            contracts.with_user(self.seller).create(
                {"partner_id": self.dealer_b.id, "pricelist_id": self.pricelist.id}
            )

    def test_employees_still_price_for_everybody(self):
        """Core's engine as an employee: market prices, no dealer's, no error."""
        pricelist = self.pricelist.with_user(self.employee)
        price = pricelist._get_product_price(self.product.with_user(self.employee), 1.0)
        self.assertEqual(price, 95)
