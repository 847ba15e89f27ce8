from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, tagged

from .common import OrderCommon


@tagged("post_install", "-at_install")
class TestReviewBoardKeys(OrderCommon, HttpCase):
    """J and K, A and R on the review board, in a browser."""

    def test_without_a_mouse(self):
        clerk = self._create_staff(
            "kh_board_clerk",
            "kh_b2b_member.group_b2b_order_clerk",
            "sales_team.group_sale_salesman_all_leads",
        )
        clerk.password = clerk.login
        now = fields.Datetime.now()
        orders = self.env["sale.order"]
        for number in range(1, 5):
            order = self._create_order(name=f"KHR-{number}")
            order.action_quotation_sent()
            if number < 4:
                order._kh_set_on_hold(f"Look at it {number}")
                order.sudo().kh_hold_date = now - timedelta(hours=9 - number)
            orders |= order
        self.start_tour("/odoo/b2b-review", "kh_b2b_review_board", login=clerk.login)
        orders.invalidate_recordset()
        self.assertEqual(orders.mapped("kh_stage"), ["hold", "to_pay", "hold", "to_pay"])
        self.assertEqual(orders[1].kh_released_by_id, clerk)
