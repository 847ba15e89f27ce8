from odoo import api, models
from odoo.fields import Domain

from .sale_order_home import HomeTask


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === BUSINESS METHODS - HOME, WHAT TO DO === #
    @api.model
    def _kh_home_tasks(self, partner, website):
        """Extend: tickets of the dealer's company that wait for its answer (M-06)."""
        tasks = super()._kh_home_tasks(partner, website)
        # sudo: dealers have no right on tickets; only those of the own company are counted
        count = (
            self.env["kh.order.ticket"]
            .sudo()
            .search_count(
                Domain("dealer_id", "=", partner.commercial_partner_id.id)
                & Domain("state", "=", "waiting")
            )
        )
        if count:
            label = self.env._("Answer our questions")
            tasks.append(
                HomeTask("ticket", label, count, None, None, False, "/my/tickets?show=open")
            )
        return tasks
