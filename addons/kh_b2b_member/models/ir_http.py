from odoo import models


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _get_translation_frontend_modules_name(cls):
        """The registration form says "Saved" and the like in the visitor's language."""
        return super()._get_translation_frontend_modules_name() + ["kh_b2b_member"]
