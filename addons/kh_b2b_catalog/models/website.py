from odoo import models
from odoo.fields import Domain


class Website(models.Model):
    _inherit = "website"

    # === BUSINESS METHODS - CATALOGUE === #
    def _product_domain(self):
        """Extend `website_sale`: what the person in the shop may see and buy.

        Lists, search and carts ask it, also in sudo, where rules do not bind. Nothing is added
        while nothing is restricted.
        """
        domain = super()._product_domain()
        if self._kh_is_catalogue_restricted():
            return Domain(domain) & Domain("kh_is_visible", "=", True)
        return domain

    def _kh_is_catalogue_restricted(self):
        Product = self.env["product.template"]
        if self.env.user._is_internal():
            return False
        return any(Product._kh_get_restrictions()) or not Product._kh_kind_domain().is_true()

    def _get_basic_feed_product_domain(self):
        """Extend `website_sale`: feeds for the world hold what visitors see, whoever asks."""
        domain = super()._get_basic_feed_product_domain()
        Product = self.env["product.template"]
        visible = Product._kh_saleable_domain(website=self)
        if visible.is_true():
            return domain
        return Domain(domain) & Domain("product_tmpl_id", "any", visible)
