from datetime import datetime

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import OrderCommon


@tagged("post_install", "-at_install")
class TestHoldGuard(OrderCommon):
    """A hold holds: nobody writes it away, and the warehouse lets nothing out (M-49)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls._create_staff(
            "kh_g_clerk",
            "kh_b2b_member.group_b2b_order_clerk",
            "sales_team.group_sale_salesman_all_leads",
        )

    def test_nobody_writes_a_hold_or_a_receipt(self):
        order = self._create_order()
        order.with_user(self.clerk).action_confirm()
        order.with_user(self.clerk).action_kh_hold("call first")
        for vals in (
            {"kh_is_on_hold": False},
            {"kh_hold_reason": "never mind"},
            {"kh_received_date": datetime(2026, 1, 1)},
            {"kh_received_by_id": self.clerk.partner_id.id},
        ):
            with self.subTest(vals), self.assertRaisesRegex(AccessError, "by its buttons"):
                order.with_user(self.clerk).write(vals)
        self.assertEqual((order.kh_stage, order.kh_hold_reason), ("hold", "call first"))
        order.with_user(self.clerk).action_kh_release()
        self.assertEqual(order.kh_stage, "to_ship")

    def test_an_order_that_core_does_not_reset_stays_on_hold(self):
        order = self._create_order()
        order.action_confirm()
        order.action_kh_hold("call first")
        order.action_draft()
        self.assertEqual((order.state, order.kh_stage), ("sale", "hold"))

    def test_hold_only_before_the_goods_have_left(self):
        draft, shipped = self._create_order(), self._create_order()
        shipped.action_confirm()
        self._ship(shipped)
        for order in (draft, shipped):
            stage = order.kh_stage
            with self.assertRaisesRegex(UserError, "cannot be put on hold"):
                order.with_user(self.clerk).action_kh_hold("call first")
            self.assertEqual(order.kh_stage, stage)

    def test_nothing_leaves_for_an_order_on_hold(self):
        order = self._create_order()
        order.action_confirm()
        order.action_kh_hold("call first")
        picking = order.picking_ids
        with self.assertRaisesRegex(UserError, order.name):
            self._ship(order)
        picking.move_ids.quantity = 10.0
        picking.move_ids.picked = True
        with self.assertRaisesRegex(UserError, order.name):
            picking._action_done()
        self.assertNotEqual(picking.state, "done")
        order.action_kh_release()
        self._ship(order)
        self.assertEqual((picking.state, order.kh_stage), ("done", "to_receive"))

    def test_an_order_that_was_merged_is_not_taken_up_again(self):
        orders = self._create_order() + self._create_order()
        orders.action_quotation_sent()
        orders.action_kh_merge()
        source = orders.filtered("kh_merged_into_id")
        with self.assertRaisesRegex(UserError, source.kh_merged_into_id.name):
            source.action_draft()
        self.assertEqual(source.state, "cancel")
