import json
import re

from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from .common import PricingCommon

PRICE_A, PRICE_A_STEP, PRICE_B, LEVEL_GOLD = "61.37", "58.13", "52.91", "83.19"
SECRETS = (PRICE_A, PRICE_A_STEP, PRICE_B, LEVEL_GOLD)


@tagged("post_install", "-at_install")
class TestShop(HttpCase, PricingCommon):
    """What the shop says to strangers and to dealers, page by page."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.website = cls.env["website"].get_current_website()
        cls.website.write({"kh_is_b2b": True, "show_line_subtotals_tax_selection": "tax_included"})
        cls.env["product.pricelist"].search([("id", "!=", cls.pricelist.id)]).write(
            {"selectable": False, "website_id": False}
        )
        cls.website.user_id.partner_id.specific_property_product_pricelist = cls.pricelist
        cls.product.name = cls.product.product_tmpl_id.name = "Khprobe Breaker"
        cls.template = cls.product.product_tmpl_id
        customer = {"kh_partner_id": cls.dealer_a.id, "product_id": cls.product.id}
        cls._create_rule(float(PRICE_A), **customer)
        cls._create_rule(float(PRICE_A_STEP), min_quantity=10, **customer)
        cls._create_rule(float(PRICE_B), kh_partner_id=cls.dealer_b.id, product_id=cls.product.id)
        cls._create_rule(
            float(LEVEL_GOLD),
            kh_grade_id=cls.gold.id,
            product_tmpl_id=cls.product_2.product_tmpl_id.id,
        )
        cls.product_2.name = cls.product_2.product_tmpl_id.name = "Khprobe Switch"
        cls._create_portal_user(cls.dealer_a, "kh_shop_a")
        cls._create_portal_user(cls.dealer_b, "kh_shop_b")
        cls.product_url = cls.template.website_url

    def _login(self, login):
        self.authenticate(login, login)

    def _get(self, path):
        response = self.url_open(path)
        self.assertEqual(response.status_code, 200, path)
        return response.text

    def _combination(self, template=None, quantity=1, **more):
        template = template or self.template
        return self.make_jsonrpc_request(
            "/website_sale/get_combination_info",
            {
                "product_template_id": template.id,
                "product_id": template.product_variant_id.id,
                "combination": [],
                "add_qty": quantity,
                **more,
            },
        )

    def _suggestions(self):
        return self.make_jsonrpc_request(
            "/website/snippet/autocomplete",
            {
                "search_type": "products",
                "term": "Khprobe",
                "order": "name asc",
                "limit": 5,
                "options": {
                    "displayDescription": True,
                    "displayDetail": True,
                    "displayExtraLink": True,
                    "displayImage": True,
                },
            },
        )

    def _everything(self):
        """Fetch all that a visitor can fetch about prices, as one text."""
        return "\n".join(
            [
                self._get("/shop?search=Khprobe"),
                self._get("/shop?search=Khprobe&order=list_price+asc"),
                self._get(self.product_url),
                json.dumps(self._combination(), default=str),
                json.dumps(self._combination(quantity=20), default=str),
                json.dumps(self._suggestions(), default=str),
            ]
        )

    # --- strangers

    def test_stranger_meets_no_dealer_price_anywhere(self):
        text = self._everything()
        for secret in SECRETS:
            self.assertNotIn(secret, text)
        self.assertIn("100.00", text)

    def test_stranger_is_told_to_log_in(self):
        for path in ("/shop?search=Khprobe", self.product_url):
            page = self._get(path)
            self.assertRegex(page, r'login[_-][a-z_-]*price"[^>]*href="/web/login\?redirect=')
            self.assertNotIn("kh_price_tag_", page)
        self.assertIn("kh_login_hint", str(self._suggestions()["results"]))

    def test_stranger_cannot_ask_for_a_dealer_by_context(self):
        info = self.make_jsonrpc_request(
            "/website_sale/get_combination_info",
            {
                "product_template_id": self.template.id,
                "product_id": self.product.id,
                "combination": [],
                "add_qty": 1,
                "context": {"kh_partner_id": self.dealer_a.id},
            },
        )
        self.assertEqual(info["price"], 100.0)

    # --- dealers

    def test_dealer_sees_own_price_and_nobody_elses(self):
        self._login("kh_shop_a")
        text = self._everything()
        self.assertIn(PRICE_A, text)
        self.assertIn(PRICE_A_STEP, text)
        self.assertIn(LEVEL_GOLD, text)
        self.assertNotIn(PRICE_B, text)
        self.assertNotIn("kh_login_for_price", text)
        # rows of variants, where an add-on replaces core's form, have a tag of their own
        self.assertRegex(self._get(self.product_url), "kh_price_tag_contract|kh-p-tag-contract")
        level_page = self._get(self.product_2.product_tmpl_id.website_url)
        self.assertRegex(level_page, "kh_price_tag_level|kh-p-tag-level")
        self._login("kh_shop_b")
        text = self._everything()
        self.assertIn(PRICE_B, text)
        for secret in (PRICE_A, PRICE_A_STEP, LEVEL_GOLD):
            self.assertNotIn(secret, text)

    def test_quantity_changes_price_and_tag(self):
        self._login("kh_shop_a")
        info = self._combination()
        self.assertEqual((info["price"], info["kh_source"]), (61.37, "contract"))
        self.assertEqual(info["kh_market_price"], 100.0)
        self.assertFalse(info["has_discounted_price"])
        self.assertEqual(self._combination(quantity=10)["price"], 58.13)

    def test_price_in_packs_is_the_agreed_one(self):
        carton = self.env["uom.uom"].create(
            {"name": "Carton 12", "relative_factor": 12, "relative_uom_id": self.uom_unit.id}
        )
        for price, owner in ((700.1, {"kh_partner_id": self.dealer_a.id}), (1000.1, {})):
            self._create_rule(
                product_id=self.product_2.id, kh_uom_id=carton.id, kh_uom_price=price, **owner
            )
        self._login("kh_shop_a")
        info = self._combination(self.product_2.product_tmpl_id, uom_id=carton.id)
        self.assertEqual((info["price"], info["kh_market_price"]), (700.1, 1000.1))
        info = self._combination(self.product_2.product_tmpl_id)
        self.assertEqual((info["price"], info["kh_market_price"]), (58.34, 83.34))

    def _structured_data(self):
        scripts = re.findall(
            r"<script[^>]*application/ld\+json[^>]*>(.*?)</script>",
            self._get(self.product_url),
            flags=re.DOTALL,
        )
        return str([data for data in map(json.loads, scripts) if "Product" in str(data)])

    def test_structured_data_carry_the_market_price(self):
        self.assertIn("100.0", self._structured_data())
        self._login("kh_shop_a")
        # an add-on may leave them out for who is logged in; a dealer's price is never in them
        self.assertNotIn(PRICE_A, self._structured_data())

    def test_ratio_is_no_promotion(self):
        self._create_rule(percent=15, kh_grade_id=self.gold.id)
        self._login("kh_shop_a")
        plain = self._create_product("Khprobe Relay", "KH-P-3")
        info = self._combination(plain.product_tmpl_id)
        self.assertEqual(info["price"], 85.0)
        self.assertFalse(info["has_discounted_price"])

    def test_cart_takes_the_dealers_price(self):
        self._login("kh_shop_a")
        result = self.make_jsonrpc_request(
            "/shop/cart/add",
            {
                "product_template_id": self.template.id,
                "product_id": self.product.id,
                "quantity": 10,
            },
        )
        self.assertEqual(result["tracking_info"][0]["price"], 100.0, "analytics: market price")
        order = self.env["sale.order"].search(
            [("partner_id", "child_of", self.dealer_a.id)], limit=1, order="id desc"
        )
        self.assertEqual(order.pricelist_id, self.pricelist)
        self.assertEqual(order.order_line.price_unit, 58.13)

    def test_new_pricelist_of_dealer_counts_at_once(self):
        plain = self.env["product.pricelist"].create({"name": "Plain", "selectable": True})
        self.dealer_a.specific_property_product_pricelist = plain
        self._login("kh_shop_a")
        self.assertEqual(self._combination()["price"], 100.0)
        self.dealer_a.specific_property_product_pricelist = self.pricelist
        self.assertEqual(self._combination()["price"], 61.37)

    # --- neutral

    def test_other_websites_are_left_alone(self):
        self.website.kh_is_b2b = False
        page = self._get(self.product_url)
        self.assertNotIn("kh_price", page)
        self.assertNotIn("kh_login", page)
        self.assertNotIn("kh_source", self._combination())

    # --- prices for pages

    def test_display_prices(self):
        displays = (self.product | self.product_2)._kh_get_display_prices(
            partner=self.buyer_a, website=self.website
        )
        first, second = displays[self.product.id], displays[self.product_2.id]
        self.assertEqual((first.market, first.own, first.source), (100.0, 61.37, "contract"))
        self.assertEqual(first.ladder, ((10.0, 58.13),))
        self.assertEqual((second.own, second.source), (83.19, "level"))
        visitor = self.product._kh_get_display_prices(partner=self.nobody, website=self.website)[
            self.product.id
        ]
        self.assertEqual((visitor.market, visitor.own, visitor.source), (100.0, None, None))
        self.assertEqual(visitor.ladder, ())
        self.assertEqual(visitor.price, 100.0)

    def test_display_prices_with_taxes_as_the_website_shows_them(self):
        tax = self.env["account.tax"].create(
            {
                "name": "13 %",
                "amount": 13.0,
                "type_tax_use": "sale",
                "price_include_override": "tax_excluded",
            }
        )
        self.product.taxes_id = [Command.set(tax.ids)]
        shown = self.product._kh_get_display_prices(self.dealer_a, website=self.website)
        display = shown[self.product.id]
        self.assertTrue(display.tax_included)
        self.assertAlmostEqual(display.own, 69.35)
        self.assertAlmostEqual(display.market, 113.0)
        self.assertAlmostEqual(display.ladder[0][1], 65.69)
        self.website.show_line_subtotals_tax_selection = "tax_excluded"
        shown = self.product._kh_get_display_prices(self.dealer_a, website=self.website)
        self.assertAlmostEqual(shown[self.product.id].own, 61.37)

    def test_display_prices_in_constant_queries(self):
        products = self.env["product.product"].union(
            *(self._create_product(f"D{n}", f"KH-D-{n}") for n in range(50))
        )
        for product in products:
            self._create_rule(80.0, kh_partner_id=self.dealer_a.id, product_id=product.id)
        self.env.flush_all()
        counts = []
        products[0]._kh_get_display_prices(self.dealer_a, website=self.website)
        for batch in (products[0], products):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            batch._kh_get_display_prices(self.dealer_a, website=self.website)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0], counts)
        self.assertLessEqual(counts[1], 25, counts)
