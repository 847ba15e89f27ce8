import re

from odoo.tests import tagged
from odoo.tools import mute_logger

from .journey_common import CONTRACT_PRICE, DEALER_LOGIN, PRODUCTS, JourneyCommon


@tagged("post_install", "-at_install", "kh_journey")
class TestJourney(JourneyCommon):
    """The first journey (M-22 to M-24, M-39, M-40, M-44, M-66), in Chinese, in a browser.

    A stranger applies, is admitted, gets a contract, orders twenty lines, pays by transfer,
    is shipped and invoiced, and confirms the receipt.
    """

    def test_first_journey(self):
        self._apply()
        self._admit()
        self._sign_contract()
        order = self._order()
        self._fulfil(order)
        self._receive(order)

    def _admit(self):
        self.start_tour(
            f"/odoo/action-kh_b2b_member.kh_member_application_action/{self.application.id}",
            "kh_b2b_journey_admit",
            login="journey_clerk",
        )
        dealer = self.application.partner_id
        self.assertTrue(dealer.kh_is_dealer)
        self.assertEqual(dealer.grade_id.name, "Journey Gold")
        self.assertEqual(dealer.kh_sales_area_ids.code, "JE")
        self.assertEqual(dealer.user_id, self.sales)
        self.assertEqual(dealer.specific_property_product_pricelist, self.pricelist)
        user = self.application.partner_user_id
        self.assertTrue(user._is_portal())
        invitation = self._get_mail(DEALER_LOGIN, "token=")
        self.assertRegex(invitation.subject or "", "[\u4e00-\u9fff]", "not in Chinese")
        path = self._get_link(DEALER_LOGIN, "/web/")
        self.start_tour(path, "kh_b2b_journey_password", login=None)

    def _sign_contract(self):
        self.start_tour(
            "/odoo/action-kh_b2b_pricing.kh_price_contract_action/new",
            "kh_b2b_journey_contract",
            login="journey_sales",
        )
        contract = self.env["kh.price.contract"].search(
            [("partner_id", "=", self.application.partner_id.id)]
        )
        self.assertEqual(contract.state, "active")
        self.assertEqual(len(contract.item_ids), PRODUCTS)

    def _order(self):
        self.start_tour("/shop?search=KHJ", "kh_b2b_journey_order", login=DEALER_LOGIN, timeout=120)
        order = self.env["sale.order"].search(
            [("partner_id", "child_of", self.application.partner_id.id)]
        )
        self.assertEqual(len(order), 1)
        self.assertEqual(order.kh_stage, "to_pay")
        goods = order.order_line.filtered(lambda line: line.product_id in self.products)
        self.assertEqual(len(goods), 20)
        self.assertEqual(set(goods.mapped("price_unit")), {CONTRACT_PRICE})
        self.assertEqual(sum(goods.mapped("product_uom_qty")), sum(range(1, 21)))
        return order

    def _fulfil(self, order):
        path = f"/odoo/action-kh_b2b_order.sale_order_action_kh/{order.id}"
        self.start_tour(path, "kh_b2b_journey_transfer", login="journey_finance")
        self.assertEqual(order.kh_stage, "to_ship")
        payment = order.transaction_ids.payment_id
        self.assertEqual(payment.move_id.state, "posted")
        self.assertEqual(payment.amount, order.amount_total)
        self.start_tour(path, "kh_b2b_journey_ship", login="journey_desk")
        self.assertEqual(order.kh_stage, "to_receive")
        self.start_tour(path, "kh_b2b_journey_invoice", login="journey_finance")
        invoice = order.invoice_ids
        self.assertEqual(invoice.state, "posted")
        self.assertEqual(invoice.amount_total, order.amount_total)

    @mute_logger("odoo.addons.base.models.ir_actions_report")
    def _receive(self, order):
        self.start_tour(f"/my/orders/{order.id}", "kh_b2b_journey_receive", login=DEALER_LOGIN)
        self.assertEqual(order.kh_stage, "done")
        self.authenticate(DEALER_LOGIN, "Journey-2026")
        page = self.url_open(f"/my/orders/{order.id}").text
        documents = re.findall(rf'href="(/my/orders/{order.id}/download/[^"]+)"', page)
        self.assertGreaterEqual(len(documents), 3, "order, delivery slip and invoice")
        for path in documents:
            response = self.url_open(path.replace("&amp;", "&"))
            self.assertEqual(response.status_code, 200)
            self.assertIn(response.headers["Content-Type"], ("application/pdf", "text/html"))
