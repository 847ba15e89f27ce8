from odoo.tests import tagged

from .common import MODEL, PLAIN_MODEL, ApprovalCommon


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

    def test_500_free_documents_cost_what_plain_ones_cost(self):
        """Create and write: within five queries of the same model without the mixin."""
        counts = {}
        for model in (PLAIN_MODEL, MODEL, PLAIN_MODEL, MODEL):
            before = self.env.cr.sql_log_count
            documents = self.env[model].create([{"name": f"D{i}"} for i in range(500)])
            self.env.flush_all()
            create = self.env.cr.sql_log_count - before
            counts[model] = (create, self._count_write(documents))
        for plain, ours in zip(counts[PLAIN_MODEL], counts[MODEL], strict=True):
            self.assertLessEqual(ours, plain + 5)

    def test_write_of_documents_that_were_approved_costs_one_query_more(self):
        documents = self.env[MODEL].with_user(self.requester)
        documents = documents.create([{"name": f"D{i}"} for i in range(20)])
        free = self._count_write(documents)
        documents.action_request_approval()
        documents.with_user(self.approver).action_approval_approve()
        self.assertLessEqual(self._count_write(documents), free + 2)

    def test_ask_and_decide_do_not_grow_with_documents(self):
        def count(number):
            documents = self.env[MODEL].with_user(self.requester)
            documents = documents.create([{"name": f"D{i}"} for i in range(number)])
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            documents.action_request_approval()
            self.env.flush_all()
            asked = self.env.cr.sql_log_count
            documents.sudo().kh_approval_request_id.with_user(self.approver)._decide("approve")
            self.env.flush_all()
            return asked - before, self.env.cr.sql_log_count - asked

        # the messages and hooks of each document are the document's own
        request_class = type(self.env["kh.approval.request"])
        self.patch(request_class, "_notify_approvers", lambda request, users: None)
        self.patch(request_class, "_tell_document", lambda request, comment: None)
        count(1)
        (ask_one, decide_one), (ask_many, decide_many) = count(1), count(30)
        self.assertLessEqual(ask_many, ask_one + 40)
        self.assertLessEqual(decide_many, decide_one + 40)

    def test_current_approvers_cost_the_same_for_1_and_50(self):
        self._set_steps({"role_ids": self.role.ids, "user_ids": self._users(self.approver)})
        requests = self.env["kh.approval.request"].sudo()
        for number in range(50):
            requests |= self._request(self._ask(name=f"D{number}"))
        for user in (self.approver, self.manager):
            mine = requests.with_user(user)
            for chunk in (mine[:1], mine):
                chunk.mapped("is_my_turn")
                chunk.invalidate_recordset(["is_my_turn"])
                self.env.flush_all()
                with self.subTest(user=user.login, number=len(chunk)), self.assertQueryCount(3):
                    chunk.mapped("is_my_turn")
                with self.assertQueryCount(3):
                    chunk._get_current_approvers()

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
