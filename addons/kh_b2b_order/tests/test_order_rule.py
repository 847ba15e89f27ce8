from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import OrderCommon


@tagged("post_install", "-at_install")
class TestOrderRule(OrderCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += cls.env.ref("kh_b2b_member.group_b2b_supervisor")
        cls.clerk = cls._create_staff("kh_r_clerk", "kh_b2b_member.group_b2b_order_clerk")
        cls.stranger = cls._create_staff("kh_r_stranger")

    @classmethod
    def _create_rule(cls, kind="amount", **vals):
        defaults = {"name": f"Rule {kind}", "kind": kind, "company_id": cls.company.id}
        return cls.env["kh.order.rule"].create({**defaults, **vals})

    def _assert_caught(self, order, rule):
        order.action_confirm()
        self.assertEqual(order.state, "draft")
        self.assertEqual(order.kh_stage, "hold")
        self.assertEqual(order.kh_rule_hit_ids.rule_id, rule)
        self.assertTrue(order.kh_rule_hit_ids.evidence)

    def _assert_passed(self, order):
        order.action_confirm()
        self.assertEqual(order.state, "sale")
        self.assertFalse(order.kh_rule_hit_ids)

    def test_nothing_happens_without_rules(self):
        self._assert_passed(self._create_order())

    def test_amount(self):
        rule = self._create_rule(amount=1000.0)
        self._assert_passed(self._create_order({self.product: 10.0}))
        self._assert_caught(self._create_order({self.product: 11.0}), rule)

    def test_discount(self):
        rule = self._create_rule("discount", discount=20.0)
        order, deep = self._create_order(), self._create_order()
        order.order_line.discount = 20.0
        deep.order_line.discount = 21.0
        self._assert_passed(order)
        self._assert_caught(deep, rule)

    def test_new_dealer(self):
        self._create_order().action_confirm()
        rule = self._create_rule("new_dealer", first_orders=1)
        self._assert_passed(self._create_order())
        foreign = self._create_order(partner_id=self.foreigner.partner_id.id)
        self._assert_caught(foreign, rule)

    def test_unusual_quantity(self):
        for quantity in (8.0, 12.0):
            self._create_order({self.product: quantity}).action_confirm()
        rule = self._create_rule("quantity", factor=3.0, quantity=5.0)
        self._assert_passed(self._create_order({self.product_2: 500.0}))
        order = self._create_order({self.product: 31.0, self.product_2: 1.0})
        self._assert_caught(order, rule)
        (line,) = order.kh_rule_hit_ids.facts["lines"]
        self.assertEqual(line["product_id"], self.product.id)
        self.assertAlmostEqual(line["mean"], 10.0)

    def test_overdue(self):
        rule = self._create_rule("overdue", days=0)
        order = self._create_order()
        self.assertFalse(rule._find_hits(order))
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.dealer.id,
                "company_id": self.company.id,
                "invoice_date": "2020-01-01",
                "invoice_date_due": "2020-02-01",
                "invoice_line_ids": [
                    Command.create({"product_id": self.product.id, "price_unit": 100.0})
                ],
            }
        )
        invoice.action_post()
        self._assert_caught(order, rule)

    def test_only_the_source_of_the_rule(self):
        rule = self._create_rule(amount=1.0, source="phone")
        self._assert_passed(self._create_order())
        self._assert_caught(self._create_order(kh_source="phone"), rule)

    def test_released_unchanged_is_a_false_alarm_and_passes(self):
        rule = self._create_rule(amount=1.0)
        order = self._create_order()
        self._assert_caught(order, rule)
        order.with_user(self.clerk).kh_rule_hit_ids.action_release()
        hit = order.kh_rule_hit_ids
        self.assertEqual((hit.state, hit.is_false_alarm), ("released", True))
        self.assertEqual(hit.decided_by_id, self.clerk)
        order.action_confirm()
        self.assertEqual(order.state, "sale")
        self.assertEqual(len(order.kh_rule_hit_ids), 1)

    def test_changed_after_release_is_caught_again(self):
        rule = self._create_rule(amount=1.0)
        order = self._create_order()
        self._assert_caught(order, rule)
        order.action_kh_release()
        order.order_line.product_uom_qty = 11.0
        order.action_confirm()
        self.assertEqual(order.kh_stage, "hold")
        self.assertEqual(sorted(order.kh_rule_hit_ids.mapped("state")), ["open", "released"])

    def test_taken_up_again_is_stopped_again(self):
        rule = self._create_rule(amount=1.0)
        order = self._create_order()
        self._assert_caught(order, rule)
        order._action_cancel()
        order.action_draft()
        self._assert_caught(order, rule)

    def test_refused_with_comment_stays_on_hold(self):
        rule = self._create_rule(amount=1.0)
        order = self._create_order()
        self._assert_caught(order, rule)
        hit = order.kh_rule_hit_ids.with_user(self.clerk)
        with self.assertRaises(UserError):
            hit.action_refuse()
        hit.comment = "Call us first"
        hit.action_refuse()
        self.assertEqual(hit.state, "refused")
        self.assertEqual((order.kh_stage, order.kh_hold_reason), ("hold", "Call us first"))
        with self.assertRaises(UserError):
            hit.action_refuse()

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
            rule.with_user(self.clerk).write({"amount": 5.0})
        for user in (self.stranger, self.buyer, self.foreigner):
            for action in ("action_release", "action_refuse"):
                with self.assertRaises(AccessError):
                    getattr(hit.with_user(user), action)()
        self.assertEqual(hit.state, "open")

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

    def test_interception_costs_six_queries_for_an_order_of_many_lines(self):
        for kind in ("amount", "discount", "new_dealer", "quantity", "overdue"):
            self._create_rule(kind, amount=1e9, discount=99.0, first_orders=0, active=True)
        order = self._create_order()
        self.env["sale.order.line"].create(
            [
                {"order_id": order.id, "product_id": self.product.id, "product_uom_qty": n + 1}
                for n in range(50)
            ]
        )
        self.env.flush_all()
        order._kh_is_blocked()
        with self.assertQueryCount(6):
            self.assertFalse(order._kh_intercept())

    def test_queries_do_not_grow_with_orders(self):
        rules = self.env["kh.order.rule"].union(
            *(
                self._create_rule(kind)
                for kind in ("amount", "discount", "new_dealer", "quantity", "overdue")
            )
        )
        orders = self.env["sale.order"].union(*(self._create_order() for _n in range(20)))
        self.env.flush_all()
        for some in (orders[:1], orders):
            rules.mapped("kind")
            with self.assertQueryCount(5):
                rules._find_hits(some)
