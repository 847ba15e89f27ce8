from odoo import models


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    # === BUSINESS METHODS - SALEABLE === #
    def _kh_is_held_to_catalogue(self):
        """Answer whether the product of this line must be in the customer's catalogue (hook).

        Goods and the contents of sets; neither delivery fees nor what the system adds.
        """
        self.ensure_one()
        return bool(
            self.product_id
            and not self.display_type
            and not self.is_delivery
            and not self.is_downpayment
            and not self.kh_is_auxiliary
        )

    def _get_shop_warning(self, clear=True):
        """Extend `website_sale`: say in open carts what is not for sale any more.

        It is found out when the cart is shown, so it is true to the minute.
        """
        warning = super()._get_shop_warning(clear=clear)
        if self.order_id.state not in ("draft", "sent"):
            return warning
        return self._kh_get_unsaleable_reason() or warning

    def _kh_get_unsaleable_reason(self):
        """Return why the customer may not buy this line's product; one query an order."""
        self.ensure_one()
        return self.order_id._kh_find_unsaleable().get(self.sudo(), "")  # sudo: keys are in sudo
