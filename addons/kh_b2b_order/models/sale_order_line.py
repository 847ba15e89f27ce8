from odoo import models
from odoo.tools import float_compare


class SaleOrderLine(models.Model):
    # core's model, named because it also takes a mixin: its access rows are core's
    _name = "sale.order.line"
    _inherit = ["sale.order.line", "kh.approval.line.mixin"]

    # lines are frozen with an order that is under review
    _approval_parent_field = "order_id"

    # === BUSINESS METHODS === #
    def _kh_is_delivered(self):
        """Answer whether at least the ordered quantity was delivered."""
        self.ensure_one()
        # the cheaper path: no precision is needed where nothing came yet
        if not self.qty_delivered:
            return not self.product_uom_qty
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        return float_compare(self.qty_delivered, self.product_uom_qty, precision_digits=digits) >= 0

    def _kh_get_rule_prices(self):
        """Return what the price rules, or quotes, give these lines today, whatever they cost.

        Per unit of the line, as on the line: before its discount, in the order's currency.
        Lines that no rule prices are left out. One batch for each dealer, pricelist and date.

        :rtype: dict[int, float]
        """
        goods = self.filtered(
            lambda line: (
                line.product_id
                and not line.display_type
                and not line.is_downpayment
                and not line.is_delivery
                and not line._is_global_discount()
            )
        )
        # sudo: the quote of the line, whoever confirms the order
        quoted = {line: line._kh_get_quote().sudo() for line in goods}
        prices = {line.id: quote.quoted_price for line, quote in quoted.items() if quote}
        goods = goods.filtered(lambda line: not quoted[line])
        by_engine = goods.filtered(lambda line: line._kh_is_rule_priced())
        prices |= {line.id: quote[0] for line, quote in by_engine._kh_quote_lines().items()}
        known_taxes = {}
        for line in goods - by_engine:
            line = line.with_company(line.company_id)
            price, _taxes = line._kh_map_taxes(
                line.product_id, line._get_display_price(), known_taxes
            )
            prices[line.id] = price
        return prices

    def _kh_can_merge(self):
        """Answer whether more of the same product may go on this line."""
        self.ensure_one()
        return bool(
            self.product_id
            and not self.display_type
            and not self.linked_line_id
            and not self.combo_item_id
            and not self.is_delivery
            and not self.is_downpayment
            and not self.product_custom_attribute_value_ids
            and not self.product_no_variant_attribute_value_ids
        )
