from odoo import api, models

from odoo.addons.kh_b2b_catalog.engine.caches import clear_caches


class ProductPublicCategory(models.Model):
    """Categories are few and change seldom: the shop keeps their tree between two changes."""

    _inherit = "product.public.category"

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        categories = super().create(vals_list)
        clear_caches(self.env)
        return categories

    def write(self, vals):
        result = super().write(vals)
        if {"name", "seo_name", "parent_id", "sequence", "website_id"} & vals.keys():
            clear_caches(self.env)
        return result

    def unlink(self):
        result = super().unlink()
        clear_caches(self.env)
        return result
