from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import BaseCase, tagged, warmup

from ..engine.dealer_approval import BuyerFacts, decide_dealer_approval
from .common import OrderCommon


@tagged("post_install", "-at_install")
class TestDealerApprovalEngine(BaseCase):
    def test_table(self):
        cases = [
            ("", {}),
            ("", {"amount": 100.0}),
            ("", {"amount": 100.0, "order_limit": 100.0}),
            ("", {"amount": 100.001, "order_limit": 100.0}),
            ("order", {"amount": 100.01, "order_limit": 100.0}),
            ("order", {"role": "approver", "amount": 101.0, "order_limit": 100.0}),
            ("", {"role": "admin", "amount": 101.0, "order_limit": 100.0}),
            ("every", {"role": "buyer", "amount": 1.0, "is_every_order": True}),
            ("", {"role": "approver", "amount": 1.0, "is_every_order": True}),
            ("", {"role": "buyer", "amount": 0.0, "is_every_order": True}),
            ("", {"amount": 40.0, "month_limit": 100.0, "month_total": 60.0}),
            ("month", {"amount": 40.01, "month_limit": 100.0, "month_total": 60.0}),
            ("", {"amount": 500.0, "order_limit": 100.0, "approved_amount": 500.0}),
            ("order", {"amount": 500.01, "order_limit": 100.0, "approved_amount": 500.0}),
        ]
        for expected, facts in cases:
            with self.subTest(facts=facts):
                self.assertEqual(decide_dealer_approval(BuyerFacts(**facts)), expected)


