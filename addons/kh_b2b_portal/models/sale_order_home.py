from typing import NamedTuple

from odoo import api, models
from odoo.fields import Domain

# Stages that wait for somebody, in the order of urgency for the dealer.
OPEN_STAGES = ("to_pay", "hold", "to_receive", "to_ship", "review")


class StageCount(NamedTuple):
    """Orders of one stage: how many, worth how much (company currency of the shop)."""

    stage: str
    label: str
    count: int
    amount: float


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === BUSINESS METHODS - HOME === #
    @api.model
    def _kh_home_domain(self, partner, website):
        """Orders of the dealer that were sent; the cart is not one of them."""
        return Domain("partner_id", "child_of", partner.commercial_partner_id.id) & (
            Domain("company_id", "=", website.company_id.id)
            & Domain("kh_stage", "not in", ("draft", False))
        )

    @api.model
    def _kh_home_stages(self, partner, website):
        """What waits for somebody, counted and summed in one query.

        :rtype: list[StageCount]
        """
        domain = self._kh_home_domain(partner, website) & Domain("kh_stage", "in", OPEN_STAGES)
        groups = {
            stage: (count, amount)
            for stage, count, amount in self._read_group(
                domain, ["kh_stage"], ["__count", "amount_total:sum"]
            )
        }
        labels = dict(self._fields["kh_stage"]._description_selection(self.env))
        return [
            StageCount(stage, labels[stage], *groups[stage])
            for stage in OPEN_STAGES
            if stage in groups
        ]

    def _kh_stage_label(self):
        """The stage in the viewer's language."""
        self.ensure_one()
        return dict(self._fields["kh_stage"]._description_selection(self.env)).get(
            self.kh_stage, ""
        )
