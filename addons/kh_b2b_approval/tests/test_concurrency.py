import threading
import time
from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.modules.registry import DummyRLock, Registry
from odoo.service.model import retrying
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import SQL, mute_logger


class FakeDocument:
    """Stands for a document: no model under approval lives as long as committed rows do."""

    def with_user(self, _user):
        return self

    def check_access(self, _operation):
        """Everybody may read it."""

    def _approval_ensure_can_decide(self, _decision):
        """It is always ready."""


@tagged("post_install", "-at_install")
class TestApprovalConcurrency(BaseCase):
    """Two transactions that really run at once, on committed rows that are deleted again."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            self.user_id = env.ref("base.user_admin").id
            step_id = self._insert_flow(cr, env["ir.model"]._get_id("res.partner"))
            self._insert_request(cr, step_id)
        self.addCleanup(self._delete)

    def _insert_flow(self, cr, model_id):
        self.flow_id = self._insert(
            cr,
            "kh_approval_flow",
            name=SQL("""'{"en_US": "Race"}'::jsonb"""),
            model_id=model_id,
            model_name="res.partner",
            domain="[]",
            active=False,
            version=1,
        )
        step_id = self._insert(
            cr,
            "kh_approval_step",
            flow_id=self.flow_id,
            name=SQL("""'{"en_US": "Only"}'::jsonb"""),
            mode="any",
            minimum=1,
            sequence=1,
        )
        users = SQL.identifier("kh_approval_step_res_users_rel")
        cr.execute(SQL("INSERT INTO %s VALUES (%s, %s)", users, step_id, self.user_id))
        return step_id

    def _insert_request(self, cr, step_id):
        self.request_id = self._insert(
            cr,
            "kh_approval_request",
            name="Race",
            flow_id=self.flow_id,
            step_id=step_id,
            res_model="res.partner",
            res_id=1,
            state="pending",
            requester_id=SUPERUSER_ID,
            decision_count=0,
        )
        self._insert(
            cr,
            "kh_approval_task",
            request_id=self.request_id,
            step_id=step_id,
            flow_id=self.flow_id,
            state="open",
            date_start=SQL("now() AT TIME ZONE 'UTC'"),
        )

    def _insert(self, cr, table, **vals):
        cr.execute(
            SQL(
                "INSERT INTO %s (%s) VALUES (%s) RETURNING id",
                SQL.identifier(table),
                SQL(", ").join(map(SQL.identifier, vals)),
                SQL(", ").join(SQL("%s", value) for value in vals.values()),
            )
        )
        return cr.fetchone()[0]

    def _delete(self):
        with self.registry.cursor() as cr:
            cr.execute(SQL("DELETE FROM kh_approval_request WHERE id = %s", self.request_id))
            cr.execute(SQL("DELETE FROM kh_approval_flow WHERE id = %s", self.flow_id))

    def _decide(self, decision, answers, ready=None):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, self.user_id, {"lang": "en_US"})
            request = env["kh.approval.request"].browse(self.request_id)
            # the snapshot of this transaction is older than the other's decision
            self.assertEqual(request.sudo().state, "pending")
            if ready:
                self.assertTrue(ready.wait(10))
            try:
                retrying(lambda: request._decide(decision, "because"), env)
                answers[decision] = "done"
            except UserError as error:
                answers[decision] = str(error)

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_second_of_two_deciders_is_told(self):
        answers, told, locked = {}, [], threading.Event()

        def tell(request, _comment):
            told.append(request.state)
            locked.set()
            time.sleep(0.5)  # the other one waits for the lock meanwhile

        request_class = self.registry["kh.approval.request"]
        with (
            # held by the thread that runs the tests
            patch.object(Registry, "_lock", DummyRLock()),
            patch.object(request_class, "_get_document", lambda _self: FakeDocument()),
            patch.object(request_class, "_sync_turns", lambda _self: None),
            patch.object(request_class, "_tell_document", tell),
        ):
            threads = [
                threading.Thread(target=self._decide, args=("approve", answers)),
                threading.Thread(target=self._decide, args=("refuse", answers, locked)),
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(20)
        self.assertEqual(answers["approve"], "done")
        self.assertIn("has decided already", answers["refuse"])
        self.assertEqual(told, ["approved"])
        with self.registry.cursor() as cr:
            cr.execute(
                SQL(
                    "SELECT decision FROM kh_approval_decision WHERE request_id = %s",
                    self.request_id,
                )
            )
            self.assertEqual(cr.fetchall(), [("approve",)])
