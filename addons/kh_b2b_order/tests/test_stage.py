from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .common import OrderCommon


@tagged("post_install", "-at_install")
class TestStage(OrderCommon):
    def test_way_of_a_paid_order(self):
        order = self._create_order()
        self.assertEqual(order.kh_stage, "draft")
        self._announce_transfer(order)
        self.assertEqual(order.state, "sent")
        self.assertEqual(order.kh_stage, "to_pay")
        order.action_kh_confirm_transfer()
        self.assertEqual(order.kh_stage, "to_ship")
        self._ship(order, {self.product: 4.0})
        self.assertEqual(order.kh_stage, "to_ship", "a part is not the whole")
        self._ship(order)
        self.assertEqual(order.kh_stage, "to_receive")
        order.action_confirm_receipt()
        self.assertEqual(order.kh_stage, "done")

    def test_sent_quotation_awaits_payment(self):
        order = self._create_order()
        order.action_quotation_sent()
        self.assertEqual(order.kh_stage, "to_pay")

    def test_pending_transfer_of_a_draft_awaits_payment(self):
        order = self._create_order()
        self._announce_transfer(order)
        order.state = "draft"
        self.assertEqual(order.kh_stage, "to_pay")

    def test_cancelled_before_and_after_confirmation(self):
        early, late = self._create_order(), self._create_order()
        early._action_cancel()
        self.assertEqual(early.kh_stage, "cancel")
        late.action_confirm()
        late._action_cancel()
        self.assertEqual(late.kh_stage, "closed")
        (early | late).action_draft()
        self.assertEqual(set((early | late).mapped("kh_stage")), {"draft"})
        self.assertFalse(late.kh_confirmed_date)

    def test_rest_cancelled_is_not_full_delivery(self):
        order = self._create_order()
        order.action_confirm()
        self._ship(order, {self.product: 4.0})
        order.picking_ids.filtered(lambda p: p.state != "done").action_cancel()
        self.assertEqual(order.kh_stage, "to_receive")
        self.assertFalse(order.order_line._kh_is_delivered())

    def test_all_shipments_cancelled_closes(self):
        order = self._create_order()
        order.action_confirm()
        order.picking_ids.action_cancel()
        self.assertEqual(order.kh_stage, "closed")

    def test_everything_returned_closes(self):
        order = self._create_order()
        order.action_confirm()
        self._ship(order)
        order.action_confirm_receipt()
        self.assertEqual(order.kh_stage, "done")
        self._return_all(order)
        self.assertEqual(order.order_line.qty_delivered, 0.0)
        self.assertEqual(order.kh_stage, "closed")

    def test_more_ordered_ships_and_is_received_again(self):
        order = self._create_order()
        order.action_confirm()
        self._ship(order)
        order.action_confirm_receipt()
        order.sudo().kh_received_date = "2020-01-01 00:00:00"
        order.order_line.product_uom_qty = 12.0
        self.assertEqual(order.kh_stage, "to_ship")
        self._ship(order)
        self.assertEqual(order.kh_stage, "to_receive", "the new goods were not received yet")

    def test_service_order_is_done_without_shipment(self):
        order = self._create_order({self.service: 2.0})
        order.action_confirm()
        self.assertEqual(order.kh_stage, "to_ship")
        order.order_line.qty_delivered = 2.0
        self.assertEqual(order.kh_stage, "to_receive")

    def test_stage_cannot_be_written(self):
        order = self._create_order()
        with self.assertRaises(AccessError):
            order.kh_stage = "done"
        with self.assertRaises(AccessError):
            order.write({"kh_stage": "done"})
        self.assertEqual(self._create_order(kh_stage="done").kh_stage, "draft")

    def test_computing_stages_of_many_orders_is_constant(self):
        def count(number):
            orders = self.env["sale.order"].concat(*(self._create_order() for _n in range(number)))
            orders.action_confirm()
            self.env.flush_all()
            self.env.invalidate_all()
            self.env.add_to_compute(orders._fields["kh_stage"], orders)
            before = self.env.cr.sql_log_count
            orders.mapped("kh_stage")
            return self.env.cr.sql_log_count - before

        count(2)  # warm
        few = count(5)
        self.assertLessEqual(count(50), few)

    def test_who_and_when(self):
        order = self._create_order()
        self.assertFalse(order.kh_placed_date)
        order.with_user(self.buyer).sudo().action_quotation_sent()
        self.assertEqual(order.kh_placed_by_id, self.buyer.partner_id)
        placed = order.kh_placed_date
        order.action_confirm()
        self.assertEqual(order.kh_placed_date, placed, "the first time counts")
        self.assertEqual(order.kh_confirmed_by_id, self.env.user.partner_id)

    def test_source_of_an_order(self):
        self.assertEqual(self._create_order().kh_source, "backend")
        self.assertEqual(self._create_order(website_id=self.website.id).kh_source, "shop")
        order = self.env["sale.order"].with_context(kh_source="phone")
        self.assertEqual(order.create({"partner_id": self.dealer.id}).kh_source, "phone")
        for source in ("api", "erp"):
            self.assertEqual(self._create_order(kh_source=source).kh_source, source)

    def test_staff_choose_the_source_on_a_draft(self):
        seller = self._create_staff(
            "kh_st_seller",
            "kh_b2b_member.group_b2b_salesperson",
            "sales_team.group_sale_salesman_all_leads",
        )
        form = Form(self.env["sale.order"].with_user(seller))
        form.partner_id = self.dealer
        form.kh_source = "phone"
        order = form.save()
        self.assertEqual(order.kh_source, "phone")
        with Form(order) as form:
            form.kh_source = "sales"
        self.assertEqual(order.kh_source, "sales")
        order.state = "sent"
        with self.assertRaises(AssertionError), Form(order) as form:
            form.kh_source = "erp"
