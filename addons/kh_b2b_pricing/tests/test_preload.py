from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import PricingCommon


@tagged("post_install", "-at_install")
class TestPreload(PricingCommon):
    """Prices of a page are read once, and are those that would be read again."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.website = cls.env["website"].get_current_website()
        cls.website.kh_is_b2b = True
        cls.rule = cls._create_rule(61.0, kh_partner_id=cls.dealer_a.id, product_id=cls.product.id)
        cls._create_rule(
            58.0, min_quantity=10, kh_partner_id=cls.dealer_a.id, product_id=cls.product.id
        )
        cls._create_rule(52.0, kh_partner_id=cls.dealer_b.id, product_id=cls.product.id)
        cls._create_rule(83.0, kh_grade_id=cls.gold.id, product_id=cls.product_2.id)
        cls.products = cls.product + cls.product_2

    def _ask(self, products, partner, quantity=1.0, **kwargs):
        return self.pricelist._compute_price_rule(products, quantity, kh_partner=partner, **kwargs)

    def test_same_prices_without_a_query(self):
        for partner in (self.dealer_a, self.dealer_b, self.nobody):
            loaded = self.pricelist._kh_preload(self.products, partner)
            for quantity in (1.0, 10.0, 25.0):
                with self.subTest(partner=partner.name, quantity=quantity):
                    expected = self._ask(self.products, partner, quantity)
                    with self.assertQueryCount(0):
                        self.assertEqual(self._ask(loaded, partner, quantity), expected)
            shown = self.pricelist._kh_get_display_prices(self.products, partner)
            with self.assertQueryCount(0):
                self.assertEqual(self.pricelist._kh_get_display_prices(loaded, partner), shown)

    def test_the_market_price_is_among_them(self):
        loaded = self.pricelist._kh_preload(self.products, self.dealer_a)
        expected = self._ask(self.products, self.nobody)
        with self.assertQueryCount(0):
            self.assertEqual(self._ask(loaded, self.nobody), expected)

    def test_a_contact_has_the_prices_of_the_company(self):
        loaded = self.pricelist._kh_preload(self.products, self.dealer_a)
        self.assertEqual(self._ask(loaded, self.buyer_a), self._ask(self.products, self.buyer_a))

    def test_another_dealer_product_or_time_is_read(self):
        loaded = self.pricelist._kh_preload(self.product, self.dealer_a)
        self.assertEqual(self._ask(loaded, self.dealer_b)[self.product.id][0], 52.0)
        both = self.products.with_env(loaded.env)
        self.assertEqual(self._ask(both, self.dealer_a), self._ask(self.products, self.dealer_a))
        self.rule.date_end = fields.Datetime.now() + timedelta(days=1)
        later = fields.Datetime.now() + timedelta(days=2)
        [(price, _rule)] = self._ask(loaded, self.dealer_a, date=later).values()
        self.assertNotEqual(price, 61.0)

    def test_a_context_of_a_client_says_nothing(self):
        forged = {"facts": {self.product.id: ["forged"]}, "rules": []}
        asked = self.product.with_context(kh_loaded=forged)
        self.assertEqual(self._ask(asked, self.dealer_a), self._ask(self.product, self.dealer_a))
