from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

# Where a transaction keeps the companies of areas; core empties it with the rest.
COMPANIES = "kh_b2b_catalog.area_companies"


class SalesArea(models.Model):
    _inherit = "kh.sales.area"

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        areas = super().create(vals_list)
        self.env.cr.cache.pop(COMPANIES, None)
        return areas

    def write(self, vals):
        result = super().write(vals)
        if "company_id" in vals:
            self.env.cr.cache.pop(COMPANIES, None)
            # rare, and it may concern any product by way of its category
            self.env["product.template"]._kh_refresh_keys()
        if {"parent_id", "company_id"} & vals.keys():
            self.env["product.template"]._kh_forget_saleable()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_use(self):
        """Keep areas that restrict something: without them it would be open to everybody."""
        uses = Domain("kh_area_include_ids", "in", self.ids)
        uses |= Domain("kh_area_exclude_ids", "in", self.ids)
        for model in ("product.template", "product.category"):
            # sudo: also what other companies sell counts
            used = self.env[model].sudo().with_context(active_test=False).search(uses, limit=1)
            if used:
                raise UserError(
                    self.env._(
                        "Where “%(name)s” is sold depends on these areas. Archive the areas, or "
                        "take them out there first.",
                        name=used.display_name,
                    )
                )

    # === BUSINESS METHODS === #
    @api.model
    def _kh_note_no_companies(self):
        """Learn from a query made for something else that all areas are for all companies."""
        self.env.cr.cache.setdefault(COMPANIES, {})

    @api.model
    def _kh_find_foreign_ids(self, company):
        """Return the ids of areas of other companies; at most one query in a transaction.

        :rtype: set[int]
        """
        cache = self.env.cr.cache
        if COMPANIES not in cache:
            # sudo: of all companies, nothing of it is shown
            owned = Domain("company_id", "!=", False)
            areas_sudo = (
                self.sudo()
                .with_context(active_test=False)
                .search_fetch(owned, ["company_id"], order="id")
            )
            cache[COMPANIES] = {area.id: area.company_id.id for area in areas_sudo}
        return {area for area, owner in cache[COMPANIES].items() if owner != company.id}
