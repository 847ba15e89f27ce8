from odoo.tests import tagged

from .common import MODEL, ApprovalCommon


@tagged("post_install", "-at_install")
class TestApprovalPerformance(ApprovalCommon):
    def _count_write(self, documents):
        documents.invalidate_recordset()
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        documents.write({"amount": 7})
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_write_costs_the_same_for_1_and_100_free_documents(self):
        documents = self.env[MODEL].create([{"name": f"D{i}"} for i in range(100)])
        self._count_write(documents[:1])
        one = self._count_write(documents[:1])
        many = self._count_write(documents)
        self.assertLessEqual(many, one + 1)

    def test_write_of_cached_free_documents_asks_nothing_more(self):
        documents = self.env[MODEL].create([{"name": f"D{i}"} for i in range(50)])
        documents.mapped("kh_approval_request_id")
        self.env.flush_all()
        with self.assertQueryCount(0):
            documents._approval_ensure_writable({"amount": 1})

    def test_my_approvals_do_not_grow_with_requests(self):
        requests = self.env["kh.approval.request"].with_user(self.approver)

        def count():
            requests.invalidate_model()
            before = self.env.cr.sql_log_count
            found = requests.search([("can_decide", "=", True)])
            self.assertTrue(found)
            return self.env.cr.sql_log_count - before

        self._ask()
        count()
        one = count()
        for number in range(20):
            self._ask(name=f"D{number}")
        count()
        self.assertLessEqual(count(), one + 1)
