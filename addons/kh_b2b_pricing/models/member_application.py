from odoo import api, fields, models


class MemberApplication(models.Model):
    _inherit = "kh.member.application"

    # === FIELDS === #
    pricelist_id = fields.Many2one(
        "product.pricelist",
        "Price policy",
        domain="[('kh_is_b2b', '=', True), ('company_id', 'in', [False, company_id])]",
        tracking=True,
        help="The B2B pricelist from which the dealer buys. Needed to approve.",
    )

    # === HOOKS === #
    @api.model
    def _get_grant_fields(self):
        return super()._get_grant_fields() | {"pricelist_id"}

    def _get_required_grant_fields(self):
        return [*super()._get_required_grant_fields(), "pricelist_id"]

    def _apply_admission(self):
        """Extend `kh_b2b_member`: give the admitted dealer its price policy."""
        result = super()._apply_admission()
        for application in self.filtered("pricelist_id"):
            company = application.company_id or self.env.company
            partner = application.partner_id.commercial_partner_id.with_company(company)
            # A write of its own: together with a level that has a default pricelist
            # `partnership` would refuse a different one.
            partner.specific_property_product_pricelist = application.pricelist_id
        return result
