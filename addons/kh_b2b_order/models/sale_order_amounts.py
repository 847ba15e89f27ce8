from odoo import models


class SaleOrder(models.Model):
    """One quantity of a long order changes one line; its amounts do not cost all lines anew."""

    _inherit = "sale.order"

    def _compute_amounts(self):
        """Extend: where taxes are rounded on each line, an order costs the sum of its lines.

        That is what core finds too, by computing the taxes of each line a second time. Where
        taxes are rounded for the whole order, or an early payment changes them, core does it.
        """
        summed = self.filtered(lambda order: order._kh_costs_sum_of_lines())
        for order in summed:
            currency = order.currency_id or order.company_id.currency_id
            lines = order._get_priced_lines()
            order.amount_untaxed = currency.round(sum(lines.mapped("price_subtotal")))
            order.amount_total = currency.round(sum(lines.mapped("price_total")))
            order.amount_tax = currency.round(order.amount_total - order.amount_untaxed)
        return super(SaleOrder, self - summed)._compute_amounts()

    def _kh_costs_sum_of_lines(self):
        self.ensure_one()
        is_by_line = self.company_id.tax_calculation_rounding_method == "round_per_line"
        return is_by_line and not self._add_base_lines_for_early_payment_discount()
