from datetime import timedelta

from odoo import fields, models

STATES = [
    ("open", "Open"),
    ("done", "Done"),
    ("skipped", "Skipped"),
    ("cancel", "Cancelled"),
]


class ApprovalTask(models.Model):
    """One step of one request: since when, until when, by whom (审批任务).

    Written by the engine only. Approvers that a document names (by field, or the dealer's own)
    are noted here when the step starts, and again before each decision; those by role, group
    and name are looked up when they are asked for (`approval_turn.py`).
    """

    _name = "kh.approval.task"
    _description = "Approval Task"
    _order = "date_start desc, id desc"
    _rec_name = "step_id"

    # === FIELDS === #
    request_id = fields.Many2one(
        "kh.approval.request", required=True, index=True, ondelete="cascade"
    )
    step_id = fields.Many2one("kh.approval.step", required=True, index=True, ondelete="restrict")
    flow_id = fields.Many2one(related="request_id.flow_id", store=True, index=True)
    company_id = fields.Many2one(related="request_id.company_id", store=True)
    res_model = fields.Char(related="request_id.res_model", store=True)
    state = fields.Selection(STATES, required=True, default="open")
    # people
    assigned_user_ids = fields.Many2many(
        "res.users", "kh_approval_task_assigned_rel", "task_id", "user_id", string="Named"
    )
    escalated_user_ids = fields.Many2many(
        "res.users", "kh_approval_task_escalated_rel", "task_id", "user_id", string="Escalated to"
    )
    notified_user_ids = fields.Many2many(
        "res.users", "kh_approval_task_notified_rel", "task_id", "user_id", string="Told"
    )
    # time
    date_start = fields.Datetime(required=True, default=fields.Datetime.now)
    date_reminder = fields.Datetime("Remind on")
    date_deadline = fields.Datetime("Deadline")
    date_reminded = fields.Datetime("Reminded on")
    date_escalated = fields.Datetime("Escalated on")
    date_done = fields.Datetime("Done on")
    duration_hours = fields.Float("Hours", aggregator="avg")
    is_late = fields.Boolean("Late")

    _open_idx = models.Index("(request_id, step_id) WHERE state = 'open'")
    _deadline_idx = models.Index("(date_deadline) WHERE state = 'open'")

    # === BUSINESS METHODS === #
    def _set_closed(self, state):
        """Close these tasks, once; the others of `self` are left alone."""
        now = fields.Datetime.now()
        for task in self.filtered(lambda t: t.state == "open"):
            seconds = (now - task.date_start).total_seconds()
            task.write(
                {
                    "state": state,
                    "date_done": now,
                    "duration_hours": seconds / 3600,
                    "is_late": bool(task.date_deadline and now > task.date_deadline),
                }
            )

    def _get_approvals(self, since_escalation=False):
        """Return the decisions by which this task was approved.

        :param bool since_escalation: only those after it was escalated; none if it was not
        """
        self.ensure_one()
        decisions = self.request_id.decision_ids.filtered(lambda d: d.task_id == self)
        approvals = decisions.filtered(lambda d: d.decision == "approve")
        if since_escalation:
            # rows are written one after another, under the lock of the request
            escalations = decisions.filtered(lambda d: d.decision == "escalate").ids
            since = max(escalations, default=None)
            approvals = approvals.filtered(lambda d: since is not None and d.id > since)
        return approvals

    def _is_complete(self, approvers, is_waiting):
        """Answer whether this task has all the approvals it needs.

        :param approvers: the users who have approved it
        :param bool is_waiting: an approver of the step has not spoken
        """
        self.ensure_one()
        if self._get_approvals(since_escalation=True).user_id & self.escalated_user_ids:
            return True
        if self.step_id.mode == "count":
            return len(approvers) >= self.step_id.minimum
        return bool(approvers) and (self.step_id.mode == "any" or not is_waiting)

    def _prepare_times(self, step, start):
        """Return the dates of a task of `step` that starts now."""
        if not step.time_limit:
            return {"date_start": start}
        deadline = start + timedelta(hours=step.time_limit)
        vals = {"date_start": start, "date_deadline": deadline}
        if step.reminder_hours:
            early = deadline - timedelta(hours=step.reminder_hours)
            vals["date_reminder"] = max(early, start)
        return vals
