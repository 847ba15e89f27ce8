from odoo import fields, models


class ApprovalReason(models.TransientModel):
    """Asks why something is refused or returned."""

    _name = "kh.approval.reason"
    _description = "Reason of a Decision"

    request_ids = fields.Many2many("kh.approval.request", required=True, readonly=True)
    decision = fields.Selection(
        [("refuse", "Refuse"), ("return", "Return for correction")], required=True, readonly=True
    )
    reason = fields.Text(required=True)

    def action_confirm(self):
        self.ensure_one()
        self.request_ids._decide(self.decision, self.reason)
        return {"type": "ir.actions.act_window_close"}
