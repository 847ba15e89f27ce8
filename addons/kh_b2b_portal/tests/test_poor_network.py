from odoo.tests import tagged

from .common import PortalCommon


@tagged("post_install", "-at_install")
class TestPoorNetwork(PortalCommon):
    browser_size = "1280x900"

    def test_lost_answers_neither_lose_nor_double_a_line(self):
        self.start_tour(
            "/shop?search=KHT", "kh_b2b_portal_poor_network", login="kh_dealer", timeout=60
        )
        line = self._cart().order_line
        self.assertEqual(line.product_id, self.variants[0])
        self.assertEqual(line.product_uom_qty, 30)
        requests = self.env["kh.shop.request"].search([("user_id", "=", self.user.id)])
        self.assertEqual(len(requests), 3)
