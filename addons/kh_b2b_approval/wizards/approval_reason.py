from odoo import fields, models


class ApprovalReason(models.TransientModel):
    """Asks why something is refused or returned, or to whom it is passed on."""

    _name = "kh.approval.reason"
    _description = "Reason of a Decision"

    request_ids = fields.Many2many("kh.approval.request", required=True, readonly=True)
    decision = fields.Selection(
        [
            ("refuse", "Refuse"),
            ("return", "Return for correction"),
            ("delegate", "Delegate"),
        ],
        required=True,
        readonly=True,
    )
    reason = fields.Text()
    delegate_id = fields.Many2one(
        "res.users", "Delegate to", domain="[('share', '=', False), ('id', '!=', uid)]"
    )

    def action_confirm(self):
        """Book the decision; what is missing is said by the door."""
        self.ensure_one()
        self.request_ids.check_access("read")
        self.request_ids._decide(
            self.decision,
            self.reason,
            delegate_to=self.delegate_id if self.decision == "delegate" else None,
        )
        return {"type": "ir.actions.act_window_close"}
