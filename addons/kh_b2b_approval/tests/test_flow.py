from psycopg2.errors import UniqueViolation

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import MODEL, ApprovalCommon


@tagged("post_install", "-at_install")
class TestApprovalFlow(ApprovalCommon):
    def test_step_nobody_can_act_on_is_refused_by_name(self):
        with self.assertRaisesRegex(ValidationError, "Finance director"):
            self._create_flow([{"name": "Finance director", "role_ids": self.role.ids}])

    def test_archived_user_is_nobody(self):
        self.approver.active = False
        with self.assertRaisesRegex(ValidationError, "Lonely"):
            self._create_flow([{"name": "Lonely", "user_ids": self.approver.ids}])

    def test_portal_user_is_nobody(self):
        with self.assertRaises(ValidationError):
            self._create_flow([{"name": "Portal", "user_ids": self.portal_user.ids}])

    def test_flow_without_steps_is_refused(self):
        with self.assertRaises(ValidationError):
            self._create_flow([])

    def test_role_gives_approvers(self):
        self.role.line_ids = [Command.create({"user_id": self.approver2.id})]
        flow = self._create_flow([{"name": "By role", "role_ids": self.role.ids}])
        self.assertEqual(flow.step_ids._get_approvers(), self.approver2)

    def test_expired_role_gives_nobody(self):
        self.role.line_ids = [
            Command.create({"user_id": self.approver2.id, "date_to": "2020-01-01"})
        ]
        with self.assertRaises(ValidationError):
            self._create_flow([{"name": "Expired", "role_ids": self.role.ids}])

    def test_group_gives_approvers(self):
        group = self.env.ref("kh_b2b_approval.group_approval_manager")
        flow = self._create_flow([{"name": "By group", "group_id": group.id}])
        self.assertIn(self.manager, flow.step_ids._get_approvers())
        self.assertNotIn(self.approver, flow.step_ids._get_approvers())

    def test_model_without_the_mixin_is_refused(self):
        partner = self.env["ir.model"]._get("res.partner")
        with self.assertRaises(ValidationError):
            self._create_flow([{"name": "A", "user_ids": self.approver.ids}], model_id=partner.id)

    def test_unreadable_condition_is_refused(self):
        for domain in ("[('no_such_field', '=', 1)]", "[(", "__import__('os')"):
            with self.subTest(domain=domain), self.assertRaises(ValidationError):
                self.flow.domain = domain

    def test_condition_chooses_the_flow(self):
        self.flow.domain = "[('amount', '<', 100)]"
        big = self._create_flow(
            [{"name": "Big", "user_ids": self.approver2.ids}], domain="[('amount', '>=', 100)]"
        )
        small_document = self._ask(amount=5)
        big_document = self._ask(amount=500)
        self.assertEqual(small_document.sudo().kh_approval_request_id.flow_id, self.flow)
        self.assertEqual(big_document.sudo().kh_approval_request_id.flow_id, big)

    def test_no_flow_grants_at_once(self):
        self.flow.active = False
        document = self._ask()
        self.assertEqual(document.outcome, "granted")
        self.assertEqual(document.kh_approval_state, "none")

    def test_flow_of_another_company_is_not_used(self):
        self.flow.company_id = self.env.company
        document = self._ask(self.foreigner, company_id=self.company2.id)
        self.assertEqual(document.outcome, "granted")

    def test_running_request_keeps_its_version(self):
        document = self._ask()
        request = document.sudo().kh_approval_request_id
        self.flow.step_ids.user_ids = self.approver2
        self.assertEqual(self.flow.version, 2)
        self.assertEqual(request.flow_id.successor_id, self.flow)
        self.assertEqual(request.flow_id.version, 1)
        self.assertEqual(request.step_id.user_ids, self.approver)
        document.with_user(self.approver).action_approval_approve()
        self.assertEqual(document.outcome, "granted")

    def test_new_request_takes_the_new_version(self):
        self._ask()
        self.flow.write({"step_ids": [Command.create({"name": "Second", "user_ids": [
            Command.link(self.approver2.id)], "sequence": 20})]})  # fmt: skip
        request = self._ask(name="Contract 2").sudo().kh_approval_request_id
        self.assertEqual(request.flow_id, self.flow)
        self.assertEqual(len(request.flow_id.step_ids), 2)
        self.assertEqual(len(self.flow.version_ids.step_ids), 1)

    def test_flow_without_requests_keeps_its_number(self):
        self.flow.domain = "[('amount', '>', 1)]"
        self.assertEqual(self.flow.version, 1)

    def test_renaming_is_no_new_version(self):
        self._ask()
        self.flow.name = "Other name"
        self.assertEqual(self.flow.version, 1)

    def test_flow_with_requests_is_not_deleted(self):
        self._ask()
        with self.assertRaises(ValidationError):
            self.flow.unlink()

    def test_second_request_for_a_document_is_refused(self):
        document = self._ask()
        with self.assertRaises(UserError):
            document.action_request_approval()

    @mute_logger("odoo.sql_db")
    def test_database_holds_one_pending_request_a_document(self):
        request = self._ask().sudo().kh_approval_request_id
        with self.assertRaises(UniqueViolation), self.env.cr.savepoint():
            request.copy()

    def test_copy_of_a_document_is_not_under_review(self):
        copy = self._ask().copy()
        self.assertEqual(copy.kh_approval_state, "none")

    def test_search_by_status(self):
        pending = self._ask()
        free = self._create_document()
        documents = self.env[MODEL].with_user(self.stranger)
        found = documents.search([("kh_approval_state", "=", "pending")])
        self.assertEqual(found.ids, pending.ids)
        self.assertIn(free.id, documents.search([("kh_approval_state", "=", "none")]).ids)
