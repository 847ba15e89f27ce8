from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import MODEL, ApprovalCommon


@tagged("post_install", "-at_install")
class TestApprovalAccess(ApprovalCommon):
    def setUp(self):
        super().setUp()
        self.document = self._ask()
        self.request = self.document.sudo().kh_approval_request_id

    def test_tables_are_not_written_around_the_door(self):
        users = (self.requester, self.approver, self.manager, self.stranger, self.portal_user)
        for user in users:
            request = self.request.with_user(user)
            decision = self.env["kh.approval.decision"].with_user(user)
            with self.subTest(user=user.login):
                with self.assertRaises(AccessError):
                    request.write({"state": "approved"})
                with self.assertRaises(AccessError):
                    request.unlink()
                with self.assertRaises(AccessError):
                    request.create(
                        {
                            "name": "x",
                            "flow_id": self.flow.id,
                            "res_model": MODEL,
                            "res_id": self.document.id,
                            "requester_id": user.id,
                        }
                    )
                with self.assertRaises(AccessError):
                    decision.create(
                        {
                            "request_id": self.request.id,
                            "user_id": user.id,
                            "decision": "approve",
                        }
                    )

    def test_link_of_a_document_is_not_writable(self):
        for user in (self.requester, self.manager):
            document = self.document.with_user(user)
            with self.assertRaises(AccessError):
                document.write({"kh_approval_request_id": False})
            with self.assertRaises(AccessError):
                document.create({"name": "x", "kh_approval_request_id": self.request.id})
            with self.assertRaises(AccessError):
                document.with_context(default_kh_approval_request_id=self.request.id).create(
                    {"name": "x"}
                )

    def test_flows_are_edited_by_managers(self):
        self.flow.with_user(self.approver).check_access("read")
        for user in (self.approver, self.requester, self.stranger):
            with self.assertRaises(AccessError):
                self.flow.with_user(user).write({"name": "mine"})
            with self.assertRaises(AccessError):
                self.flow.step_ids.with_user(user).write({"user_ids": user.ids})
        self.flow.with_user(self.manager).write({"name": "new"})

    def test_requests_are_seen_by_those_concerned(self):
        expected = {
            self.requester: True,
            self.approver: True,
            self.manager: True,
            self.stranger: False,
            self.foreigner: False,
        }
        for user, visible in expected.items():
            with self.subTest(user=user.login):
                request = self.request.with_user(user)
                self.assertEqual(request.has_access("read"), visible)
                self.assertEqual(bool(request.search([("id", "=", request.id)])), visible)

    def test_who_decided_still_sees_it(self):
        self.document.with_user(self.approver).action_approval_approve()
        self.assertTrue(self.request.with_user(self.approver).has_access("read"))
        decision = self.request.decision_ids
        self.assertTrue(decision.with_user(self.requester).has_access("read"))
        self.assertFalse(decision.with_user(self.stranger).has_access("read"))

    def test_portal_sees_nothing_of_others(self):
        for model in ("kh.approval.flow", "kh.approval.decision", "kh.approval.task"):
            with self.subTest(model=model), self.assertRaises(AccessError):
                self.env[model].with_user(self.portal_user).search([])
        requests = self.env["kh.approval.request"].with_user(self.portal_user)
        self.assertFalse(requests.search([]))
        self.assertFalse(self.request.with_user(self.portal_user).has_access("read"))
