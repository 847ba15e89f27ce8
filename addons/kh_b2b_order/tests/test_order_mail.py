from psycopg2.errors import SerializationFailure

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import OrderCommon

JOB = "kh_b2b_order.ir_cron_send_pending_mails"


@tagged("post_install", "-at_install")
class TestOrderMail(OrderCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.job = cls.env.ref(JOB)
        cls.env["ir.config_parameter"].set_param("sale.async_emails", "False")
        cls.buyer.partner_id.write({"email": "buyer@huarui.example.com", "lang": "en_US"})

    def _confirm(self, **vals):
        order = self._create_order(**{"website_id": self.website.id, **vals})
        order.with_context(send_email=True).action_confirm()
        self.env.flush_all()
        return order

    def _mails(self, order):
        domain = [("model", "=", "sale.order"), ("res_id", "in", order.ids)]
        return self.env["mail.mail"].search(domain)

    def _run(self):
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.job.method_direct_trigger()
        self.env.invalidate_all()

    def test_mail_is_made_behind_the_request(self):
        triggers = self.env["ir.cron.trigger"].search_count([("cron_id", "=", self.job.id)])
        order = self._confirm()
        self.assertFalse(self._mails(order))
        self.assertTrue(order.pending_email_template_id)
        self.assertEqual(
            self.env["ir.cron.trigger"].search_count([("cron_id", "=", self.job.id)]), triggers + 1
        )
        self._run()
        self.assertFalse(order.pending_email_template_id)
        mail = self._mails(order)
        self.assertEqual(len(mail), 1)
        self.assertEqual(mail.recipient_ids, self.buyer.partner_id)
        self.assertIn("Order", mail.subject)
        self.assertTrue(mail.attachment_ids, "the order as a document")
        self._run()
        self.assertEqual(self._mails(order), mail, "sent once")

    def test_two_mails_of_one_order_are_both_made(self):
        order = self._confirm()
        first = order.pending_email_template_id
        order.sudo()._send_payment_succeeded_for_order_mail()
        self.assertEqual(order.pending_email_template_id, first)
        self.assertEqual(len(self._mails(order)), 1)
        self._run()
        self.assertEqual(len(self._mails(order)), 2)

    def test_neutral_without_b2b_or_without_the_job(self):
        self.assertTrue(self._mails(self._confirm(website_id=False)))
        self.job.active = False
        self.assertTrue(self._mails(self._confirm()))
        self.job.unlink()
        self.assertTrue(self._mails(self._confirm()))

    def test_cores_job_does_it_where_it_is_on(self):
        self.env["ir.config_parameter"].set_param("sale.async_emails", "True")
        core_job = self.env.ref("sale.send_pending_emails_cron")
        self.assertTrue(core_job.active)
        triggers = self.env["ir.cron.trigger"].search([])
        order = self._confirm()
        self.assertTrue(order.pending_email_template_id)
        new = self.env["ir.cron.trigger"].search([]) - triggers
        self.assertIn(core_job, new.cron_id)
        self.assertNotIn(self.job, new.cron_id)

    def test_mail_that_cannot_be_made_stops_no_other(self):
        first, second = self._confirm(), self._confirm()
        template = first.pending_email_template_id
        order_class = type(first)
        post = order_class.message_post_with_source

        def fail_for_one(order, *args, **kwargs):
            if order == first:
                raise ValueError("no such report")
            return post(order, *args, **kwargs)

        self.patch(order_class, "message_post_with_source", fail_for_one)
        with self.assertLogs("odoo.addons.kh_b2b_order", "ERROR"):
            self._run()
        self.assertFalse(self._mails(first))
        for part in (template.name, "no such report"):
            self.assertIn(part, first.message_ids[0].body)
        self.assertTrue(self._mails(second))
        self.assertFalse((first | second).pending_email_template_id, "not tried for ever")

    def test_a_conflict_of_transactions_is_no_broken_mail(self):
        order = self._confirm()

        def conflict(*args, **kwargs):
            raise SerializationFailure

        self.patch(type(order), "message_post_with_source", conflict)
        messages = order.message_ids
        with self.assertRaises(SerializationFailure):
            order._kh_send_pending_mail()
        self.assertEqual(order.message_ids, messages)

    def test_mail_of_an_order_under_review(self):
        clerk = self._create_staff("kh_o_clerk", "kh_b2b_member.group_b2b_order_clerk")
        self._create_staff("kh_o_manager", "kh_b2b_approval.group_approval_manager")
        self.env["kh.approval.flow"].sudo().create(
            {
                "name": "All orders",
                "model_id": self.env["ir.model"].sudo()._get_id("sale.order"),
                "company_id": self.company.id,
                "step_ids": [
                    Command.create({"name": "Desk", "user_ids": [Command.set(clerk.ids)]})
                ],
            }
        )
        order = self._create_order(website_id=self.website.id)
        order.action_quotation_sent()
        order.action_request_approval()
        self.assertTrue(order._is_under_review())
        with self.assertRaisesRegex(UserError, "under review"):
            order.with_context(lang="en_US").sudo(False).user_id = clerk
        # as the page of a payment does, whoever pays
        order.with_user(self.buyer).sudo()._send_payment_succeeded_for_order_mail()
        self.assertTrue(order.pending_email_template_id)
        self._run()
        mails = self._mails(order)
        self.assertIn(self.buyer.partner_id, mails.recipient_ids)
