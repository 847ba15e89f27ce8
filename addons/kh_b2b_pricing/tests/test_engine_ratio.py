from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, MissingError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PricingCommon


@tagged("post_install", "-at_install")
class TestEngineRatio(PricingCommon):
    """Ratios of the sales price, the cost and the market price (M-43), and ids in, prices out."""

    def test_ratio_of_the_market_price_follows_its_ladder(self):
        self._create_rule(96.0)
        self._create_rule(90.0, min_quantity=10)
        level = self._create_rule(percent=12.5, base="kh_market", kh_grade_id=self.gold.id)
        self.assertEqual(self._price(partner=self.dealer_a), 84.0)
        self.assertEqual(self._price(partner=self.dealer_a, quantity=10), 78.75)
        self.assertEqual(self._price(partner=self.dealer_b), 96.0)
        dozen = self._price(partner=self.dealer_a, uom=self.uom_dozen)
        self.assertEqual(dozen, 78.75 * 12)
        self.assertEqual(level.with_context(lang="en_US").price, "12.5 % discount on market price")

    def test_ratio_of_the_market_price_without_market_rule(self):
        self._create_rule(percent=-10, base="kh_market", kh_partner_id=self.dealer_a.id)
        self.assertEqual(self._price(partner=self.dealer_a), 110.0)

    def test_ratio_of_a_market_price_that_only_a_record_can_tell(self):
        self.env["product.pricelist.item"].create(
            {
                "pricelist_id": self.pricelist.id,
                "compute_price": "formula",
                "base": "list_price",
                "price_surcharge": 5.0,
            }
        )
        self._create_rule(percent=50, base="kh_market", kh_partner_id=self.dealer_a.id)
        self.assertEqual(self._price(partner=self.dealer_a), 52.5)

    def test_rule_by_its_record_agrees_with_the_engine(self):
        """Core's callers price the winning rule by itself, such as order lines."""
        self._create_rule(96.0)
        rule = self._create_rule(percent=25, base="kh_market", kh_partner_id=self.dealer_a.id)
        price = rule._compute_price(
            self.product, 3.0, self.uom_unit, date=False, kh_partner=self.dealer_a
        )
        self.assertEqual(price, 72.0)

    def test_market_price_is_no_ratio_of_itself(self):
        with (
            self.assertRaises(CheckViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self._create_rule(percent=10, base="kh_market")

    def test_ratio_of_the_cost(self):
        self.product.standard_price = 40.0
        rule = self._create_rule(percent=-25, base="standard_price", kh_partner_id=self.dealer_a.id)
        self.assertEqual(self._price(partner=self.dealer_a), 50.0)
        self.assertEqual(self._price(self.product.product_tmpl_id, self.dealer_a), 50.0)
        self.assertEqual(rule.with_context(lang="en_US").price, "25 % markup on product cost")
        other = self.env["res.company"].create({"name": "Other"})
        self.pricelist.company_id = False
        price = self.pricelist.with_company(other)._get_product_price(
            self.product.with_company(other), 1.0, kh_partner=self.dealer_a
        )
        self.assertEqual(price, 0.0, "each company has a cost of its own")

    def test_dealer_never_learns_a_cost(self):
        own = self._create_rule(90.0, kh_partner_id=self.dealer_a.id)
        portal = self._create_portal_user(self.dealer_a, "kh_cost_a")
        self.assertEqual(own.with_user(portal).percent_price, 0.0)
        self.product.standard_price = 40.0
        rule = self._create_rule(percent=-25, base="standard_price", kh_partner_id=self.dealer_a.id)
        # as in the dealer's next request
        self.env.cr.cache.clear()
        self.env.invalidate_all()
        theirs = rule.with_user(portal)
        self.assertTrue(theirs.compute_price)
        for field in ("percent_price", "price", "price_discount", "rule_tip"):
            with self.subTest(field), self.assertRaises(AccessError):
                theirs.read([field])
        with self.assertRaises(AccessError):
            theirs.search([("percent_price", "<", 0)])
        self.assertNotIn("percent_price", theirs.read()[0])
        self.assertEqual(own.with_user(portal).percent_price, 0.0, "other rules stay readable")
        with self.assertRaises(AccessError):
            self.product.with_user(portal).read(["standard_price"])
        staff = self._create_staff()
        self.assertEqual(rule.with_user(staff["product_manager"]).percent_price, -25.0)
        display = self.product.with_user(portal)._kh_get_display_prices(self.dealer_a)
        self.assertEqual(display[self.product.id].own, 50.0)

    def test_extras_of_variants_and_of_attributes_without_variants(self):
        series = self._create_template_with_variants()
        value = series.attribute_line_ids.product_template_value_ids[0]
        value.price_extra = 20.0
        variant = series.product_variant_ids.filtered(
            lambda product: value in product.product_template_attribute_value_ids
        )
        rule = self._create_rule(percent=10, kh_partner_id=self.dealer_a.id)
        self.assertEqual(self._price(variant, self.dealer_a), 108.0)
        self.assertEqual(self._price(series, self.dealer_a), 90.0)
        extra = variant.with_context(no_variant_attributes_price_extra=5.0)
        self.assertEqual(self._price(extra, self.dealer_a), 112.5)
        rule.unlink()
        self.assertEqual(self._price(extra, self.dealer_a), 125.0)
        self._create_rule(80.0, kh_partner_id=self.dealer_a.id)
        self.assertEqual(self._price(extra, self.dealer_a), 80.0, "as in core: fixed is fixed")

    def test_ids_in_prices_out(self):
        self._create_rule(80.0, kh_partner_id=self.dealer_a.id, product_id=self.product.id)
        ladder = self._create_rule(
            70.0, kh_partner_id=self.dealer_a.id, product_id=self.product.id, min_quantity=10
        )
        ids = (self.product | self.product_2).ids
        prices = self.pricelist._kh_get_prices(
            ids, {self.product.id: 10, self.product_2.id: 1}, self.dealer_a
        )
        self.assertEqual(
            prices, {self.product.id: (70.0, ladder.id), self.product_2.id: (100.0, False)}
        )
        self.assertEqual(self.pricelist._kh_get_prices([], 1.0, self.dealer_a), {})
        with self.assertRaises(MissingError):
            self.pricelist._kh_get_prices([self.product.id, 2**30], 1.0, self.dealer_a)

    def test_two_queries_at_most(self):
        products = self.env["product.product"].union(
            *(self._create_product(f"P{n}", f"KH-Q-{n}") for n in range(40))
        )
        (products - products[7]).standard_price = 5.0  # the eighth never had a cost
        head = self.env["res.partner"].create({"name": "Head", "is_company": True})
        self.dealer_a.parent_id = head
        owner = {"kh_partner_id": self.dealer_a.id}
        self._create_rule(96.0)
        for number, product in enumerate(products[:32]):
            kinds = (
                {"price": 80.0, **owner},
                {"percent": 5, "base": "kh_market", **owner},
                {"percent": 5, "base": "standard_price", **owner},
                {"price": 81.0, "kh_partner_id": head.id, "kh_with_branches": True},
                {"percent": 5, "base": "kh_market", "kh_grade_id": self.gold.id},
            )
            self._create_rule(product_id=product.id, **kinds[number % 5])
        self.env.flush_all()
        # Precisions and the like come from the caches of the registry.
        self._price(products[1], self.dealer_a)
        for batch in (products[:1], products):
            self.env.invalidate_all()
            self.pricelist.currency_id  # noqa: B018 - read outside of the count
            self.env.company.currency_id  # noqa: B018
            with self.assertQueryCount(2):
                prices = self.pricelist._kh_get_prices(batch.ids, 1.0, self.dealer_a)
        self.assertEqual(
            [prices[product.id][0] for product in products[:5]], [80.0, 91.2, 4.75, 81.0, 91.2]
        )
        self.assertEqual(prices[products[7].id][0], 0.0)
        self.assertEqual(prices[products[-1].id][0], 96.0)
        with self.assertQueryCount(2):
            self.pricelist._kh_get_prices(products.ids, 1.0, self.nobody)
        # Whoever is in the cache is not looked up, and pays the same.
        self.dealer_a.parent_id.parent_id  # noqa: B018
        with self.assertQueryCount(2):
            warm = self.pricelist._kh_get_prices(products.ids, 1.0, self.dealer_a)
        self.assertEqual(warm, prices)


@tagged("post_install", "-at_install")
class TestEngineBranches(PricingCommon):
    """Prices of a head office that also hold for its branches."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.group, cls.head = cls.env["res.partner"].create(
            [{"name": "Group", "is_company": True}, {"name": "Head", "is_company": True}]
        )
        cls.head.parent_id = cls.group
        cls.dealer_a.parent_id = cls.head
        cls.rule = cls._create_rule(
            70.0, kh_partner_id=cls.group.id, product_id=cls.product.id, kh_with_branches=True
        )

    def test_holds_for_branches_of_any_depth_and_their_contacts(self):
        self.assertEqual(self.dealer_a.commercial_partner_id, self.dealer_a)
        for partner in (self.group, self.head, self.dealer_a, self.buyer_a):
            self.assertEqual(self._price(partner=partner), 70.0, partner.name)
        self.assertEqual(self._price(partner=self.dealer_b), 100.0)
        self.assertEqual(self._price(), 100.0)
        self.rule.kh_with_branches = False
        self.assertEqual(self._price(partner=self.group), 70.0)
        self.assertEqual(self._price(partner=self.dealer_a), 100.0)

    def test_nearest_company_wins_whatever_its_scope(self):
        self._create_rule(75.0, kh_partner_id=self.head.id, kh_with_branches=True)
        self.assertEqual(self._price(partner=self.dealer_a), 75.0)
        self._create_rule(82.0, kh_partner_id=self.dealer_a.id)
        self.assertEqual(self._price(partner=self.dealer_a), 82.0)
        self.assertEqual(self._price(partner=self.head), 75.0)
        self.assertEqual(self._price(partner=self.group), 70.0)

    def test_head_office_before_the_branch_level(self):
        self._create_rule(60.0, kh_grade_id=self.gold.id, product_id=self.product.id)
        self.assertEqual(self._price(partner=self.dealer_a), 70.0)
        self.rule.min_quantity = 5
        self.assertEqual(self._price(partner=self.dealer_a), 60.0)

    def test_head_office_never_buys_at_a_branch_price(self):
        self._create_rule(
            50.0, kh_partner_id=self.dealer_a.id, product_id=self.product.id, kh_with_branches=True
        )
        self.assertEqual(self._price(partner=self.head), 70.0)
        self.assertEqual(self._price(partner=self.group), 70.0)

    def test_contract_of_the_head_office(self):
        contract = self._create_contract(
            self.group, [(self.product_2, 66.0, 0)], with_branches=True
        )
        contract.action_submit()
        self.assertEqual(self._price(self.product_2, self.dealer_a), 66.0)
        display = self.product_2._kh_get_display_prices(self.dealer_a)[self.product_2.id]
        self.assertEqual((display.own, display.source), (66.0, "contract"))

    def test_branch_reads_the_rule_it_pays_by(self):
        """The shop reads dates of the winning rule as the user."""
        portal = self._create_portal_user(self.dealer_a, "kh_branch_a")
        own = self._create_rule(1.0, kh_partner_id=self.head.id, product_id=self.product_2.id)
        items = self.env["product.pricelist.item"].with_user(portal)
        mine = items.search([("kh_partner_id", "!=", False)])
        self.assertEqual(mine, self.rule)
        self.assertFalse(mine.date_start)
        stranger = self._create_portal_user(self.dealer_b, "kh_branch_b")
        self.assertFalse(items.with_user(stranger).search([("kh_partner_id", "!=", False)]))
        with self.assertRaises(AccessError):
            own.with_user(portal).read(["date_start"])
