from odoo import Command
from odoo.tests import tagged

from .common import PortalCommon


class TourCommon(PortalCommon):
    """The dealer's part of the journey, in Chinese."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        chinese = cls.env["res.lang"]._activate_lang("zh_CN")
        cls.env["ir.module.module"].search(
            [("name", "=like", "kh_b2b_%"), ("state", "=", "installed")]
        )._update_translations("zh_CN")
        cls.website.write(
            {"language_ids": [Command.link(chinese.id)], "default_lang_id": chinese.id}
        )
        cls.user.lang = "zh_CN"

    def _check_journey(self):
        self.start_tour(
            "/shop?search=KHT",
            "kh_b2b_portal_dealer",
            timeout=120,
            cookies={"frontend_lang": "zh_CN"},  # the browser of the test speaks English
        )
        order = self.env["sale.order"].search([("partner_id", "=", self.user.partner_id.id)])
        self.assertEqual(len(order), 1)
        self.assertEqual(order.kh_stage, "to_pay")
        quantities = sorted(order._kh_cart_lines().mapped("product_uom_qty"))
        self.assertEqual(quantities, [6, 20, 25])
        self.assertEqual(order.transaction_ids.state, "pending")


@tagged("post_install", "-at_install")
class TestTourComputer(TourCommon):
    browser_size = "1280x900"

    def test_dealer_orders_at_the_desk(self):
        self._check_journey()


@tagged("post_install", "-at_install")
class TestTourPhone(TourCommon):
    browser_size = "390x844"
    touch_enabled = True

    def test_dealer_orders_on_the_phone(self):
        self._check_journey()
