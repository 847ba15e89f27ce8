from odoo import api, fields, models

DECISIONS = [
    ("approve", "Approved"),
    ("return", "Returned for correction"),
    ("refuse", "Refused"),
    ("withdraw", "Withdrawn"),
    ("delegate", "Delegated"),
    ("remind", "Reminded"),
    ("escalate", "Escalated"),
]


class ApprovalDecision(models.Model):
    """What one person said to one step of one request (审批意见); also what the clock did.

    Written by the decision door and the deadline job only; nobody has rights to write here.
    """

    _name = "kh.approval.decision"
    _description = "Approval Decision"
    _order = "date, id"
    _rec_name = "decision"

    # === FIELDS === #
    request_id = fields.Many2one(
        "kh.approval.request", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="request_id.company_id", store=True)
    task_id = fields.Many2one("kh.approval.task", index=True, ondelete="cascade")
    step_id = fields.Many2one("kh.approval.step", ondelete="restrict", index="btree_not_null")
    user_id = fields.Many2one("res.users", string="By", required=True, index=True)
    on_behalf_of_id = fields.Many2one(
        "res.users", help="In whose name, for substitutes and those it was delegated to."
    )
    delegate_to_id = fields.Many2one("res.users", string="Delegated to", index="btree_not_null")
    decision = fields.Selection(DECISIONS, required=True)
    comment = fields.Text()
    date = fields.Datetime(required=True, default=fields.Datetime.now)
    who = fields.Char("Who", compute="_compute_who", compute_sudo=True)

    _one_voice = models.UniqueIndex(
        "(task_id, COALESCE(on_behalf_of_id, user_id)) WHERE decision = 'approve'",
        "This step has been approved by this person already.",
    )

    # === COMPUTE METHODS === #
    @api.depends("user_id", "on_behalf_of_id", "delegate_to_id")
    @api.depends_context("lang")
    def _compute_who(self):
        for decision in self:
            who = decision.user_id.name
            if decision.on_behalf_of_id:
                who = self.env._(
                    "%(user)s on behalf of %(absent)s",
                    user=who,
                    absent=decision.on_behalf_of_id.name,
                )
            if decision.delegate_to_id:
                who = self.env._(
                    "%(user)s to %(delegate)s", user=who, delegate=decision.delegate_to_id.name
                )
            decision.who = who
