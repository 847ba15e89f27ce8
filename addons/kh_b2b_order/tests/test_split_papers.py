from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .test_split import SplitCommon


@tagged("post_install", "-at_install")
class TestSplitPapers(SplitCommon):
    """Papers, approvals, companies and two-step shipments of split orders; merged ones."""

    def _invoice(self, orders):
        invoices = orders._create_invoices()
        invoices.action_post()
        return invoices

    def _pay_down(self, order, percentage):
        self.env["sale.advance.payment.inv"].with_context(
            active_model="sale.order", active_ids=order.ids
        ).create({"advance_payment_method": "percentage", "amount": percentage}).create_invoices()
        order.invoice_ids.action_post()

    def test_invoices_of_the_parts_add_up_to_the_cent(self):
        for method in ("round_per_line", "round_globally"):
            self.company.tax_calculation_rounding_method = method
            order = self._create_order({self.product: 3.0, self.product_2: 7.0})
            order.order_line.write({"price_unit": 33.37, "tax_ids": [Command.set(self.tax.ids)]})
            order.action_confirm()
            total = order.amount_total
            parts = order | self._split(
                order,
                {order.order_line[0]: 1.0, order.order_line[1]: 2.0},
                {order.order_line[1]: 3.0},
            )
            with self.subTest(method):
                for part in parts:
                    self.assertEqual(self._invoice(part).amount_total, part.amount_total)
                self.assertEqual(
                    order.currency_id.compare_amounts(
                        sum(parts.invoice_ids.mapped("amount_total")), total
                    ),
                    0,
                )
                self.assertEqual(set(parts.mapped("invoice_status")), {"invoiced"})

    def test_down_payment_stays_and_covers_what_is_left(self):
        order = self._create_order({self.product: 10.0})
        order.action_confirm()
        self._pay_down(order, 50)
        line = self._line(order, self.product)
        with self.assertRaisesRegex(UserError, "invoiced in advance"), self.env.cr.savepoint():
            self._split(order, {line: 6.0})
        child = self._split(order, {line: 4.0})
        self.assertEqual((order.amount_total, child.amount_total), (600.0, 400.0))
        finals = order._create_invoices(final=True) | child._create_invoices(final=True)
        self.assertEqual(finals.mapped("amount_total"), [100.0, 400.0])
        with self.assertRaisesRegex(UserError, "invoiced"):
            child.with_user(self.clerk).action_kh_undo_split()

    def test_what_colleagues_approved_is_shared_and_comes_back(self):
        order = self._create_order({self.product: 10.0})
        order.sudo().kh_dealer_approved_amount = 1000.0
        child = self._split(order, {order.order_line: 4.0})
        self.assertEqual(
            [part.sudo().kh_dealer_approved_amount for part in (order, child)], [600.0, 400.0]
        )
        child.with_user(self.clerk).action_kh_undo_split()
        self.assertEqual(order.sudo().kh_dealer_approved_amount, 1000.0)

    def test_copy_has_no_leftovers(self):
        order = self._create_order({self.product: 10.0, self.product_2: 1.0})
        order.action_confirm()
        self._split(
            order, {self._line(order, self.product): 4.0, self._line(order, self.product_2): 1.0}
        )
        order._kh_settle_rounding(0.01)
        self.assertEqual(len(order.order_line), 3)
        copied = order.copy()
        self.assertEqual(copied.order_line.mapped("product_uom_qty"), [6.0])
        self.assertFalse(copied.kh_parent_id)

    def test_references_of_merged_orders_are_kept(self):
        orders = self._create_order(client_order_ref="PO-1") | self._create_order(
            client_order_ref="PO-2"
        )
        orders.with_user(self.clerk).action_kh_merge()
        self.assertEqual(orders[0].client_order_ref, "PO-1, PO-2")

    def test_waived_limits_go_along(self):
        order = self._create_order({self.product: 10.0})
        order.with_user(self.clerk).kh_is_limit_waived = True
        self.assertTrue(self._split(order, {order.order_line: 4.0}).kh_is_limit_waived)

    def test_rounding_is_worded_for_the_customer(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        order = self._create_order({self.product: 10.0})
        order.partner_id.lang = "zh_CN"
        order.with_user(self.clerk)._kh_settle_rounding(0.01)
        line = order.order_line.filtered("kh_is_split_rounding")
        self.assertNotRegex(line.name, "[a-z]{3}")

    def test_buttons_are_shown_where_they_work(self):
        order = self._create_order({self.product: 10.0})
        order.action_quotation_sent()
        self.assertTrue(order.kh_can_split)
        order.action_kh_hold("call first")
        self.assertFalse(order.kh_can_split)
        order.action_kh_release()
        order.action_confirm()
        child = self._split(order, {order.order_line: 4.0})
        self.assertTrue(child.kh_can_undo_split)
        self.assertFalse(order.kh_can_undo_split)
        self._ship(order)
        child.invalidate_recordset()
        self.assertFalse(child.kh_can_undo_split)

    def test_other_company_is_closed(self):
        order = self._create_order({self.product: 10.0})
        other = self.env["res.company"].sudo().create({"name": "Sister"})
        self.clerk.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        with self.assertRaises(AccessError):
            self._split(order, {order.order_line: 1.0})
        with self.assertRaises(AccessError):
            order.with_user(self.clerk).action_kh_ask_change()
        with self.assertRaises(AccessError):
            order.with_user(self.clerk).action_kh_open_parts()
        with self.assertRaises(AccessError):
            order.with_user(self.clerk).action_kh_open_changes()

    def test_part_of_another_company_is_refused(self):
        order = self._create_order({self.product: 10.0})
        sister = self.env["res.company"].sudo().create({"name": "Sister"})
        foreign = self.env["stock.warehouse"].sudo().search([("company_id", "=", sister.id)])
        self.assertTrue(foreign)
        self.clerk.company_ids += sister
        with self.assertRaises(UserError):
            self._split(order, {order.order_line: 1.0}, warehouse_id=foreign.id)

    def _open(self, order, code):
        moves = order.picking_ids.move_ids.filtered(
            lambda move: move.state not in ("done", "cancel") and move.picking_type_id.code == code
        )
        return {(move.location_id, move.location_dest_id): move.product_uom_qty for move in moves}

    def test_two_steps_not_picked_yet(self):
        self.warehouse.delivery_steps = "pick_ship"
        order = self._create_order({self.product: 10.0})
        order.action_confirm()
        self.env["stock.quant"]._update_available_quantity(
            self.product, self.warehouse.lot_stock_id, -990.0
        )
        dialog = self.env["kh.order.split"].create({"order_id": order.id, "mode": "availability"})
        self.assertEqual(dialog.line_ids.quantity, 0.0, "its own reservation is there for it")
        child = self._split(order, {order.order_line: 4.0})
        self.assertEqual([sum(self._open(o, "internal").values()) for o in order | child], [6, 4])
        self.assertEqual(self._reserved(order | child, self.product), 10.0)
        for each in order | child:
            self._ship(each)
            self._ship(each)
        self.assertEqual((order | child).order_line.mapped("qty_delivered"), [6.0, 4.0])

    def test_two_steps_what_was_picked_goes_back_on_the_shelf(self):
        self.warehouse.delivery_steps = "pick_ship"
        order = self._create_order({self.product: 10.0})
        order.action_confirm()
        self._ship(order, {self.product: 7.0})
        child = self._split(order, {order.order_line: 5.0})
        stock, output = self.warehouse.lot_stock_id, self.warehouse.wh_output_stock_loc_id
        self.assertEqual(self._open(order, "internal"), {(output, stock): 2.0})
        self.assertEqual(sum(self._open(order, "outgoing").values()), 5.0)
        self.assertEqual(sum(self._open(child, "internal").values()), 5.0)
        for each in (order, child, child):
            self._ship(each)
        self.assertEqual((order | child).order_line.mapped("qty_delivered"), [5.0, 5.0])
        quants = self.env["stock.quant"].search([("product_id", "=", self.product.id)])
        self.assertEqual(
            {q.location_id: q.quantity for q in quants if q.location_id.usage == "internal"}.get(
                stock
            ),
            990.0,
        )

    def test_merge_confirmed_orders_become_one(self):
        orders = self._create_order({self.product: 4.0}) | self._create_order(
            {self.product: 6.0, self.product_2: 1.0}
        )
        orders.action_confirm()
        total = sum(orders.mapped("amount_total"))
        action = orders.with_user(self.clerk).action_kh_merge()
        target = orders.browse(action["res_id"])
        source = orders - target
        self.assertEqual(source.state, "cancel")
        self.assertEqual(source.kh_merged_into_id, target)
        self.assertEqual(target.amount_total, total)
        self.assertEqual(self._reserved(target, self.product), 10.0)
        self.assertEqual(self._reserved(source, self.product), 0.0)

    def test_what_was_taken_over_is_not_taken_up_again(self):
        orders = self._create_order() | self._create_order()
        target = orders.browse(orders.with_user(self.clerk).action_kh_merge()["res_id"])
        source = orders - target
        with self.assertRaisesRegex(UserError, target.name):
            source.action_draft()
        self.assertEqual(source.state, "cancel")
        target._action_cancel()
        target.action_draft()
        self.assertEqual(target.state, "draft")

    def test_merge_drafts_keep_prices_and_payments(self):
        first = self._create_order({self.product: 4.0}, state="sent")
        second = self._create_order({self.product: 6.0}, state="sent")
        second.order_line.price_unit = 88.0
        transaction = self._announce_transfer(second, 100.0)
        transaction.state = "done"
        second.invalidate_recordset(["amount_paid"])
        (first | second).with_user(self.clerk).action_kh_merge()
        self.assertEqual(first.order_line.mapped("price_unit"), [100.0, 88.0])
        self.assertEqual((first.amount_paid, second.amount_paid), (100.0, 0.0))

    def test_merge_what_differs_is_said(self):
        order = self._create_order()
        branch = self.env["res.partner"].create(
            {"name": "Site", "parent_id": self.dealer.id, "type": "delivery"}
        )
        foreign = self._create_order(partner_id=self.foreigner.partner_id.id)
        elsewhere = self._create_order(partner_shipping_id=branch.id)
        confirmed = self._create_order()
        confirmed.action_confirm()
        there = {"partner_shipping_id": order.partner_shipping_id.id}
        later = self._create_order(commitment_date="2030-01-01 08:00:00", **there)
        others = self._create_order(user_id=self.seller.id, **there)
        sent = self._create_order(state="sent")
        shipped = self._create_order()
        shipped.action_confirm()
        self._ship(shipped)
        for other, sentence in (
            (foreign, "different dealers"),
            (elsewhere, "Delivery Address"),
            (confirmed, "confirmed"),
            (later, "Delivery Date"),
            (others, "Salesperson"),
            (sent, "Status"),
            (shipped, "shipped"),
            (order, "at least two"),
        ):
            with self.subTest(sentence), self.assertRaisesRegex(UserError, sentence):
                (order | other).with_user(self.clerk).action_kh_merge()
