from odoo.http import Request
from odoo.tests import JsonRpcException, tagged
from odoo.tools import mute_logger

from .common import PortalCommon

ROUTE = "/shop/kh/checkout/approval"


@tagged("post_install", "-at_install")
class TestDealerApprovalPages(PortalCommon):
    """A buyer above the limit sends the cart to the colleagues instead of paying."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user.partner_id.write({"kh_dealer_role": "buyer", "kh_order_limit": 500.0})
        cls.boss = cls._create_colleague("kh_dealer_boss", "admin")
        cls.stranger_user = cls.stranger.child_ids.user_ids

    def _fill(self, quantity=10):
        self.authenticate("kh_dealer", "kh_dealer")
        self._add({self.variants[0]: quantity})
        self.url_open("/shop/checkout")
        return self._cart()

    def _send(self, order, key="key-of-this-order", **params):
        params = {"key": key, "amount": order.amount_total, "address_id": 0, **params}
        return self.make_jsonrpc_request(ROUTE, params)

    def test_the_way_through_the_pages(self):
        order = self._fill()
        self.assertIn("data-kh-approval", self.url_open("/shop/cart").text)
        page = self.url_open("/shop/checkout").text
        self.assertIn("data-kh-approval", page)
        self.assertIn(ROUTE, page)
        self.assertIn(self.boss.name, page)
        self.assertNotIn('name="kh_payment"', page)
        result = self._send(order, note="Urgent")
        self.assertEqual(result["redirect"], f"/shop/kh/sent/{order.id}")
        self.assertEqual((order.kh_stage, order.kh_dealer_note), ("review", "Urgent"))
        self.assertEqual(self._send(order), result, "twice with one key is once")
        self.assertIn("data-kh-sent", self.url_open(result["redirect"]).text)
        self.assertIn("data-kh-empty", self.url_open("/shop/cart").text)
        self.assertFalse(self._cart(), "the next cart is another order")
        # the colleague finds it, and returns it
        self.authenticate("kh_dealer_boss", "kh_dealer_boss")
        self.assertIn("data-kh-decide", self.url_open(f"/my/orders/{order.id}").text)
        order.with_user(self.boss)._approval_decide("return", "Half of it is enough")
        self.authenticate("kh_dealer", "kh_dealer")
        self.assertIn("Half of it is enough", self.url_open("/shop/cart").text)
        self._send(order, key="another-key-of-it")
        order.with_user(self.boss)._approval_decide("approve")
        self.assertEqual(order.kh_stage, "to_pay")
        page = self.url_open(f"/my/orders/{order.id}").text
        self.assertIn('id="pay"', page)
        self.assertIn("o_payment_form", page)

    def test_no_payment_around_it(self):
        order = self._fill()
        params = {
            "key": "key-of-this-order",
            "provider_id": self.provider.id,
            "method_id": self.method.id,
            "amount": order.amount_total,
        }
        with mute_logger("odoo.http"), self.assertRaises(JsonRpcException):
            self.make_jsonrpc_request("/shop/kh/checkout/submit", params)
        self.assertEqual(order.kh_stage, "draft")
        self.assertFalse(order.transaction_ids)

    def test_refused_requests(self):
        order = self._fill()
        with mute_logger("odoo.http"), self.assertRaises(JsonRpcException):
            self._send(order, amount=1.0)
        self.user.partner_id.kh_order_limit = 0.0
        self.assertNotIn("data-kh-approval", self.url_open("/shop/checkout").text)
        with mute_logger("odoo.http"), self.assertRaises(JsonRpcException):
            self._send(order)
        self.user.partner_id.kh_dealer_role = "finance"
        self.assertIn("Your role does not send orders", self.url_open("/shop/checkout").text)
        self.assertEqual(order.kh_stage, "draft")

    def test_who_sees_and_takes_back(self):
        order = self._fill()
        self._send(order)
        sent, withdraw = f"/shop/kh/sent/{order.id}", f"/my/orders/{order.id}/withdraw"
        for login in ("kh_stranger", "kh_dealer_boss"):
            self.authenticate(login, login)
            expected = 404 if login == "kh_stranger" else 200
            self.assertEqual(self.url_open(sent).status_code, expected)
            data = {"csrf_token": Request.csrf_token(self)}
            with mute_logger("odoo.http"):
                response = self.url_open(withdraw, data=data)
            self.assertIn(response.status_code, (403, 404))
            self.assertEqual(order.kh_stage, "review")
        self.authenticate("kh_dealer", "kh_dealer")
        response = self.url_open(withdraw, data={"csrf_token": Request.csrf_token(self)})
        self.assertTrue(response.url.endswith("/shop/cart"))
        self.assertEqual(order.kh_stage, "draft")
        self.assertIn(f'data-kh-line="{order.order_line[:1].id}"', response.text)
