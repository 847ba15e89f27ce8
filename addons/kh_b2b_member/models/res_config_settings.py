from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    kh_registration_open = fields.Boolean(related="company_id.kh_registration_open", readonly=False)
    kh_registration_days = fields.Integer(related="company_id.kh_registration_days", readonly=False)
    kh_allow_legacy_code = fields.Boolean(related="company_id.kh_allow_legacy_code", readonly=False)
