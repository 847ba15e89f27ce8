from odoo import fields, models

DECISIONS = [
    ("approve", "Approved"),
    ("return", "Returned for correction"),
    ("refuse", "Refused"),
    ("withdraw", "Withdrawn"),
]


class ApprovalDecision(models.Model):
    """What one person said to one request at one step (审批意见).

    Written by the decision door only; nobody has rights to write here.
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
    step_id = fields.Many2one("kh.approval.step", ondelete="restrict")
    user_id = fields.Many2one("res.users", string="By", required=True, index=True)
    decision = fields.Selection(DECISIONS, required=True)
    comment = fields.Text()
    date = fields.Datetime(required=True, default=fields.Datetime.now)
