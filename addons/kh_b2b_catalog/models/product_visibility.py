from odoo import api, fields, models
from odoo.fields import Domain

from ..engine.saleable import BelongingCondition


class ProductVisibilityMixin(models.AbstractModel):
    """What belongs to a product is as secret as the product.

    Visitors and dealers may read pictures, options and price rules in core, without regard to
    the product: names and prices would come out that way. A global rule asks this field.
    """

    _name = "kh.product.visibility.mixin"
    _description = "Product Visibility Mixin"

    _kh_product_fields = ("product_tmpl_id",)

    # === FIELDS === #
    kh_is_visible = fields.Boolean(
        string="Visible to Me",
        compute="_compute_kh_is_visible",
        search="_search_kh_is_visible",
        compute_sudo=True,
    )

    # === COMPUTE METHODS === #
    @api.depends_context("uid", "website_id", "allowed_company_ids")
    def _compute_kh_is_visible(self):
        if self.env["product.template"]._kh_user_domain().is_true():
            self.kh_is_visible = True
            return
        for record in self:
            products = [record[name] for name in self._kh_product_fields if record[name]]
            record.kh_is_visible = all(product.kh_is_visible for product in products)

    @api.model
    def _search_kh_is_visible(self, operator, value):
        if operator != "in":
            return NotImplemented
        Product = self.env["product.template"]
        viewer = Product._kh_get_viewer()
        if not viewer:
            return Domain.TRUE
        saleable, kind = Product._kh_get_condition(viewer), Product._kh_kind_domain()
        if saleable.is_open() and kind.is_true():
            return Domain.TRUE
        return Domain.AND(
            Domain.custom(to_sql=BelongingCondition(saleable, kind, name))
            for name in self._kh_product_fields
        )


# Models of core from here on, named because each takes the mixin: their access rows are core's.
class ProductImage(models.Model):
    _name = "product.image"
    _inherit = ["product.image", "kh.product.visibility.mixin"]

    _kh_product_fields = ("product_tmpl_id", "product_variant_id")

    def _can_return_content(self, field_name=None, access_token=None):
        """Extend `website_sale`: extra pictures are as secret as their product."""
        if not self.kh_is_visible:
            return False
        return super()._can_return_content(field_name, access_token)


class ProductTemplateAttributeLine(models.Model):
    _name = "product.template.attribute.line"
    _inherit = ["product.template.attribute.line", "kh.product.visibility.mixin"]


class ProductTemplateAttributeValue(models.Model):
    _name = "product.template.attribute.value"
    _inherit = ["product.template.attribute.value", "kh.product.visibility.mixin"]


class ProductTemplateAttributeExclusion(models.Model):
    _name = "product.template.attribute.exclusion"
    _inherit = ["product.template.attribute.exclusion", "kh.product.visibility.mixin"]


class ProductPricelistItem(models.Model):
    _name = "product.pricelist.item"
    _inherit = ["product.pricelist.item", "kh.product.visibility.mixin"]
