from odoo import Command
from odoo.tests import tagged

from ..controllers import purchase_lists
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

    def test_what_was_changed_after_a_lost_answer_is_not_added_twice(self):
        self.start_tour(
            "/shop?search=KHT", "kh_b2b_portal_late_answers", login="kh_dealer", timeout=90
        )
        first, second, third = self.variants
        self.assertEqual(
            self._cart()._kh_cart_quantities(), {first.id: 15, second.id: 9, third.id: 10}
        )

    def test_a_scene_that_was_changed_after_a_lost_answer_is_there_once(self):
        line = {"product_id": self.variants[0].id, "quantity": 10}
        scene = self.env["kh.scene"].create(
            {"name": "KH hospital", "is_published": True, "line_ids": [Command.create(line)]}
        )
        self.start_tour(
            scene.website_url, "kh_b2b_portal_late_scene", login="kh_dealer", timeout=60
        )
        self.assertEqual(self._cart()._kh_cart_quantities(), {self.variants[0].id: 10})

    def test_a_list_keeps_what_was_typed_on_its_pages(self):
        self.patch(purchase_lists, "ROWS_PER_LIST_PAGE", 1)
        one = self.env["kh.purchase.list"].with_user(self.user).create({"name": "Weekly"})
        one._kh_add_rows([(self.variants[0], 5, None), (self.variants[1], 2, None)])
        self.start_tour(f"/my/lists/{one.id}", "kh_b2b_portal_list_pages", login="kh_dealer")
        self.assertEqual(one.line_ids.mapped("quantity"), [8, 2])
