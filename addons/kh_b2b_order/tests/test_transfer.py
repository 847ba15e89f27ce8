from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import OrderCommon


@tagged("post_install", "-at_install")
class TestTransfer(OrderCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.finance = cls._create_staff(
            "kh_o_finance",
            "kh_b2b_member.group_b2b_finance",
            "sales_team.group_sale_salesman_all_leads",
        )
        cls.clerk = cls._create_staff(
            "kh_o_clerk",
            "kh_b2b_member.group_b2b_order_clerk",
            "sales_team.group_sale_salesman_all_leads",
        )
        cls.seller = cls._create_staff(
            "kh_o_seller",
            "kh_b2b_member.group_b2b_salesperson",
            "sales_team.group_sale_salesman_all_leads",
        )

    def test_confirmed_transfer_is_posted_and_confirms(self):
        order = self._create_order()
        transaction = self._announce_transfer(order)
        order.with_user(self.finance).action_kh_confirm_transfer()
        self.assertEqual(transaction.state, "done")
        self.assertEqual(order.state, "sale")
        move = transaction.payment_id.move_id
        self.assertEqual(move.state, "posted")
        self.assertRecordValues(
            move.line_ids.sorted("balance"),
            [
                {"balance": -order.amount_total, "account_type": "asset_receivable"},
                {"balance": order.amount_total, "account_type": "asset_current"},
            ],
        )
        self.assertEqual(move.line_ids.partner_id, self.dealer)

    def test_clerk_may_confirm(self):
        order = self._create_order()
        self._announce_transfer(order)
        order.with_user(self.clerk).action_kh_confirm_transfer()
        self.assertEqual(order.state, "sale")

    def test_others_may_not_confirm(self):
        order = self._create_order()
        self._announce_transfer(order)
        for user in (self.seller, self.buyer):
            with self.subTest(user.login), self.assertRaises(AccessError):
                order.with_user(user).action_kh_confirm_transfer()
        self.assertEqual(order.state, "sent")

    def test_second_call_changes_nothing(self):
        order = self._create_order()
        transaction = self._announce_transfer(order)
        order.action_kh_confirm_transfer()
        payment = transaction.payment_id
        order.action_kh_confirm_transfer()
        self.assertEqual(transaction.payment_id, payment)
        self.assertEqual(
            self.env["account.payment"].search_count(
                [("payment_transaction_id", "=", transaction.id)]
            ),
            1,
        )

    def test_refused_without_announcement(self):
        order = self._create_order()
        order.action_quotation_sent()
        with self.assertRaises(UserError):
            order.action_kh_confirm_transfer()

    def test_refused_when_amounts_differ(self):
        order = self._create_order()
        transaction = self._announce_transfer(order, amount=order.amount_total - 1.0)
        with self.assertRaises(UserError):
            order.action_kh_confirm_transfer()
        self.assertEqual(transaction.state, "pending")
        self._announce_transfer(order, amount=1.0)
        order.action_kh_confirm_transfer()
        self.assertEqual(order.state, "sale")

    def test_refused_for_a_cancelled_order(self):
        order = self._create_order()
        self._announce_transfer(order)
        order._action_cancel()
        with self.assertRaises(UserError):
            order.action_kh_confirm_transfer()

    def test_money_for_a_held_order_is_booked_and_confirms_on_release(self):
        order = self._create_order()
        transaction = self._announce_transfer(order)
        order._kh_set_on_hold("unusual quantity")
        order.action_kh_confirm_transfer()
        self.assertEqual(transaction.payment_id.move_id.state, "posted")
        self.assertEqual((order.state, order.kh_stage), ("sent", "hold"))
        order.with_user(self.clerk).action_kh_release()
        self.assertEqual((order.state, order.kh_stage), ("sale", "to_ship"))

    def test_invoice_is_settled_by_the_transfer(self):
        order = self._create_order()
        self._announce_transfer(order)
        order.action_kh_confirm_transfer()
        invoice = order._create_invoices()
        invoice.action_post()
        self.assertEqual(invoice.amount_residual, 0.0)

    def test_payment_status_says_what_is_missing(self):
        order = self._create_order()
        self.assertEqual(order._kh_payment_status().ways, ())
        self._announce_transfer(order)
        status = order._kh_payment_status()
        self.assertEqual((status.paid, status.pending, status.due), (0.0, 1000.0, 1000.0))
        self.assertEqual(status.ways, ("transfer",))
        order.action_kh_confirm_transfer()
        status = order._kh_payment_status()
        self.assertEqual((status.paid, status.pending, status.due), (1000.0, 0.0, 0.0))
        self.assertFalse(status.is_payable)

    def test_payment_status_of_an_order_on_account(self):
        order = self._create_order()
        order.action_confirm()
        self.assertEqual(order._kh_payment_status().ways, ("account",))
        invoice = order._create_invoices()
        invoice.action_post()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"amount": 400.0})._create_payments()
        self.assertEqual(order._kh_payment_status().due, 600.0)

    def test_pending_transfer_can_be_searched(self):
        order, other = self._create_order(), self._create_order()
        self._announce_transfer(order)
        orders = order | other
        domain = [("id", "in", orders.ids)]
        self.assertTrue(order.kh_has_pending_transfer)
        self.assertEqual(orders.search([*domain, ("kh_has_pending_transfer", "=", True)]), order)
        self.assertEqual(orders.search([*domain, ("kh_has_pending_transfer", "=", False)]), other)

    def test_order_that_requires_payment_is_confirmed_by_its_transfer(self):
        order = self._create_order(require_payment=True, prepayment_percent=1.0)
        self._announce_transfer(order)
        self.assertEqual(order.amount_paid, 0.0, "read, and so cached, before the money came")
        order.action_kh_confirm_transfer()
        self.assertEqual((order.state, order.amount_paid), ("sale", 1000.0))

    def test_part_of_the_money_does_not_confirm_a_dealer_order(self):
        order = self._create_order(website_id=self.website.id, require_payment=False)
        for amount, state in ((0.01, "sent"), (order.amount_total - 0.01, "sale")):
            transaction = self._announce_transfer(order, amount=amount)
            transaction._set_done()
            order.invalidate_recordset(["amount_paid"])
            transaction._check_amount_and_confirm_order()
            self.assertEqual(order.state, state)

    def test_free_dealer_order_needs_no_money(self):
        order = self._create_order(website_id=self.website.id, require_payment=False)
        order.order_line.price_unit = 0.0
        self.assertTrue(order._is_confirmation_amount_reached())

    def test_released_dealer_order_is_confirmed_when_paid(self):
        order = self._create_order(website_id=self.website.id, require_payment=False)
        self._announce_transfer(order)
        order._kh_set_on_hold("unusual quantity")
        order.action_kh_confirm_transfer()
        self.assertEqual(order.state, "sent")
        order.action_kh_release()
        self.assertEqual(order.state, "sale")

    def test_refused_without_an_amount(self):
        order = self._create_order()
        self._announce_transfer(order)
        empty = self._announce_transfer(order, amount=0.0)
        with self.assertRaises(UserError):
            order.action_kh_confirm_transfer()
        self.assertEqual((order.state, empty.state), ("sent", "pending"))

    def test_status_counts_what_was_paid_on_invoices_beside_a_transfer(self):
        order = self._create_order()
        self._announce_transfer(order, amount=300.0)._set_done()
        order.action_confirm()
        invoice = order._create_invoices()
        invoice.action_post()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"amount": 400.0})._create_payments()
        paid = invoice.amount_total - invoice.amount_residual
        self.assertGreaterEqual(paid, 400.0)
        self.assertEqual(order._kh_payment_status().due, 1000.0 - paid)

    def test_lock_writes_the_row(self):
        order = self._create_order()
        self.env.flush_all()
        place = "SELECT ctid::text FROM sale_order WHERE id = %s"
        self.env.cr.execute(place, [order.id])
        before = self.env.cr.fetchone()
        order._kh_lock()
        self.env.cr.execute(place, [order.id])
        self.assertNotEqual(self.env.cr.fetchone(), before, "else a waiter keeps its old view")

    def test_only_the_account_of_the_transfer_is_told(self):
        own, other = self.env["res.partner.bank"].create(
            [
                {"acc_number": number, "partner_id": self.company.partner_id.id}
                for number in ("KH-BANK-1", "KH-BANK-2")
            ]
        )
        order = self._create_order()
        transaction = self._announce_transfer(order)
        transaction.provider_id.journal_id.bank_account_id = own
        self.env["account.journal"].create(
            {"name": "Other", "type": "bank", "code": "KHO", "bank_account_id": other.id}
        )
        self.assertEqual(transaction._kh_get_bank_accounts(), own)
