from odoo import models


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _get_translation_frontend_modules_name(cls):
        """Send the shop's own words to its scripts in the reader's language."""
        return [*super()._get_translation_frontend_modules_name(), "kh_b2b_portal"]
