from odoo import api, fields, models
from odoo.fields import Command


class MemberApplication(models.Model):
    _inherit = "kh.member.application"

    # === FIELDS === #
    kh_assortment_ids = fields.Many2many(
        "kh.catalog.assortment",
        "kh_member_application_assortment_rel",
        "application_id",
        "assortment_id",
        string="Visible Catalogue",
        domain="[('company_id', 'in', [False, company_id])]",
        tracking=True,
        help="Assortments the dealer sees beside those of its level and what is open to all.",
    )
    kh_level_assortment_ids = fields.Many2many(related="grade_id.kh_assortment_ids")

    # === HOOKS === #
    @api.model
    def _get_grant_fields(self):
        return super()._get_grant_fields() | {"kh_assortment_ids"}

    def _prepare_partner_vals(self):
        """Extend `kh_b2b_member`: the admitted dealer sees the catalogue it was granted.

        A customer from before keeps its assortments while none are granted.
        """
        vals = super()._prepare_partner_vals()
        if self.kh_assortment_ids:
            vals["kh_assortment_ids"] = [Command.set(self.kh_assortment_ids.ids)]
        return vals