@tagged("post_install", "-at_install")
class TestDealerApproval(OrderCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += cls.env.ref("kh_b2b_member.group_b2b_administrator")
        cls.boss = cls._create_portal_user("kh_o_boss", cls.dealer)
        cls.approver = cls._create_portal_user("kh_o_approver", cls.dealer)
        cls.clerk = cls._create_staff("kh_o_clerk", "kh_b2b_member.group_b2b_order_clerk",
            "sales_team.group_sale_salesman_all_leads")  # fmt: skip
        (cls.buyer | cls.colleague).partner_id.kh_dealer_role = "buyer"
        cls.boss.partner_id.kh_dealer_role = "admin"
        cls.approver.partner_id.kh_dealer_role = "approver"
        cls.foreigner.partner_id.kh_dealer_role = "admin"
        cls.buyer.partner_id.write(
            {"kh_order_limit": 500.0, "kh_limit_currency_id": cls.company.currency_id.id}
        )

    def _cart(self, quantity=10.0, **vals):
        vals = {"website_id": self.website.id, **vals}
        return self._create_order({self.product: quantity}, **vals)

    def _send(self, order=None, user=None):
        order = order or self._cart()
        # as the checkout does: the buyer asks, through a superuser record
        order.with_user(user or self.buyer).sudo()._kh_send_for_approval()
        return order

    def _decide(self, order, user, decision, reason=None):
        order.with_user(user)._approval_decide(decision, reason)

    # === NEED === #
    def test_no_limit_no_need(self):
        self.buyer.partner_id.kh_order_limit = 0.0
        order = self._cart(1000.0)
        self.assertFalse(order.kh_needs_dealer_approval)
        self.assertEqual(order._kh_get_approval_sentence(), "")
        with self.assertRaises(UserError):
            self._send(order)
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_need_follows_the_amount(self):
        order = self._cart(5.0)
        self.assertFalse(order.kh_needs_dealer_approval)
        order.order_line.product_uom_qty = 6.0
        self.assertTrue(order.kh_needs_dealer_approval)
        self.assertIn("500.00", order._kh_get_approval_sentence())
        orders = self.env["sale.order"].search([("kh_needs_dealer_approval", "=", True)])
        self.assertIn(order, orders)
        self.assertNotIn(
            order, self.env["sale.order"].search([("kh_needs_dealer_approval", "=", False)])
        )

    def test_every_order_of_buyers(self):
        self.dealer.kh_buyers_need_approval = True
        self.assertTrue(
            self._cart(1.0, partner_id=self.colleague.partner_id.id).kh_needs_dealer_approval
        )
        for user in (self.boss, self.approver, self.foreigner):
            order = self._cart(1.0, partner_id=user.partner_id.id)
            self.assertFalse(order.kh_needs_dealer_approval, user.login)

    def test_month_limit_counts_what_was_sent(self):
        contact = self.colleague.partner_id
        contact.write(
            {"kh_month_limit": 1000.0, "kh_limit_currency_id": self.company.currency_id.id}
        )
        vals = {"partner_id": contact.id}
        self._cart(6.0, **vals).action_confirm()
        self.assertFalse(self._cart(4.0, **vals).kh_needs_dealer_approval)
        order = self._cart(5.0, **vals)
        self.assertTrue(order.kh_needs_dealer_approval)
        self.assertIn("1,100.00", order._kh_get_approval_sentence())
        self._send(order, self.colleague)
        self.assertTrue(order.kh_needs_dealer_approval, "its own amount is not counted twice")
        self.assertIn("1,100.00", order._kh_get_approval_sentence())

    def test_limit_in_another_currency(self):
        currency = self.env["res.currency"].create(
            {"name": "KHX", "symbol": "X", "rate_ids": [(0, 0, {"rate": 10.0})]}
        )
        self.buyer.partner_id.kh_limit_currency_id = currency
        self.assertTrue(self._cart(1.0).kh_needs_dealer_approval)  # 100 = 1000 KHX
        self.buyer.partner_id.kh_order_limit = 1000.0
        self.assertFalse(self._cart(1.0).kh_needs_dealer_approval)

    # === GATES === #
    def test_neither_paid_nor_confirmed_by_any_way(self):
        order = self._cart()
        self.assertFalse(order._has_to_be_paid())
        with self.assertRaises(ValidationError):
            order._check_cart_is_ready_to_be_paid()
        for confirm in (order.action_confirm, order._validate_order):
            with self.assertRaises(UserError):
                confirm()
        self.assertIn("colleagues", order._kh_payment_status().reason)
        # money that comes all the same is booked, and the order waits for the colleague
        self._announce_transfer(order)
        order.with_user(self.clerk).action_kh_confirm_transfer()
        self.assertEqual(order.state, "sent")
        self._send(order)
        self._decide(order, self.boss, "approve")
        self.assertEqual(order.state, "sale")

    def test_finance_does_not_send_orders(self):
        self.colleague.partner_id.kh_dealer_role = "finance"
        order = self._cart(1.0, partner_id=self.colleague.partner_id.id)
        self.assertFalse(order._kh_may_buy())
        with self.assertRaises(ValidationError):
            order._check_cart_is_ready_to_be_paid()
        self.assertTrue(self._cart(1.0)._kh_may_buy())

    def test_nobody_answers_for_the_dealer(self):
        order = self._cart()
        self.clerk.group_ids += self.env.ref("sales_team.group_sale_manager")
        orders = self.env["sale.order"].with_user(self.clerk)
        for vals in ({"kh_dealer_approved_amount": 1e6}, {"kh_dealer_reply": "x"}):
            with self.assertRaises(AccessError):
                order.with_user(self.clerk).write(vals)
            with self.assertRaises(AccessError):
                orders.create({"partner_id": self.buyer.partner_id.id, **vals})
        with self.assertRaises(AccessError):
            orders.with_context(default_kh_dealer_approved_amount=1e6).create(
                {"partner_id": self.buyer.partner_id.id}
            )
        order.with_user(self.clerk).note = "fine"

    # === THE WAY === #
    def test_approved_order_awaits_payment(self):
        order = self._send()
        self.assertEqual((order.state, order.kh_stage), ("sent", "review"))
        self.assertEqual(order.kh_approval_request_id.requester_id, self.buyer)
        self.assertEqual(order.kh_approval_request_id._get_deciders(), self.boss | self.approver)
        self.assertEqual(order._kh_next_step("dealer").key, "approve")
        self.assertIn(self.approver.name, order._kh_whose_turn())
        self.assertFalse(order._has_to_be_paid())
        with self.assertRaises(UserError):
            order.order_line.product_uom_qty = 99.0
        with self.assertRaises(UserError):
            self._send(order)  # twice
        mails = self.env["mail.mail"].search_count([])
        self._decide(order, self.approver, "approve")
        self.assertEqual(order.kh_stage, "to_pay")
        self.assertEqual(order.kh_dealer_approved_amount, 1000.0)
        self.assertFalse(order.kh_needs_dealer_approval)
        self.assertTrue(order._has_to_be_paid())
        self.assertGreater(self.env["mail.mail"].search_count([]), mails)
        self._announce_transfer(order)
        order.with_user(self.clerk).action_kh_confirm_transfer()
        self.assertEqual(order.kh_stage, "to_ship")

    def test_no_line_gets_into_an_order_under_review(self):
        order, other = self._send(), self._cart(1.0)
        lines = self.env["sale.order.line"]
        with self.assertRaises(UserError):
            other.order_line.order_id = order
        vals = {"product_id": self.product.id}
        with self.assertRaises(UserError):
            lines.create({**vals, "order_id": order.id})
        with self.assertRaises(UserError):
            lines.with_context(default_order_id=order.id).create(vals)
        with self.assertRaises(UserError):
            order.order_line.unlink()
        self.assertEqual(len(order.order_line), 1)

    def test_more_than_approved_is_asked_again(self):
        order = self._send()
        self._decide(order, self.boss, "approve")
        order.order_line.product_uom_qty = 9.0
        self.assertFalse(order.kh_needs_dealer_approval)
        order.order_line.product_uom_qty = 11.0
        self.assertTrue(order.kh_needs_dealer_approval)
        with self.assertRaises(UserError):
            order.action_confirm()
        self._send(order)
        self._decide(order, self.boss, "approve")
        self.assertEqual(order.kh_dealer_approved_amount, 1100.0)

    def test_refused_and_returned_orders_are_carts_again(self):
        for decision in ("refuse", "return"):
            with self.subTest(decision=decision):
                order = self._send()
                with self.assertRaises(UserError):
                    self._decide(order, self.boss, decision)  # no reason
                self._decide(order, self.boss, decision, "Too many breakers")
                self.assertEqual((order.state, order.kh_stage), ("draft", "draft"))
                self.assertEqual(order.kh_dealer_reply, "Too many breakers")
                self.assertFalse(order.kh_is_on_hold)
                self.assertFalse(order.kh_placed_date)
                order.order_line.product_uom_qty = 4.0
                self.assertFalse(order.kh_needs_dealer_approval)
                order.order_line.product_uom_qty = 9.0
                self._send(order)
                self.assertFalse(order.kh_dealer_reply)
                self._decide(order, self.boss, "approve")
                self.assertEqual(order.kh_stage, "to_pay")

    def test_step_of_the_seller_after_the_dealers(self):
        """Who decided last says whose no it is; without a yes of the dealer there is none."""
        flow = self.env.ref("kh_b2b_order.kh_approval_flow_dealer_order")
        self.env["kh.approval.step"].create(
            {
                "flow_id": flow.id,
                "name": "Seller",
                "sequence": 90,
                "user_ids": [Command.set(self.clerk.ids)],
            }
        )
        order = self._send()
        self.assertTrue(order._kh_is_with_dealer())
        self._decide(order, self.boss, "approve")
        self.assertFalse(order._kh_is_with_dealer(), "now the seller decides")
        self._decide(order, self.clerk, "approve")
        self.assertEqual(order.kh_dealer_approved_amount, 1000.0)
        self.assertEqual(order.kh_stage, "to_pay")
        order = self._send()
        self._decide(order, self.boss, "approve")
        self._decide(order, self.clerk, "refuse", "Not for sale")
        self.assertEqual((order.state, order.kh_is_on_hold), ("sent", True))
        self.assertFalse(order.kh_dealer_reply)
        self.assertFalse(order.kh_dealer_approved_amount)
        order = self._send()
        self._decide(order, self.boss, "refuse", "Too many")
        self.assertEqual((order.state, order.kh_is_on_hold), ("draft", False))

    def test_yes_of_the_seller_alone_is_none_of_the_dealer(self):
        flow = self.env.ref("kh_b2b_order.kh_approval_flow_dealer_order")
        flow.step_ids.domain = "[('amount_total', '>', 5000)]"
        self.env["kh.approval.step"].create(
            {
                "flow_id": flow.id,
                "name": "Seller",
                "sequence": 90,
                "user_ids": [Command.set(self.clerk.ids)],
            }
        )
        order = self._send()
        self._decide(order, self.clerk, "approve")
        self.assertFalse(order.kh_dealer_approved_amount)
        self.assertTrue(order.kh_needs_dealer_approval)

    def test_buyer_takes_it_back(self):
        order = self._send()
        for user in (self.boss, self.colleague, self.foreigner):
            with self.assertRaises(AccessError):
                self._decide(order, user, "withdraw")
        self._decide(order, self.buyer, "withdraw")
        self.assertEqual(order.kh_stage, "draft")
        self.assertFalse(order.kh_dealer_reply)

    def test_who_may_not_decide(self):
        self.buyer.partner_id.kh_dealer_role = "approver"  # not one's own
        order = self._send()
        for user in (self.buyer, self.colleague, self.foreigner, self.clerk):
            for decision in ("approve", "refuse", "return"):
                with (
                    self.subTest(user=user.login, decision=decision),
                    self.assertRaises(AccessError),
                ):
                    self._decide(order, user, decision, "because")
        self.assertEqual(order.kh_stage, "review")

    def test_staff_asks_the_dealer(self):
        order = self._create_order()
        with self.assertRaises(AccessError):
            order.with_user(self.foreigner).action_kh_ask_dealer()
        order.with_user(self.clerk).action_kh_ask_dealer()
        self.assertEqual(order.kh_stage, "review")
        deciders = order.kh_approval_request_id._get_deciders()
        self.assertEqual(deciders, self.boss | self.approver)
        self._decide(order, self.boss, "refuse", "Not ordered by us")
        self.assertEqual(order.state, "sent", "a quotation of ours stays one")
        with self.assertRaises(UserError):
            order.action_confirm()

    def test_without_a_flow_nothing_slips_through(self):
        self.env["kh.approval.flow"].search([("model_name", "=", "sale.order")]).active = False
        order = self._cart()
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self._send(order)
        with self.assertRaises(UserError):
            order.action_confirm()

    def test_deactivated_colleague_has_no_voice_and_no_cart(self):
        self.dealer.kh_is_dealer = True
        order = self._send()
        cart = self._cart(1.0, partner_id=self.approver.partner_id.id)
        dealer = self.dealer.with_user(self.boss)
        dealer._kh_deactivate_colleague(self.approver.partner_id)
        self.assertEqual(order.kh_approval_request_id._get_deciders(), self.boss)
        with self.assertRaises(AccessError):
            self._decide(order, self.approver, "approve")
        self.assertEqual(cart.state, "cancel")
        found = self.env["sale.order"].search(
            self.env["sale.order"]._kh_portal_domain(self.boss.partner_id)
        )
        self.assertNotIn(cart, found)
        dealer._kh_deactivate_colleague(self.buyer.partner_id)
        self.assertEqual(order.kh_stage, "review", "what was sent is still decided")
        dealer._kh_reactivate_colleague(self.approver.partner_id)
        self.assertEqual(order.kh_approval_request_id._get_deciders(), self.boss | self.approver)

    def test_summary_says_what_and_why(self):
        order = self._send()
        summary = dict(order.with_user(self.boss).sudo()._approval_summary())
        self.assertIn("1,000.00", " ".join(summary.values()))
        self.assertIn("500.00", " ".join(summary.values()))
        self.assertIn(self.buyer.name, order._approval_reason())

    @warmup
    def test_need_costs_no_query_per_order(self):
        orders = self.env["sale.order"].union(*(self._cart(1.0) for _n in range(10)))

        def count(records):
            self.env.flush_all()
            self.env.invalidate_all()
            records.mapped("partner_id.commercial_partner_id.name")
            records.mapped("amount_total")
            before = self.cr.sql_log_count
            records.mapped("kh_needs_dealer_approval")
            return self.cr.sql_log_count - before

        self.assertEqual(count(orders), count(orders[:1]))
        self.buyer.partner_id.kh_month_limit = 5000.0
        self.assertEqual(count(orders), count(orders[:1]))
