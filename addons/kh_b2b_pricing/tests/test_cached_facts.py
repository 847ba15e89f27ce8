from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import tagged

from .common import PricingCommon

VARIANT = "0_product_variant"


@tagged("post_install", "-at_install")
class TestCachedFacts(PricingCommon):
    """What the ORM has read of a product already is not read a second time for its price."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        other = cls.env["res.company"].create(
            {"name": "Elsewhere", "currency_id": cls.env.ref("base.JPY").id}
        )
        cls.products = (
            cls.product
            + cls.product_2
            + cls._create_product("By the dozen", "KH-P-3", uom_id=cls.uom_dozen.id)
            + cls._create_product("No category", "KH-P-4", categ_id=False)
            + cls._create_product("Of one company", "KH-P-5", company_id=other.id)
        )
        cls.products[0].standard_price = 40.0
        cls.products[1].standard_price = 12.345
        cls.env.flush_all()

    def _facts(self, products=None):
        self.env.invalidate_all()
        products = self.products if products is None else products
        products.mapped("list_price")
        return self.pricelist._kh_cached_facts(products)

    def test_same_facts_as_by_the_query(self):
        found = self._facts()
        with patch.object(type(self.pricelist), "_kh_cached_facts", return_value=None):
            queried = self.pricelist._kh_get_facts(self.products)
        self.assertEqual(len(found), len(self.products))
        costs = {key: fact.cost for key, fact in queried.items()}
        self.assertEqual({k: f._replace(cost=costs[k]) for k, f in found.items()}, queried)
        self.assertTrue(all(fact.cost in (None, costs[key]) for key, fact in found.items()))

    def test_what_waits_to_be_written_counts(self):
        self._facts()
        self.product.list_price = 77.0
        with self.assertQueries([]):
            facts = self.pricelist._kh_cached_facts(self.product)
        self.assertEqual(facts[self.product.id].list_price, 77.0)

    def test_one_missing_value_asks_the_database(self):
        self.assertTrue(self._facts())
        self.product_2.product_tmpl_id.invalidate_recordset(["uom_id"])
        self.assertIsNone(self.pricelist._kh_cached_facts(self.products))
        self.assertEqual(len(self.pricelist._kh_get_facts(self.products)), len(self.products))

    def test_extras_of_attributes_are_summed_by_the_query(self):
        attribute = self.env["product.attribute"].create(
            {"name": "Colour", "value_ids": [Command.create({"name": n}) for n in "AB"]}
        )
        template = self.env["product.template"].create(
            {
                "name": "Coloured",
                "list_price": 10.0,
                "attribute_line_ids": [
                    Command.create(
                        {
                            "attribute_id": attribute.id,
                            "value_ids": [Command.set(attribute.value_ids.ids)],
                        }
                    )
                ],
            }
        )
        dear = template.attribute_line_ids.product_template_value_ids[1]
        dear.price_extra = 3.5
        variants = template.product_variant_ids
        self.env.flush_all()
        self.assertIsNone(self._facts(variants))
        prices = self.pricelist._get_products_price(variants, 1.0, kh_partner=self.dealer_a)
        self.assertEqual(sorted(prices.values()), [10.0, 13.5])

    def test_costs_are_read_in_one_query_and_only_where_a_rule_asks(self):
        mine = self.products[:4]
        self._create_rule(
            80.0, kh_partner_id=self.dealer_a.id, product_id=mine[0].id, applied_on=VARIANT
        )
        self.env.flush_all()
        self.env.invalidate_all()
        mine.mapped("list_price")

        def prices():
            return self.pricelist._get_products_price(mine, 1.0, kh_partner=self.dealer_a)

        self.assertEqual(prices()[mine[1].id], 100.0)
        self.assertFalse(self.env["product.product"]._fields["standard_price"]._get_cache(self.env))
        self._create_rule(
            percent=-100,
            base="standard_price",
            kh_partner_id=self.dealer_a.id,
            product_id=mine[1].id,
            applied_on=VARIANT,
        )
        self._create_rule(
            percent=-50,
            base="standard_price",
            kh_partner_id=self.dealer_a.id,
            product_id=mine[2].id,
            applied_on=VARIANT,
        )
        self.env.flush_all()
        self.env.invalidate_all()
        mine.mapped("list_price")
        self.dealer_a.mapped("grade_id")
        mine[0].categ_id.parent_path  # noqa: B018 - the tree of categories is read once
        prices()
        self.env["product.product"].invalidate_model(["standard_price"])
        with self.assertQueryCount(3):  # rules of the dealer, of level and market, costs
            found = prices()
        self.assertEqual(found[mine[1].id], 24.69)
        self.assertEqual(found[mine[2].id], 0.0)
        self.assertEqual(found[mine[3].id], 100.0)
