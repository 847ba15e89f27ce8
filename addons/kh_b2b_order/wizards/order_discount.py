from odoo import models


class SaleOrderDiscount(models.TransientModel):
    _inherit = "sale.order.discount"

    # === ACTION METHODS === #
    def action_apply_discount(self):
        """Extend: discounts on a placed order are one version of it."""
        with self.sale_order_id._kh_versioned() as orders:
            wizard = self.with_env(orders.env)
            return super(SaleOrderDiscount, wizard).action_apply_discount()
