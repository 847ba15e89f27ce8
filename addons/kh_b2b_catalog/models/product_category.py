from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

KEY_FIELDS = {"parent_id", "kh_area_include_ids", "kh_area_exclude_ids"}


class ProductCategory(models.Model):
    _inherit = "product.category"

    # === FIELDS === #
    kh_area_include_ids = fields.Many2many(
        "kh.sales.area",
        "kh_category_area_include_rel",
        "category_id",
        "area_id",
        string="Sold Only In",
        ondelete="restrict",
        groups="base.group_user",
        help="For products of this category and of those in it, as long as nearer ones say "
        "nothing else. Empty: as for the category above.",
    )
    kh_area_exclude_ids = fields.Many2many(
        "kh.sales.area",
        "kh_category_area_exclude_rel",
        "category_id",
        "area_id",
        string="Not Sold In",
        ondelete="restrict",
        groups="base.group_user",
        help="For products of this category and of all categories in it.",
    )

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        categories = super().create(vals_list)
        if any(KEY_FIELDS & vals.keys() for vals in vals_list):
            categories._kh_refresh_products()
        return categories

    def write(self, vals):
        result = super().write(vals)
        if KEY_FIELDS & vals.keys():
            self._kh_refresh_products()
        return result

    def unlink(self):
        result = super().unlink()
        self.env["product.template"]._kh_refresh_restrictions()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_restricting(self):
        """Keep categories by which products are restricted: these would be open to everybody.

        Core leaves the products, also those of the categories below, without a category.
        """
        self.flush_model(["parent_id", "parent_path"])
        self.env["product.template"].flush_model(["categ_id"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT a.id
                  FROM product_category p
                  JOIN product_category c ON c.parent_path LIKE p.parent_path || '%%'
                  JOIN product_category a ON c.parent_path LIKE a.parent_path || '%%'
                 WHERE p.id = ANY(%s)
                   AND EXISTS (SELECT FROM product_template t WHERE t.categ_id = c.id)
                   AND (EXISTS (SELECT FROM kh_category_area_include_rel r
                                 WHERE r.category_id = a.id)
                        OR EXISTS (SELECT FROM kh_category_area_exclude_rel r
                                    WHERE r.category_id = a.id))
                 LIMIT 1
                """,
                self.ids,
            )
        )
        if rows:
            raise UserError(
                self.env._(
                    "Where products are sold depends on “%s”: move the products to another "
                    "category first.",
                    self.browse(rows[0][0]).display_name,
                )
            )

    # === BUSINESS METHODS === #
    def _kh_refresh_products(self):
        """Bring the keys of all products in and below these categories up to date."""
        self.flush_model(["parent_id", "parent_path"])
        self.env["product.template"].flush_model(["categ_id"])
        self.env["product.template"]._kh_refresh_keys(
            SQL(
                """
                SELECT t.id
                  FROM product_category p
                  JOIN product_category c ON c.parent_path LIKE p.parent_path || '%%'
                  JOIN product_template t ON t.categ_id = c.id
                 WHERE p.id = ANY(%s)
                """,
                self.ids,
            )
        )
