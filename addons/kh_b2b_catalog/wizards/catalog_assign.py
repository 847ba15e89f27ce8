from ast import literal_eval

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

ANY_ACTIVE = ("active", "in", [True, False])


class CatalogAssign(models.TransientModel):
    """Decide for many products at once who sees them (批量配布).

    The products are a selection in a list, a category, or a filter; 70,000 of them take
    seconds, because they are written by SQL.
    """

    _name = "kh.catalog.assign"
    _description = "Assign Products to Assortments and Areas"

    # === FIELDS === #
    product_domain = fields.Char(
        "Products", required=True, default="[]", help="Which products are meant."
    )
    # not as a filter: Odoo reads no text as long as 70,000 ids
    selected_ids = fields.Json(string="Selected in the List")
    category_id = fields.Many2one(
        "product.category", "Category", help="Only products in or below this category."
    )
    product_count = fields.Integer(compute="_compute_product_count", string="Selected")
    add_assortment_ids = fields.Many2many(
        "kh.catalog.assortment", "kh_catalog_assign_add_rel", string="Add to Assortments"
    )
    remove_assortment_ids = fields.Many2many(
        "kh.catalog.assortment", "kh_catalog_assign_remove_rel", string="Remove from Assortments"
    )
    is_include_changed = fields.Boolean("Change Where Sold")
    include_area_ids = fields.Many2many(
        "kh.sales.area", "kh_catalog_assign_include_rel", string="Sold Only In"
    )
    is_exclude_changed = fields.Boolean("Change Where Not Sold")
    exclude_area_ids = fields.Many2many(
        "kh.sales.area", "kh_catalog_assign_exclude_rel", string="Not Sold In"
    )

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        if self.env.context.get("active_model") == "product.template":
            values["selected_ids"] = list(self.env.context.get("active_ids") or [0])
        return values

    # === COMPUTE METHODS === #
    @api.depends("product_domain", "selected_ids", "category_id")
    def _compute_product_count(self):
        for wizard in self:
            domain = wizard._get_product_domain()
            wizard.product_count = self.env["product.template"].search_count(domain)

    # === ACTION METHODS === #
    def action_apply(self):
        """Do what is asked for, and say how many products it concerned."""
        self.ensure_one()
        products = self.env["product.template"].search(self._get_product_domain(), order="id")
        products.check_access("write")
        if not products:
            raise UserError(self.env._("No product is selected."))
        if not self._is_anything_changed():
            raise UserError(self.env._("Choose assortments or areas first."))
        selected = Domain("id", "in", products.ids) & Domain([ANY_ACTIVE])
        if self.add_assortment_ids:
            self.add_assortment_ids._kh_add_products(selected)
        if self.remove_assortment_ids:
            self.remove_assortment_ids._kh_remove_products(selected)
        if self.is_include_changed:
            products._kh_set_areas("kh_area_include_ids", self.include_area_ids)
        if self.is_exclude_changed:
            products._kh_set_areas("kh_area_exclude_ids", self.exclude_area_ids)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("%s product(s) were changed.", len(products)),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    # === BUSINESS METHODS === #
    def _is_anything_changed(self):
        return bool(
            self.add_assortment_ids
            or self.remove_assortment_ids
            or self.is_include_changed
            or self.is_exclude_changed
        )

    def _get_product_domain(self):
        """Return the products meant.

        :raise UserError: if the filter is none
        """
        self.ensure_one()
        try:
            domain = Domain(literal_eval(self.product_domain or "[]"))
        except (ValueError, SyntaxError, TypeError) as error:
            raise UserError(self.env._("The filter of the products cannot be read.")) from error
        if isinstance(self.selected_ids, list):
            # archived ones, too, if they were selected
            domain &= Domain("id", "in", self.selected_ids) & Domain([ANY_ACTIVE])
        if self.category_id:
            domain &= Domain("categ_id", "child_of", self.category_id.id)
        return domain
