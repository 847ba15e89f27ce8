from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import ormcache

from odoo.addons.kh_b2b_catalog.engine.caches import clear_caches


class ProductTemplate(models.Model):
    _inherit = "product.template"

    # === FIELDS === #
    kh_kind = fields.Selection(
        selection_add=[("bundle", "Bundle")],
        ondelete={"bundle": "set default"},
        compute="_compute_kh_kind",
        store=True,
        readonly=False,
        precompute=True,
    )
    kh_has_missing_part = fields.Boolean(
        "Part Missing",
        compute="_compute_kh_has_missing_part",
        store=True,
        recursive=True,
        help="A part of this bundle was archived: the bundle is not sold until its bill of "
        "materials names another.",
    )

    # === COMPUTE METHODS === #
    @api.depends("bom_ids.type", "bom_ids.active")
    def _compute_kh_kind(self):
        """A product with a kit is a bundle, and only such a product."""
        for product in self:
            if product.kh_kind == "auxiliary":
                product.kh_kind = "auxiliary"  # bills of materials refuse it a kit
            elif product._kh_get_kits():
                product.kh_kind = "bundle"
            elif product.kh_kind == "bundle" or not product.kh_kind:
                product.kh_kind = "normal"

    @api.depends(
        "bom_ids.type",
        "bom_ids.active",
        "bom_ids.bom_line_ids.product_id.active",
        "bom_ids.bom_line_ids.product_id.product_tmpl_id.kh_has_missing_part",
    )
    def _compute_kh_has_missing_part(self):
        """A part that is a bundle itself is missing when one of its own parts is."""
        is_flipped = False
        for product in self:
            # sudo: parts that the user does not see
            parts_sudo = product._kh_get_kits().bom_line_ids.product_id
            is_missing = any(
                not part.active or part.product_tmpl_id.kh_has_missing_part for part in parts_sudo
            )
            is_flipped |= product.kh_has_missing_part != is_missing
            product.kh_has_missing_part = is_missing
        if is_flipped:  # most products are no bundles: creating them empties no cache
            clear_caches(self.env)

    # === CONSTRAINTS === #
    @api.constrains("kh_kind", "bom_ids")
    def _check_kh_kind_bundle(self):
        for product in self:
            if product.kh_kind == "auxiliary" and product._kh_get_kits():
                raise ValidationError(
                    self.env._(
                        "%s has a kit: it is a bundle, not an auxiliary.", product.display_name
                    )
                )

    # === BUSINESS METHODS === #
    def _kh_get_kits(self):
        """Return the active kits of these products, of all companies."""
        # sudo: the kind is the same for whoever looks
        return self.sudo().bom_ids.filtered(lambda bom: bom.active and bom.type == "phantom")

    @api.model
    @ormcache()
    def _kh_has_incomplete_bundles(self):
        # sudo: of whatever company
        return bool(self.sudo().search_count([("kh_has_missing_part", "=", True)], limit=1))

    @api.model
    def _kh_kind_domain(self):
        """Extend: a bundle is sold while each of its parts is there to be sold (active)."""
        domain = super()._kh_kind_domain()
        if not self._kh_has_incomplete_bundles():
            return domain
        return domain & Domain("kh_has_missing_part", "!=", True)
