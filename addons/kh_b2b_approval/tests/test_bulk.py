from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged

from .common_link import LinkCommon


class BulkCommon(LinkCommon):
    def _ask_many(self, count, **values):
        documents = self.env["kh.test.document"].with_user(self.requester)
        documents = documents.create([{"name": f"D{n}", **values} for n in range(count)])
        documents.action_request_approval()
        return documents, documents.sudo().kh_approval_request_id

    def _open_bulk(self, requests, decision="approve", user=None):
        requests = requests.with_user(user or self.approver)
        action = requests.with_context(kh_decision=decision).action_open_bulk()
        return (
            self.env[action["res_model"]].with_user(user or self.approver).browse(action["res_id"])
        )


@tagged("post_install", "-at_install")
class TestBulk(BulkCommon):
    def test_all_pass(self):
        documents, requests = self._ask_many(3)
        bulk = self._open_bulk(requests)
        self.assertEqual((bulk.ready_count, bulk.blocked_count), (3, 0))
        action = bulk.action_confirm()
        self.assertEqual(action["tag"], "display_notification")
        self.assertEqual(set(documents.mapped("outcome")), {"granted"})

    def test_preview_says_what_will_not_pass(self):
        _documents, requests = self._ask_many(2)
        self.flow.step_ids.user_ids |= self.approver2
        own = self._request(self._ask(self.approver, name="own"))
        bulk = self._open_bulk(requests | own)
        self.assertEqual((bulk.ready_count, bulk.blocked_count), (2, 1))
        blocked = bulk.line_ids.filtered(lambda line: line.status == "blocked")
        self.assertIn("somebody else must decide", blocked.message)
        self.assertFalse(requests.decision_ids, "a preview books nothing")

    def test_what_was_shown_as_blocked_is_not_decided(self):
        documents, requests = self._ask_many(2)
        bulk = self._open_bulk(requests)
        bulk.line_ids[0].sudo().status = "blocked"
        blocked = bulk.line_ids.filtered(lambda line: line.status == "blocked").request_id
        bulk.action_confirm()
        self.assertEqual(blocked.state, "pending")
        self.assertEqual((requests - blocked).state, "approved")
        self.assertEqual((bulk.done_count, bulk.failed_count), (1, 1))

    def test_one_that_fails_stops_no_other(self):
        documents, requests = self._ask_many(3)
        bulk = self._open_bulk(requests)
        documents[1].action_approval_withdraw()
        action = bulk.action_confirm()
        self.assertEqual(action["res_id"], bulk.id)
        self.assertEqual(documents.mapped("outcome"), ["granted", "withdrawn", "granted"])
        self.assertEqual((bulk.done_count, bulk.failed_count), (2, 1))
        failed = bulk.line_ids.filtered(lambda line: line.status == "failed")
        self.assertEqual(failed.request_id, requests[1])
        self.assertIn("no longer to be approved", failed.message)
        # a second press decides nothing again
        bulk.action_confirm()
        self.assertEqual(len(requests.decision_ids), 3)

    def test_a_document_that_refuses_is_undone_alone(self):
        documents, requests = self._ask_many(2)
        broken = documents[0]

        def granted(document):
            document.write({"outcome": "granted"})
            if document.id == broken.id:
                message = "no stock"
                raise UserError(message)

        self.patch(type(broken), "_approval_granted", granted)
        outcomes = requests.with_user(self.approver)._decide_each("approve")
        self.assertEqual([o.is_done for o in outcomes], [False, True])
        self.assertEqual(outcomes[0].message, "no stock")
        self.assertEqual(documents.mapped("outcome"), ["open", "granted"])
        self.assertEqual(requests.mapped("state"), ["pending", "approved"])

    def test_refuse_and_return_need_a_comment(self):
        for decision, outcome in (("refuse", "refused: no"), ("return", "returned: no")):
            documents, requests = self._ask_many(2)
            bulk = self._open_bulk(requests, decision)
            with self.assertRaises(UserError):
                bulk.action_confirm()
            bulk.comment = "no"
            bulk.action_confirm()
            self.assertEqual(set(documents.mapped("outcome")), {outcome})

    def test_strangers_get_nothing(self):
        documents, requests = self._ask_many(1)
        for user in (self.stranger, self.foreigner, self.other_dealer_user):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self._open_bulk(requests, user=user)
        # who may see it but not decide it
        bulk = self._open_bulk(requests, user=self.requester)
        self.assertEqual(bulk.blocked_count, 1)
        bulk.action_confirm()
        self.assertEqual(documents.outcome, "open")

    def test_wizard_of_another_is_closed(self):
        _documents, requests = self._ask_many(1)
        bulk = self._open_bulk(requests)
        for operation in ("read", "write"):
            self.assertFalse(bulk.with_user(self.approver2).has_access(operation))
        with self.assertRaises(AccessError):
            bulk.with_user(self.approver2).action_confirm()
        lines = self.env["kh.approval.bulk.line"].with_user(self.approver)
        with self.assertRaises(AccessError):
            lines.create({"bulk_id": bulk.id, "request_id": requests.id})
        with self.assertRaises(AccessError):
            self.env["kh.approval.bulk"].with_user(self.dealer_user).search([])

    def test_badge(self):
        _documents, requests = self._ask_many(2)
        counter = self.env["kh.approval.request"]
        self.assertEqual(counter.with_user(self.approver).get_my_turn_count(), 2)
        self.assertEqual(counter.with_user(self.requester).get_my_turn_count(), 0)
        requests[:1].with_user(self.approver).action_approve()
        self.assertEqual(counter.with_user(self.approver).get_my_turn_count(), 1)
        with self.assertRaises(AccessError):
            counter.with_user(self.dealer_user).get_my_turn_count()

    def test_badge_costs_the_same_for_1_and_50(self):
        counter = self.env["kh.approval.request"].with_user(self.approver)

        def count():
            self.env.flush_all()
            counter.env.invalidate_all()
            before = self.env.cr.sql_log_count
            number = counter.get_my_turn_count()
            return number, self.env.cr.sql_log_count - before

        self._ask_many(1)
        count()
        one, queries = count()
        self._ask_many(50)
        many, queries_many = count()
        self.assertEqual((one, many), (1, 51))
        self.assertLessEqual(queries_many, queries)

    def test_open_back_offices_are_told(self):
        sent = []
        users = type(self.env["res.users"])
        self.patch(
            users, "_bus_send", lambda self, kind, message, **kw: sent.append((self.ids, kind))
        )
        _documents, requests = self._ask_many(1)
        event = "kh_b2b_approval/turn"
        self.assertIn((self.approver.ids, event), sent)
        sent.clear()
        requests.with_user(self.approver).action_approve()
        self.assertIn((self.approver.ids, event), sent)


@tagged("post_install", "-at_install")
class TestBulkTour(BulkCommon, HttpCase):
    def test_badge_and_bulk_in_the_browser(self):
        documents, _requests = self._ask_many(3)
        self.start_tour("/odoo", "kh_b2b_approval_bulk", login=self.approver.login)
        self.assertEqual(set(documents.mapped("outcome")), {"granted"})
