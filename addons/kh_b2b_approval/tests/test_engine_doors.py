from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, new_test_user, tagged

from .common import LINE_MODEL, MODEL, ApprovalCommon


@tagged("post_install", "-at_install")
class TestEngineDoors(ApprovalCommon):
    """What a caller cannot steer, learn or break at the doors of the engine."""

    # --- which flow
    def test_caller_does_not_choose_an_archived_flow(self):
        self.flow.sequence = 20
        lax = self._create_flow(
            [{"name": "Friend", "user_ids": self._users(self.stranger)}], sequence=1, active=False
        )
        document = self._create_document()
        document.with_context(active_test=False, install_mode=True).action_request_approval()
        self.assertNotEqual(self._request(document).flow_id, lax)
        self.assertEqual(self._deciders(document), self.approver)

    def test_history_moves_with_its_version(self):
        documents = [self._ask(name=str(number)) for number in range(2)]
        self._approve(documents[0], self.approver)
        self.flow.step_ids.user_ids = self.approver2
        old = self.flow.version_ids
        requests = self._request(documents[0]) | self._request(documents[1])
        self.assertEqual(requests.flow_id, old)
        self.assertEqual((requests.step_id | requests.task_ids.step_id).flow_id, old)
        self.assertEqual(requests.task_ids.flow_id, old)
        self.assertEqual(requests.decision_ids.step_id.flow_id, old)
        self.assertFalse(self.flow.request_ids)
        self._approve(documents[1], self.approver)
        self.assertEqual(documents[1].outcome, "granted")

    # --- substitutes, as the people themselves
    def test_people_name_a_substitute_while_something_waits(self):
        document = self._ask().sudo()
        substitutes = self.env["kh.approval.substitute"]
        substitutes.with_user(self.approver).create({"substitute_id": self.stranger.id})
        self.assertEqual(document.activity_ids.user_id, self.approver | self.stranger)
        substitutes.with_user(self.manager).create(
            {"user_id": self.approver.id, "substitute_id": self.approver2.id}
        )
        self.assertEqual(
            document.activity_ids.user_id, self.approver | self.stranger | self.approver2
        )

    # --- escalation
    def _escalate(self, document):
        task = self._request(document)._get_open_tasks()
        with freeze_time(fields.Datetime.now() + timedelta(hours=25)):
            task.request_id._escalate(task)

    def _ask_of_two(self, mode, **values):
        self._set_steps(
            {
                "user_ids": self._users(self.approver | self.approver2),
                "mode": mode,
                "minimum": 2,
                "time_limit": 24,
                "escalation_user_ids": self._users(self.approver),
                **values,
            }
        )
        return self._ask()

    def test_who_has_approved_is_not_escalated_to(self):
        for mode in ("count", "all"):
            document = self._ask_of_two(mode)
            self._approve(document, self.approver)
            self._escalate(document)
            with self.subTest(mode=mode):
                self.assertNotIn(self.approver, self._deciders(document))
                self.assertIn(self.manager, self._deciders(document))
                with self.assertRaises(AccessError):
                    self._approve(document, self.approver)
                self.assertEqual(document.outcome, "open")
                self._approve(document, self.manager)
                self.assertEqual(document.outcome, "granted")

    def test_approval_before_the_escalation_does_not_end_the_step(self):
        people = self.approver | self.approver2 | self.stranger
        document = self._ask_of_two("count", user_ids=self._users(people), minimum=3)
        self._approve(document, self.approver)
        self._escalate(document)
        # as escalations of before are noted
        task = self._request(document)._get_open_tasks()
        task.escalated_user_ids = self.approver
        self.assertNotIn(self.approver, self._deciders(document))
        self._approve(document, self.approver2)
        self.assertEqual(document.outcome, "open")
        self._approve(document, self.stranger)
        self.assertEqual(document.outcome, "granted")

    def test_managers_see_that_all_it_was_escalated_to_have_spoken(self):
        document = self._ask_of_two("count")
        self._approve(document, self.approver)
        self._request(document)._get_open_tasks().escalated_user_ids = self.approver
        self.approver2.action_archive()
        self.assertIn(self.manager, self._deciders(document))
        self._approve(document, self.manager)
        self.assertEqual(document.outcome, "granted")

    # --- what strangers learn
    def test_actions_tell_strangers_nothing(self):
        document = self._ask(name="Secret contract")
        request = self._request(document)
        secrets = ("Secret contract", request.step_id.name, self.requester.name)
        calls = (
            ("action_approve", ()),
            ("action_refuse", ("no",)),
            ("action_return", ("no",)),
            ("action_delegate", (self.approver2.id,)),
            ("action_withdraw", ()),
        )
        for user in (self.stranger, self.foreigner, self.portal_user):
            attempts = [
                lambda n=name, a=args, u=user: getattr(request.with_user(u), n)(*a)
                for name, args in calls
            ]
            wizards = self.env["kh.approval.reason"].with_user(user)
            vals = {"request_ids": request.ids, "decision": "refuse", "reason": "no"}
            attempts.append(lambda w=wizards, v=vals: w.create(v).action_confirm())
            for number, attempt in enumerate(attempts):
                with self.subTest(user=user.login, number=number):
                    with self.assertRaises(AccessError) as caught:
                        attempt()
                    for secret in secrets:
                        self.assertNotIn(secret, str(caught.exception))

    def test_delegation_names_nobody_of_elsewhere(self):
        document = self._ask().with_user(self.approver)
        gone = self.stranger.browse(2**31 - 1)
        texts = set()
        for user in (self.foreigner, self.portal_user, gone):
            with self.assertRaises(UserError) as caught:
                document.action_approval_delegate(user.id)
            texts.add(str(caught.exception))
        self.assertEqual(len(texts), 1)
        self.assertNotIn(self.foreigner.name, texts.pop())

    def test_who_counts_already_gets_no_second_turn(self):
        people = self.approver | self.approver2 | self.stranger
        self._set_steps({"user_ids": self._users(people), "mode": "count", "minimum": 3})
        document = self._ask()
        self._approve(document, self.approver)
        with self.assertRaisesRegex(UserError, "counts once"):
            document.with_user(self.approver2).action_approval_delegate(self.approver.id)
        self.assertIn(self.approver2, self._deciders(document))

    def test_author_and_who_decided_see_the_history(self):
        self._set_steps(
            {"user_ids": self._users(self.approver)}, {"user_ids": self._users(self.approver2)}
        )
        document = self._create_document(self.stranger)
        document.with_user(self.requester).action_request_approval()
        self._approve(document, self.approver)
        self._approve(document, self.approver2)
        decisions = self._request(document).decision_ids
        outsider = new_test_user(self.env, "kh_outsider")
        for user in (self.approver, self.approver2, self.stranger, self.requester):
            with self.subTest(user=user.login):
                self.assertEqual(decisions.with_user(user).search([]) & decisions, decisions)
        self.assertFalse(decisions.with_user(outsider).search([]))

    # --- files
    def test_files_are_frozen_with_their_document(self):
        document = self._create_document()
        files = self.env["ir.attachment"].with_user(self.requester)
        vals = {"res_model": MODEL, "res_id": document.id}
        file = files.create({**vals, "name": "contract.txt", "raw": b"1"})
        free = files.create({"name": "free.txt", "raw": b"1"})
        document.action_request_approval()
        attempts = [
            lambda: file.write({"raw": b"2"}),
            lambda: file.write({"name": "other.txt"}),
            lambda: file.write({"res_id": 0, "res_model": False}),
            lambda: file.sudo().write({"datas": b"Mg=="}),
            lambda: file.sudo().unlink(),
            lambda: (free | file).unlink(),
        ]
        for number, attempt in enumerate(attempts):
            with self.subTest(number), self.assertRaises(UserError), self.env.cr.savepoint():
                attempt()
        files.create({**vals, "name": "more.txt", "raw": b"3"})
        self._approve(document, self.approver)
        file.write({"raw": b"2"})
        file.unlink()

    def test_files_of_other_models_cost_nothing(self):
        partner = self.env["res.partner"].create({"name": "P"})
        files = self.env["ir.attachment"].with_user(self.requester).sudo()
        vals = {"res_model": "res.partner", "res_id": partner.id, "raw": b"1"}
        files = files.create([{**vals, "name": f"F{number}"} for number in range(5)])
        files.mapped("res_model")
        self.env.flush_all()
        with self.assertQueryCount(0):
            files._approval_ensure_not_frozen()

    # --- models that go
    def test_model_is_forgotten(self):
        document = self._ask()
        self._set_steps({"user_ids": self._users(self.approver2)})
        request, flow = self._request(document), self.flow | self.flow.version_ids
        self.assertEqual(len(flow), 2)
        self.env["kh.approval.flow"].with_user(self.stranger)._forget_model(MODEL)
        self.assertFalse(request.exists() | request.search([("res_model", "=", MODEL)]))
        self.assertFalse(flow.exists())
        document.invalidate_recordset()
        self.assertEqual(document.kh_approval_state, "none")
        self.assertFalse(document.sudo().activity_ids)

    def test_request_whose_model_is_gone_breaks_nothing(self):
        document = self._ask()
        request = self._request(document)
        request.res_model = "gone.model"
        request.flush_recordset()
        self.assertFalse(request._get_document())
        self.assertFalse(request._present(self.approver).is_readable)
        link = self.env["kh.approval.link"].search([("request_id", "=", request.id)], limit=1)
        self.assertEqual(link._get_status(), "dead")
        with self.assertRaises(AccessError):
            request.with_user(self.approver)._decide("approve")
        other = self._ask(name="other").sudo()
        self.role.line_ids = [Command.create({"user_id": self.approver2.id})]
        with self.enter_registry_test_mode():
            self.env.ref("kh_b2b_approval.ir_cron_refresh_turns").method_direct_trigger()
        self.assertTrue(other.activity_ids)

    def test_broken_request_stops_no_refresh(self):
        self._set_steps({"user_ids": self._users(self.approver), "role_ids": self.role.ids})
        broken, whole = self._ask(name="broken"), self._ask(name="whole").sudo()
        broken_request = self._request(broken)
        self.role.line_ids = [Command.create({"user_id": self.approver2.id})]
        request_class = type(broken_request)
        refresh = request_class._refresh_assigned

        def fail_for_one(requests):
            if broken_request in requests:
                raise ValueError("broken")
            return refresh(requests)

        self.patch(request_class, "_refresh_assigned", fail_for_one)
        with (
            self.assertLogs("odoo.addons.kh_b2b_approval", "ERROR"),
            self.enter_registry_test_mode(),
        ):
            self.env.ref("kh_b2b_approval.ir_cron_refresh_turns").method_direct_trigger()
        whole.invalidate_recordset()
        self.assertIn(self.approver2, whole.activity_ids.user_id)

    # --- locks
    def test_lines_lock_what_was_under_review(self):
        never, returned = self._create_document(name="never"), self._ask(name="returned")
        returned.with_user(self.approver).action_approval_return("more")
        queries = []
        environment = type(self.env)
        execute = environment.execute_query
        self.patch(
            environment,
            "execute_query",
            lambda env, query: (queries.append(query.code), execute(env, query))[1],
        )
        for document, locks in ((never, 0), (returned, 3)):
            queries.clear()
            line = self.env[LINE_MODEL].create([{"document_id": document.id}])
            line.write({"quantity": 2})
            line.unlink()
            found = [query for query in queries if "FOR NO KEY UPDATE" in query]
            with self.subTest(document=document.name):
                self.assertEqual(len(found), locks)

    def test_locked_rows_are_written(self):
        request = self._request(self._ask())
        for records in (request, self.flow):
            records.flush_recordset()
            table = records._table
            before = self._get_row_version(table, records.id)
            records._lock()
            with self.subTest(table=table):
                self.assertNotEqual(self._get_row_version(table, records.id), before)

    def _get_row_version(self, table, record_id):
        query = {
            "kh_approval_request": "SELECT ctid::text FROM kh_approval_request WHERE id = %s",
            "kh_approval_flow": "SELECT ctid::text FROM kh_approval_flow WHERE id = %s",
        }
        self.env.cr.execute(query[table], [record_id])
        return self.env.cr.fetchone()[0]
