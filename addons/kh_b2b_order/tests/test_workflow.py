from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.website_sale.tests.common import MockRequest

from .common import OrderCommon


@tagged("post_install", "-at_install")
class TestWorkflow(OrderCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls._create_staff(
            "kh_o_clerk",
            "kh_b2b_member.group_b2b_order_clerk",
            "sales_team.group_sale_salesman_all_leads",
        )
        # without a manager the only approver would be a dead end where he asks himself
        cls._create_staff("kh_o_manager", "kh_b2b_approval.group_approval_manager")
        cls.flow = (
            cls.env["kh.approval.flow"]
            .sudo()
            .create(
                {
                    "name": "Large orders",
                    "model_id": cls.env["ir.model"].sudo()._get_id("sale.order"),
                    "company_id": cls.company.id,
                    "domain": "[('amount_total', '>', 5000)]",
                    "step_ids": [(0, 0, {"name": "Desk", "user_ids": [(6, 0, cls.clerk.ids)]})],
                }
            )
        )

    def _submit(self):
        order = self._create_order({self.product: 100.0})
        order.action_quotation_sent()
        order.action_request_approval()
        return order

    def test_an_order_under_review_is_nobodys_abandoned_cart(self):
        self.website.kh_is_b2b = True
        order = self._create_order({self.product: 100.0}, website_id=self.website.id)
        website = self.website.with_user(self.buyer)
        with MockRequest(website.env, website=website):
            self.assertEqual(website._get_and_cache_current_cart(), order)
        order.action_request_approval()
        self.assertTrue(order._is_under_review())
        with MockRequest(website.env, website=website):
            self.assertFalse(website._get_and_cache_current_cart())

    def test_small_order_needs_no_review(self):
        order = self._create_order()
        order.action_request_approval()
        self.assertEqual(order.kh_stage, "draft")

    def test_order_under_review_waits(self):
        order = self._submit()
        self.assertEqual(order.kh_stage, "review")
        with self.assertRaises(UserError):
            order.action_confirm()
        with self.assertRaises(UserError):
            order.order_line.product_uom_qty = 1.0
        with self.assertRaises(UserError):
            order._kh_add_products([(self.product.id, 1, None)])
        self.assertFalse(order._has_to_be_paid())

    def test_approved_order_goes_on(self):
        order = self._submit()
        order.with_user(self.clerk).action_approval_approve()
        self.assertEqual(order.kh_stage, "to_pay")
        order.action_confirm()
        self.assertEqual(order.kh_stage, "to_ship")

    def test_refused_without_a_word_is_said_in_the_readers_language(self):
        order = self._create_order()
        chinese, english = (order.with_context(lang=lang) for lang in ("zh_CN", "en_US"))
        chinese._approval_refused("")
        self.assertEqual((order.kh_stage, order.kh_hold_kind), ("hold", "refused"))
        for name in ("kh_hold_text", "kh_stop_reasons"):
            self.assertEqual(english[name], "The approval was refused.")
            self.assertNotEqual(chinese[name], english[name])
        order._kh_set_on_hold("Call first")
        self.assertEqual((order.kh_hold_text, order.kh_hold_kind), ("Call first", False))

    def test_refused_order_is_on_hold_with_the_reason(self):
        order = self._submit()
        order.with_user(self.clerk).action_approval_refuse("too many")
        self.assertEqual((order.kh_stage, order.kh_hold_reason), ("hold", "too many"))

    def test_returned_order_can_be_corrected(self):
        order = self._submit()
        order.with_user(self.clerk).action_approval_return("wrong quantity")
        self.assertEqual(order.kh_stage, "to_pay")
        order.order_line.product_uom_qty = 1.0

    def test_hold_needs_a_reason_and_the_desk(self):
        order = self._create_order()
        order.action_quotation_sent()
        with self.assertRaises(UserError):
            order.with_user(self.clerk).action_kh_hold()
        seller = self._create_staff(
            "kh_o_seller",
            "kh_b2b_member.group_b2b_salesperson",
            "sales_team.group_sale_salesman_all_leads",
        )
        with self.assertRaises(AccessError):
            order.with_user(seller).action_kh_hold("because")
        order.with_user(self.clerk).action_kh_hold("because")
        self.assertEqual(order.kh_stage, "hold")
        with self.assertRaises(UserError):
            order.action_confirm()
        order.with_user(self.clerk).action_kh_release()
        self.assertEqual(order.kh_stage, "to_pay", "not paid: it waits for the money")

    def test_no_write_lifts_a_hold_or_says_who_did_what(self):
        order = self._create_order()
        order.action_quotation_sent()
        order.with_user(self.clerk).action_kh_hold("because")
        for name in order._kh_guarded_fields:
            with self.subTest(name), self.assertRaises(AccessError):
                order.with_user(self.clerk).write({name: False})
            with self.subTest(name), self.assertRaises(AccessError):
                self._create_order(**{name: False})
        with self.assertRaises(AccessError):
            self.env["sale.order"].with_context(default_kh_confirmed_date="2026-01-01").create(
                {"partner_id": self.dealer.id}
            )
        self.assertTrue(order.kh_is_on_hold)

    def test_taking_up_again_resets_only_what_was_closed(self):
        held, confirmed, closed = (self._create_order() for _n in range(3))
        held.action_quotation_sent()
        (held | closed)._kh_set_on_hold("because")
        closed._action_cancel()
        confirmed.action_confirm()
        (held | confirmed | closed).with_user(self.clerk).action_draft()
        self.assertTrue(held.kh_is_on_hold, "the desk releases")
        self.assertTrue(confirmed.kh_confirmed_date)
        self.assertFalse(closed.kh_is_on_hold)

    def test_hold_only_where_something_is_still_to_be_stopped(self):
        order = self._create_order()
        steps = {
            "draft": order.action_quotation_sent,
            "to_pay": order.action_confirm,
            "to_ship": lambda: self._ship(order),
            "to_receive": order.action_confirm_receipt,
            "done": lambda: None,
        }
        for stage, go_on in steps.items():
            with self.subTest(stage):
                self.assertEqual(order.kh_stage, stage)
                if stage in ("to_pay", "to_ship"):
                    order.with_user(self.clerk).action_kh_hold("because")
                    self.assertEqual(order.kh_stage, "hold")
                    order.with_user(self.clerk).action_kh_release()
                else:
                    with self.assertRaisesRegex(UserError, order.name):
                        order.with_user(self.clerk).action_kh_hold("because")
                go_on()

    def test_nothing_of_a_blocked_order_is_shipped(self):
        held, free = self._create_order(), self._create_order()
        (held | free).action_confirm()
        held.with_user(self.clerk).action_kh_hold("because")
        pickings = (held | free).picking_ids
        for ship in (pickings.button_validate, pickings._action_done):
            with self.subTest(ship), self.assertRaisesRegex(UserError, held.name):
                ship()
        self.assertNotIn("done", pickings.mapped("state"))
        self._ship(free)
        held.with_user(self.clerk).action_kh_release()
        self._ship(held)
        self.assertEqual(set(pickings.mapped("state")), {"done"})

    def test_goods_of_an_order_on_hold_may_come_back(self):
        order = self._create_order()
        order.action_confirm()
        self._ship(order, {self.product: 4.0})
        order.with_user(self.clerk).action_kh_hold("because")
        self.assertEqual(self._return_all(order).state, "done")

    def test_looking_for_blocked_orders_is_constant(self):
        def count(number):
            orders = self.env["sale.order"].concat(*(self._create_order() for _n in range(number)))
            orders.action_confirm()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            orders.picking_ids._kh_ensure_not_blocked()
            return self.env.cr.sql_log_count - before

        count(2)  # warm
        self.assertLessEqual(count(10), count(2))

    def test_hold_wizard(self):
        order = self._create_order()
        order.action_quotation_sent()
        wizard = (
            self.env["kh.order.hold"]
            .with_user(self.clerk)
            .with_context(active_model="sale.order", active_ids=order.ids)
            .create({"reason": "call first"})
        )
        wizard.action_hold()
        self.assertEqual(order.kh_hold_reason, "call first")

    def test_receipt_only_when_shipped(self):
        order = self._create_order()
        steps = {
            "draft": order.action_quotation_sent,
            "to_pay": order.action_confirm,
            "to_ship": lambda: self._ship(order),
        }
        for stage, go_on in steps.items():
            with self.subTest(stage):
                self.assertEqual(order.kh_stage, stage)
                with self.assertRaises(UserError):
                    order.action_confirm_receipt()
                go_on()
        order.with_user(self.clerk).action_confirm_receipt()
        received = order.kh_received_date
        self.assertEqual(order.kh_received_by_id, self.clerk.partner_id)
        order.action_confirm_receipt()
        self.assertEqual(order.kh_received_date, received, "the first time counts")

    def test_bulk_confirm_reports_what_did_not_pass(self):
        good, held, done = (self._create_order() for _n in range(3))
        held._kh_set_on_hold("why")
        done.action_confirm()
        orders = good | held | done
        wizard = (
            self.env["kh.order.bulk.confirm"]
            .with_user(self.clerk)
            .with_context(active_model="sale.order", active_ids=orders.ids)
            .create({})
        )
        wizard.action_confirm()
        self.assertEqual(good.state, "sale")
        self.assertEqual(held.state, "draft")
        self.assertEqual(wizard.count_done, 1)
        self.assertEqual(wizard.line_ids.order_id, held | done)
        self.assertTrue(all(wizard.line_ids.mapped("reason")))

    def test_ship_opens_the_shipment(self):
        order = self._create_order()
        with self.assertRaises(UserError):
            order.action_kh_ship()
        order.action_confirm()
        self.assertEqual(order.action_kh_ship()["res_id"], order.picking_ids.id)

    def test_next_step_names_who_must_act(self):
        order = self._create_order()
        self.assertEqual(order._kh_next_step().who, "dealer")
        self._announce_transfer(order)
        self.assertEqual(order._kh_next_step("dealer").key, "pay")
        self.assertNotEqual(order._kh_next_step("dealer").label, order._kh_next_step("staff").label)
        order.action_kh_confirm_transfer()
        self.assertEqual(order._kh_next_step(), ("staff", "ship", "Ship Goods"))

    def test_timeline_of_each_stage(self):
        order = self._create_order()
        self._announce_transfer(order)
        self.assertEqual(self._states(order), ["done", "todo", "now", "todo", "todo", "todo"])
        order.action_kh_confirm_transfer()
        self.assertEqual(self._states(order), ["done", "done", "done", "now", "todo", "todo"])
        self._ship(order, {self.product: 4.0})
        shipped = order.sudo()._kh_get_timeline()[3]
        self.assertEqual((shipped.state, shipped.note), ("now", "1/2"))
        self._ship(order)
        self.assertEqual(self._states(order), ["done", "done", "done", "done", "now", "todo"])
        order.action_confirm_receipt()
        self.assertEqual(self._states(order), ["done"] * 6)
        self.assertEqual(order.sudo()._kh_get_timeline()[4].who, self.env.user.name)

    def test_timeline_of_a_closed_order_stops(self):
        order = self._create_order()
        order.action_confirm()
        order._action_cancel()
        nodes = order.sudo()._kh_get_timeline()
        self.assertEqual((nodes[-1].key, nodes[-1].state), ("closed", "stopped"))

    def _states(self, order):
        return [node.state for node in order.sudo()._kh_get_timeline()]
