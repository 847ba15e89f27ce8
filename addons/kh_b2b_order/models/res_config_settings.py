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
    kh_express_provider = fields.Selection(related="company_id.kh_express_provider", readonly=False)
    kh_express_url = fields.Char(related="company_id.kh_express_url", readonly=False)
    kh_express_customer = fields.Char(related="company_id.kh_express_customer", readonly=False)
    kh_express_key = fields.Char(related="company_id.kh_express_key", readonly=False)
    kh_express_salt = fields.Char(related="company_id.kh_express_salt", readonly=False)
    kh_express_is_local = fields.Boolean(related="company_id.kh_express_is_local", readonly=False)
    kh_receipt_days = fields.Integer(related="company_id.kh_receipt_days", readonly=False)
