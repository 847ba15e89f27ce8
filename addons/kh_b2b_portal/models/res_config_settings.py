from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    kh_stock_is_exact = fields.Boolean(related="website_id.kh_stock_is_exact", readonly=False)
    kh_stock_few_quantity = fields.Float(related="website_id.kh_stock_few_quantity", readonly=False)
