from datetime import timedelta

from lxml import html

from odoo import fields
from odoo.tests import JsonRpcException, tagged
from odoo.tools import mute_logger

from odoo.addons.kh_b2b_order.models.sale_order_split import SplitPart

from .common import PortalCommon


@tagged("post_install", "-at_install")
class TestCheckout(PortalCommon):
    def setUp(self):
        super().setUp()
        self.authenticate("kh_dealer", "kh_dealer")
        self._add({self.variants[0]: 10})
        self.order = self._cart()
        self.page = self.url_open("/shop/checkout").text

    def _submit(self, key="submit-this-order", **params):
        return self.make_jsonrpc_request(
            "/shop/kh/checkout/submit",
            {
                "key": key,
                "provider_id": self.provider.id,
                "method_id": self.method.id,
                "amount": self.order.amount_total,
                **params,
            },
        )

    def _refuse(self, **params):
        with mute_logger("odoo.http"), self.assertRaises(JsonRpcException) as caught:
            self._submit(**params)
        self.assertIn("CheckoutRefused", caught.exception.args[0])
        self.assertEqual(self.order.state, "draft")
        self.assertFalse(self.order.transaction_ids)

    def test_one_page_has_everything(self):
        for text in ("kh_address", "kh_payment", "kh_date", "kh_note", "data-kh-submit", "KHT-0"):
            self.assertIn(text, self.page)
        self.assertIn("Huarui Electric warehouse", self.page)
        self.assertNotIn("Hengli Tools", self.page)

    def test_the_note_goes_along_with_the_parts(self):
        self._submit(note="Gate 2")
        self.order.transaction_ids.state = "draft"
        line = self.order.order_line.filtered("product_id")[0]
        child = self.order._kh_split([SplitPart({line: 4.0}, {})])
        self.assertEqual(child.kh_dealer_note, "Gate 2")

    def test_bank_transfer_sends_the_order(self):
        wish = fields.Date.today() + timedelta(days=5)
        answer = self._submit(note=" Gate 2 ", date=fields.Date.to_string(wish))
        self.assertEqual(answer["redirect"], "/shop/confirmation")
        self.assertEqual(self.order.state, "sent")
        self.assertEqual(self.order.kh_stage, "to_pay")
        self.assertEqual(self.order.kh_dealer_note, "Gate 2")
        self.assertEqual(self.order.commitment_date.date(), wish)
        self.assertEqual(self.order.transaction_ids.state, "pending")
        self.assertEqual(self.order.transaction_ids.amount, 800.0)
        html = self.url_open("/shop/confirmation").text
        self.assertIn(self.order.name, html)
        self.assertIn(self.order.transaction_ids._get_communication(), html)
        self.assertFalse(self._cart())

    def test_cleared_wishes_go(self):
        wish = fields.Datetime.now().replace(microsecond=0) + timedelta(days=5)
        self.order.write({"kh_dealer_note": "Gate 2", "commitment_date": wish})
        self._submit(note=" ", date="")
        self.assertFalse(self.order.kh_dealer_note)
        self.assertFalse(self.order.commitment_date)

    def test_wishes_that_are_not_sent_stay(self):
        wish = fields.Datetime.now().replace(microsecond=0) + timedelta(days=5)
        self.order.write({"kh_dealer_note": "Gate 2", "commitment_date": wish})
        self._submit()
        self.assertEqual(self.order.kh_dealer_note, "Gate 2")
        self.assertEqual(self.order.commitment_date, wish)

    def test_sending_twice_is_one_order(self):
        first = self._submit()
        self.assertEqual(self._submit(), first)
        self.assertEqual(len(self.order.transaction_ids), 1)
        with mute_logger("odoo.http"), self.assertRaises(JsonRpcException):
            self._submit(key="another-key-for-it")
        self.assertEqual(len(self.order.transaction_ids), 1)

    def test_changed_amount_is_not_sent(self):
        self._refuse(amount=1.0)
        params = {
            "key": "another-key-for-it",
            "provider_id": self.provider.id,
            "method_id": self.method.id,
            "amount": 1.0,
        }
        with mute_logger("odoo.http"):
            answer = self.url_open("/shop/kh/checkout/submit", json={"params": params}).json()
        # not core's sentence, which sends the reader for another link
        self.assertIn("The total has changed", answer["error"]["data"]["message"])

    def test_past_or_broken_date_is_not_sent(self):
        self._refuse(date="2020-01-01")
        self._refuse(date="soon")

    def test_payment_that_is_not_offered_is_not_sent(self):
        self.provider.state = "disabled"
        self._refuse()
        self._refuse(provider_id=999999)

    def test_address_of_the_company_is_taken(self):
        warehouse = self.dealer.child_ids.filtered(lambda p: p.type == "delivery")
        totals = self.make_jsonrpc_request(
            "/shop/kh/checkout/address", {"partner_id": warehouse.id}
        )
        self.assertEqual(self.order.partner_shipping_id, warehouse)
        self.assertEqual(totals["amount"], self.order.amount_total)

    def test_foreign_address_is_refused(self):
        before = self.order.partner_shipping_id
        foreign = self.stranger.child_ids.filtered(lambda p: p.type == "delivery")
        with mute_logger("odoo.http"), self.assertRaises(JsonRpcException):
            self.make_jsonrpc_request("/shop/kh/checkout/address", {"partner_id": foreign.id})
        self.assertEqual(self.order.partner_shipping_id, before)

    def _create_invoice_address(self, dealer, **values):
        return self.env["res.partner"].create(
            {
                "parent_id": dealer.id,
                "type": "invoice",
                "name": "Huarui Electric, accounts",
                "email": "accounts@example.com",
                "street": "Kaixuan Road 1",
                "city": "Hangzhou",
                "country_id": self.env.ref("base.cn").id,
                "phone": "0571-88882222",
                **values,
            }
        )

    def test_the_page_says_whose_invoice_it_will_be(self):
        self.assertIn("No tax number is known", self.page)
        self.dealer.write({"kh_invoice_title": "Huarui Electric Ltd.", "vat": "91330100MA27XF6Q2C"})
        accounts = self._create_invoice_address(self.dealer)
        foreign = self._create_invoice_address(self.stranger, name="Hengli, accounts")
        page = html.fromstring(self.url_open("/shop/checkout").content)
        text = page.xpath("//section[@aria-labelledby='kh_step_invoice']")[0].text_content()
        for part in ("Huarui Electric Ltd.", "91330100MA27XF6Q2C", accounts.name):
            self.assertIn(part, text)
        self.assertNotIn("No tax number", text)
        self.assertNotIn(foreign.name, text)
        chosen = page.xpath("//input[@name='kh_invoice'][@checked]/@value")
        self.assertEqual(chosen, [str(self.order.partner_invoice_id.id)])

    def test_invoice_goes_to_another_address(self):
        accounts = self._create_invoice_address(self.dealer)
        shown, delivery = self.order.partner_invoice_id, self.order.partner_shipping_id
        self.assertNotEqual(shown, accounts)
        self.make_jsonrpc_request(
            "/shop/kh/checkout/address", {"partner_id": accounts.id, "is_invoice": True}
        )
        self.assertEqual(self.order.partner_invoice_id, accounts)
        self.assertEqual(self.order.partner_shipping_id, delivery)
        self._refuse(invoice_id=shown.id)
        self._submit(invoice_id=accounts.id)
        self.assertEqual((self.order.state, self.order.partner_invoice_id), ("sent", accounts))

    def test_foreign_invoice_address_is_refused(self):
        before = self.order.partner_invoice_id
        foreign = self._create_invoice_address(self.stranger)
        with mute_logger("odoo.http"), self.assertRaises(JsonRpcException):
            self.make_jsonrpc_request(
                "/shop/kh/checkout/address", {"partner_id": foreign.id, "is_invoice": True}
            )
        self.assertEqual(self.order.partner_invoice_id, before)

    def test_delivery_that_is_not_offered_is_refused(self):
        with mute_logger("odoo.http"), self.assertRaises(JsonRpcException):
            self.make_jsonrpc_request("/shop/kh/checkout/delivery", {"carrier_id": 999999})

    def test_visitor_cannot_send(self):
        self.logout()
        with mute_logger("odoo.http"), self.assertRaises(JsonRpcException):
            self._submit()
        self.assertEqual(self.order.state, "draft")

    def test_result_page_needs_a_sent_order(self):
        self.assertTrue(self.url_open("/shop/confirmation").url.endswith("/shop/cart"))

    def test_other_address_or_delivery_than_shown_is_not_sent(self):
        self.assertNotEqual(self.order.partner_shipping_id, self.dealer)
        self._refuse(address_id=self.dealer.id)
        self._refuse(carrier_id=999999)
        self._submit(
            address_id=self.order.partner_shipping_id.id, carrier_id=self.order.carrier_id.id
        )
        self.assertEqual(self.order.state, "sent")

    def test_result_asks_for_a_transfer_only_if_it_is_one(self):
        accounts = self.env["res.partner.bank"].create(
            [
                {"acc_number": number, "partner_id": self.company.partner_id.id}
                for number in ("KH-BANK-1", "KH-BANK-2")
            ]
        )
        self.provider.journal_id.bank_account_id = accounts[0]
        self._submit()
        html = self.url_open("/shop/confirmation").text
        self.assertIn("kh-p-transfer", html)
        self.assertIn("KH-BANK-1", html)
        self.assertNotIn("KH-BANK-2", html)
        # as cash on delivery: another mode of the same provider code
        self.order.transaction_ids.provider_id = self.provider.copy(
            {"name": "Cash on delivery", "custom_mode": "cash_on_delivery"}
        )
        self.assertNotIn("kh-p-transfer", self.url_open("/shop/confirmation").text)

    def test_free_order_is_sent_without_a_payment(self):
        self.env["product.pricelist.item"].search(
            [("kh_partner_id", "=", self.dealer.id)]
        ).fixed_price = 0.0
        self.url_open("/shop/checkout")
        self.assertEqual(self.order.amount_total, 0.0)
        self._refuse(amount=5.0)
        answer = self._submit(amount=0.0)
        self.assertEqual(answer["redirect"], "/shop/confirmation")
        self.assertEqual(self.order.state, "sale")
        self.assertFalse(self.order.transaction_ids)
        self.assertIn(self.order.name, self.url_open("/shop/confirmation").text)
        self.assertFalse(self._cart())
