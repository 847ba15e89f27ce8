from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from .common import OrderCommon

NOW = "2030-03-01 08:00:00"


class ExpiryCommon(OrderCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(
            {"kh_dealers_may_change": True, "kh_unpaid_hours": 72, "kh_unpaid_reminder_hours": 24}
        )
        cls.cron = cls.env.ref("kh_b2b_order.ir_cron_expire_unpaid_orders")

    @classmethod
    def _place(cls, **vals):
        """Let the dealer place an order that has to be paid."""
        order = cls._create_order(website_id=cls.website.id, require_payment=True, **vals)
        order.with_user(cls.buyer).sudo().action_quotation_sent()
        order.flush_recordset()  # the deadline counts from now
        return order

    def _run(self):
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.cron.method_direct_trigger()
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestExpiry(ExpiryCommon):
    @freeze_time(NOW)
    def test_deadline_follows_stage_and_way_of_payment(self):
        order = self._place()
        start = fields.Datetime.now()
        self.assertEqual(order.kh_payment_deadline, start + timedelta(hours=72))
        text = order.with_context(lang="en_US", tz="Asia/Shanghai")._kh_get_deadline_text()
        self.assertEqual(text, "03-04 16:00 · 3 days left")
        order.action_kh_hold("call first")
        self.assertFalse(order.kh_payment_deadline)
        order.action_kh_release()
        self.assertTrue(order.kh_payment_deadline)
        self.company.kh_unpaid_transfer_hours = 240
        self._announce_transfer(order)
        self.assertEqual(order.kh_payment_deadline, start + timedelta(hours=240))
        order.action_kh_confirm_transfer()
        self.assertEqual(order.state, "sale")
        self.assertFalse(order.kh_payment_deadline)

    def test_neutral_and_what_never_expires(self):
        self.company.kh_unpaid_hours = 0
        self.assertFalse(self._place().kh_payment_deadline)
        self.company.kh_unpaid_hours = 72
        cart = self._create_order(website_id=self.website.id)
        quotation = self._create_order(state="sent", require_payment=True)
        on_account = self._place()
        on_account.require_payment = False
        announced = self._place()
        self._announce_transfer(announced)
        for order in (cart, quotation, on_account, announced):
            self.assertFalse(order.kh_payment_deadline)

    def test_expired_is_cancelled_with_the_cause(self):
        with freeze_time(NOW):
            order = self._place()
            held = self._place()
            held.action_kh_hold("call first")
        with freeze_time("2030-03-04 07:59:00"):
            self._run()
            self.assertEqual(order.kh_stage, "to_pay")
        with freeze_time("2030-03-04 08:01:00"):
            self._run()
        self.assertEqual((order.kh_stage, order.kh_cancel_cause), ("cancel", "unpaid"))
        self.assertEqual(held.kh_stage, "hold")
        self.assertIn("not paid in time", order.with_context(lang="en_US")._kh_whose_turn())
        order.action_draft()
        self.assertFalse(order.kh_cancel_cause)

    def test_reminded_once_in_the_buyers_language(self):
        self.buyer.partner_id.lang = "en_US"
        with freeze_time(NOW):
            order = self._place()
        mails = self.env["mail.mail"].search([]).ids
        for moment in ("2030-03-02 09:00:00", "2030-03-03 09:00:00", "2030-03-03 12:00:00"):
            with freeze_time(moment):
                self._run()
        sent = self.env["mail.mail"].search([("id", "not in", mails), ("model", "=", "sale.order")])
        self.assertEqual(sent.mapped("res_id"), order.ids)
        self.assertIn("in time", sent.subject)
        self.assertIn("23 hours left", sent.body_html)

    def test_an_order_that_fails_stops_no_other(self):
        with freeze_time(NOW):
            broken, order = self._place(), self._place()
            reminded = self._place()
            reminded.kh_payment_deadline = "2030-03-05 08:00:00"
        cancel = self.env.registry["sale.order"]._action_cancel

        def fail(orders):
            if broken in orders:
                raise ValueError("broken")
            return cancel(orders)

        with (
            freeze_time("2030-03-04 08:01:00"),
            patch.object(self.env.registry["sale.order"], "_action_cancel", fail),
            self.assertLogs("odoo.addons.kh_b2b_order", "ERROR") as logs,
        ):
            self._run()
        self.assertIn(str(broken.id), logs.output[0])
        self.assertEqual((broken.state, order.state), ("sent", "cancel"))
        self.assertTrue(reminded.kh_is_payment_reminded)

    def test_a_reminder_that_fails_stops_nothing(self):
        mails = self.env["mail.mail"].search([]).ids
        with freeze_time(NOW):
            order = self._place()
        with freeze_time("2030-03-03 07:00:00"):
            broken, reminded = self._place(), self._place()
            (broken | reminded).write({"kh_payment_deadline": "2030-03-05 08:00:00"})
        send = self.env.registry["mail.template"].send_mail_batch

        def fail(template, res_ids, *args, **kwargs):
            if broken.id in res_ids:
                raise ValueError("broken")
            return send(template, res_ids, *args, **kwargs)

        with (
            freeze_time("2030-03-04 08:01:00"),
            patch.object(self.env.registry["mail.template"], "send_mail_batch", fail),
            self.assertLogs("odoo.addons.kh_b2b_order", "ERROR"),
        ):
            self._run()
        self.assertEqual(order.kh_cancel_cause, "unpaid")
        sent = self.env["mail.mail"].search([("id", "not in", mails), ("model", "=", "sale.order")])
        self.assertEqual(sent.mapped("res_id"), reminded.ids)

    def test_reminded_of_each_deadline(self):
        with freeze_time(NOW):
            order = self._place()
        with freeze_time("2030-03-03 09:00:00"):
            self._run()
            self.assertTrue(order.kh_is_payment_reminded)
            order.action_kh_hold("call first")
            self.env.flush_all()
        with freeze_time("2030-03-10 09:00:00"):
            order.action_kh_release()
            self.env.flush_all()
            self.assertFalse(order.kh_is_payment_reminded)
        mails = self.env["mail.mail"].search([]).ids
        with freeze_time("2030-03-12 12:00:00"):
            self._run()
        self.assertTrue(self.env["mail.mail"].search_count([("id", "not in", mails)]))

    def test_deadline_that_begins_late_counts_from_then(self):
        self.company.kh_unpaid_hours = 0
        with freeze_time(NOW):
            order = self._place()
        self.company.kh_unpaid_hours = 72
        with freeze_time("2030-06-01 08:00:00"):
            self._announce_transfer(order).state = "draft"
            self.env.flush_all()
            self.assertEqual(str(order.kh_payment_deadline), "2030-06-04 08:00:00")
            self._run()
            self.assertEqual(order.state, "sent")
        with freeze_time("2030-06-04 08:01:00"):
            self._run()
        self.assertEqual(order.state, "cancel")

    def test_withdrawn_transfer_leaves_the_whole_time_again(self):
        self.company.kh_unpaid_transfer_hours = 0
        with freeze_time(NOW):
            order = self._place()
            transaction = self._announce_transfer(order)
            self.env.flush_all()
            self.assertFalse(order.kh_payment_deadline)
        with freeze_time("2030-03-06 08:00:00"):
            transaction._set_canceled()
            self.env.flush_all()
            self.assertEqual(str(order.kh_payment_deadline), "2030-03-09 08:00:00")
        with freeze_time("2030-03-07 08:00:00"):
            # asked again, it is not put off again
            self.env.add_to_compute(order._fields["kh_payment_deadline"], order)
            self.env.flush_all()
            self.assertEqual(str(order.kh_payment_deadline), "2030-03-09 08:00:00")
        with freeze_time("2030-03-09 09:00:00"):
            self.env.add_to_compute(order._fields["kh_payment_deadline"], order)
            self.env.flush_all()
            self.assertEqual(str(order.kh_payment_deadline), "2030-03-09 08:00:00")

    def test_late_money_is_for_staff(self):
        leader = self._create_staff("kh_e_leader", "sales_team.group_sale_salesman")
        clerk = "kh_b2b_member.group_b2b_order_clerk"
        self._create_staff("kh_e_clerk", clerk)
        team = self.env["crm.team"].create({"name": "East", "user_id": leader.id})
        public = self.env.ref("base.public_user")
        for caller in (self.buyer, public, self.env.ref("base.user_root")):
            for order_team in (team, team.browse()):
                order = self._place(user_id=False)
                order.team_id = order_team
                transaction = self._announce_transfer(order)
                order._kh_cancel_unpaid("dealer")
                transaction.state = "done"
                transaction.with_user(caller).sudo()._check_amount_and_confirm_order()
                user = order.activity_ids.user_id
                with self.subTest(caller=caller.login, team=order_team.name):
                    self.assertFalse(user.share)
                    self.assertTrue(user == leader if order_team else user.has_group(clerk))

    def test_late_money_is_told_in_the_language_of_who_reads_it(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        keeper = self._create_staff("kh_e_keeper", "sales_team.group_sale_salesman")
        keeper.lang = "zh_CN"
        order = self._place(user_id=keeper.id).with_context(lang="en_US")
        order._kh_note_late_payment(self._announce_transfer(order))
        self.assertEqual(order.activity_ids.user_id, keeper)
        self.assertNotRegex(order.activity_ids.summary, "[a-z]{3}")

    def test_announced_transfer_goes_along_and_late_money_is_noted(self):
        self.company.kh_unpaid_transfer_hours = 100
        with freeze_time(NOW):
            order = self._place()
            transaction = self._announce_transfer(order)
        with freeze_time("2030-03-06 08:01:00"):
            self._run()
        self.assertEqual((order.state, transaction.state), ("cancel", "cancel"))
        transaction.state = "done"
        transaction._check_amount_and_confirm_order()
        self.assertEqual(order.state, "cancel")
        self.assertTrue(order.activity_ids)

    def test_payment_that_was_begun_online(self):
        with freeze_time(NOW):
            order, pending = self._place(), self._place()
        begun = self._announce_transfer(order)
        waiting = self._announce_transfer(pending)
        # the same payments through a provider that answers by itself
        online = self.env["payment.provider"].create(
            {"name": "Online", "code": "none", "company_id": self.company.id}
        )
        (begun | waiting).provider_id = online
        begun.state = "draft"
        with self.assertRaisesRegex(UserError, "payment arrived"):
            pending.with_context(lang="en_US")._kh_cancel_unpaid("unpaid")
        self.assertEqual(waiting.state, "pending")
        order._kh_cancel_unpaid("unpaid")
        self.assertEqual((order.state, begun.state), ("cancel", "draft"))
        begun._set_done()
        begun._check_amount_and_confirm_order()
        self.assertEqual(order.state, "cancel")
        self.assertTrue(order.activity_ids)

    def test_money_that_came_first_wins(self):
        with freeze_time(NOW):
            order = self._place()
            transaction = self._announce_transfer(order, 100.0)
            self.company.kh_unpaid_transfer_hours = 1
            order.require_payment = True
            self.env.add_to_compute(order._fields["kh_payment_deadline"], order)
            self.assertTrue(order.kh_payment_deadline)
        transaction.state = "done"
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE sale_order SET kh_payment_deadline = '2030-03-01' WHERE id = %s", [order.id]
        )
        order.invalidate_recordset()
        with freeze_time("2030-04-01 08:00:00"):
            self.assertFalse(order._kh_expire_unpaid())
        with self.assertRaises(UserError):
            order._kh_cancel_unpaid("dealer")
        self.assertEqual(order.state, "sent")

    def test_confirmed_order_is_not_cancelled(self):
        order = self._create_order()
        order.action_confirm()
        with self.assertRaises(UserError):
            order._kh_cancel_unpaid("dealer")
        self.assertEqual(order.state, "sale")
