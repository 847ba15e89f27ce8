import re
from urllib.parse import urlsplit

from odoo import Command
from odoo.tests import tagged

from ..const import FONT_ASSET_KEY
from .common import PortalCommon

PAGES = ("/shop", "/shop/cart", "/shop/checkout", "/my", "/my/orders", "/my/account")

ADDRESS = re.compile(
    r"""(?:(?:src|href|action)\s*=\s*["']|@import\s+(?:url\()?["']?|url\(\s*["']?)"""
    r"""((?:https?:)?//[^"')\s>]+)"""
)
# What may be Latin on a Chinese page: codes, names of languages and what people typed.
LATIN = re.compile(r"[A-Za-z]{3,}")


@tagged("post_install", "-at_install")
class TestFrame(PortalCommon):
    def setUp(self):
        super().setUp()
        self.host = urlsplit(self.base_url()).netloc

    def _foreign_hosts(self, text):
        hosts = {urlsplit(url).netloc for url in ADDRESS.findall(text)}
        own = {self.host, urlsplit(self.website.get_base_url()).netloc}
        return hosts - own - {"www.w3.org"}  # a name space in drawings, never asked

    def test_no_page_of_the_journey_asks_a_foreign_host(self):
        pages = ["/shop", "/web/login"]
        html = {page: self.url_open(page).text for page in pages}
        self.authenticate("kh_dealer", "kh_dealer")
        self._add({self.variants[0]: 1})
        product = self.variants[0]._kh_shop_url()
        html.update({page: self.url_open(page).text for page in (*PAGES, product)})
        bundles = set()
        for page, text in html.items():
            with self.subTest(page=page):
                self.assertIn("kh-p-topbar", text)
                self.assertFalse(self._foreign_hosts(text))
            bundles |= set(re.findall(r"""["'](/web/assets/[^"']+)["']""", text))
        self.assertTrue(bundles)
        for bundle in bundles:
            with self.subTest(bundle=bundle):
                response = self.url_open(bundle)
                self.assertEqual(response.status_code, 200)
                if bundle.endswith(".css"):
                    self.assertNotIn("css_error_message", response.text)
                    self.assertFalse(self._foreign_hosts(response.text))
                else:
                    self.assertFalse(re.findall(r"@import\s+url\(", response.text))

    def test_other_websites_keep_cores_frame_and_fonts(self):
        self.website.kh_is_b2b = False
        html = self.url_open("/shop").text
        self.assertNotIn("kh-p-topbar", html)
        self.assertIn('id="bottom"', html)
        self.assertIn("oe_website_sale", html)
        self.assertFalse(self.env["ir.asset"].search([("key", "=", FONT_ASSET_KEY)]))

    def test_font_asset_follows_the_switch(self):
        domain = [("key", "=", FONT_ASSET_KEY), ("website_id", "=", self.website.id)]
        self.assertEqual(self.env["ir.asset"].search_count(domain), 1)
        self.website.kh_is_b2b = True
        self.assertEqual(self.env["ir.asset"].search_count(domain), 1)
        self.website.kh_is_b2b = False
        self.assertFalse(self.env["ir.asset"].search_count(domain))
        shop = self.env["website"].create({"name": "KH second", "kh_is_b2b": True})
        self.assertEqual(
            self.env["ir.asset"].search([("key", "=", FONT_ASSET_KEY)]).website_id, shop
        )

    def test_no_advertisement_in_the_shop(self):
        for path in ("/shop", "/web/login"):
            html = self.url_open(path).text
            self.assertNotIn("odoo.com", html.lower())

    def test_own_pages_are_chinese(self):
        chinese = self.env["res.lang"]._activate_lang("zh_CN")
        self.env["ir.module.module"].search(
            [("name", "=like", "kh_b2b_%"), ("state", "=", "installed")]
        )._update_translations("zh_CN")
        self.website.write(
            {
                "name": "开衡",
                "language_ids": [Command.set(chinese.ids)],
                "default_lang_id": chinese.id,
            }
        )
        self.template.with_context(lang="zh_CN").name = "断路器"
        self.template.name = "断路器"
        self.category.name = "低压电器"
        self.user.name = "王芳"
        self.dealer.name = "华瑞机电"
        self.authenticate("kh_dealer", "kh_dealer")
        for path in ("/shop?search=KHT", "/shop/cart", "/shop?search=zzz"):
            html = self.url_open(path).text
            with self.subTest(path=path):
                self.assertFalse(self._latin_words(html) - {"KHT", "zzz"})
        self._add({self.variants[0]: 1})
        self.assertFalse(self._latin_words(self.url_open("/shop/cart").text) - {"KHT"})

    def _latin_words(self, html):
        """Latin words a reader of the page sees or hears."""
        body = html[html.index('<header id="kh_top"') : html.index('<nav class="kh-p-bottombar')]
        body = re.sub(r"<(script|style)\b.*?</\1>", " ", body, flags=re.S)
        body = re.sub(r'<a[^>]*data-kh-nav="company".*?</a>', " ", body, flags=re.S)
        heard = re.findall(r'(?:placeholder|aria-label|title|alt)="([^"]*)"', body)
        seen = re.sub(r"<[^>]+>", " ", body)
        return set(LATIN.findall(" ".join([seen, *heard])))
