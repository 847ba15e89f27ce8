from odoo import api, models
from odoo.exceptions import ValidationError


class MrpBom(models.Model):
    _inherit = "mrp.bom"

    # === CONSTRAINTS === #
    @api.constrains("type", "active", "product_tmpl_id")
    def _check_kh_kind(self):
        """A kit would make a bundle of what is packed with goods."""
        for bom in self:
            # sudo: the kind is the same for whoever looks
            product_sudo = bom.sudo().product_tmpl_id
            if bom.active and bom.type == "phantom" and product_sudo.kh_kind == "auxiliary":
                raise ValidationError(
                    self.env._(
                        "%s is a packaging auxiliary: it cannot have a kit.",
                        product_sudo.display_name,
                    )
                )
