import logging

from psycopg2 import OperationalError

from odoo import Command, api, fields, models
from odoo.fields import Domain

_logger = logging.getLogger(__name__)


class ApprovalRequest(models.Model):
    """What the clock does: reminders before a step's deadline, escalation after it."""

    _inherit = "kh.approval.request"

    # === CRON === #
    @api.model
    def _cron_follow_deadlines(self, batch_size=100):
        """Remind and escalate what is due, each step once, in batches that are committed."""
        failed = self.env["kh.approval.task"]
        while True:
            domain = self._get_due_domain() & Domain("id", "not in", failed.ids)
            tasks = failed.search(domain, limit=batch_size, order="date_deadline, id")
            if not tasks:
                break
            done = tasks.filtered(lambda task: self._follow_deadline(task))
            failed |= tasks - done
            left = failed.search_count(self._get_due_domain() & Domain("id", "not in", failed.ids))
            if not self.env["ir.cron"]._commit_progress(len(done), remaining=left):
                break

    @api.model
    def _cron_refresh_turns(self, batch_size=200):
        """Look up again whom documents name and who has a turn; to-dos follow.

        Roles, groups and substitutes begin and end without anybody writing a request.
        """
        last = 0
        while True:
            requests = self.search(
                [("state", "=", "pending"), ("id", ">", last)], limit=batch_size, order="id"
            )
            if not requests:
                break
            last = requests[-1].id
            requests._refresh_safely()
            left = self.search_count([("state", "=", "pending"), ("id", ">", last)])
            if not self.env["ir.cron"]._commit_progress(len(requests), remaining=left):
                break

    def _refresh_safely(self):
        """Refresh these requests; one that is broken is logged and stops no other."""
        try:
            with self.env.cr.savepoint():
                self._lock()
                pending = self.filtered(lambda request: request.state == "pending")
                pending._refresh_assigned()
                pending._sync_turns()
                self.env.flush_all()
        except Exception as error:
            if len(self) > 1:
                for request in self:
                    request._refresh_safely()
            elif isinstance(error, OperationalError):
                _logger.info("Approval request %s is busy, refreshed next time", self.id)
            else:
                _logger.exception("Turns of approval request %s", self.id)

    # === BUSINESS METHODS - DEADLINES === #
    @api.model
    def _get_due_domain(self):
        now = fields.Datetime.now()
        remind = Domain("date_reminder", "<=", now) & Domain("date_reminded", "=", False)
        remind &= Domain("date_deadline", ">", now)
        escalate = Domain("date_deadline", "<=", now) & Domain("date_escalated", "=", False)
        return Domain("state", "=", "open") & (remind | escalate)

    @api.model
    def _follow_deadline(self, task):
        """Remind or escalate one task; one that fails does not stop the others.

        :return: whether it went well
        """
        try:
            with self.env.cr.savepoint():
                task.request_id._lock()
                if task.state != "open":
                    return True
                if task.date_deadline <= fields.Datetime.now():
                    task.request_id._escalate(task)
                else:
                    task.request_id._remind(task)
                self.env.flush_all()
        except Exception:
            _logger.exception("Deadline of approval task %s", task.id)
            return False
        return True

    def _remind(self, task):
        """Remind those who have not spoken at `task`, once."""
        self.ensure_one()
        task.date_reminded = fields.Datetime.now()
        users = self._get_task_deciders(task)
        self._log_clock(task, "remind", users)
        if users:
            self._remind_approvers(users)

    def _escalate(self, task):
        """Let those named for it decide `task` as well, once; else the approval managers."""
        self.ensure_one()
        document = self._get_document()
        users = task.step_id._get_escalation_users(document)
        spoken = task._get_approvals()
        spoken = spoken.user_id | spoken.on_behalf_of_id
        users = self._filter_able(users - spoken) or self._filter_able(
            self._get_managers(self.company_id) - spoken
        )
        task.write(
            {
                "date_escalated": fields.Datetime.now(),
                "escalated_user_ids": [Command.set(users.ids)],
            }
        )
        self._log_clock(task, "escalate", users)
        self._sync_turns()

    def _filter_able(self, users):
        """Return who of `users` may have a say in this request."""
        self.ensure_one()
        users -= self.requester_id | self.author_id
        return users.filtered(
            lambda u: u.active and (not self.company_id or self.company_id in u.company_ids)
        )

    def _get_task_deciders(self, task):
        ids = {turn.user_id for turn in self._get_turns() if turn.task_id == task.id}
        # sudo: the clock tells people whoever they are
        return self.env["res.users"].sudo().browse(sorted(ids))

    def _log_clock(self, task, event, users):
        """Note in the history what the clock did; not a decision of anybody."""
        self.env["kh.approval.decision"].create(
            {
                "request_id": self.id,
                "task_id": task.id,
                "step_id": task.step_id.id,
                "user_id": self.env.ref("base.user_root").id,
                "decision": event,
                "comment": ", ".join(users.mapped("name")),
            }
        )
