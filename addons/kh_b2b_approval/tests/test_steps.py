from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import freeze_time, new_test_user, tagged

from .common import MODEL, ApprovalCommon


@tagged("post_install", "-at_install")
class TestApprovalSteps(ApprovalCommon):
    def _open_steps(self, document):
        return self._request(document)._get_open_tasks().step_id.mapped("name")

    # --- side by side
    def test_steps_side_by_side(self):
        self._set_steps(
            {"user_ids": self._users(self.approver)},
            {"user_ids": self._users(self.approver2), "is_parallel": True},
            {"user_ids": self._users(self.manager)},
        )
        document = self._ask()
        self.assertEqual(sorted(self._open_steps(document)), ["S1", "S2"])
        self.assertEqual(self._deciders(document), self.approver | self.approver2)
        with self.assertRaises(AccessError):
            self._approve(document, self.manager)
        self._approve(document, self.approver2)
        self.assertEqual(self._open_steps(document), ["S1"])
        self.assertEqual(document.kh_approval_state, "pending")
        self._approve(document, self.approver)
        self.assertEqual(self._open_steps(document), ["S3"])
        self._approve(document, self.manager)
        self.assertEqual(document.outcome, "granted")

    def test_refusal_on_one_side_ends_all(self):
        self._set_steps(
            {"user_ids": self._users(self.approver)},
            {"user_ids": self._users(self.approver2), "is_parallel": True},
        )
        document = self._ask()
        document.with_user(self.approver2).action_approval_refuse("no")
        request = self._request(document)
        states = {task.step_id.name: task.state for task in request.task_ids}
        self.assertEqual(states, {"S1": "cancel", "S2": "done"})
        self.assertFalse(document.sudo().activity_ids)
        with self.assertRaises(UserError):
            self._approve(document, self.approver)

    # --- conditions
    def test_steps_that_are_not_needed_are_skipped(self):
        self._set_steps(
            {"user_ids": self._users(self.approver), "domain": "[('amount', '>', 100)]"},
            {"user_ids": self._users(self.approver2)},
            {"user_ids": self._users(self.manager), "domain": "[('amount', '>', 500)]"},
        )
        small, middle, large = (self._ask(name=str(n), amount=n) for n in (10, 200, 900))
        self.assertEqual(self._open_steps(small), ["S2"])
        self._approve(small, self.approver2)
        self.assertEqual(small.outcome, "granted")
        self._approve(middle, self.approver)
        self._approve(middle, self.approver2)
        self.assertEqual(middle.outcome, "granted")
        self._approve(large, self.approver)
        self._approve(large, self.approver2)
        self.assertEqual(large.outcome, "open")
        self._approve(large, self.manager)
        self.assertEqual(large.outcome, "granted")
        skipped = self._request(small).task_ids.filtered(lambda t: t.state == "skipped")
        self.assertEqual(sorted(skipped.step_id.mapped("name")), ["S1", "S3"])

    def test_flow_with_no_step_for_a_document_is_none(self):
        self._set_steps(
            {"user_ids": self._users(self.approver), "domain": "[('amount', '>', 100)]"}
        )
        document = self._ask(amount=1)
        self.assertEqual((document.outcome, document.kh_approval_state), ("granted", "none"))

    def test_flow_that_lost_its_steps_grants_nothing(self):
        self.flow.step_ids.unlink()
        with self.assertRaises(UserError):
            self._ask()

    def test_unreadable_condition_of_a_step_is_refused(self):
        for domain in ("[('nothing', '=', 1)]", "[(", "__import__('os')"):
            with self.subTest(domain), self.assertRaises(ValidationError):
                self.flow.step_ids.domain = domain

    # --- how many
    def test_a_number_of_people(self):
        everybody = self.approver | self.approver2 | self.stranger
        self._set_steps({"user_ids": self._users(everybody), "mode": "count", "minimum": 2})
        document = self._ask()
        self._approve(document, self.approver)
        with self.assertRaises(AccessError):
            self._approve(document, self.approver)
        self.assertEqual(document.outcome, "open")
        self._approve(document, self.stranger)
        self.assertEqual(document.outcome, "granted")

    def test_one_person_does_not_make_two(self):
        people = self.approver | self.approver2
        self._set_steps({"user_ids": self._users(people), "mode": "count", "minimum": 2})
        self._stand_in(self.approver, self.approver2)
        document = self._ask()
        self._approve(document, self.approver2)
        self.assertEqual(document.outcome, "open")
        with self.assertRaises(AccessError):
            self._approve(document, self.approver2)
        self._approve(document, self.approver)
        self.assertEqual(document.outcome, "granted")

    # --- approvers the document names
    def test_field_of_the_document(self):
        self._set_steps({"approver_field": "owner_id"})
        document = self._ask(owner_id=self.approver2.id)
        self.assertEqual(self._deciders(document), self.approver2)
        with self.assertRaises(AccessError):
            self._approve(document, self.approver)
        # changed underneath (by the system): the door looks again
        self.env.cr.execute(
            "UPDATE kh_test_document SET owner_id = %s WHERE id = %s",
            (self.approver.id, document.id),
        )
        document.invalidate_recordset()
        with self.assertRaises(AccessError):
            self._approve(document, self.approver2)
        self._approve(document, self.approver)
        self.assertEqual(document.outcome, "granted")

    def test_way_over_several_links(self):
        self._set_steps({"approver_field": "partner_id.user_id"})
        partner = self.env["res.partner"].create({"name": "P", "user_id": self.approver.id})
        document = self._ask(partner_id=partner.id)
        self.assertEqual(self._deciders(document), self.approver)

    def test_empty_field_goes_to_managers(self):
        self._set_steps({"approver_field": "owner_id"})
        document = self._ask()
        self.assertIn(self.manager, self._deciders(document))
        self._approve(document, self.manager)
        self.assertEqual(document.outcome, "granted")

    def test_way_that_leads_nowhere_is_refused(self):
        for path in ("nothing", "name", "partner_id", "owner_id.name", "partner_id.user_id.login"):
            with self.subTest(path), self.assertRaises(ValidationError):
                self._set_steps({"approver_field": path})

    def test_step_of_the_dealer(self):
        self._set_steps({"is_dealer_step": True}, {"user_ids": self._users(self.approver)})
        colleague = new_test_user(self.env, "kh_colleague", "base.group_portal")
        colleague.partner_id.parent_id = self.portal_user.partner_id
        other = new_test_user(self.env, "kh_other_dealer", "base.group_portal")
        document = self._ask(
            partner_id=self.portal_user.partner_id.id, dealer_user_id=self.portal_user.id
        )
        request = self._request(document)
        self.assertEqual(self._deciders(document), self.portal_user)
        mine = request.with_user(self.portal_user)
        self.assertEqual(mine.search([("is_my_turn", "=", True)]), request)
        self.assertTrue(mine.is_my_turn)
        # neither a colleague nor another dealer sees it; who decides sees no name of ours
        for user in (colleague, other):
            self.assertFalse(request.with_user(user).has_access("read"))
            self.assertFalse(request.with_user(user).search([]))
        self.assertEqual(mine.read(["name", "state"])[0]["name"], "Contract 1")
        for name in ("current_approvers", "author_id", "flow_id", "summary"):
            with self.subTest(field=name), self.assertRaises(AccessError):
                mine.read([name])
        for user in (colleague, other, self.approver):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                request.with_user(user)._decide("approve")
        mine._decide("approve")
        self.assertEqual(self._open_steps(document), ["S2"])
        self._approve(document, self.approver)
        self.assertEqual(document.outcome, "granted")

    def test_dealer_without_an_approver(self):
        self._set_steps({"is_dealer_step": True})
        document = self._ask()
        self.assertIn(self.manager, self._deciders(document))

    # --- time
    def _limited(self, **values):
        self._set_steps(
            {
                "user_ids": self._users(self.approver),
                "time_limit": 24,
                "reminder_hours": 4,
                **values,
            }
        )
        return self._ask()

    def _run_deadlines(self, hours):
        moment = fields.Datetime.now() + timedelta(hours=hours)
        with freeze_time(moment), self.enter_registry_test_mode():
            self.env.ref("kh_b2b_approval.ir_cron_follow_deadlines").method_direct_trigger()
        self.env.invalidate_all()

    def _events(self, document):
        return self._request(document).decision_ids.mapped("decision")

    def test_reminder_once_before_the_limit(self):
        reminded = []
        request_class = type(self.env["kh.approval.request"])
        self.patch(
            request_class, "_remind_approvers", lambda _self, users: reminded.append(users.ids)
        )
        document = self._limited()
        self._run_deadlines(19)
        self.assertFalse(reminded)
        self._run_deadlines(21)
        self._run_deadlines(22)
        self.assertEqual(reminded, [self.approver.ids])
        self.assertEqual(self._events(document), ["remind"])

    def test_escalation_once_after_the_limit(self):
        document = self._limited(escalation_user_ids=self._users(self.approver2))
        request = self._request(document)
        self.assertTrue(request.date_deadline)
        self._run_deadlines(25)
        self._run_deadlines(26)
        self.assertEqual(self._events(document), ["escalate"])
        self.assertEqual(self._deciders(document), self.approver | self.approver2)
        self.assertIn(self.approver2, document.sudo().activity_ids.user_id)
        with self.assertRaises(AccessError):
            self._approve(document, self.stranger)
        self._approve(document, self.approver2)
        self.assertEqual(document.outcome, "granted")

    def test_escalation_stands_for_all_who_are_late(self):
        document = self._limited(
            user_ids=self._users(self.approver | self.stranger),
            mode="all",
            escalation_field="owner_id",
        )
        self.env.cr.execute("UPDATE kh_test_document SET owner_id = %s", (self.approver2.id,))
        document.invalidate_recordset()
        self._run_deadlines(25)
        self._approve(document, self.approver2)
        self.assertEqual(document.outcome, "granted")

    def test_escalation_without_a_name_goes_to_managers(self):
        document = self._limited()
        self._run_deadlines(25)
        self.assertIn(self.manager, self._deciders(document))

    def test_escalation_never_goes_to_who_asked(self):
        document = self._limited(escalation_user_ids=self._users(self.requester))
        self._run_deadlines(25)
        self.assertNotIn(self.requester, self._deciders(document))
        self.assertIn(self.manager, self._deciders(document))

    def test_decided_in_time_is_left_alone(self):
        document = self._limited()
        self._approve(document, self.approver)
        self._run_deadlines(100)
        self.assertEqual(self._events(document), ["approve"])

    def test_one_broken_document_does_not_stop_the_others(self):
        documents = [self._limited(escalation_field="owner_id") for _n in range(2)]
        broken = self._request(documents[0])
        request_class = type(self.env["kh.approval.request"])
        escalate = request_class._escalate

        def fail_for_one(request, task):
            if request == broken:
                raise ValueError("broken")
            return escalate(request, task)

        self.patch(request_class, "_escalate", fail_for_one)
        with self.assertLogs("odoo.addons.kh_b2b_approval", "ERROR"):
            self._run_deadlines(25)
        self.assertFalse(self._events(documents[0]))
        self.assertEqual(self._events(documents[1]), ["escalate"])

    def test_new_role_member_gets_a_to_do_by_the_hour(self):
        self._set_steps({"user_ids": self._users(self.approver), "role_ids": self.role.ids})
        document = self._ask().sudo()
        self.role.line_ids = [Command.create({"user_id": self.approver2.id})]
        self.assertEqual(self._deciders(document), self.approver | self.approver2)
        with self.enter_registry_test_mode():
            self.env.ref("kh_b2b_approval.ir_cron_refresh_turns").method_direct_trigger()
        document.invalidate_recordset()
        self.assertEqual(document.activity_ids.user_id, self.approver | self.approver2)

    # --- freeze of lines
    def test_lines_are_frozen_with_their_document(self):
        document = self._create_document()
        document.line_ids = [Command.create({"quantity": 1})]
        line, free = document.line_ids, self._create_document(name="free")
        free.line_ids = [Command.create({"quantity": 2})]
        document.action_request_approval()
        lines = self.env[line._name].with_user(self.requester)
        attempts = [
            lambda: line.write({"quantity": 9}),
            lambda: line.unlink(),
            lambda: lines.create({"document_id": document.id}),
            lambda: lines.with_context(default_document_id=document.id).create({}),
            lambda: free.line_ids.write({"document_id": document.id}),
            lambda: line.write({"document_id": free.id}),
            lambda: document.write({"line_ids": [Command.clear()]}),
            lambda: line.sudo().write({"quantity": 9}),
        ]
        for number, attempt in enumerate(attempts):
            with self.subTest(number), self.assertRaises(UserError), self.env.cr.savepoint():
                attempt()
        line.write({"remark": "still writable"})
        free.line_ids.write({"quantity": 3})
        self._approve(document, self.approver)
        line.write({"quantity": 4})
        self.assertEqual(document.line_ids.quantity, 4)

    # --- what is shown
    def test_summary_and_reason(self):
        self.flow.reason = "Contracts need the boss."
        document = self._ask().sudo()
        self.assertEqual(document._approval_reason(), "Contracts need the boss.")
        rows = dict(document._approval_summary())
        self.assertEqual(rows["Asked by"], self.requester.name)
        self.flow.reason = False
        self.assertIn(self.flow.name, document._approval_reason())

    def test_approvers_are_told_once(self):
        told = []
        request_class = type(self.env["kh.approval.request"])
        self.patch(
            request_class, "_notify_approvers", lambda request, users: told.append(users.ids)
        )
        self._set_steps(
            {"user_ids": self._users(self.approver | self.approver2), "mode": "all"},
            {"user_ids": self._users(self.manager)},
        )
        document = self._ask()
        self._approve(document, self.approver)
        self._request(document)._sync_turns()
        self._approve(document, self.approver2)
        self.assertEqual(told, [(self.approver | self.approver2).ids, self.manager.ids])

    # --- who may act, in one statement
    def test_current_approvers_of_many(self):
        documents = [self._ask(name=str(n)) for n in range(3)]
        self._approve(documents[0], self.approver)
        requests = self.env["kh.approval.request"].sudo()
        requests = requests.search([("res_model", "=", MODEL)], order="id")
        found = requests._get_current_approvers()
        self.assertEqual(
            [found[request.id] for request in requests],
            [self.approver.browse(), self.approver, self.approver],
        )
