import importlib.util
import re
from pathlib import Path

from odoo import Command
from odoo.tests import tagged

from .common import PortalCommon

EXACT = "437"  # a quantity that stands nowhere else on the pages
# but inside a digest or a time, among other digits
EXACT_ANYWHERE = rf"(?<![0-9a-f]){EXACT}(?![0-9a-f])"


@tagged("post_install", "-at_install")
class TestLimitsInShop(PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first, cls.second, cls.third = cls.variants
        warehouse = cls.website.warehouse_id or cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.company.id)], limit=1
        )
        cls.env["stock.quant"]._update_available_quantity(
            cls.first, warehouse.lot_stock_id, float(EXACT)
        )
        cls.limit = cls.env["kh.order.limit"].create(
            {"product_id": cls.first.id, "minimum": 10, "multiple": 6, "maximum": 60}
        )

    def _row(self, html, product):
        return re.search(rf'<tr[^>]*data-kh-product="{product.id}".*?</tr>', html, re.S).group(0)

    def test_rows_name_the_limits(self):
        self.authenticate("kh_dealer", "kh_dealer")
        row = self._row(self.url_open("/shop?search=KHT").text, self.first)
        for part in (
            'data-kh-minimum="10.0"',
            'data-kh-multiple="6.0"',
            'data-kh-highest="60"',
            "from 10 · by 6 · up to 60",
        ):
            self.assertIn(part, row)
        row = self._row(self.url_open("/shop?search=KHT").text, self.second)
        self.assertNotIn("data-kh-minimum", row)
        self.assertNotIn("kh-p-limits", row)

    def test_wrong_quantities_are_refused_and_the_others_kept(self):
        self.authenticate("kh_dealer", "kh_dealer")
        result = self._add({self.first: 20, self.second: 1})
        self.assertEqual([row["product_id"] for row in result["refused"]], [self.first.id])
        self.assertIn("24", result["refused"][0]["reason"])
        self.assertEqual(self._cart().order_line.product_id, self.second)

    def test_cart_offers_what_fits(self):
        self.authenticate("kh_dealer", "kh_dealer")
        self._add({self.first: 12})
        line = self._cart().order_line
        answer = self.make_jsonrpc_request(
            "/shop/kh/cart/update", {"line_id": line.id, "quantity": 20}
        )
        self.assertEqual(line.product_uom_qty, 12)
        self.assertEqual(answer["row"]["quantity"], 12)
        self.assertEqual(answer["row"]["suggested"], 24)
        self.assertTrue(answer["row"]["warning"])
        answer = self.make_jsonrpc_request(
            "/shop/kh/cart/update", {"line_id": line.id, "quantity": 24}
        )
        self.assertEqual(line.product_uom_qty, 24)
        self.assertNotIn("suggested", answer["row"])
        self.assertIn('data-kh-multiple="6.0"', self.url_open("/shop/cart").text)

    def test_exact_stock_stands_on_no_page_and_in_no_answer(self):
        self.first.allow_out_of_stock_order = False
        self.template.show_availability = True
        params = {
            "product_template_id": self.template.id,
            "product_id": self.first.id,
            "combination": self.first.product_template_attribute_value_ids.ids,
            "add_qty": 1,
        }
        for login in (None, "kh_dealer"):
            self.authenticate(login, login)
            with self.subTest(login=login):
                for path in ("/shop?search=KHT", self.template.website_url):
                    self.assertNotRegex(self.url_open(path).text, EXACT_ANYWHERE)
                info = self.make_jsonrpc_request("/website_sale/get_combination_info", params)
                self.assertNotIn(info["free_qty"], (float(EXACT), int(EXACT)))
                self.assertFalse(info["show_availability"])
        self.limit.unlink()
        refused = self._add({self.first: 9999}, key="more-than-there-is")["refused"]
        self.assertNotIn(EXACT, refused[0]["reason"])
        self.website.kh_stock_is_exact = True
        self.assertIn(EXACT, self._row(self.url_open("/shop?search=KHT").text, self.first))

    def test_levels_read_differently(self):
        gold = self.env["res.partner.grade"].create({"name": "KH gold"})
        self.env["kh.stock.policy"].create(
            [
                {"name": "Gold", "audience": "level", "grade_ids": gold.ids, "display": "exact"},
                {"name": "Visitors", "audience": "visitor", "display": "none"},
            ]
        )
        html = self.url_open("/shop?search=KHT").text
        self.assertIn("kh-p-stock-hidden", self._row(html, self.first))
        self.assertNotIn("In stock", html)
        self.authenticate("kh_stranger", "kh_stranger")
        self.assertNotRegex(self.url_open("/shop?search=KHT").text, EXACT_ANYWHERE)
        self.dealer.grade_id = gold
        self.authenticate("kh_dealer", "kh_dealer")
        self.assertIn(EXACT, self._row(self.url_open("/shop?search=KHT").text, self.first))

    def test_settings_make_the_shops_policy(self):
        self.assertEqual(
            (self.website.kh_stock_is_exact, self.website.kh_stock_few_quantity), (False, 10)
        )
        self.website.write({"kh_stock_is_exact": True, "kh_stock_few_quantity": 3})
        policy = self.env["kh.stock.policy"].search([("website_id", "=", self.website.id)])
        self.assertEqual((policy.display, policy.few_quantity), ("exact", 3))
        self.website.kh_stock_is_exact = False
        self.assertEqual(policy.display, "band")
        policy.display = "yes_no"
        self.website.kh_stock_few_quantity = 5
        self.assertEqual((policy.display, policy.few_quantity), ("yes_no", 5))

    def test_old_settings_are_migrated(self):
        self.env.flush_all()
        self.cr.execute(
            "ALTER TABLE website ADD COLUMN IF NOT EXISTS kh_stock_is_exact boolean,"
            " ADD COLUMN IF NOT EXISTS kh_stock_few_quantity double precision"
        )
        self.cr.execute(
            "UPDATE website SET kh_stock_is_exact = true, kh_stock_few_quantity = 4 WHERE id = %s",
            [self.website.id],
        )
        path = Path(__file__).parents[1] / "migrations/19.0.2.0.0/post-migrate.py"
        spec = importlib.util.spec_from_file_location("kh_portal_post_migrate", path)
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        script.migrate(self.cr, "19.0.1.0.0")
        self.env.invalidate_all()
        self.assertEqual(
            (self.website.kh_stock_is_exact, self.website.kh_stock_few_quantity), (True, 4)
        )

    def test_cart_names_what_is_packed_with_the_goods(self):
        box = self.env["product.template"].create({"name": "KH box", "kh_kind": "auxiliary"})
        self.template.kh_auxiliary_ids = [
            Command.create({"auxiliary_id": box.product_variant_id.id, "per_quantity": 10})
        ]
        self.authenticate("kh_dealer", "kh_dealer")
        totals = self._add({self.second: 15})["totals"]
        self.assertIn("KH box × 2", totals["auxiliaries"])
        self.assertEqual((totals["kinds"], totals["pieces"]), (1, "15"))
        html = self.url_open("/shop/cart").text
        self.assertEqual(html.count("data-kh-line="), 1)
        self.assertIn("KH box × 2", html)
        packed = self._cart().order_line.filtered("kh_is_auxiliary")
        answer = self.make_jsonrpc_request(
            "/shop/kh/cart/update",
            {"line_id": self._cart().order_line[0].id, "quantity": 21},
        )
        self.assertIn("KH box × 3", answer["totals"]["auxiliaries"])
        self.assertEqual(packed.product_uom_qty, 3)
        self.assertNotIn("KH box", self.url_open("/shop?search=KH").text)
        refused = self._add({box.product_variant_id: 1}, key="an-auxiliary-alone")["refused"]
        self.assertEqual(refused[0]["product_id"], box.product_variant_id.id)

    def test_poster_shows_the_market_price_to_every_dealer(self):
        user_shop = self.website.with_user(self.user)
        facts = self.template.with_user(self.user)._kh_get_poster_facts(user_shop)
        self.assertIn("100.00", facts.price)
        self.assertNotIn("80", facts.price)
        self.authenticate("kh_dealer", "kh_dealer")
        html = self.url_open(self.template.website_url).text
        self.assertIn(f"/shop/s/{self.template.id}", html)
        self.authenticate(None, None)
        self.assertNotIn("data-kh-share", self.url_open(self.template.website_url).text)
