from odoo import models

from odoo.addons.kh_b2b_order.utils import format_amount, format_price


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    # === BUSINESS METHODS - CART === #
    def _kh_shows_tax_included(self):
        """Whether the line's website speaks in prices with tax."""
        website = self.order_id.website_id or self.env["website"].get_current_website()
        return website.show_line_subtotals_tax_selection == "tax_included"

    def _kh_unit_price(self):
        """Unit price after discount, taxed as the website shows prices."""
        self.ensure_one()
        if self._kh_shows_tax_included():
            return self.price_reduce_taxinc
        return self.price_reduce_taxexcl

    def _kh_cart_values(self):
        """What changes in a cart row after a new quantity (strings, ready to show)."""
        self.ensure_one()
        digits = self.currency_id.decimal_places
        subtotal = self.price_total if self._kh_shows_tax_included() else self.price_subtotal
        precision = self.env["decimal.precision"].precision_get("Product Price")
        return {
            "line_id": self.id,
            "product_id": self.product_id.id,
            "quantity": self.product_uom_qty,
            "price": format_price(self._kh_unit_price(), precision, digits),
            "subtotal": format_amount(subtotal, digits),
            "warning": self._get_shop_warning(clear=False) or "",
            "discount": self._kh_set_discount_text(),
        }

    def _kh_set_discount_text(self):
        """Say that the unit price holds a discount for a whole set; empty where it does not."""
        if not self.discount or self.discount != self.kh_scene_discount:
            return ""
        return self.env._("Whole set: %(rate)s%% off", rate=f"{self.discount:g}")
