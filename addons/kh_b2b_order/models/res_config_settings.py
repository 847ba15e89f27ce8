from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    kh_unpaid_hours = fields.Integer(related="company_id.kh_unpaid_hours", readonly=False)
    kh_unpaid_transfer_hours = fields.Integer(
        related="company_id.kh_unpaid_transfer_hours", readonly=False
    )
    kh_unpaid_reminder_hours = fields.Integer(
        related="company_id.kh_unpaid_reminder_hours", readonly=False
    )
    kh_dealers_may_change = fields.Boolean(
        related="company_id.kh_dealers_may_change", readonly=False
    )
