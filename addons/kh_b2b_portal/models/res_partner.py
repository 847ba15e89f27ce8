from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _kh_one_line_address(self):
        """Address from the large to the small, as it is written in China, without country."""
        self.ensure_one()
        return " ".join(
            part for part in (self.state_id.name, self.city, self.street, self.street2) if part
        )
