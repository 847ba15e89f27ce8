from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import freeze_time, tagged

from .common import ApprovalCommon


@tagged("post_install", "-at_install")
class TestApprovalStatistics(ApprovalCommon):
    def setUp(self):
        super().setUp()
        self._set_steps(
            {
                "user_ids": self._users(self.approver | self.approver2),
                "mode": "all",
                "time_limit": 10,
            }
        )
        self.document = self._ask()
        self.request = self._request(self.document)
        self.env.flush_all()

    def _rows(self, user=None):
        report = self.env["kh.approval.report"].with_user(user or self.manager)
        return report.search([("request_id", "=", self.request.id)])

    def _later(self, hours):
        self.env.flush_all()
        self.env.invalidate_all()
        return freeze_time(fields.Datetime.now() + timedelta(hours=hours))

    def test_who_is_late_and_for_how_long(self):
        with self._later(4):
            self.document.with_user(self.approver).action_approval_approve()
            self.env.flush_all()
        with self._later(12):
            rows = {row.user_id: row for row in self._rows()}
            done, late = rows[self.approver], rows[self.approver2]
            self.assertEqual((done.state, done.is_late, done.late_count), ("done", False, 0))
            self.assertAlmostEqual(done.hours, 4, 1)
            self.assertEqual((late.state, late.is_late, late.late_count), ("open", True, 1))
            self.assertAlmostEqual(late.hours, 12, 1)
            self.assertAlmostEqual(late.hours_late, 2, 1)
            self.assertTrue(self.request.with_user(self.manager).is_late)
            found = self.request.with_user(self.manager).search([("is_late", "=", True)])
            self.assertIn(self.request, found)

    def test_time_of_a_step(self):
        with self._later(12):
            for user in (self.approver, self.approver2):
                self.document.with_user(user).action_approval_approve()
        task = self.request.task_ids
        self.assertEqual((task.state, task.is_late), ("done", True))
        self.assertAlmostEqual(task.duration_hours, 12, 1)
        groups = self.env["kh.approval.report"].with_user(self.manager)._read_group(
            [("request_id", "=", self.request.id)], ["step_id"], ["hours:avg", "late_count:sum"]
        )  # fmt: skip
        self.assertEqual(groups[0][2], 2)
        self.assertAlmostEqual(groups[0][1], 12, 1)

    def test_managers_only_and_own_company(self):
        for user in (self.approver, self.requester, self.portal_user):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self._rows(user)
        self.assertTrue(self._rows())
        self.manager.write(
            {"company_ids": [Command.link(self.company2.id)], "company_id": self.company2.id}
        )
        there = self.env["kh.approval.report"].with_user(self.manager)
        there = there.with_context(allowed_company_ids=self.company2.ids)
        self.assertFalse(there.search([("request_id", "=", self.request.id)]))
