"""Every way by which a browser could get at a product that is hidden from its user."""

import base64
import io
import json

from PIL import Image, UnidentifiedImageError

from odoo.fields import Command
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import CatalogCommon

SECRET = "Secret breaker"
STRANGERS = (None, "kh_catalog_b")
LOGINS = (*STRANGERS, "kh_catalog_a")


@tagged("post_install", "-at_install")
class TestDoors(CatalogCommon, HttpCase):
    """`p1` is seen by dealer A only; dealer B and visitors are strangers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "kh_is_b2b" in cls.website._fields:
            cls.website.kh_is_b2b = False
        english = cls.env["res.lang"]._activate_lang("en_US")
        cls.website.write(
            {
                "ecommerce_access": "everyone",
                "prevent_zero_price_sale": False,
                # English sentences are compared
                "language_ids": [Command.set(english.ids)],
                "default_lang_id": english.id,
            }
        )
        cls.shop_category, cls.open_category = cls.env["product.public.category"].create(
            [{"name": "Secret things"}, {"name": "Open things"}]
        )
        (cls.p2 + cls.p3 + cls.p4).write({"name": "Open breaker"})
        for number, product in enumerate(cls.p2 + cls.p3 + cls.p4, 2):
            product.name = f"Open breaker {number}"
        cls.p1.public_categ_ids = cls.shop_category
        cls.p2.public_categ_ids = cls.open_category
        buffer = io.BytesIO()
        Image.new("RGB", (90, 70), "#c33").save(buffer, "PNG")
        image = base64.b64encode(buffer.getvalue())
        cls.p1.image_1920 = image
        cls.variant = cls.p1.product_variant_id
        cls.extra = cls.env["product.image"].create(
            {"name": "Side", "product_tmpl_id": cls.p1.id, "image_1920": image}
        )
        cls.document = cls.env["product.document"].create(
            {
                "name": "secret.txt",
                "raw": b"secret document",
                "res_model": "product.template",
                "res_id": cls.p1.id,
                "shown_on_product_page": True,
            }
        )
        cls.p2.write(
            {
                "alternative_product_ids": cls.p1.ids,
                "accessory_product_ids": cls.variant.ids,
                "optional_product_ids": cls.p1.ids,
            }
        )
        cls._create_assortment(cls.p1, cls.dealer_a)
        cls.url = f"/shop/{cls.env['ir.http']._slug(cls.p1)}"

    def _as(self, login):
        self.authenticate(login, login)
        self.env.invalidate_all()

    def _rpc(self, url, **params):
        response = self.url_open(
            url,
            data=json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}),
            headers={"Content-Type": "application/json"},
        )
        return response.json()

    def _assert_hidden(self, url, status=None, logins=LOGINS):
        """Strangers find no trace of the product on the page, its dealer does."""
        for login in logins:
            self._as(login)
            response = self.url_open(url)
            is_hidden = login != "kh_catalog_a"
            if is_hidden:
                self.assertFalse(SECRET in response.text, f"{url} for {login}")
                self.assertIn(response.status_code, status or (200,), f"{url} for {login}")
            else:
                self.assertEqual(response.status_code, 200)
                self.assertTrue(SECRET in response.text, f"{url} for {login}")

    def test_lists_and_search(self):
        self._assert_hidden("/shop")
        self._assert_hidden("/shop?search=breaker")
        self._assert_hidden(f"/shop?tags=&min_price=0&search={self.variant.default_code}")

    def test_category(self):
        url = f"/shop/category/{self.env['ir.http']._slug(self.shop_category)}"
        self._assert_hidden(url, status=(404,))
        self._as(None)
        page = self.url_open("/shop").text
        self.assertNotIn("Secret things", page)
        self.assertIn("Open things", page)

    def test_product_page(self):
        self._assert_hidden(self.url, status=(403, 404))
        # and what other pages tell of it: alternatives, accessories
        self._assert_hidden(f"/shop/{self.env['ir.http']._slug(self.p2)}", logins=STRANGERS)

    def test_suggestions(self):
        for login, is_hidden in ((None, True), ("kh_catalog_b", True), ("kh_catalog_a", False)):
            self._as(login)
            answer = self._rpc(
                "/website/snippet/autocomplete",
                search_type="products",
                term="breaker",
                order="name asc",
                limit=10,
                options={
                    "displayImage": True,
                    "displayDescription": True,
                    "displayExtraLink": True,
                    "displayDetail": True,
                    "allowFuzzy": True,
                },
            )
            text = json.dumps(answer)
            self.assertIn("Open", text)
            self.assertEqual(f"/product.template/{self.p1.id}/" in text, not is_hidden)

    @mute_logger("odoo.http")
    def test_pictures_and_documents(self):
        """The picture is known by its size; strangers get the placeholder, or an error."""
        pictures = [
            f"/web/image/product.template/{self.p1.id}/image_1920",
            f"/web/image/product.product/{self.variant.id}/image_1024",
            f"/web/image/product.image/{self.extra.id}/image_1920",
            f"/web/content/product.template/{self.p1.id}/image_1920",
        ]
        documents = [
            f"{self.url}/document/{self.document.id}",
            f"/web/content/{self.document.ir_attachment_id.id}",
        ]
        for login in LOGINS:
            self._as(login)
            for url in pictures:
                content = self.url_open(url).content
                self.assertEqual(self._is_picture(content), login == "kh_catalog_a", (url, login))
            for url in documents[: 1 if login == "kh_catalog_a" else 2]:
                content = self.url_open(url).content
                self.assertEqual(b"secret document" in content, login == "kh_catalog_a", url)

    @staticmethod
    def _is_picture(content):
        try:
            return Image.open(io.BytesIO(content)).size == (90, 70)
        except UnidentifiedImageError:
            return False

    def test_what_belongs_to_the_product(self):
        """Options, pictures and price rules are readable by everybody in core."""
        attribute = self.env["product.attribute"].create(
            {"name": "Current", "value_ids": [Command.create({"name": f"{n} A"}) for n in (6, 10)]}
        )
        self.p1.attribute_line_ids = [
            Command.create(
                {"attribute_id": attribute.id, "value_ids": [Command.set(attribute.value_ids.ids)]}
            )
        ]
        line = self.p1.attribute_line_ids
        item = self.env["product.pricelist.item"].create(
            {
                "pricelist_id": self.env["product.pricelist"].create({"name": "All"}).id,
                "applied_on": "1_product",
                "product_tmpl_id": self.p1.id,
                "fixed_price": 7.0,
            }
        )
        for record in (line, line.product_template_value_ids, self.extra, item):
            for user in (self.public_user, self.user_b, self.user_a):
                found = record.with_user(user).search([("id", "in", record.ids)])
                self.assertEqual(found, record.with_user(user)._filtered_access("read"))
                self.assertEqual(found == record, user == self.user_a, (record, user.login))

    def test_sitemap_and_feed(self):
        self._as(None)
        sitemap = self.url_open("/sitemap.xml").text
        hidden, shown = (self.env["ir.http"]._slug(p) for p in (self.p1, self.p2))
        self.assertNotIn(f"/shop/{hidden}</loc>", sitemap)
        self.assertIn(f"/shop/{shown}</loc>", sitemap)
        domain = self.website._get_basic_feed_product_domain()
        found = self.env["product.product"].search(domain).product_tmpl_id
        self.assertEqual(found & self.products, self.products - self.p1)

    @mute_logger("odoo.http")
    def test_combination_and_comparison(self):
        for login, is_hidden in ((None, True), ("kh_catalog_b", True), ("kh_catalog_a", False)):
            self._as(login)
            answers = [
                self._rpc(
                    "/website_sale/get_combination_info",
                    product_template_id=self.p1.id,
                    product_id=self.variant.id,
                    combination=[],
                    add_qty=1,
                )
            ]
            if self.env["ir.module.module"]._get("website_sale_comparison").state == "installed":
                answers.append(
                    self._rpc("/shop/compare/get_product_data", product_ids=self.variant.ids)
                )
            for answer in answers:
                is_told = "101.0" in json.dumps(answer.get("result"))
                self.assertEqual(is_told, not is_hidden, f"{login}: {answer}")

    def test_configurators(self):
        for login, is_hidden in (("kh_catalog_b", True), ("kh_catalog_a", False)):
            self._as(login)
            answer = self._rpc(
                "/website_sale/should_show_product_configurator",
                product_template_id=self.p2.id,
                ptav_ids=[],
                is_product_configured=True,
            )
            self.assertEqual(answer["result"], not is_hidden)

    @mute_logger("odoo.http")
    def test_cart(self):
        for login, is_hidden in ((None, True), ("kh_catalog_b", True), ("kh_catalog_a", False)):
            self._as(login)
            answer = self._rpc(
                "/shop/cart/add",
                product_template_id=self.p1.id,
                product_id=self.variant.id,
                quantity=1,
            )
            self.assertEqual("error" in answer, is_hidden, login)
            self.assertNotIn(SECRET, json.dumps(answer) if is_hidden else "")

    def test_stale_cart_is_warned(self):
        self._as("kh_catalog_a")
        self._rpc(
            "/shop/cart/add",
            product_template_id=self.p1.id,
            product_id=self.variant.id,
            quantity=1,
        )
        self.assertNotIn("Not in your catalogue", self.url_open("/shop/cart").text)
        self.dealer_a.kh_assortment_ids = [Command.clear()]
        page = self.url_open("/shop/cart").text
        self.assertIn("Not in your catalogue", page)
        self.assertIn("disabled", page)

    @mute_logger("odoo.http")
    def test_calls_to_the_server(self):
        for login in ("kh_catalog_b", "kh_catalog_a"):
            self._as(login)
            for model, record in (("product.template", self.p1), ("product.product", self.variant)):
                any_visibility = [["id", "=", record.id], ["kh_is_visible", "in", [True, False]]]
                for method, args, kwargs in (
                    ("read", [record.ids, ["name", "list_price"]], {}),
                    ("search_read", [[["id", "=", record.id]], ["name"]], {}),
                    ("web_search_read", [[["id", "=", record.id]], {"name": {}}], {}),
                    ("name_search", [SECRET], {}),
                    ("search_read", [any_visibility, ["name"]], {}),
                ):
                    answer = self._rpc(
                        f"/web/dataset/call_kw/{model}/{method}",
                        model=model,
                        method=method,
                        args=args,
                        kwargs=kwargs,
                    )
                    self.assertEqual(
                        SECRET in json.dumps(answer), login == "kh_catalog_a", f"{method} {login}"
                    )

    def test_snippets_and_wishlist(self):
        order = self._create_order(self.user_a.partner_id, self.p1 + self.p2, self.website)
        order.action_confirm()
        for user, is_hidden in (
            (self.public_user, True),
            (self.user_b, True),
            (self.user_a, False),
        ):
            env = self.env(user=user)
            domain = [("website_published", "=", True)]
            found = (
                env["website.snippet.filter"]
                .with_context(limit=8)
                ._get_products_latest_sold(self.website, 8, domain)
            )
            self.assertEqual(self.variant in found, not is_hidden)
            template = self.p2.with_user(user)
            self.assertEqual(
                self.variant in template.sudo()._get_website_accessory_product(), not is_hidden
            )
            self.assertEqual(
                self.p1 in template.sudo()._get_website_alternative_product(), not is_hidden
            )
            product = self.p1.with_user(user).sudo()
            self.assertEqual(product._is_add_to_cart_possible(), not is_hidden)

    def test_zone(self):
        zone = self._create_assortment(self.p2, self.dealer_b, name="Zone", is_zone=True)
        self._as("kh_catalog_b")
        page = self.url_open(f"/shop?kh_zone={zone.id}").text
        self.assertIn("Open breaker 2", page)
        self.assertNotIn("Open breaker 3", page)
        for login in (None, "kh_catalog_a"):
            self._as(login)
            page = self.url_open(f"/shop?kh_zone={zone.id}").text
            self.assertNotIn("Open breaker", page)
        self.assertNotIn("Open breaker", self.url_open("/shop?kh_zone=x%27").text)
