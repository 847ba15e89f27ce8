from odoo import fields, models

from odoo.addons.kh_b2b_order.utils import format_amount, format_money, format_quantity


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === FIELDS === #
    kh_dealer_note = fields.Text(
        "Dealer's Note", copy=False, help="What the dealer asked for when sending the order."
    )

    # === BUSINESS METHODS - SPLIT === #
    def _kh_prepare_part_vals(self, part):
        """Extend: what the dealer asked for holds for all parts."""
        note = {"kh_dealer_note": self.kh_dealer_note} if self.kh_dealer_note else {}
        return {**note, **super()._kh_prepare_part_vals(part)}

    # === BUSINESS METHODS - CART === #
    def _kh_cart_lines(self):
        """Lines a dealer counts as goods: neither delivery fees, auxiliaries nor sections."""
        return self.order_line.filtered(
            lambda line: (
                line.product_id
                and not line.is_delivery
                and not line.display_type
                and not line.kh_is_auxiliary
            )
        )

    def _kh_cart_quantities(self):
        """Quantity of each product in the cart, in the product's unit."""
        quantities = {}
        for line in self._kh_cart_lines():
            product = line.product_id
            quantity = line.product_uom_id._compute_quantity(
                line.product_uom_qty, product.uom_id, round=False
            )
            quantities[product.id] = quantities.get(product.id, 0.0) + quantity
        return quantities

    def _kh_cart_totals(self):
        """Totals of the cart as the page shows them (strings), with kinds and pieces.

        :rtype: dict[str, int | str]
        """
        lines = self._kh_cart_lines()
        currency = self.currency_id
        digits = currency.decimal_places
        return {
            "kinds": len(lines),
            "pieces": format_quantity(sum(lines.mapped("product_uom_qty"))),
            "untaxed": format_amount(self.amount_untaxed, digits),
            "tax": format_amount(self.amount_tax, digits),
            "delivery": format_amount(self.amount_delivery, digits),
            "auxiliaries": self._kh_get_auxiliary_text() if self else "",
            "amount": self.amount_total,
            "total": format_money(self.amount_total, currency) if self else "",
        }

    # === BUSINESS METHODS - SETS === #
    def _kh_get_set_discounts(self):
        """What lines bought as a set earn now, ``{line: percent}``."""
        return {line: line.discount for line in self.order_line if line.kh_scene_id}

    def _kh_get_set_changes(self, before):
        """Return the rows of lines whose discount changed since, each saying why.

        :param dict before: what `_kh_get_set_discounts` returned
        :rtype: list[dict]
        """
        rows = []
        for line, discount in self._kh_get_set_discounts().items():
            if line not in before or before[line] == discount:
                continue
            name = line.kh_scene_id.sudo().name  # sudo: bought before it left the website
            if discount:
                text = self.env._("The set “%s” is whole: its discount counts.", name)
            else:
                text = self.env._("The set “%s” is not whole any more: its discount is gone.", name)
            rows.append({**line._kh_cart_values(), "warning": text})
        return rows
