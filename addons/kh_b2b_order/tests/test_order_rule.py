from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common_rules import OrderRuleCommon


@tagged("post_install", "-at_install")
class TestOrderRule(OrderRuleCommon):
    def test_nothing_happens_without_rules(self):
        self._assert_passed(self._create_order())

    def test_released_unchanged_is_a_false_alarm_and_passes(self):
        rule = self._create_rule(amount=1.0)
        order = self._create_order()
        self._assert_caught(order, rule)
        order.with_user(self.clerk).action_kh_release("Called")
        hit = order.kh_rule_hit_ids
        self.assertEqual(
            (hit.state, hit.outcome, hit.comment), ("released", "false_alarm", "Called")
        )
        self.assertEqual(hit.decided_by_id, self.clerk)
        self.assertEqual(order.kh_released_by_id, self.clerk)
        order.action_confirm()
        self.assertEqual(order.state, "sale")
        self.assertEqual(len(order.kh_rule_hit_ids), 1)

    def test_a_dealer_reads_of_the_stop_in_their_language(self):
        rule = self._create_rule(amount=1.0)
        order = self._create_order()
        self._assert_caught(order.with_context(lang="en_US"), rule)
        seen = order.with_user(self.buyer)
        self.assertIn("being checked", seen.with_context(lang="en_US")._kh_whose_turn())
        chinese = seen.with_context(lang="zh_CN")._kh_whose_turn()
        self.assertNotRegex(chinese, "[a-z]{3}")
        order.with_user(self.clerk).action_kh_return("Please call us")
        self.assertIn("Please call us", seen._kh_whose_turn())

    def test_a_cart_of_the_shop_that_is_stopped_is_no_cart_any_more(self):
        self._create_rule(amount=1.0)
        order = self._create_order(website_id=self.website.id)
        order.with_user(self.buyer).sudo()._validate_order()
        self.assertEqual((order.state, order.kh_stage), ("sent", "hold"))
        self.assertEqual(order.kh_placed_by_id, self.buyer.partner_id)

    def test_changed_before_release_passes_and_is_no_false_alarm(self):
        rule = self._create_rule(amount=1.0)
        order = self._create_order()
        self._assert_caught(order, rule)
        order.order_line.product_uom_qty = 4.0
        order.action_kh_release()
        self.assertEqual(order.kh_rule_hit_ids.outcome, "changed")
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_changed_after_release_is_caught_again(self):
        rule = self._create_rule(amount=1.0)
        order = self._create_order()
        self._assert_caught(order, rule)
        order.action_kh_release()
        order.order_line.product_uom_qty = 11.0
        order.action_confirm()
        self.assertEqual(order.kh_stage, "hold")
        self.assertEqual(sorted(order.kh_rule_hit_ids.mapped("state")), ["open", "released"])

    def test_what_is_no_material_change_is_not_caught_again(self):
        rule = self._create_rule(amount=1.0)
        order = self._create_order()
        self._assert_caught(order, rule)
        order.action_kh_release()
        order.order_line.product_uom_qty = 6.0
        order.order_line.copy({"order_id": order.id, "product_uom_qty": 4.0})
        order.write({"note": "Ring twice", "client_order_ref": "CG-1"})
        order.action_confirm()
        self.assertEqual(order.state, "sale", "one line of ten, or two of six and four")

    def test_taken_up_again_is_stopped_again(self):
        rule = self._create_rule(amount=1.0)
        order = self._create_order()
        self._assert_caught(order, rule)
        order._action_cancel()
        order.action_draft()
        self._assert_caught(order, rule)

    def test_returned_with_reason_stays_on_hold(self):
        rule = self._create_rule(amount=1.0)
        order = self._create_order().with_user(self.clerk)
        self._assert_caught(order, rule)
        with self.assertRaises(UserError):
            order.action_kh_return()
        order.action_kh_return("Call us first")
        self.assertEqual(order.kh_rule_hit_ids.outcome, "refused")
        self.assertEqual((order.kh_stage, order.kh_hold_reason), ("hold", "Call us first"))

    def _mails(self, order, known):
        return self.env["mail.mail"].search(
            [("id", "not in", known), ("model", "=", "sale.order"), ("res_id", "=", order.id)]
        )

    def test_the_dealer_is_told_of_return_and_release(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        template = self.env.ref("kh_b2b_order.mail_template_order_released")
        template.with_context(lang="zh_CN").subject = "订单 {{ object.name }} 继续处理"
        order = self._create_order()
        order.partner_id.lang = "en_US"
        order.with_user(self.buyer).sudo().action_quotation_sent()
        known = self.env["mail.mail"].search([]).ids
        order.with_user(self.clerk).action_kh_hold("Look")
        self.assertFalse(self._mails(order, known))
        self.assertIn("We will decide", order._kh_whose_turn())
        order.with_user(self.clerk).action_kh_return("Which street?")
        returned = self._mails(order, known)
        self.assertIn("Which street?", returned.body_html)
        self.assertIn("check your order", returned.subject)
        self.assertIn("Your turn", order._kh_whose_turn())
        self.assertIn("cancel it", order._kh_whose_turn())
        now = [node for node in order._kh_get_timeline() if node.state == "now"]
        self.assertEqual([node.note for node in now], ["returned to you"])
        self.assertTrue(now[0].when)
        order.partner_id.lang = "zh_CN"
        order.with_user(self.clerk).action_kh_release()
        released = self._mails(order, [*known, *returned.ids])
        self.assertEqual(released.subject, f"订单 {order.name} 继续处理")
        self.assertFalse(order.kh_is_returned)

    def test_a_stop_by_rules_is_told_in_the_readers_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self._create_rule(amount=1.0)
        stopped, by_hand = self._create_order(), self._create_order()
        (stopped | by_hand).with_context(lang="en_US").action_quotation_sent()
        stopped.with_context(lang="en_US").action_confirm()
        by_hand.with_user(self.clerk).action_kh_hold("Call us first")
        self.assertIn("checked by our staff", stopped.with_context(lang="en_US").kh_hold_text)
        self.assertNotRegex(stopped.with_context(lang="zh_CN").kh_hold_text, "[a-z]{3}")
        self.assertEqual(by_hand.with_context(lang="zh_CN").kh_hold_text, "Call us first")
        by_hand.with_user(self.clerk).action_kh_release()
        self.assertFalse(by_hand.kh_hold_text)

    def test_a_second_reason_takes_a_returned_order_back(self):
        order = self._create_order()
        order.action_quotation_sent()
        order.with_user(self.clerk).action_kh_hold("Look")
        order.with_user(self.clerk).action_kh_return("Which street?")
        self.assertTrue(order._kh_may_dealer_cancel())
        order.with_user(self.clerk).action_kh_hold("We found it")
        self.assertFalse(order._kh_may_dealer_cancel())
        with self.assertRaises(UserError):
            order._kh_cancel_unpaid("dealer")

    def test_what_is_paid_or_confirmed_is_not_the_dealers_to_cancel(self):
        paid, confirmed = self._create_order(), self._create_order()
        self._announce_transfer(paid).state = "done"
        confirmed.action_confirm()
        for order in (paid, confirmed):
            order._kh_set_on_hold("Look")
            order.with_user(self.clerk).action_kh_return("Which street?")
            self.assertFalse(order._kh_may_dealer_cancel())
            self.assertNotIn("cancel it", order._kh_whose_turn())
            with self.assertRaises(UserError):
                order._kh_cancel_unpaid("dealer")

    def test_release_after_all_leaves_the_refusal_in_the_log(self):
        rule = self._create_rule(amount=1.0)
        order = self._create_order()
        self._assert_caught(order, rule)
        order.with_user(self.clerk).action_kh_return("Too much")
        order.action_kh_release("They called")
        hit = order.kh_rule_hit_ids
        self.assertEqual((hit.state, hit.is_overruled, hit.comment), ("refused", True, "Too much"))
        self.assertEqual(hit.decided_by_id, self.clerk)
        order.action_confirm()
        self.assertEqual(order.state, "sale")
        with self.assertRaises(UserError):
            order.action_kh_return("Too late")

    def test_a_hit_is_decided_once(self):
        """The transitions of a hit's docstring, allowed and forbidden."""
        self._create_rule(amount=1.0)
        for first, second, states in (
            ("released", "refused", ["released"]),
            ("released", "released", ["released"]),
            ("refused", "released", ["refused"]),
            ("refused", "refused", ["refused"]),
        ):
            order = self._create_order()
            order.action_confirm()
            hit = order.kh_rule_hit_ids
            self.assertEqual(hit.state, "open")
            hit._set_decided(first, "first")
            date = hit.decided_date
            hit._set_decided(second, "second")
            self.assertEqual(hit.mapped("state"), states)
            self.assertEqual((hit.comment, hit.decided_date), ("first", date))

    def test_a_rule_with_hits_keeps_its_kind(self):
        rule = self._create_rule(amount=1.0)
        rule.kind = "discount"
        rule.kind = "amount"
        self._assert_caught(self._create_order(), rule)
        with self.assertRaises(UserError):
            rule.kind = "discount"
        rule.write({"kind": "amount", "amount": 5.0})
        self.assertEqual(rule.amount, 5.0)

    def test_rule_of_another_company_holds_nothing_here(self):
        other = self.env["res.company"].create({"name": "Other Company"})
        self._create_rule(amount=1.0, company_id=other.id)
        self._assert_passed(self._create_order())
        mine = self._create_rule(amount=1.0)
        orders = self._create_order() | self._create_order()
        orders.action_confirm()
        self.assertEqual(orders.kh_rule_hit_ids.rule_id, mine)
        clerk = self.clerk.with_context(allowed_company_ids=other.ids)
        self.clerk.company_ids += other
        hits = self.env["kh.order.rule.hit"].with_user(clerk)
        self.assertFalse(hits.with_company(other).search([("order_id", "in", orders.ids)]))

    def test_bulk_confirmation_names_what_was_stopped(self):
        self._create_rule(amount=1000.0)
        small, big = self._create_order(), self._create_order({self.product: 20.0})
        result = (small | big)._kh_bulk_confirm()
        self.assertEqual(result.confirmed, small)
        self.assertEqual(result.refused, [(big, big.kh_hold_reason)])

    def test_rights(self):
        rule = self._create_rule(amount=1.0)
        order = self._create_order()
        self._assert_caught(order, rule)
        hit = order.kh_rule_hit_ids
        with self.assertRaises(AccessError):
            hit.with_user(self.clerk).write({"state": "released"})
        with self.assertRaises(AccessError):
            hit.with_user(self.clerk).read(["facts"])
        with self.assertRaises(AccessError):
            rule.with_user(self.clerk).write({"amount": 5.0})
        for user in (self.stranger, self.salesperson, self.buyer, self.colleague, self.foreigner):
            for action in (
                "action_kh_release",
                "action_kh_return",
                "action_kh_open_release",
                "action_kh_open_return",
            ):
                with self.assertRaises(AccessError):
                    getattr(order.with_user(user), action)()
            with self.assertRaises(AccessError):
                hit.with_user(user).action_open_order()
            with self.assertRaises(AccessError):
                rule.with_user(user).action_open_hits()
        self.assertEqual(hit.state, "open")
        self.assertEqual(hit.with_user(self.clerk).action_open_order()["res_id"], order.id)
        action = rule.with_user(self.clerk).action_open_hits()
        self.assertEqual(action["domain"], [("rule_id", "=", rule.id)])

    def test_stranger_cannot_stop_an_order_by_confirming_it(self):
        self._create_rule(amount=1.0)
        order = self._create_order()
        for user in (self.stranger, self.buyer, self.foreigner):
            with self.assertRaises(AccessError):
                order.with_user(user).action_confirm()
        self.assertFalse(order.kh_is_on_hold)

    def test_announced_transfer_is_stopped_and_confirmed_after_release(self):
        self._create_rule(amount=1.0)
        order = self._create_order(website_id=self.website.id)
        self._announce_transfer(order)
        self.assertEqual(order.kh_stage, "hold")
        self.assertFalse(order._kh_payment_status().is_payable)
        order.action_kh_confirm_transfer()
        self.assertEqual(order.state, "sent", "the money is booked, the order waits")
        order.action_kh_release()
        self.assertEqual(order.state, "sale")

    # --- the board
    def test_reasons_are_worded_within_the_readers_rights(self):
        self._create_rule("margin", name="Thin", margin=50.0)
        self._create_rule(name="Large", amount=1.0)
        self.product.standard_price = 80.0
        order = self._create_order().with_context(lang="en_US")
        order.action_confirm()
        reasons = order.with_user(self.clerk).kh_stop_reasons
        self.assertIn("Large: Total", reasons)
        self.assertIn("Thin: For those who may see costs", reasons)
        self.clerk.group_ids += self.env.ref("kh_b2b_member.group_b2b_finance")
        self.env.invalidate_all()
        self.assertIn("Thin: Margin 20 %, under 50 %", order.with_user(self.clerk).kh_stop_reasons)
        with self.assertRaises(AccessError):
            order.with_user(self.buyer).read(["kh_stop_reasons"])

    def test_reasons_of_many_orders_cost_as_much_as_of_one(self):
        self._create_order({self.product: 2.0}).action_confirm()
        self._create_rule("quantity", factor=2.0)
        self._create_rule(amount=1.0)
        orders = self.env["sale.order"].union(*(self._create_order() for _n in range(8)))
        orders.action_confirm()
        counts = []
        for some in (orders[:1], orders[:1], orders):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.assertTrue(all(some.with_user(self.clerk).mapped("kh_stop_reasons")))
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])

    def test_waiting_time(self):
        order = self._create_order()
        self.assertFalse(order.kh_waiting_time)
        order.action_quotation_sent()
        order.action_kh_hold("Look")
        order.sudo().kh_hold_date = fields.Datetime.now() - timedelta(minutes=18)
        self.assertTrue(order.kh_waiting_time.startswith("18"))

    def _decide(self, orders, decision, **vals):
        wizard = self.env["kh.order.decision"].with_user(self.clerk)
        context = {"active_model": "sale.order", "active_ids": orders.ids}
        return wizard.with_context(**context, default_decision=decision).create(vals)

    def test_bulk_release_says_what_does_not_pass(self):
        self._create_rule(amount=1.0)
        held, decided, fresh = (self._create_order() for _n in range(3))
        (held | decided).action_confirm()
        decided.with_user(self.clerk).action_kh_release()
        wizard = self._decide(held | decided | fresh, "release")
        self.assertEqual((wizard.count_todo, wizard.count_stuck), (1, 2))
        self.assertTrue(wizard.reason, "the first sentence is proposed")
        self.assertIn(
            self.clerk.name, wizard.line_ids.filtered(lambda li: li.order_id == decided).obstacle
        )
        action = wizard.action_apply()
        self.assertEqual(action["res_id"], wizard.id)
        self.assertEqual(wizard.count_done, 1)
        self.assertEqual(wizard.line_ids.order_id, decided | fresh)
        self.assertFalse(held.kh_is_on_hold)
        self.assertEqual(held.kh_rule_hit_ids.comment, wizard.reason)

    def test_bulk_return_asks_for_a_reason(self):
        self._create_rule(amount=1.0)
        orders = self._create_order() | self._create_order()
        orders.action_confirm()
        wizard = self._decide(orders, "return")
        with self.assertRaises(UserError):
            wizard.action_apply()
        wizard.reason_id = self.env.ref("kh_b2b_order.order_reason_return_address")
        self.assertEqual(wizard.action_apply()["type"], "ir.actions.act_window_close")
        self.assertEqual(set(orders.mapped("kh_hold_reason")), {wizard.reason_id.name})

    def test_decision_dialog_is_for_the_desk(self):
        order = self._create_order()
        order.action_quotation_sent()
        order.action_kh_hold("Look")
        for user in (self.stranger, self.salesperson, self.buyer):
            with self.assertRaises(AccessError):
                self.env["kh.order.decision"].with_user(user).create(
                    {"reason": "x", "line_ids": [Command.create({"order_id": order.id})]}
                )
        action = order.with_user(self.clerk).action_kh_open_return()
        self.assertEqual(action["context"]["default_decision"], "return")

    def test_statistics_of_a_rule(self):
        rule = self._create_rule(amount=1.0)
        same, changed, refused, waiting = (self._create_order() for _n in range(4))
        (same | changed | refused | waiting).action_confirm()
        changed.order_line.product_uom_qty = 2.0
        (same | changed).action_kh_release()
        refused.action_kh_return("No")
        self.assertEqual(
            (rule.hit_count, rule.false_alarm_count, rule.changed_count, rule.refused_count),
            (4, 1, 1, 1),
        )
        self.assertAlmostEqual(rule.false_alarm_rate, 1 / 3)
