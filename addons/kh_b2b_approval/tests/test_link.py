from datetime import timedelta
from unittest.mock import patch

from psycopg2 import OperationalError

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .common_link import TOKEN, LinkCommon


@tagged("post_install", "-at_install")
class TestLink(LinkCommon):
    # --- the token
    def test_only_the_digest_of_the_token_is_kept(self):
        _document, link, token = self._ask_by_mail()
        self.assertNotIn(token, str(link.read()))
        self.assertEqual(self.env["kh.approval.link"]._find(token), link)

    def test_tampered_token_finds_nothing(self):
        _document, link, token = self._ask_by_mail()
        for wrong in (token[:-1], token + "a", token.swapcase(), "", link.token_hash, "%", None):
            with self.subTest(wrong=wrong):
                self.assertFalse(self.env["kh.approval.link"]._find(wrong))

    def test_every_person_and_mail_has_a_token_of_its_own(self):
        self._set_steps({"user_ids": self._users(self.approver | self.approver2)})
        document, link, token = self._ask_by_mail()
        other = TOKEN.search(self._get_mail(self.approver2).body_html).group(1)
        self.assertNotEqual(token, other)
        self._request(document)._remind_approvers(self.approver)
        self._send_links()
        self.assertEqual(len(link.search([("request_id", "=", link.request_id.id)])), 3)

    def test_nobody_reads_or_writes_links_by_rpc(self):
        _document, link, _token = self._ask_by_mail()
        users = self.approver | self.requester | self.manager | self.portal_user
        for user in users | self.env.ref("base.user_admin"):
            mine = link.with_user(user)
            with self.subTest(user=user.login):
                for operation in ("read", "write", "unlink"):
                    self.assertFalse(mine.has_access(operation))
                with self.assertRaises(AccessError):
                    mine.search([])
                with self.assertRaises(AccessError):
                    mine.create({"request_id": link.request_id.id, "user_id": user.id})

    def test_mail_is_readable_by_nobody_else(self):
        document, _link, token = self._ask_by_mail()
        message = self._get_mail(self.approver).mail_message_id
        self.assertIn(token, message.body or message.mail_ids.body_html)
        document.message_subscribe(partner_ids=self.stranger.partner_id.ids)
        for user in (self.requester, self.approver2, self.manager, self.stranger):
            with self.subTest(user=user.login):
                self.assertFalse(message.with_user(user).has_access("read"))
                found = message.with_user(user).search([("id", "=", message.id)])
                self.assertFalse(found)

    # --- what a link is worth
    def test_valid_link_decides_as_its_user(self):
        document, link, _token = self._ask_by_mail()
        self.assertEqual(link._get_status(), "valid")
        self.assertTrue(link._use("approve", "fine"))
        decision = self._request(document).decision_ids
        self.assertEqual((decision.user_id, decision.comment), (self.approver, "fine"))
        self.assertEqual(document.outcome, "granted")
        self.assertEqual((link._get_status(), link.decision), ("used", "approve"))

    def test_link_works_once(self):
        self._set_steps({"user_ids": self._users(self.approver)}, {"user_ids": self._users(
            self.approver)})  # fmt: skip
        document, link, _token = self._ask_by_mail()
        self.assertTrue(link._use("approve"))
        for decision in ("approve", "refuse"):
            self.assertFalse(link._use(decision, "again"))
        request = self._request(document)
        self.assertEqual((request.state, len(request.decision_ids)), ("pending", 1))

    def test_link_of_a_former_step_is_dead_for_the_next(self):
        both = self._users(self.approver | self.approver2)
        self._set_steps({"user_ids": both}, {"user_ids": self._users(self.approver)})
        document, link, _token = self._ask_by_mail()
        self._approve(document, self.approver2)
        self.assertEqual(link._get_status(), "moved")
        self.assertFalse(link._use("approve"))
        self.assertEqual(link._get_last_decision().user_id, self.approver2)
        # the next step has its own mail
        self._send_links()
        self.assertEqual(self._get_link(document, self.approver)._get_status(), "valid")

    def test_link_survives_a_new_version_of_the_flow(self):
        document, link, _token = self._ask_by_mail()
        self.flow.step_ids.user_ids = self.approver2
        self.assertEqual(link._get_status(), "valid")
        self.assertTrue(link._use("approve"))
        self.assertEqual(document.outcome, "granted")

    def test_refuse_and_return_need_a_comment(self):
        for decision, outcome in (("refuse", "refused: no"), ("return", "returned: no")):
            document, link, _token = self._ask_by_mail(name=decision)
            for empty in (None, "", "  "):
                with self.assertRaises(UserError):
                    link._use(decision, empty)
            self.assertEqual(link._get_status(), "valid")
            self.assertTrue(link._use(decision, "no"))
            self.assertEqual(document.outcome, outcome)

    def test_unknown_decisions_are_refused(self):
        document, link, _token = self._ask_by_mail()
        for decision in ("withdraw", "delegate", "escalate", "", None):
            with self.subTest(decision=decision), self.assertRaises(UserError):
                link._use(decision, "x")
        self.assertEqual(document.outcome, "open")

    def test_expired(self):
        self.env["ir.config_parameter"].set_param("kh_b2b_approval.link_hours", "2")
        document, link, _token = self._ask_by_mail()
        self.assertEqual(link.date_expiry - link.date_sent, timedelta(hours=2))
        with freeze_time(link.date_expiry + timedelta(seconds=1)):
            self.assertEqual(link._get_status(), "expired")
            self.assertFalse(link._use("approve"))
        self.assertEqual(document.outcome, "open")

    def test_expired_link_is_renewed_once_an_hour(self):
        document, link, token = self._ask_by_mail()
        self.assertFalse(link._renew(), "a valid link is not renewed")
        link.date_expiry = fields.Datetime.subtract(fields.Datetime.now(), hours=1)
        self.assertTrue(link._renew())
        self.assertTrue(link._renew())
        self._send_links()
        links = link.search([("request_id", "=", self._request(document).id)])
        self.assertEqual(len(links), 2)
        new = TOKEN.search(self._get_mail(self.approver).body_html).group(1)
        self.assertNotEqual(new, token)
        self.assertEqual(link._find(new)._get_status(), "valid")

    def test_somebody_else_decided_first(self):
        self._set_steps({"user_ids": self._users(self.approver | self.approver2)})
        document, link, _token = self._ask_by_mail()
        document.with_user(self.approver2).action_approval_refuse("too dear")
        self.assertEqual(link._get_status(), "decided")
        self.assertEqual(link._get_last_decision().user_id, self.approver2)
        self.assertFalse(link._use("approve"))
        self.assertEqual(document.outcome, "refused: too dear")

    def test_decided_elsewhere_by_the_same_person(self):
        document, link, _token = self._ask_by_mail()
        self._approve(document, self.approver)
        self.assertEqual(link._get_status(), "used")
        self.assertFalse(link._use("refuse", "no"))

    def test_withdrawn(self):
        document, link, _token = self._ask_by_mail()
        document.action_approval_withdraw()
        self.assertEqual(link._get_status(), "withdrawn")
        self.assertFalse(link._use("approve"))
        self.assertEqual(document.outcome, "withdrawn")

    def test_delegated(self):
        document, link, _token = self._ask_by_mail()
        document.with_user(self.approver).action_approval_delegate(self.approver2.id)
        self.assertEqual(link._get_status(), "lost")
        self.assertFalse(link._use("approve"))
        self._send_links()
        self.assertEqual(self._get_link(document, self.approver2)._get_status(), "valid")

    def test_archived_user(self):
        document, link, _token = self._ask_by_mail()
        self.approver.active = False
        self.assertEqual(link._get_status(), "dead")
        self.assertFalse(link._use("approve"))
        self.assertEqual(document.outcome, "open")

    def test_right_lost(self):
        role = self.role
        role.line_ids = [fields.Command.create({"user_id": self.approver.id})]
        self._set_steps({"role_ids": [fields.Command.set(role.ids)], "user_ids": self._users(
            self.approver2)})  # fmt: skip
        document, link, _token = self._ask_by_mail()
        self.assertEqual(link._get_status(), "valid")
        role.line_ids.unlink()
        self.assertEqual(link._get_status(), "lost")
        self.assertFalse(link._use("approve"))
        self.assertEqual(document.outcome, "open")

    def test_access_to_the_document_lost(self):
        document, link, _token = self._ask_by_mail()
        self.env["ir.rule"].create(
            {
                "name": "only the requester",
                "model_id": self.model.id,
                "domain_force": f"[('create_uid', '=', user.id), ('id', '=', {document.id})]",
            }
        )
        self.assertEqual(link._get_status(), "lost")
        self.assertFalse(link._use("approve"))

    def test_approver_of_another_company_decides_with_their_own_rights(self):
        self.approver.company_ids += self.company2
        self.requester.company_ids += self.company2
        document, link, _token = self._ask_by_mail(company_id=self.company2.id)
        self.assertTrue(link._use("approve"))
        self.assertEqual(document.outcome, "granted")
        # who lost the company lost the link
        document, link, _token = self._ask_by_mail(company_id=self.company2.id)
        self.approver.company_ids -= self.company2
        self.assertFalse(link._use("approve"))

    def test_dealer_decides_by_link(self):
        self._set_steps({"is_dealer_step": True})
        document, link, _token = self._ask_by_mail(
            user=self.dealer_user,
            dealer_user_id=self.dealer_user.id,
            partner_id=self.dealer_user.partner_id.id,
        )
        self.assertTrue(link._use("approve"))
        self.assertEqual(document.outcome, "granted")

    # --- the mail
    def test_mail_speaks_the_language_of_its_reader(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        template = self.env.ref("kh_b2b_approval.mail_template_approval_turn")
        template.update_field_translations("subject", {"fr_FR": "Bonjour"})
        self.approver.lang = "fr_FR"
        self._set_steps({"user_ids": self._users(self.approver | self.approver2)})
        self._ask()
        self._send_links()
        self.assertEqual(self._get_mail(self.approver).subject, "Bonjour")
        self.assertEqual(self._get_mail(self.approver2).subject, "Please decide: Contract 1")

    def test_mail_says_what_and_why(self):
        self._set_steps({"user_ids": self._users(self.approver), "time_limit": 24})
        self.flow.name = "Contracts above the limit"
        document, _link, token = self._ask_by_mail(name="Contract <b>7</b>")
        mail = self._get_mail(self.approver)
        self.assertIn("Contract <b>7</b>", mail.subject)
        self.assertIn("Contract &lt;b&gt;7&lt;/b&gt;", mail.body_html)
        self.assertIn("Contracts above the limit", mail.body_html)
        self.assertIn(self.requester.name, mail.body_html)
        self.assertIn("Please decide by", mail.body_html)
        for choice in ("approve", "return", "refuse"):
            self.assertIn(f"{token}?choice={choice}", mail.body_html)
        self.assertEqual(mail.recipient_ids, self.approver.partner_id)
        # one e-mail, not a second one of Odoo's about the to-do
        subjects = (
            self.env["mail.mail"]
            .search([])
            .filtered(lambda m: self.approver.partner_id in m.recipient_ids)
        )
        self.assertEqual(len(subjects), 1)
        self.assertEqual(document.activity_ids.user_id, self.approver)

    def test_one_tap_switched_off(self):
        self.env["ir.config_parameter"].set_param("kh_b2b_approval.link_enabled", "False")
        document = self._ask()
        self._send_links()
        body = self._get_mail(self.approver).body_html
        self.assertFalse(TOKEN.search(body))
        self.assertIn(f"/my/approvals/{self._request(document).id}", body)
        self.assertFalse(self._get_link(document, self.approver).token_hash)

    def test_switching_off_stops_links_that_were_sent(self):
        document, link, _token = self._ask_by_mail()
        self.env["ir.config_parameter"].set_param("kh_b2b_approval.link_enabled", "False")
        self.assertEqual(link._get_status(), "dead")
        self.assertFalse(link._use("approve"))
        self.assertEqual(document.outcome, "open")
        self.env["ir.config_parameter"].set_param("kh_b2b_approval.link_enabled", "True")
        self.assertTrue(link._use("approve"))

    def test_setting(self):
        settings = self.env["res.config.settings"].create({})
        self.assertTrue(settings.kh_approval_link_enabled)
        self.assertEqual(settings.kh_approval_link_hours, 72)
        settings.write({"kh_approval_link_enabled": False, "kh_approval_link_hours": 5})
        settings.execute()
        self.assertFalse(self.env["kh.approval.link"]._is_one_tap_on())
        self.assertEqual(self.env["kh.approval.link"]._get_validity_hours(), 5)

    def test_what_was_decided_in_the_meantime_is_not_mailed(self):
        document = self._ask()
        self._approve(document, self.approver)
        self._send_links()
        self.assertFalse(self._get_mail(self.approver))
        self.assertFalse(self._get_link(document, self.approver))

    def test_one_mail_that_fails_stops_no_other(self):
        self._set_steps({"user_ids": self._users(self.approver | self.approver2)})
        document = self._ask()
        template = self.env.ref("kh_b2b_approval.mail_template_approval_turn")
        template.subject = "{{ object.user_id.name == 'kh_approver' and 1 / 0 or 'fine' }}"
        with mute_logger(
            "odoo.addons.kh_b2b_approval.models.approval_link",
            "odoo.addons.mail.models.mail_render_mixin",
        ):
            self._send_links()
        self.assertFalse(self._get_mail(self.approver))
        self.assertTrue(self._get_mail(self.approver2))
        self.assertTrue(self._get_link(document, self.approver).date_sent, "given up, not again")

    def test_passing_failure_is_tried_again(self):
        document = self._ask()
        links = type(self.env["kh.approval.link"])
        with (
            patch.object(links, "_send", side_effect=OperationalError("busy")),
            self.assertLogs("odoo.addons.kh_b2b_approval.models.approval_link", "WARNING"),
        ):
            self._send_links()
        self.assertFalse(self._get_link(document, self.approver).date_sent)
        self._send_links()
        self.assertTrue(self._get_mail(self.approver))

    def test_link_waits_for_an_address(self):
        self.approver.email = False
        document = self._ask()
        cron = self.env.ref("kh_b2b_approval.ir_cron_send_approval_links")
        for email, is_sent in ((False, False), ("late@example.com", True)):
            self.approver.email = email
            with self.enter_registry_test_mode():
                cron.method_direct_trigger()
            self.env.invalidate_all()
            link = self._get_link(document, self.approver)
            self.assertEqual((len(link), bool(link.date_sent)), (1, is_sent))
        self.assertEqual(document.sudo().activity_ids.user_id, self.approver)

    def test_cron_sends_what_waits(self):
        document = self._ask()
        with self.enter_registry_test_mode():
            self.env.ref("kh_b2b_approval.ir_cron_send_approval_links").method_direct_trigger()
        self.assertTrue(self._get_link(document, self.approver).token_hash)

    def test_sending_costs_do_not_grow_with_requests_in_whoever_asks(self):
        """Who asks for approval pays one row; the rest is the cron's."""
        documents = self.env["kh.test.document"].with_user(self.requester)
        documents = documents.create([{"name": f"D{number}"} for number in range(3)])
        documents.action_request_approval()
        links = self.env["kh.approval.link"].search([("date_sent", "=", False)])
        self.assertEqual(len(links), 3)
        self.assertFalse(any(links.mapped("token_hash")))
        self.assertFalse(self._get_mail(self.approver))

    def test_old_links_are_cleaned_up(self):
        _document, link, _token = self._ask_by_mail()
        link.date_sent = fields.Datetime.subtract(fields.Datetime.now(), days=91)
        self.env["kh.approval.link"]._gc_links()
        self.assertFalse(link.exists())
