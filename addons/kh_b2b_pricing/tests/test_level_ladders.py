from odoo.tests import tagged

from .common import PricingCommon


@tagged("post_install", "-at_install")
class TestLevelLadders(PricingCommon):
    """What a level pays, with all steps, is what the engine charges its dealers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        common = {"pricelist_id": cls.pricelist.id, "applied_on": "3_global"}
        of_one = {
            "pricelist_id": cls.pricelist.id,
            "applied_on": "0_product_variant",
            "product_id": cls.product.id,
            "compute_price": "fixed",
        }
        cls.env["product.pricelist.item"].create(
            [
                {**common, "compute_price": "percentage", "percent_price": 5, "min_quantity": 12},
                {
                    **common,
                    "compute_price": "formula",
                    "price_discount": 10,
                    "price_surcharge": 0.5,
                    "kh_grade_id": cls.gold.id,
                },
                {**of_one, "fixed_price": 70, "min_quantity": 20, "kh_grade_id": cls.gold.id},
                # neither a dealer's own price nor another level's is the level's
                {**of_one, "fixed_price": 11, "kh_partner_id": cls.dealer_b.id},
                {**of_one, "fixed_price": 12, "kh_grade_id": cls.silver.id},
            ]
        )
        cls.products = cls.product + cls.product_2

    def test_every_step_is_what_a_dealer_of_the_level_pays(self):
        for grade, dealer in ((self.gold, self.dealer_a), (None, self.nobody)):
            ladders = self.pricelist._kh_get_level_ladders(self.products, grade)
            for product in self.products:
                steps = ladders[product.id]
                self.assertEqual(steps[0][0], 0.0)
                for minimum, price in steps:
                    with self.subTest(grade=grade, product=product.name, minimum=minimum):
                        paid = self.pricelist._get_product_price(
                            product, minimum or 1.0, kh_partner=dealer
                        )
                        self.assertAlmostEqual(price, paid)
        gold = self.pricelist._kh_get_level_ladders(self.products, self.gold)
        self.assertEqual(gold[self.product.id], [(0.0, 90.5), (20.0, 70.0)])
        market = self.pricelist._kh_get_level_ladders(self.products)
        self.assertEqual(market[self.product.id], [(0.0, 100.0), (12.0, 95.0)])

    def test_queries_do_not_grow_with_the_products(self):
        many = self._create_template_with_variants(count=30).product_variant_ids

        def count(products):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.pricelist._kh_get_level_ladders(products, self.silver)
            return self.env.cr.sql_log_count - before

        count(many)
        self.assertLessEqual(count(many), count(many[:2]))
