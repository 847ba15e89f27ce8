"""A dealer's price is nobody else's: it is looked for through every door (M-40)."""

import json

from odoo import Command
from odoo.tests import JsonRpcException, tagged
from odoo.tools import mute_logger

from odoo.addons.kh_b2b_pricing.tests.common_documents import read_pdf, read_xlsx
from odoo.addons.website_sale.tests.common import MockRequest

from .test_same_price import SamePriceCommon

SECRET = 7654.32
# As a page, a sheet, a message or a JSON answer may write it.
SECRET_TEXTS = ("7654.32", "7,654.32", "7654,32")


@tagged("post_install", "-at_install")
class TestForeignPrice(SamePriceCommon):
    """One dealer's price, which nobody else may learn on any way."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls.singles[0]
        contract = cls.env["kh.price.contract"].create(
            {
                "partner_id": cls.dealer.id,
                "pricelist_id": cls.pricelist.id,
                "item_ids": [
                    Command.create(
                        {
                            "product_id": cls.product.id,
                            "compute_price": "fixed",
                            "fixed_price": SECRET,
                        }
                    )
                ],
            }
        )
        contract.action_activate()
        cls.contract = contract
        cls.order = cls.env["sale.order"].create(
            {
                "partner_id": cls.dealer.id,
                "pricelist_id": cls.pricelist.id,
                "website_id": cls.website.id,
                "order_line": [Command.create({"product_id": cls.product.id})],
            }
        )

    def _pages(self):
        """Texts of whatever a visitor or a dealer can open about the product."""
        paths = [
            "/shop?search=KHSAME",
            "/shop?search=KHSAME&order=price",
            "/shop?search=KHSAME&order=price_desc",
            "/shop?search=KHSAME&order=pricelist_rule_ids",
            "/shop?search=KHSAME&layout=cards",
            self.product.product_tmpl_id.website_url,
            "/shop/cart",
            "/my",
            "/my/orders",
            "/my/prices",
            "/sitemap.xml",
            f"/shop/products/recently_viewed_update?product_id={self.product.id}",
        ]
        for path in paths:
            yield path, self.url_open(path).text
        for quantity in (1, 1000):
            yield "combination", json.dumps(self._combination(self.product, quantity))
        yield "suggestions", json.dumps(self._suggestions("KHSAME"))

    def _calls(self):
        """RPC calls that could name the price, or count by it."""
        item, domain = "product.pricelist.item", [["product_id", "=", self.product.id]]
        template = ["id", "=", self.product.product_tmpl_id.id]
        yield item, "search_read", [domain, ["fixed_price", "price"]], {}
        yield item, "formatted_read_group", [domain, ["kh_partner_id"], ["fixed_price:sum"]], {}
        yield item, "read", [self.contract.item_ids.ids, ["fixed_price"]], {}
        yield item, "export_data", [self.contract.item_ids.ids, ["fixed_price"]], {}
        yield item, "web_read", [self.contract.item_ids.ids], {"specification": {"price": {}}}
        yield "kh.price.contract", "search_read", [[], ["name"]], {}
        yield "kh.price.contract", "action_print_annex_pdf", [self.contract.ids], {}
        yield (
            "product.template",
            "search_count",
            [[template, ["pricelist_rule_ids.fixed_price", "=", SECRET]]],
            {},
        )
        yield "product.template", "search_count", [[template, ["kh_own_price", ">", 7000]]], {}
        yield "product.template", "search_read", [[template], ["kh_own_price", "list_price"]], {}
        yield (
            "product.product",
            "search_count",
            [[["id", "=", self.product.id], ["kh_own_price", "=", SECRET]]],
            {},
        )
        yield (
            "product.product",
            "search_read",
            [[["id", "=", self.product.id]], ["kh_own_price"]],
            {},
        )
        yield (
            "product.product",
            "search_read",
            [[["id", "=", self.product.id]], ["kh_own_price"]],
            {"context": {"kh_partner_id": self.dealer.id}},
        )
        yield "product.product", "read", [self.product.ids, ["pricelist_rule_ids"]], {}
        yield "sale.order.line", "search_read", [domain, ["price_unit"]], {}
        yield "sale.order", "read", [self.order.ids, ["amount_total"]], {}
        yield "kh.price.list", "_make_own", ["xlsx"], {}

    def _answers(self):
        for model, method, args, kwargs in self._calls():
            with mute_logger("odoo.http", "odoo.addons.base.models.ir_rule"):
                try:
                    answer = self._rpc(model, method, *args, **kwargs)
                except JsonRpcException as error:
                    answer = str(error)
            yield f"{model}.{method}", answer

    def _assert_not_told(self, way, text):
        for secret in SECRET_TEXTS:
            self.assertNotIn(secret, text, way)

    def test_the_dealer_itself_meets_the_price(self):
        """What the tests below look for can be found at all."""
        self._login(self.dealer)
        found = {way for way, text in self._pages() if any(s in text for s in SECRET_TEXTS)}
        for way in ("/shop?search=KHSAME", "combination", "suggestions"):
            self.assertIn(way, found)
        self.assertIn(str(SECRET), str(dict(self._answers())["product.product.search_read"]))
        self.assertIn("KHSAME-0", self.url_open("/shop?min_price=7000&max_price=8000").text)
        self.dealer.kh_is_dealer = True
        rows = read_xlsx(self.url_open("/my/prices/download/xlsx").content)
        self.assertIn(SECRET, [row[5] for row in rows])
        self.assertIn("7,654.32", read_pdf(self.url_open("/my/prices/download/pdf").content))

    def test_another_dealer_learns_nothing(self):
        self._login(self.stranger)
        self._check_nothing_is_told()
        for kind, read in (("xlsx", read_xlsx), ("pdf", read_pdf)):
            response = self.url_open(f"/my/prices/download/{kind}?partner_id={self.dealer.id}")
            if response.headers["Content-Type"].startswith("application"):
                self._assert_not_told(kind, str(read(response.content)))

    def test_a_stranger_learns_nothing(self):
        self.authenticate(None, None)
        self._check_nothing_is_told()

    def _check_nothing_is_told(self):
        for way, text in self._pages():
            self._assert_not_told(way, text)
        for way, answer in self._answers():
            self._assert_not_told(way, json.dumps(answer, default=str))
            if isinstance(answer, int):  # a count by the price
                self.assertEqual(answer, 0, way)
        for path in ("?min_price=7000&max_price=8000", "?min_price=7654.32&max_price=7654.32"):
            self.assertNotIn("KHSAME-0", self.url_open(f"/shop{path}").text)
        refused = (
            f"/kh/price_contract/{self.contract.id}/annex/xlsx",
            f"/kh/price_contract/{self.contract.id}/annex/pdf",
            f"/report/pdf/sale.report_saleorder/{self.order.id}",
            f"/report/html/sale.report_saleorder/{self.order.id}",
            f"/my/orders/{self.order.id}?report_type=html",
        )
        with mute_logger("odoo.http"):
            for path in refused:
                self._assert_not_told(path, self.url_open(path).text)

    def test_feed_names_the_market_price(self):
        feed = self.env["product.feed"].create(
            {
                "name": "KH feed",
                "website_id": self.website.id,
                "lang_id": self.website.default_lang_id.id,
            }
        )
        user = self.users[self.dealer]
        with MockRequest(self.env, website=self.website.with_user(user)):
            rendered = feed._render_gmc_feed()
        self._assert_not_told("feed", str(rendered))

    def test_sorting_tells_no_place_of_a_foreign_price(self):
        """The order of products for others is the one without the dealer's price."""
        products = self.env["product.product"].with_user(self.users[self.stranger])
        domain = [("id", "in", self.products.ids)]
        before = products.search(domain, order="kh_own_price, id").ids
        self.contract.item_ids.sudo().write({"fixed_price": 0.01})
        self.env.invalidate_all()
        self.assertEqual(products.search(domain, order="kh_own_price, id").ids, before)
        mine = self.env["product.product"].with_user(self.users[self.dealer])
        self.assertEqual(mine.search(domain, order="kh_own_price, id").ids[0], self.product.id)

    def test_an_ended_contract_counts_nowhere(self):
        self.contract.action_terminate()
        self._login(self.dealer)
        self._check_nothing_is_told_of_products()

    def _check_nothing_is_told_of_products(self):
        for way, text in self._pages():
            if way not in ("/my", "/my/orders"):  # the order kept its price
                self._assert_not_told(way, text)
