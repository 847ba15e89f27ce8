from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    kh_price_version = fields.Integer(
        "Price version",
        readonly=True,
        copy=False,
        groups="base.group_system",
        help="Counts the price contracts put into force; changed under the row's lock.",
    )
    kh_price_contract_count = fields.Integer(
        "Price contracts",
        compute="_compute_kh_price_contract_count",
        groups="kh_b2b_member.group_b2b_user",
    )

    def _compute_kh_price_contract_count(self):
        companies = self.commercial_partner_id
        counts = dict(
            self.env["kh.price.contract"]._read_group(
                [("partner_id", "in", companies.ids)], ["partner_id"], ["__count"]
            )
        )
        for partner in self:
            partner.kh_price_contract_count = counts.get(partner.commercial_partner_id, 0)

    def _kh_head_office_ids(self):
        """Return the ids of the companies above this one, nearest first."""
        self.ensure_one()
        ids, company = [], self.parent_id
        while company:
            ids.append(company.id)
            company = company.parent_id
        return ids

    def action_view_kh_price_contracts(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kh_b2b_pricing.kh_price_contract_action"
        )
        dealer = self.commercial_partner_id
        return {
            **action,
            "domain": [("partner_id", "=", dealer.id)],
            "context": {"default_partner_id": dealer.id},
        }
