from odoo import models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _add_partnership(self):
        """Extend `partnership`: a level that was bought is the buyer's, whoever confirms.

        Superuser and logged: the seller need not have the right to change entitlements.
        """
        if not any(order.assigned_grade_id for order in self):
            return super()._add_partnership()
        reasons = {order.partner_id.commercial_partner_id.id: order.name for order in self}
        source = self.env["res.partner"]._kh_with_grant_source("order", reasons)
        # sudo: the product gives the level, not the person who confirms the order
        orders_sudo = self.with_env(source.env).sudo()
        return super(SaleOrder, orders_sudo)._add_partnership()
