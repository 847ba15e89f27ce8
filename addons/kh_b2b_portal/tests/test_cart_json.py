import json

from odoo.http import root
from odoo.tests import JsonRpcException, tagged
from odoo.tools import mute_logger

from ..const import MAX_LINES_PER_ADD
from .common import PortalCommon


@tagged("post_install", "-at_install")
class TestCartJson(PortalCommon):
    def setUp(self):
        super().setUp()
        self.first, self.second, self.third = self.variants

    def _refuse(self, name, url, params):
        """The request fails with the named error; returns what the user reads."""
        with mute_logger("odoo.http"), self.assertRaises(JsonRpcException) as caught:
            self.make_jsonrpc_request(url, params)
        self.assertIn(name, caught.exception.args[0])

    def test_many_lines_at_once(self):
        self.authenticate("kh_dealer", "kh_dealer")
        result = self._add({self.first: 10, self.second: "２０", self.third: 2})
        self.assertEqual(set(result["added"]), {str(p.id) for p in self.variants})
        self.assertFalse(result["refused"])
        self.assertEqual(result["totals"]["kinds"], 3)
        self.assertEqual(result["totals"]["pieces"], "32")
        cart = self._cart()
        self.assertEqual(cart.order_line.mapped("product_uom_qty"), [10, 20, 2])
        self.assertEqual(set(cart.order_line.mapped("price_unit")), {80.0})
        self.assertEqual(cart.amount_total, 32 * 80.0)

    def test_the_same_key_adds_once(self):
        self.authenticate("kh_dealer", "kh_dealer")
        first = self._add({self.first: 10}, key="one-and-the-same")
        self.assertEqual(self._add({self.first: 10}, key="one-and-the-same"), first)
        self.assertEqual(self._cart().order_line.product_uom_qty, 10)
        self._add({self.first: 10}, key="another-click")
        self.assertEqual(self._cart().order_line.product_uom_qty, 20)

    def test_the_badge_counts_no_auxiliaries(self):
        box = self.env["product.template"].create({"name": "KH box", "kh_kind": "auxiliary"})
        self.env["kh.product.auxiliary"].create(
            {
                "product_tmpl_id": self.template.id,
                "auxiliary_id": box.product_variant_id.id,
                "per_quantity": 2,
            }
        )
        self.authenticate("kh_dealer", "kh_dealer")
        self._add({self.first: 10})
        self.assertEqual(sum(self._cart().order_line.mapped("product_uom_qty")), 15)
        session = root.session_store.get(self.session.sid)
        self.assertEqual(session["website_sale_cart_quantity"], 10)

    def test_keys_of_two_users_do_not_meet(self):
        for login in ("kh_dealer", "kh_stranger"):
            self.authenticate(login, login)
            self._add({self.first: 1}, key="one-and-the-same")
        self.assertTrue(self._cart())
        self.assertTrue(self._cart(self.stranger.child_ids.user_ids))

    def test_visitor_must_log_in(self):
        params = {"lines": [{"product_id": self.first.id, "qty": 1}], "key": "key-of-a-visitor"}
        self._refuse("SessionExpired", "/shop/kh/cart/add", params)
        self._refuse("SessionExpired", "/shop/kh/cart/update", {"line_id": 1, "quantity": 1})

    def test_unpublished_and_unknown_products_are_refused_with_a_reason(self):
        self.authenticate("kh_dealer", "kh_dealer")
        hidden = self._create_template("KH hidden", is_published=False).product_variant_id
        lines = [
            {"product_id": hidden.id, "qty": 1},
            {"product_id": 999999999, "qty": 1},
            {"product_id": self.first.id, "qty": 1},
        ]
        result = self.make_jsonrpc_request(
            "/shop/kh/cart/add", {"lines": lines, "key": "some-refused"}
        )
        self.assertEqual({r["product_id"] for r in result["refused"]}, {hidden.id, 999999999})
        self.assertTrue(all(r["reason"] for r in result["refused"]))
        self.assertEqual(self._cart().order_line.product_id, self.first)

    def test_too_many_lines_are_refused_as_a_whole(self):
        self.authenticate("kh_dealer", "kh_dealer")
        line = {"product_id": self.first.id, "qty": 1}
        params = {"lines": [line] * (MAX_LINES_PER_ADD + 1), "key": "far-too-many"}
        self._refuse("TooManyLines", "/shop/kh/cart/add", params)
        self.assertFalse(self._cart().order_line)

    def test_nonsense_is_refused(self):
        self.authenticate("kh_dealer", "kh_dealer")
        good = {"product_id": self.first.id, "qty": 1}
        for params in (
            {"lines": [], "key": "empty-list"},
            {"lines": "x", "key": "not-a-list"},
            {"lines": [good], "key": "short"},
            {"lines": [{"product_id": "5", "qty": 1}], "key": "id-is-a-text"},
            {"lines": [{**good, "qty": -5}], "key": "negative-quantity"},
            {"lines": [{**good, "qty": "ten"}], "key": "no-quantity"},
        ):
            with self.subTest(params=params):
                self._refuse("InvalidRequest", "/shop/kh/cart/add", params)

    def test_one_quantity_returns_one_row(self):
        self.authenticate("kh_dealer", "kh_dealer")
        self._add({product: 10 for product in self.variants})
        line = self._cart().order_line[0]
        answer = self.make_jsonrpc_request(
            "/shop/kh/cart/update", {"line_id": line.id, "quantity": 2.5}
        )
        self.assertEqual(answer["row"]["quantity"], 2.5)
        self.assertEqual(answer["row"]["subtotal"], "200.00")
        self.assertEqual(answer["totals"]["pieces"], "22.5")
        self.assertLessEqual(len(json.dumps(answer)), 2048)

    def test_zero_removes_the_row(self):
        self.authenticate("kh_dealer", "kh_dealer")
        self._add({self.first: 10, self.second: 1})
        cart = self._cart()
        answer = self.make_jsonrpc_request(
            "/shop/kh/cart/update", {"line_id": cart.order_line[0].id, "quantity": 0}
        )
        self.assertEqual(answer["row"]["quantity"], 0)
        self.assertEqual(cart.order_line.product_id, self.second)

    def test_foreign_line_is_not_found(self):
        self.authenticate("kh_dealer", "kh_dealer")
        self._add({self.first: 10})
        line = self._cart().order_line
        self.authenticate("kh_stranger", "kh_stranger")
        self._add({self.first: 1}, key="the-strangers-own")
        self._refuse("LineNotFound", "/shop/kh/cart/update", {"line_id": line.id, "quantity": 1})
        self.assertEqual(line.product_uom_qty, 10)

    def test_other_websites_do_not_have_the_routes(self):
        self.website.kh_is_b2b = False
        self.authenticate("kh_dealer", "kh_dealer")
        self._refuse("NotFound", "/shop/kh/cart/update", {"line_id": 1, "quantity": 1})

    def test_cart_page_shows_rows_and_totals(self):
        self.authenticate("kh_dealer", "kh_dealer")
        self.assertIn("data-kh-empty", self.url_open("/shop/cart").text)
        self._add({self.first: 10, self.second: 3})
        html = self.url_open("/shop/cart").text
        self.assertEqual(html.count("data-kh-line="), 2)
        for text in ("KHT-0", "KHT-1", "800.00", "240.00", "1,040.00"):
            self.assertIn(text, html)
        self.assertIn('data-kh-cart-kinds="" title', html)

    def test_old_requests_are_swept(self):
        self.authenticate("kh_dealer", "kh_dealer")
        self._add({self.first: 1})
        request = self.env["kh.shop.request"].search([("user_id", "=", self.user.id)])
        self.cr.execute(
            "UPDATE kh_shop_request SET create_date = now() - interval '30 days' WHERE id = %s",
            [request.id],
        )
        request.invalidate_recordset()
        self.env["kh.shop.request"]._gc_requests()
        self.assertFalse(request.exists())
