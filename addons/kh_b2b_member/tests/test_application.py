from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..engine import checks
from ..hooks import uninstall_hook
from ..models.member_application_workflow import TRANSITIONS
from .common import MemberCommon, make_code, make_image

STATES = ("draft", "submitted", "review", "approved", "rejected", "withdrawn")


@tagged("post_install", "-at_install")
class TestApplication(MemberCommon):
    def _in_state(self, state, number):
        application = self._create_application(number, **self._prepare_grant())
        self._fill_required_grant(application)
        if state == "withdrawn":
            application.action_withdraw()
        elif state != "draft":
            application.action_submit()
        as_clerk = application.with_user(self.clerk)
        if state == "review":
            as_clerk.action_start_review()
        elif state == "approved":
            as_clerk.action_approve()
        elif state == "rejected":
            as_clerk.action_reject("not now")
        self.assertEqual(application.state, state)
        return application

    def test_every_allowed_and_forbidden_move(self):
        moves = {
            "submit": (("draft", "rejected"), "submitted"),
            "start_review": (("submitted",), "review"),
            "approve": (("submitted", "review"), "approved"),
            "reject": (("submitted", "review"), "rejected"),
            "return": (("submitted", "review"), "draft"),
            "withdraw": (("draft", "submitted", "review", "rejected"), "withdrawn"),
            "reopen": (("withdrawn",), "draft"),
        }
        for number, state in enumerate(STATES, 100):
            application = self._in_state(state, number)
            for move, (sources, target) in moves.items():
                if state == target:
                    continue  # already there: may be called twice or refused
                user = self.clerk if move != "submit" else self.env.user
                method = getattr(application.with_user(user), f"action_{move}")
                arguments = ("a reason",) if move in ("reject", "return") else ()
                with self.subTest(move=move, state=state), self.env.cr.savepoint() as savepoint:
                    if state in sources:
                        method(*arguments)
                        self.assertEqual(application.state, target)
                    else:
                        with self.assertRaises(UserError):
                            method(*arguments)
                        self.assertEqual(application.state, state)
                    savepoint.rollback()

    def test_transition_table_is_the_only_way(self):
        for number, state in enumerate(STATES, 200):
            application = self._in_state(state, number)
            for target in STATES:
                if target == state or state in TRANSITIONS[target]:
                    continue
                with self.subTest(state=state, target=target), self.assertRaises(UserError):
                    application._update_state(target)

    def test_submit_starts_the_approval(self):
        application = self._submit()
        self.assertEqual(application.kh_approval_state, "pending")
        self.assertIn(self.clerk, application.activity_ids.user_id)
        mail = self.env["mail.mail"].search([("email_to", "=", application.manager_email)])
        self.assertIn(application.number, mail.subject)
        self.assertIn(application.access_token, mail.body_html)

    def test_incomplete_or_wrong_is_not_sent(self):
        wrong = {
            "name": False,
            "vat": "91330108MA2100000X",
            "manager_phone": "12345",
            "manager_email": "nobody",
            "bank_account": "12",
            "license_file": False,
        }
        for number, (field, value) in enumerate(wrong.items(), 10):
            vals = {field: value}
            if field == "license_file":
                vals["license_filename"] = False
            application = self._create_application(number, **vals)
            with self.subTest(field=field):
                self.assertIn(field, application._get_problems())
                with self.assertRaises(UserError):
                    application.action_submit()

    def test_legacy_code_by_setting(self):
        legacy = next(
            f"11000000000000{digit}"
            for digit in range(10)
            if checks.is_valid_code(f"11000000000000{digit}", allow_legacy=True)
        )
        application = self._create_application(1, vat=legacy)
        self.assertIn("vat", application._get_problems())
        self.company.kh_allow_legacy_code = True
        self.assertNotIn("vat", application._get_problems())

    def test_rejected_is_corrected_and_sent_again(self):
        application = self._submit()
        application.with_user(self.clerk).action_reject("licence unreadable")
        self.assertEqual(application.decision_reason, "licence unreadable")
        application.write({"street": "Corrected road"})
        application.action_submit()
        self.assertEqual((application.state, application.decision_reason), ("submitted", False))
        requests = self.env["kh.approval.request"].search([("res_id", "=", application.id), (
            "res_model", "=", application._name)])  # fmt: skip
        self.assertEqual(sorted(requests.mapped("state")), ["pending", "refused"])

    def test_reason_is_required(self):
        application = self._submit().with_user(self.clerk)
        action = application.action_reject()
        self.assertEqual(action["res_model"], "kh.approval.reason")
        self.assertEqual(application.state, "submitted")

    def test_without_a_flow_a_clerk_decides(self):
        self.flow.active = False
        application = self._submit(**self._prepare_grant())
        self._fill_required_grant(application)
        self.assertEqual(application.state, "submitted")
        with self.assertRaises(AccessError):
            application.with_user(self.director).action_approve()
        application.with_user(self.clerk).action_approve()
        self.assertEqual(application.state, "approved")

    def test_applicant_data_are_frozen_under_review(self):
        application = self._submit().with_user(self.clerk)
        with self.assertRaises(UserError):
            application.write({"bank_account": "6222000011112222"})
        application.write(self._prepare_grant())

    def test_approved_is_closed(self):
        application = self._admit()
        with self.assertRaises(UserError):
            application.with_user(self.clerk).write({"name": "Other"})
        with self.assertRaises(UserError):
            application.with_user(self.clerk).write({"grade_id": False})

    def test_who_enters_it_does_not_approve_it(self):
        application = self.env["kh.member.application"].with_user(self.clerk)
        application = application.create(self._prepare_vals(1))
        application.write(self._prepare_grant())
        self._fill_required_grant(application.sudo())
        application.action_submit()
        with self.assertRaises(AccessError):
            application.action_approve()
        application.with_user(self.clerk2).action_approve()
        self.assertEqual(application.state, "approved")

    def test_duplicates_are_found(self):
        self._admit(1)
        same_code = self._create_application(2, vat=make_code(1))
        same_phone = self._create_application(3, manager_phone="+86 138 0000 0001")
        same_email = self._create_application(4, manager_email="MANAGER1@kh-test.example.com")
        unique = self._create_application(5)
        found = (same_code | same_phone | same_email | unique)._find_duplicates()
        self.assertTrue(found[same_code]["vat"])
        self.assertTrue(found[same_phone]["phone"])
        self.assertTrue(found[same_email]["email"])
        self.assertFalse(any(found[unique].values()))
        self.assertGreater(same_code.failed_check_count, 0)
        self.assertEqual(unique.failed_check_count, 0)
        with self.assertRaises(UserError):
            same_code.action_submit()

    def test_check_list_escapes_what_was_typed(self):
        application = self._create_application(1, manager_email="<script>alert(1)</script>")
        self.assertNotIn("<script>", application.check_html)

    def test_promise_counts_working_days(self):
        self.company.kh_registration_days = 2
        with freeze_time("2026-11-20 03:00:00"):  # a Friday
            application = self._submit()
        self.assertEqual(str(application.review_deadline), "2026-11-24")

    def test_own_uploads_are_bound_to_the_application(self):
        vals = {"name": "a.png", "raw": make_image(), "res_model": "kh.member.application"}
        attachments = self.env["ir.attachment"]
        own = attachments.with_user(self.clerk).create({**vals, "res_id": 0})
        foreign = attachments.create({**vals, "res_id": 0})
        application = self.env["kh.member.application"].with_user(self.clerk)
        links = [Command.set(own.ids)]
        application = application.create(self._prepare_vals(1, attachment_ids=links))
        self.assertEqual(own.res_id, application.id)
        self.assertTrue(own.with_user(self.clerk2).datas)
        application.sudo().attachment_ids = [Command.link(foreign.id)]
        application.write({"attachment_ids": [Command.link(own.id)]})
        self.assertFalse(foreign.res_id)

    def test_uninstalling_leaves_nothing_behind(self):
        application = self._submit()
        uninstall_hook(self.env)
        self.assertFalse(self.flow.exists())
        self.assertFalse(application.kh_approval_request_id.exists())
        files = [("res_model", "=", application._name), ("res_field", "!=", "x")]
        self.assertFalse(self.env["ir.attachment"].search(files))

    def test_only_drafts_are_deleted(self):
        application = self._submit()
        with self.assertRaises(UserError):
            application.unlink()
        application.action_withdraw()
        application.unlink()
