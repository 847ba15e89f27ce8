import base64

from odoo import Command, fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PortalCommon

PIXEL = base64.b64encode(
    base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )
)


@tagged("post_install", "-at_install")
class TestPromotion(PortalCommon):
    """The promotion zone in the shop (M-05), and zones with a term and a banner (M-61)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.secret = cls._create_template("KH secret pump", default_code="KHP-S")
        cls.open = cls._create_template("KH slow pump", default_code="KHP-O")
        cls.zone = cls.env["kh.catalog.assortment"].create(
            {
                "name": "KH secret zone",
                "is_zone": True,
                "banner_title": "KH only for Hengli",
                "banner_image": PIXEL,
                "product_tmpl_ids": [Command.set(cls.secret.ids)],
                "partner_ids": [Command.set(cls.stranger.ids)],
            }
        )
        cls.promotion = cls._create_promotion("KH clearance", cls.open + cls.secret)
        cls.promotion.write({"banner_title": "KH all must go", "banner_text": "KH low prices"})
        cls.hidden = cls._create_promotion("KH hidden promotion", cls.secret)
        cls.draft = cls._create_promotion("KH planned promotion", cls.open, is_running=False)

    @classmethod
    def _create_promotion(cls, name, templates, is_running=True):
        promotion = cls.env["kh.promotion"].create(
            {
                "name": name,
                "company_id": cls.company.id,
                "pricelist_id": cls.pricelist.id,
                "discount": 25,
                "line_ids": [
                    Command.create({"product_id": variant.id, "state": "accepted"})
                    for variant in templates.product_variant_ids
                ],
            }
        )
        if is_running:
            promotion.action_start()
        return promotion

    def _shop(self, key):
        return self.url_open(f"/shop?kh_zone={key}").text

    def test_each_finds_in_it_what_he_may_buy(self):
        key = self.promotion._kh_zone_key()
        self.authenticate("kh_dealer", "kh_dealer")
        response = self.url_open(f"/shop/promotion/kh-clearance-{self.promotion.id}")
        self.assertTrue(response.url.endswith(f"/shop?kh_zone={key}"))
        html = response.text
        for text in ("KH slow pump", "KH all must go", "KH low prices", ">75.00</b>"):
            self.assertIn(text, html)
        for text in ("KH secret", "KH hidden", "KH planned", "KH breaker", "KH only for"):
            self.assertNotIn(text, html)
        html = self.url_open("/shop?search=KHT").text
        self.assertIn(f"kh_zone={key}", html)
        self.assertNotIn("KH hidden", html)
        self.assertIn(f"kh_zone={key}", self.url_open("/my").text)
        self.authenticate("kh_stranger", "kh_stranger")
        html = self._shop(key)
        self.assertIn("KH secret pump", html)
        self.assertIn("KH hidden promotion", html)

    def test_what_is_not_open_is_not_there(self):
        self.authenticate("kh_dealer", "kh_dealer")
        for promotion in (self.hidden, self.draft):
            html = self._shop(promotion._kh_zone_key())
            self.assertNotIn("KHP-", html)
            self.assertNotIn(promotion.name, html)
            with mute_logger("odoo.http"):
                path = f"/shop/promotion/x-{promotion.id}"
                self.assertEqual(self.url_open(path).status_code, 404)
        self.assertNotIn("KHP-", self._shop("p²"))
        self.promotion.zone_to = "2020-01-01"
        self.assertNotIn("KHP-", self._shop(self.promotion._kh_zone_key()))

    def test_only_accepted_products_are_shown(self):
        lines = self.promotion.line_ids
        lines.filtered(lambda line: line.product_id == self.open.product_variant_id).action_drop()
        self.assertNotIn("KHP-O", self._shop(self.promotion._kh_zone_key()))

    def test_a_visitor_sees_the_market_price_of_the_promotion(self):
        html = self._shop(self.promotion._kh_zone_key())
        self.assertIn("KH slow pump", html)
        self.assertIn("75.00", html)
        self.assertIn("Log in for your price", html)
        self.website.ecommerce_access = "logged_in"
        with mute_logger("odoo.http"):
            path = f"/shop/promotion/x-{self.promotion.id}"
            self.assertEqual(self.url_open(path).status_code, 404)

    def test_the_promotion_price_reaches_the_cart(self):
        self.authenticate("kh_dealer", "kh_dealer")
        self._add({self.open.product_variant_id: 2, self.variants[0]: 1})
        prices = {line.product_id: line.price_unit for line in self._cart().order_line}
        self.assertEqual(prices[self.open.product_variant_id], 75.0)
        self.assertEqual(prices[self.variants[0]], 80.0)  # the contract's

    def test_a_company_zone_has_a_term_and_a_banner_for_its_dealers(self):
        path = f"/shop/zone-banner/{self.zone.id}"
        self.authenticate("kh_stranger", "kh_stranger")
        self.assertIn("KH only for Hengli", self._shop(self.zone.id))
        self.assertEqual(self.url_open(path).headers["Content-Type"], "image/png")
        self.authenticate("kh_dealer", "kh_dealer")
        with mute_logger("odoo.http"):
            self.assertEqual(self.url_open(path).status_code, 404)
        self.zone.zone_from = fields.Datetime.add(fields.Datetime.now(), days=1)
        self.authenticate("kh_stranger", "kh_stranger")
        self.assertNotIn("KH only for", self._shop(self.zone.id))
        with mute_logger("odoo.http"):
            self.assertEqual(self.url_open(path).status_code, 404)
        # its products stay the dealer's
        self.assertIn("KHP-S", self.url_open("/shop?search=KHP-S").text)
