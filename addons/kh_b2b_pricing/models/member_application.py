from odoo import api, fields, models


class MemberApplication(models.Model):
    _inherit = "kh.member.application"

    # === FIELDS === #
    pricelist_id = fields.Many2one(
        "product.pricelist",
        "Price policy",
        compute="_compute_pricelist_id",
        store=True,
        readonly=False,
        domain="[('kh_is_b2b', '=', True), ('company_id', 'in', [False, company_id])]",
        tracking=True,
        help="The B2B pricelist from which the dealer buys. Needed to approve.",
    )

    # === COMPUTE METHODS === #

    @api.depends("grade_id", "company_id")
    def _compute_pricelist_id(self):
        """Propose the level's pricelist, or the only one there is."""
        for company, applications in self.grouped("company_id").items():
            known = self._get_b2b_pricelists(company)
            for application in applications.filtered(lambda a: not a.pricelist_id):
                proposed = application.grade_id.default_pricelist_id & known
                application.pricelist_id = proposed or (known if len(known) == 1 else False)

    # === HOOKS === #

    @api.model
    def _get_b2b_pricelists(self, company):
        domain = [("kh_is_b2b", "=", True), ("company_id", "in", [False, company.id])]
        return self.env["product.pricelist"].search(domain)

    @api.model
    def _get_grant_fields(self):
        return super()._get_grant_fields() | {"pricelist_id"}

    @api.model
    def _get_required_grant_fields(self):
        """Extend `kh_b2b_member`: a price policy, as soon as there is one to choose."""
        required = super()._get_required_grant_fields()
        if self.env["product.pricelist"].search_count([("kh_is_b2b", "=", True)], limit=1):
            required = [*required, "pricelist_id"]
        return required

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
