from odoo import models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    # === COMPUTE METHODS === #
    def _compute_can_publish(self):
        """Extend `website`: who has no access at all is not told why, on each page of a product.

        Core asks by an error, whose text takes two queries, and throws it away.
        """
        editable = self.filtered(lambda product: product.has_access("write"))
        (self - editable).can_publish = False
        super(ProductTemplate, editable)._compute_can_publish()

    # === BUSINESS METHODS - SHOP === #
    def _to_markup_data(self, website):
        """Extend `website_sale`: structured data are for search engines, which do not log in.

        The page of a dealer asks without them, by ``kh_no_markup`` in the context.
        """
        if self.env.context.get("kh_no_markup"):
            return {}
        return super()._to_markup_data(website)
