from odoo import api, models
from odoo.fields import Domain


class ProductPublicCategory(models.Model):
    _inherit = "product.public.category"

    # === COMPUTE METHODS === #
    @api.depends("product_tmpl_ids.is_published", "child_id.has_published_products")
    @api.depends_context("uid", "website_id", "allowed_company_ids")
    def _compute_has_published_products(self):
        """Replace `website_sale`: all categories at once, with products the viewer may see.

        Core asks one category after the other, because the field is recursive.
        """
        shown = self._kh_find_shown_ids()
        for category in self:
            category.has_published_products = category._origin.id in shown

    @api.model
    def _search_has_published_products(self, operator, value):
        """Replace `website_sale`, as the compute method; the ORM negates."""
        if operator != "in":
            return NotImplemented
        return Domain("id", "in", list(self._kh_find_shown_ids()))

    # === BUSINESS METHODS === #
    @api.model
    def _kh_find_shown_ids(self):
        """Return the ids of categories in or below which the viewer finds a product.

        Two queries, whatever the number of categories; the search for products stops at the
        first one of each category.
        """
        # sudo: core's rule on categories asks for this very answer
        categories_sudo = self.sudo().with_context(active_test=False)
        Product = self.env["product.template"]
        products = Domain("is_published", "=", True) & Domain("active", "=", True)
        products &= Product._kh_user_domain()
        filled = categories_sudo.search_fetch(
            Domain("product_tmpl_ids", "any", products), ["parent_path"]
        )
        return {
            int(key)
            for category in filled
            for key in (category.parent_path or "").split("/")
            if key
        }
