from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class SalesArea(models.Model):
    _inherit = "kh.sales.area"

    # === CRUD METHODS === #
    def write(self, vals):
        result = super().write(vals)
        if "company_id" in vals:
            # rare, and it may concern any product by way of its category
            self.env["product.template"]._kh_refresh_keys()
        if {"parent_id", "company_id"} & vals.keys():
            self.env["product.template"]._kh_forget_saleable()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_use(self):
        """Keep areas that restrict something: without them it would be open to everybody."""
        uses = Domain("kh_area_include_ids", "in", self.ids)
        uses |= Domain("kh_area_exclude_ids", "in", self.ids)
        for model in ("product.template", "product.category"):
            # sudo: also what other companies sell counts
            used = self.env[model].sudo().with_context(active_test=False).search(uses, limit=1)
            if used:
                raise UserError(
                    self.env._(
                        "Where “%(name)s” is sold depends on these areas. Archive the areas, or "
                        "take them out there first.",
                        name=used.display_name,
                    )
                )
