from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    kh_is_b2b = fields.Boolean(related="website_id.kh_is_b2b", readonly=False)
