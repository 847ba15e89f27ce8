from odoo import models


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
