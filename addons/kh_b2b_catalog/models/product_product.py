from odoo import models


class ProductProduct(models.Model):
    _inherit = "product.product"

    # === BUSINESS METHODS - MAY THIS DEALER BUY THIS PRODUCT NOW === #
    def _kh_filter_saleable(self, partner, date=None, *, website=None, company=None):
        """See `product.template._kh_filter_saleable`; the same truth for variants."""
        # sudo: whether a product may be bought is asked for products one may not read, too
        saleable = self.sudo().product_tmpl_id._kh_filter_saleable(
            partner, date, website=website, company=company
        )
        template_ids = set(saleable._ids)
        return self.filtered(lambda product: product.sudo().product_tmpl_id.id in template_ids)

    def _kh_explain_unsaleable(self, partner, date=None, *, website=None, company=None):
        """See `product.template._kh_explain_unsaleable`; ``{variant id: sentence}``."""
        # sudo: as above; the reasons name nothing of the product
        products_sudo = self.sudo()
        reasons = products_sudo.product_tmpl_id._kh_explain_unsaleable(
            partner, date, website=website, company=company
        )
        return {
            product.id: reasons[product.product_tmpl_id.id]
            for product in products_sudo
            if product.product_tmpl_id.id in reasons
        }

    def _can_return_content(self, field_name=None, access_token=None):
        """Extend `website`: published is not enough, the rule decides for hidden products."""
        if field_name in self._fields and not self.kh_is_visible:
            return False
        return super()._can_return_content(field_name, access_token)
