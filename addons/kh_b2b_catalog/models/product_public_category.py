from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class ProductPublicCategory(models.Model):
    _inherit = "product.public.category"

    # === FIELDS === #
    # Core checks the rule on categories once more for each one that is named with its parents;
    # their names are still read as whoever asks.
    parents_and_self = fields.Many2many(compute_sudo=True)

    # === COMPUTE METHODS === #
    @api.depends("product_tmpl_ids.is_published", "child_id.has_published_products")
    @api.depends_context("uid", "website_id", "allowed_company_ids")
    def _compute_has_published_products(self):
        """Replace `website_sale`: all categories at once, with products the viewer may see.

        Core asks one category after the other, because the field is recursive.
        """
        # sudo: core's rule on categories asks for this very answer
        known_sudo = self.sudo().with_context(active_test=False)
        shown = known_sudo.search(Domain("id", "in", self._origin.ids) & self._kh_shown_domain())
        for category in self:
            category.has_published_products = category._origin.id in shown._ids

    @api.model
    def _search_has_published_products(self, operator, value):
        """Replace `website_sale`, as the compute method; the ORM negates."""
        if operator != "in":
            return NotImplemented
        return self._kh_shown_domain()

    # === BUSINESS METHODS === #
    @api.model
    def _kh_shown_domain(self):
        """Categories in or below which the viewer finds a product.

        Asked row by row and stopped at the first product: whoever opens one category does not
        pay for the others.
        """
        products = Domain("is_published", "=", True) & Domain("active", "=", True)
        # sudo: the domain is the viewer's own
        Product = self.env["product.template"].sudo().with_context(active_test=False)
        Product.flush_model(["public_categ_ids"])
        self.flush_model(["parent_id"])
        query = Product._search(products & self.env["product.template"]._kh_user_domain())

        def to_sql(model, alias, _query):
            # OFFSET keeps the planner from looking at all products first
            return SQL(
                """
                EXISTS (
                    SELECT FROM product_public_category below
                      JOIN product_public_category_product_template_rel filled
                        ON filled.product_public_category_id = below.id
                     CROSS JOIN LATERAL (
                         SELECT 1 FROM %(tables)s
                          WHERE %(where)s AND %(product_id)s = filled.product_template_id
                         OFFSET 0) AS shown
                     WHERE below.parent_path LIKE %(path)s || '%%')
                """,
                tables=query.from_clause,
                where=query.where_clause or SQL("TRUE"),
                product_id=SQL.identifier("product_template", "id"),
                path=SQL.identifier(alias, "parent_path"),
            )

        return Domain.custom(to_sql=to_sql)
