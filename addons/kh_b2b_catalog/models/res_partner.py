from odoo import api, fields, models

VIEWER_FIELDS = {"grade_id", "kh_sales_area_ids", "kh_assortment_ids", "parent_id"}


class ResPartner(models.Model):
    _inherit = "res.partner"

    # === FIELDS === #
    kh_assortment_ids = fields.Many2many(
        "kh.catalog.assortment",
        "kh_catalog_assortment_partner_rel",
        "partner_id",
        "assortment_id",
        string="Assortments",
        tracking=True,
        groups="base.group_user",
        help="What this dealer sees beside the assortments of its level.",
    )
    kh_visible_assortment_ids = fields.Many2many(
        "kh.catalog.assortment",
        string="Visible Catalogue",
        compute="_compute_kh_visible_assortment_ids",
        compute_sudo=True,
        groups="base.group_user",
        help="Assortments of the dealer and of its level.",
    )

    # === COMPUTE METHODS === #
    @api.depends(
        "commercial_partner_id.kh_assortment_ids.active",
        "commercial_partner_id.grade_id.kh_assortment_ids.active",
    )
    def _compute_kh_visible_assortment_ids(self):
        for partner in self:
            dealer = partner.commercial_partner_id
            assortments = dealer.kh_assortment_ids | dealer.grade_id.kh_assortment_ids
            partner.kh_visible_assortment_ids = assortments.filtered("active")

    # === CRUD METHODS === #
    def write(self, vals):
        result = super().write(vals)
        if VIEWER_FIELDS & vals.keys():
            self.env["product.template"]._kh_forget_saleable()
        return result

    # === HOOKS === #
    @api.model
    def _kh_get_entitlement_fields(self):
        """Extend: who sees which goods is granted, and logged."""
        return [*super()._kh_get_entitlement_fields(), "kh_assortment_ids"]

    # === BUSINESS METHODS - CATALOGUE === #
    def _kh_get_assortment_keys(self, company):
        """Return the ids of the assortments a dealer sees in a company, sorted.

        For one dealer in sudo, or for none: a visitor has no assortments.
        """
        assortments = self.kh_visible_assortment_ids
        return tuple(
            sorted(a.id for a in assortments if not a.company_id or a.company_id == company)
        )

    def _kh_get_area_keys(self, company):
        """Return the ids of a dealer's areas and of all areas above them, sorted.

        Areas of other companies count for nothing. For one dealer in sudo, or for none.
        """
        # an archived area goes on to be where the dealer is
        dealer = self.commercial_partner_id.with_context(active_test=False)
        areas = dealer.kh_sales_area_ids.filtered(
            lambda area: not area.company_id or area.company_id == company
        )
        foreign = self.env["kh.sales.area"]._kh_find_foreign_ids(company)
        keys = {int(key) for area in areas for key in (area.parent_path or "").split("/") if key}
        return tuple(sorted(keys - foreign))
