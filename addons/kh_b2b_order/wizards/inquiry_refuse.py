from odoo import fields, models


class InquiryRefuse(models.TransientModel):
    """Asks why an inquiry is not quoted; the dealer reads it."""

    _name = "kh.inquiry.refuse"
    _description = "Do Not Quote"

    inquiry_id = fields.Many2one(
        "kh.price.inquiry", required=True, default=lambda self: self._default_inquiry_id()
    )
    reason = fields.Char(required=True, help="The dealer reads this.")

    def _default_inquiry_id(self):
        if self.env.context.get("active_model") == "kh.price.inquiry":
            return self.env.context.get("active_id")
        return False

    def action_refuse(self):
        self.ensure_one()
        self.inquiry_id.action_refuse(self.reason)
        return {"type": "ir.actions.act_window_close"}
