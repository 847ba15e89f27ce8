from odoo import Command, api, fields, models
from odoo.exceptions import UserError

DECISIONS = [
    ("approve", "Approve"),
    ("return", "Return for correction"),
    ("refuse", "Refuse"),
]


class ApprovalBulk(models.TransientModel):
    """Decides many requests at once (批量审批): shows what will not pass, and why, first."""

    _name = "kh.approval.bulk"
    _description = "Decide Approvals Together"

    decision = fields.Selection(DECISIONS, required=True, default="approve", readonly=True)
    comment = fields.Text(help="Needed to return or refuse; the applicant reads it.")
    state = fields.Selection([("ask", "Ask"), ("done", "Done")], default="ask", readonly=True)
    line_ids = fields.One2many("kh.approval.bulk.line", "bulk_id", readonly=True)
    ready_count = fields.Integer(compute="_compute_counts", string="Ready")
    blocked_count = fields.Integer(compute="_compute_counts", string="Will Not Pass")
    done_count = fields.Integer(compute="_compute_counts", string="Decided")
    failed_count = fields.Integer(compute="_compute_counts", string="Not Decided")

    # === COMPUTE METHODS === #
    @api.depends("line_ids.status")
    def _compute_counts(self):
        for bulk in self:
            statuses = bulk.line_ids.mapped("status")
            bulk.ready_count = statuses.count("ready")
            bulk.blocked_count = statuses.count("blocked")
            bulk.done_count = statuses.count("done")
            bulk.failed_count = statuses.count("failed") + bulk.blocked_count

    # === BUSINESS METHODS === #
    @api.model
    def _open(self, requests, decision):
        """Return the action that opens the wizard for `requests`, with its preview."""
        reasons = requests._get_blocking_reasons(decision)
        # sudo: nobody may create or write these by RPC, so that a line names nothing unseen
        bulk = self.sudo().create(
            {
                "decision": decision,
                "line_ids": [
                    Command.create(
                        {
                            "request_id": request.id,
                            "status": "blocked" if request.id in reasons else "ready",
                            "message": reasons.get(request.id, False),
                        }
                    )
                    for request in requests
                ],
            }
        )
        titles = {
            "approve": self.env._("Approve Selected"),
            "return": self.env._("Return Selected for Correction"),
            "refuse": self.env._("Refuse Selected"),
        }
        return bulk.sudo(False)._get_action(titles[decision])

    def _get_action(self, title):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }

    # === ACTION METHODS === #
    def action_confirm(self):
        """Decide what is ready; closes when all passed, else shows what did not, and why."""
        self.ensure_one()
        if self.state == "done":
            return {"type": "ir.actions.act_window_close"}
        requests = self.line_ids.filtered(lambda line: line.status == "ready").request_id
        if self.decision != "approve" and not (self.comment or "").strip():
            raise UserError(self.env._("Please give a reason; the applicant will read it."))
        outcomes = {o.request_id: o for o in requests._decide_each(self.decision, self.comment)}
        for line in self.line_ids.filtered(lambda line: line.request_id.id in outcomes):
            outcome = outcomes[line.request_id.id]
            # sudo: lines are written here only
            line.sudo().write(
                {
                    "status": "done" if outcome.is_done else "failed",
                    "message": outcome.message or False,
                }
            )
        self.sudo().state = "done"  # sudo: the wizard's own record
        if not self.failed_count:
            return self._close_with_notice()
        return self._get_action(self.env._("What Was Decided"))

    def action_close(self):
        """Close and refresh the list behind."""
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def _close_with_notice(self):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("%(count)s decided.", count=self.done_count),
                "next": self.action_close(),
            },
        }


class ApprovalBulkLine(models.TransientModel):
    """One request of a bulk decision: whether it will pass, or has."""

    _name = "kh.approval.bulk.line"
    _description = "Request Decided Together"
    _order = "status, id"

    bulk_id = fields.Many2one("kh.approval.bulk", required=True, index=True, ondelete="cascade")
    request_id = fields.Many2one("kh.approval.request", required=True, ondelete="cascade")
    name = fields.Char(related="request_id.name")
    summary = fields.Char(related="request_id.summary")
    requester_id = fields.Many2one(related="request_id.requester_id")
    status = fields.Selection(
        [
            ("blocked", "Will not pass"),
            ("failed", "Not decided"),
            ("ready", "Ready"),
            ("done", "Decided"),
        ],
        required=True,
        default="ready",
    )
    message = fields.Char("Why Not")
