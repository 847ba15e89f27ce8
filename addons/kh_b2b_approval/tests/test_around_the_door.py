from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import LINE_MODEL, MODEL, ApprovalCommon

TABLES = ("kh.approval.request", "kh.approval.task", "kh.approval.decision")


@tagged("post_install", "-at_install")
class TestApprovalAroundTheDoor(ApprovalCommon):
    """Nothing that a user can call over RPC decides, but the door."""

    def setUp(self):
        super().setUp()
        self.document = self._ask()
        self.request = self._request(self.document)
        self.task = self.request.task_ids
        self.everybody = (
            self.requester, self.approver, self.manager, self.stranger, self.portal_user,
        )  # fmt: skip

    def _refused(self, attempt):
        with self.assertRaises(UserError), self.env.cr.savepoint():
            attempt()

    def test_no_table_is_written(self):
        vals = {
            "kh.approval.request": {"state": "approved", "requester_id": self.stranger.id},
            "kh.approval.task": {"state": "done", "assigned_user_ids": [Command.clear()]},
            "kh.approval.decision": {"decision": "approve", "request_id": self.request.id},
        }
        decision = self.env["kh.approval.decision"].create(
            {"request_id": self.request.id, "user_id": self.approver.id, "decision": "remind"}
        )
        records = {
            "kh.approval.request": self.request,
            "kh.approval.task": self.task,
            "kh.approval.decision": decision,
        }
        for user in self.everybody:
            for name in TABLES:
                record = records[name].with_user(user)
                for context in ({}, {"install_mode": True, "default_state": "approved"}):
                    record = record.with_context(**context)
                    with self.subTest(user=user.login, table=name, context=context):
                        self._refused(lambda r=record, v=vals[name]: r.write(v))
                        self._refused(record.unlink)
                        self._refused(lambda r=record, v=vals[name]: r.create(v))
                        self._refused(lambda r=record, v=vals[name]: r.copy(v))
                        self._refused(lambda r=record, v=vals[name]: r.web_save(v, {}))
        self.assertEqual(self.request.state, "pending")

    def test_not_through_the_document_either(self):
        for user in (self.requester, self.approver, self.manager, self.stranger):
            document = self.document.with_user(user)
            attempts = [
                {"kh_approval_request_id": False},
                {"kh_approval_state": "approved"},
                {"kh_approval_step_id": False},
                {"kh_can_decide": True},
                {"outcome": "granted"},
            ]
            for vals in attempts:
                with self.subTest(user=user.login, vals=vals):
                    self._refused(lambda d=document, v=vals: d.write(v))
                    for context in ({"install_mode": True}, {"tracking_disable": True}):
                        free = document.with_context(**context)
                        self._refused(lambda d=free, v=vals: d.write(v))
        self.assertEqual(self.document.outcome, "open")
        self.assertEqual(self.document.kh_approval_request_id, self.request)

    def test_defaults_link_no_request(self):
        key = "default_kh_approval_request_id"
        for user in (self.requester, self.manager):
            documents = self.env[MODEL].with_user(user).with_context(**{key: self.request.id})
            self._refused(lambda d=documents: d.create({"name": "linked"}))
            self._refused(lambda d=documents: d.web_save({"name": "linked"}, {}))
            values = documents.default_get(["kh_approval_request_id", "name"])
            self._refused(lambda d=documents, v=values: d.create({**v, "name": "linked"}))

    def test_context_does_not_open_lines(self):
        lines = self.env[LINE_MODEL].with_user(self.requester)
        for context in ({"install_mode": True}, {"default_document_id": self.document.id}):
            self._refused(
                lambda c=context: lines.with_context(**c).create({"document_id": self.document.id})
            )

    def test_hooks_of_the_engine_are_private(self):
        """What has no check of its own cannot be called over RPC."""
        public = {
            name
            for model in (MODEL, "kh.approval.request", "kh.approval.task")
            for name in dir(type(self.env[model]))
            if "approval" in name and not name.startswith("_")
        }
        public = {name for name in public if callable(getattr(type(self.env[MODEL]), name, None))}
        self.assertEqual(
            public,
            {
                "action_request_approval",
                "action_approval_approve",
                "action_approval_refuse",
                "action_approval_return",
                "action_approval_delegate",
                "action_approval_withdraw",
            },
        )

    def test_actions_ask_who_calls(self):
        calls = (
            ("action_approve", ()),
            ("action_refuse", ("no",)),
            ("action_return", ("again",)),
            ("action_delegate", (self.stranger.id,)),
        )
        for user in (self.requester, self.manager, self.stranger, self.portal_user):
            for name, args in calls:
                with self.subTest(user=user.login, call=name):
                    self._refused(
                        lambda u=user, n=name, a=args: getattr(self.request.with_user(u), n)(*a)
                    )
        for user in (self.approver, self.manager, self.stranger, self.portal_user):
            with self.subTest(user=user.login, call="withdraw"):
                self._refused(lambda u=user: self.request.with_user(u).action_withdraw())
        self.assertEqual(self.request.state, "pending")

    def test_wizard_is_no_way_round(self):
        for user in (self.requester, self.manager, self.stranger):
            for decision in ("refuse", "return", "delegate"):
                vals = {
                    "request_ids": [Command.set(self.request.ids)],
                    "decision": decision,
                    "reason": "because",
                    "delegate_id": self.stranger.id,
                }
                wizards = self.env["kh.approval.reason"].with_user(user)
                with self.subTest(user=user.login, decision=decision):
                    self._refused(lambda w=wizards, v=vals: w.create(v).action_confirm())

    # --- flows
    def test_managers_cannot_change_what_a_running_request_started_with(self):
        flow = self.flow.with_user(self.manager)
        step = self.task.step_id
        flow.with_context(install_mode=True).step_ids.write({"user_ids": self.stranger.ids})
        self.assertEqual(self.flow.version, 2)
        self.assertEqual(self._deciders(self.document), self.approver)
        old = self.task.flow_id
        self.assertEqual(old.successor_id, self.flow)
        self.assertNotEqual(self.task.step_id, step)
        old = old.with_user(self.manager)
        attempts = [
            lambda: old.write({"domain": "[('id', '=', 0)]"}),
            lambda: old.write({"active": True}),
            lambda: old.write({"successor_id": False}),
            lambda: old.step_ids.write({"user_ids": [Command.set(self.stranger.ids)]}),
            lambda: old.step_ids.unlink(),
            lambda: old.step_ids.create({"flow_id": old.id, "name": "more"}),
            lambda: flow.write({"version_ids": [Command.clear()]}),
            lambda: flow.write({"successor_id": old.id}),
            lambda: flow.write({"version": 1}),
            lambda: flow.step_ids.write({"flow_id": old.id}),
            lambda: flow.create({"name": "x", "model_id": self.model.id, "version": 9}),
            lambda: old.unlink(),
        ]
        for number, attempt in enumerate(attempts):
            with self.subTest(number):
                self._refused(attempt)

    def test_install_mode_of_a_caller_does_not_hide_a_dead_end(self):
        flows = self.env["kh.approval.flow"].with_user(self.manager)
        with self.assertRaises(ValidationError):
            flows.with_context(install_mode=True).create(
                {"name": "Dead end", "model_id": self.model.id}
            )
