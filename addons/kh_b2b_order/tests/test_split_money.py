from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .test_split import SplitCommon


@tagged("post_install", "-at_install")
class TestSplitMoney(SplitCommon):
    """Payments and packing of orders that are split and merged."""

    def _paid_order(self, quantity=10.0, amount=None):
        order = self._create_order({self.product: quantity})
        self._announce_transfer(order, amount)
        order.transaction_ids._kh_confirm_transfer()
        return order

    def _invoice(self, orders):
        moves = self.env["account.move"]
        for order in orders:
            moves |= order._create_invoices()
        moves.action_post()
        return moves

    # === INVOICES === #
    def test_invoices_of_all_parts_are_paid(self):
        for is_child_first in (False, True):
            order = self._paid_order()
            child = self._split(order, {order.order_line: 4.0})
            orders = child | order if is_child_first else order | child
            invoices = self._invoice(orders)
            with self.subTest(is_child_first=is_child_first):
                self.assertEqual(set(invoices.mapped("payment_state")), {"paid"})
                self.assertEqual(sum(invoices.mapped("amount_residual")), 0.0)
                payment = order.transaction_ids.payment_id
                self.assertTrue(payment.is_reconciled)
                self.assertEqual(invoices.transaction_ids, order.transaction_ids)
                self.assertEqual(
                    [o._kh_payment_status().paid for o in order | child], [600.0, 400.0]
                )

    def test_each_invoice_takes_its_share_only(self):
        order = self._create_order({self.product: 10.0})
        order.action_confirm()
        self._announce_transfer(order, 700.0)._kh_confirm_transfer()
        child = self._split(order, {order.order_line: 4.0})
        self.assertEqual((order.amount_paid, child.amount_paid), (600.0, 100.0))
        invoices = self._invoice(child | order)
        self.assertEqual(
            {move.invoice_origin: move.amount_residual for move in invoices},
            {child.name: 300.0, order.name: 0.0},
        )
        self.assertEqual([o._kh_payment_status().due for o in order | child], [0.0, 300.0])

    def test_invoice_of_merged_orders_is_paid(self):
        first, second = self._paid_order(4.0), self._paid_order(6.0)
        self.assertEqual((first | second).mapped("state"), ["sale", "sale"])
        (first | second).with_user(self.clerk).action_kh_merge()
        invoice = self._invoice(first)
        self.assertEqual((invoice.amount_total, invoice.payment_state), (1000.0, "paid"))
        self.assertEqual(len(invoice.transaction_ids), 2)

    def test_foreign_currency_is_shared_too(self):
        currency = self.env["res.currency"].create(
            {
                "name": "KHX",
                "symbol": "x",
                "rounding": 0.01,
                "rate_ids": [Command.create({"name": "2020-01-01", "rate": 3.0})],
            }
        )
        pricelist = self.env["product.pricelist"].create(
            {"name": "KHX", "currency_id": currency.id}
        )
        order = self._create_order({self.product: 10.0}, pricelist_id=pricelist.id)
        order.order_line.price_unit = 100.0
        self._announce_transfer(order)
        order.transaction_ids._kh_confirm_transfer()
        child = self._split(order, {order.order_line: 4.0})
        invoices = self._invoice(child | order)
        self.assertEqual(invoices.currency_id, currency)
        self.assertEqual(set(invoices.mapped("payment_state")), {"paid"})

    def test_invoices_of_before_are_paid_when_the_payment_comes(self):
        order = self._create_order({self.product: 10.0})
        order.action_confirm()
        transaction = self._begin_payment(order)
        child = self._split(order, {order.order_line: 4.0})
        invoices = self._invoice(order | child)
        self.assertEqual(set(invoices.mapped("payment_state")), {"not_paid"})
        self._finish(transaction)
        self.assertEqual((order | child).mapped("amount_paid"), [600.0, 400.0])
        self.assertEqual(set(invoices.mapped("payment_state")), {"paid"})

    # === PAYMENTS THAT COME AFTERWARDS === #
    def _begin_payment(self, order, amount=None):
        transaction = self._announce_transfer(order, amount)
        transaction.state = "draft"
        return transaction

    def _finish(self, transaction):
        transaction._set_pending()
        transaction._kh_confirm_transfer()

    def test_payment_begun_before_the_split_covers_the_parts(self):
        order = self._create_order({self.product: 10.0}, state="sent")
        transaction = self._begin_payment(order)
        first, second = self._split(order, {order.order_line: 4.0}, {order.order_line: 1.0})
        self._finish(transaction)
        orders = order | first | second
        self.assertEqual(orders.mapped("amount_paid"), [500.0, 400.0, 100.0])
        self.assertEqual(set(orders.mapped("state")), {"sale"})
        transaction._check_amount_and_confirm_order()
        self.assertEqual(orders.mapped("amount_paid"), [500.0, 400.0, 100.0])
        self.assertEqual(set(self._invoice(orders).mapped("payment_state")), {"paid"})

    def test_payment_for_a_part_that_was_cancelled_is_told(self):
        order = self._create_order({self.product: 10.0}, state="sent")
        transaction = self._begin_payment(order)
        child = self._split(order, {order.order_line: 4.0})
        child._action_cancel()
        self._finish(transaction)
        self.assertEqual(order.state, "sale")
        self.assertIn("400", child.activity_ids.note)

    def test_payment_of_a_merged_order_counts_for_the_whole(self):
        first, second = (
            self._create_order({self.product: number}, state="sent", website_id=self.website.id)
            for number in (4.0, 6.0)
        )
        payments = self._begin_payment(first) | self._begin_payment(second)
        (first | second).with_user(self.clerk).action_kh_merge()
        self._finish(payments[1])
        self.assertEqual((first.amount_paid, second.amount_paid), (600.0, 0.0))
        self.assertEqual(first.state, "sent")
        self._finish(payments[0])
        self.assertEqual((first.amount_paid, first.state), (1000.0, "sale"))
        self.assertEqual(self._invoice(first).payment_state, "paid")

    def test_late_money_is_told_whatever_cancelled_the_order(self):
        order = self._create_order(state="sent")
        transaction = self._begin_payment(order)
        order._action_cancel()
        self.assertFalse(order.kh_cancel_cause)
        transaction.state = "done"
        transaction._check_amount_and_confirm_order()
        self.assertTrue(order.activity_ids)

    # === PACKING === #
    def _pack(self, per=10.0):
        box = (
            self.env["product.template"]
            .sudo()
            .create(
                {"name": "Crate", "kh_kind": "auxiliary", "list_price": 200.0, "taxes_id": False}
            )
        )
        self.env["kh.product.auxiliary"].sudo().create(
            {
                "product_tmpl_id": self.product.product_tmpl_id.id,
                "auxiliary_id": box.product_variant_id.id,
                "quantity": 1,
                "per_quantity": per,
            }
        )
        return box.product_variant_id.with_env(self.env)

    def _boxes(self, orders, box):
        return [sum(self._line(order, box).mapped("product_uom_qty")) for order in orders]

    def test_packing_goes_along_at_the_same_total(self):
        box = self._pack()
        for is_confirmed in (False, True):
            order = self._create_order({self.product: 10.0})
            self.assertEqual((order.amount_total, self._boxes(order, box)), (1200.0, [1.0]))
            if is_confirmed:
                order.action_confirm()
            child = self._split(order, {self._line(order, self.product): 5.0})
            parts = order | child
            with self.subTest(is_confirmed=is_confirmed):
                self.assertEqual(self._boxes(parts, box), [1.0, 0.0])
                self.assertEqual(parts.mapped("amount_total"), [700.0, 500.0])
                self.assertFalse(parts.order_line.filtered("kh_is_split_rounding"))
                child.with_user(self.clerk).action_kh_undo_split()
                self.assertEqual((order.amount_total, self._boxes(order, box)), (1200.0, [1.0]))

    def test_packing_that_the_rest_does_not_need_goes_to_the_part(self):
        box = self._pack()
        order = self._create_order({self.product: 100.0, self.product_2: 1.0})
        order.action_confirm()
        line = self._line(order, self.product)
        first, second = self._split(order, {line: 30.0}, {line: 70.0})
        self.assertEqual(self._boxes(order | first | second, box), [0.0, 3.0, 7.0])
        for part in first | second:
            self.assertEqual(
                self._line(part, box).kh_parent_line_ids, self._line(part, self.product)
            )
        self._ship(first)
        self.assertEqual(self._line(first, box).qty_delivered, 3.0)

    def test_packing_of_merged_orders_is_kept(self):
        box = self._pack()
        first, second = (self._create_order({self.product: 5.0}, state="sent") for _n in range(2))
        (first | second).with_user(self.clerk).action_kh_merge()
        self.assertEqual(self._boxes(first, box), [2.0])
        self.assertEqual(first.amount_total, 1400.0)
        self.assertFalse(first.order_line.filtered("kh_is_split_rounding"))

    def test_packing_does_not_go_alone(self):
        box = self._pack()
        order = self._create_order({self.product: 10.0})
        with self.assertRaisesRegex(UserError, "Only 0"):
            self._split(order, {self._line(order, box): 1.0})
        with self.assertRaisesRegex(UserError, "Leave something"):
            self._split(order, {self._line(order, self.product): 10.0})

    def test_more_than_rounding_is_refused(self):
        order = self._create_order({self.product: 10.0})
        with self.assertRaisesRegex(UserError, "more than rounding"):
            order._kh_settle_rounding(-5.0)
