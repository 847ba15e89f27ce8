from odoo import models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    # === BUSINESS METHODS - SHOP === #
    def _to_markup_data(self, website):
        """Extend `website_sale`: structured data are for search engines, which do not log in.

        The page of a dealer asks without them, by ``kh_no_markup`` in the context.
        """
        if self.env.context.get("kh_no_markup"):
            return {}
        return super()._to_markup_data(website)
