from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import MODEL, ApprovalCommon


@tagged("post_install", "-at_install")
class TestApprovalDecision(ApprovalCommon):
    def _two_steps(self, mode="any"):
        self.flow.write(
            {
                "step_ids": [
                    Command.clear(),
                    Command.create(
                        {
                            "name": "One",
                            "mode": mode,
                            "user_ids": [Command.set((self.approver | self.approver2).ids)],
                        }
                    ),
                    Command.create(
                        {
                            "name": "Two",
                            "sequence": 20,
                            "user_ids": [Command.set(self.manager.ids)],
                        }
                    ),
                ]
            }
        )

    # --- life cycle
    def test_approve_grants(self):
        document = self._ask()
        document.with_user(self.approver).action_approval_approve("fine")
        request = document.sudo().kh_approval_request_id
        self.assertEqual((document.outcome, request.state), ("granted", "approved"))
        self.assertEqual(request.decision_ids.user_id, self.approver)
        self.assertEqual(request.decision_ids.comment, "fine")

    def test_refuse_needs_a_reason_and_tells_it(self):
        document = self._ask()
        request = document.sudo().kh_approval_request_id.with_user(self.approver)
        for empty in (None, "", "   "):
            with self.assertRaises(UserError):
                request._decide("refuse", empty)
        document.with_user(self.approver).action_approval_refuse("too dear")
        self.assertEqual(document.outcome, "refused: too dear")
        self.assertEqual(document.kh_approval_state, "refused")

    def test_return_and_send_again(self):
        document = self._ask()
        document.with_user(self.approver).action_approval_return("date is missing")
        self.assertEqual(document.outcome, "returned: date is missing")
        document.write({"name": "Corrected"})
        document.action_request_approval()
        self.assertEqual(document.kh_approval_state, "pending")
        requests = self.env["kh.approval.request"].search([("res_model", "=", MODEL)])
        self.assertEqual(sorted(requests.mapped("state")), ["pending", "returned"])

    def test_withdraw_by_the_requester_only(self):
        document = self._ask()
        with self.assertRaises(AccessError):
            document.with_user(self.approver).action_approval_withdraw()
        document.action_approval_withdraw()
        self.assertEqual(document.outcome, "withdrawn")

    def test_wizard_asks_the_reason(self):
        document = self._ask().with_user(self.approver)
        action = document.action_approval_refuse()
        wizard = self.env[action["res_model"]].with_user(self.approver)
        form = Form(wizard.with_context(**action["context"]))
        form.reason = "no budget"
        form.save().action_confirm()
        self.assertEqual(document.outcome, "refused: no budget")

    def test_steps_follow_one_another(self):
        self._two_steps()
        document = self._ask()
        with self.assertRaises(AccessError):
            document.with_user(self.manager).action_approval_approve()
        document.with_user(self.approver2).action_approval_approve()
        self.assertEqual(document.kh_approval_state, "pending")
        with self.assertRaises(AccessError):
            document.with_user(self.approver).action_approval_approve()
        document.with_user(self.manager).action_approval_approve()
        self.assertEqual(document.outcome, "granted")

    def test_mode_all_waits_for_everybody(self):
        self._two_steps(mode="all")
        document = self._ask()
        document.with_user(self.approver).action_approval_approve()
        request = document.sudo().kh_approval_request_id
        self.assertEqual(request.step_id.name, "One")
        with self.assertRaises(AccessError):
            document.with_user(self.approver).action_approval_approve()
        document.with_user(self.approver2).action_approval_approve()
        self.assertEqual(request.step_id.name, "Two")

    def test_nothing_to_decide(self):
        with self.assertRaises(UserError):
            self._create_document().with_user(self.approver).action_approval_approve()

    def test_decided_requests_move_no_more(self):
        endings = {
            "approve": ("approve", None),
            "refuse": ("refuse", "no"),
            "return": ("return", "again"),
        }
        for ending, (decision, reason) in endings.items():
            request = self._ask(name=ending).sudo().kh_approval_request_id
            request = request.with_user(self.approver)
            request._decide(decision, reason)
            for move in ("approve", "refuse", "return", "withdraw"):
                with self.subTest(ending=ending, move=move), self.assertRaises(UserError):
                    request._decide(move, "late")

    # --- who
    def test_nobody_approves_their_own(self):
        document = self._ask(self.approver)
        with self.assertRaises(AccessError):
            document.action_approval_approve()
        # the only approver asked: approval managers step in
        document.with_user(self.manager).action_approval_approve()
        self.assertEqual(document.outcome, "granted")

    def test_strangers_decide_nothing(self):
        document = self._ask()
        for user in (self.stranger, self.manager, self.foreigner, self.portal_user):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                document.with_user(user)._approval_decide("approve")
        self.assertEqual(document.outcome, "open")

    def test_bulk_is_all_or_nothing(self):
        mine = self._ask().sudo().kh_approval_request_id
        own = self._ask(self.approver, name="own").sudo().kh_approval_request_id
        requests = (mine | own).with_user(self.approver)
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            requests.action_approve()
        self.assertEqual(set((mine | own).mapped("state")), {"pending"})
        mine.with_user(self.approver).action_approve()
        self.assertEqual(mine.state, "approved")

    def test_my_approvals(self):
        request = self._ask().sudo().kh_approval_request_id
        own = self._ask(self.approver, name="own").sudo().kh_approval_request_id
        expected = {
            self.approver: request,
            self.manager: own,
            self.requester: request.browse(),
            self.stranger: request.browse(),
        }
        for user, requests in expected.items():
            with self.subTest(user=user.login):
                found = self.env["kh.approval.request"].with_user(user)
                found = found.search([("can_decide", "=", True), ("res_model", "=", MODEL)])
                self.assertEqual(found.ids, requests.ids)
                for one in request | own:
                    self.assertEqual(one.with_user(user).can_decide, one in requests)
        document = self.env[MODEL].with_user(self.approver)
        found = document.search([("kh_can_decide", "=", True)])
        self.assertEqual(found.kh_approval_request_id.ids, request.ids)

    def test_defaults_of_the_caller_do_not_reach_the_engine(self):
        document = self._create_document()
        document.with_context(default_state="approved").action_request_approval()
        request = document.sudo().kh_approval_request_id
        self.assertEqual((request.state, document.outcome), ("pending", "open"))
        late = {"default_date": "2001-01-01 00:00:00"}
        document.with_user(self.approver).with_context(**late).action_approval_approve()
        self.assertEqual(request.state, "approved")
        self.assertGreater(request.decision_ids.date.year, 2001)

    def test_managers_complete_what_nobody_is_left_for(self):
        self._two_steps(mode="all")
        document = self._ask()
        document.with_user(self.approver).action_approval_approve()
        request = document.sudo().kh_approval_request_id
        with self.assertRaises(AccessError):
            document.with_user(self.manager).action_approval_approve()
        self.approver2.action_archive()
        found = request.with_user(self.manager).search([("can_decide", "=", True)])
        self.assertIn(request, found)
        with self.assertRaises(AccessError):
            document.with_user(self.approver).action_approval_approve()
        document.with_user(self.manager).action_approval_approve()
        self.assertEqual(request.step_id.name, "Two")

    # --- to-dos
    def test_to_do_escapes_what_was_typed(self):
        document = self._ask(name="<b>bold</b>").sudo()
        self.assertIn("&lt;b&gt;", document.activity_ids.note)

    def test_approvers_get_a_to_do(self):
        self._two_steps()
        document = self._ask().sudo()
        self.assertEqual(document.activity_ids.user_id, self.approver | self.approver2)
        document.with_user(self.approver).action_approval_approve()
        self.assertEqual(document.activity_ids.user_id, self.manager)
        document.with_user(self.manager).action_approval_approve()
        self.assertFalse(document.activity_ids)

    # --- freezing
    def test_frozen_while_pending(self):
        document = self._ask()
        for user in (self.requester, self.approver, self.env.user):
            with self.assertRaises(UserError):
                document.with_user(user).write({"amount": 1})
        with self.assertRaises(UserError):
            document.unlink()
        document.write({"remark": "still writable"})
        document.message_post(body="a question")
        document.with_user(self.approver).action_approval_approve()
        document.write({"amount": 2})
        document.unlink()
