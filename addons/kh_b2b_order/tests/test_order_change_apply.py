from odoo.exceptions import UserError
from odoo.tests import tagged

from .test_order_change import ChangeCommon


@tagged("post_install", "-at_install")
class TestOrderChangeApply(ChangeCommon):
    def test_open_shipments_go_to_the_new_address(self):
        order = self._place()
        order.action_confirm()
        site = self.env["res.partner"].create(
            {"name": "Site", "parent_id": self.dealer.id, "type": "delivery"}
        )
        self._ship(order, {self.product: 4.0})
        shipped = order.picking_ids.filtered(lambda picking: picking.state == "done")
        change = self._change(order, partner_shipping_id=site.id)
        change.action_submit()
        change.action_approve()
        self.assertEqual((order.picking_ids - shipped).partner_id, site)
        self.assertEqual(shipped.partner_id, self.buyer.partner_id)
        self.assertFalse(order.picking_ids.activity_ids)

    def test_order_lowered_to_what_is_paid_is_confirmed(self):
        order = self._place()
        transaction = self._announce_transfer(order, 600.0)
        transaction.state = "done"
        order.invalidate_recordset()
        self._change(order, {self.product: 6.0}).action_submit()
        self.assertEqual((order.state, order.amount_total), ("sale", 600.0))

    def test_what_cannot_change_by_itself_is_not_offered(self):
        order = self._place({self.product: 10.0, self.product_2: 1.0, self.product_3: 2.0})
        parent, option, other = order.order_line
        option.linked_line_id = parent
        self.assertEqual(order._kh_get_changeable_lines(), other)
        for line in (parent, option):
            change = self._change(order)
            change.line_ids = [(0, 0, {"order_line_id": line.id, "quantity_new": 5.0})]
            with self.assertRaisesRegex(UserError, "cannot be changed by itself"):
                change.action_submit()
            change.action_withdraw()
        option.linked_line_id = False
        self.assertEqual(order._kh_get_changeable_lines(), order.order_line)
        option.price_unit = -10.0
        self.assertEqual(order._kh_get_changeable_lines(), parent | other)

    def test_packing_alone_is_no_order(self):
        box = self._pack(self.product)
        order = self._place()
        self.assertIn(box, order.order_line.product_id)
        self.assertEqual(order._kh_get_changeable_lines().product_id, self.product)
        with self.assertRaisesRegex(UserError, "Nothing would be left"):
            self._change(order, {self.product: 0.0}).action_submit()

    def test_negative_quantity_is_refused_in_words(self):
        with self.assertRaisesRegex(UserError, "cannot be negative"):
            self._change(self._place(), {self.product: -1.0})
        change = self._change(self._place())
        with self.assertRaisesRegex(UserError, "cannot be negative"):
            change.line_ids.quantity_new = -1.0
