from odoo import models

from ..status import get_status_table


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    def session_info(self):
        """Hand the status vocabulary to the back office (field widget `kh_status`)."""
        info = super().session_info()
        if self.env.user._is_internal():
            info["kh_status"] = get_status_table("staff")
        return info
