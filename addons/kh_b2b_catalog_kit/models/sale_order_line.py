from odoo import models

from ..engine.split import split_amount


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    # === BUSINESS METHODS - BUNDLES === #
    def _kh_split_bundle_price(self):
        """Spread what the bundles of these lines cost over their parts.

        By market price × quantity of each part; the parts add up to the line's total to the
        cent. What one returned part is worth comes from here.

        :return: ``{line: {part: amount of all its pieces, tax included, order currency}}``;
            lines without a bundle are absent
        """
        result = {}
        for company, lines in self.grouped("company_id").items():
            parts = lines.product_id._kh_get_kit_parts(company)
            for line in lines:
                need = parts.get(line.product_id.sudo())  # sudo: the keys are in sudo
                if not need:
                    continue
                # sudo: market prices of parts the dealer may not see alone
                weights = [part.sudo().lst_price * quantity for part, quantity in need.items()]
                digits = line.currency_id.decimal_places
                shares = split_amount(line.price_total, weights, digits)
                result[line] = dict(zip(need, shares, strict=True))
        return result
