from odoo import api, models


class ResCompany(models.Model):
    _inherit = "res.company"

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        Product = self.env["product.template"]
        if any(Product._kh_get_restrictions()):
            # what other companies restrict is open in the new one
            Product._kh_refresh_keys()
        return companies
