from odoo import api, fields, models


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    # === FIELDS === #
    kh_unsaleable_reason = fields.Char(
        "Why Not for Sale",
        compute="_compute_kh_unsaleable_reason",
        help="Why the customer may not buy this product now; found out when it is shown.",
    )

    # === COMPUTE METHODS === #
    @api.depends("product_id", "order_id.partner_id", "order_id.state")
    def _compute_kh_unsaleable_reason(self):
        """All lines of an order at once: a cart of 200 lines asks once."""
        orders = self.order_id.filtered(lambda order: order.state in ("draft", "sent"))
        reasons = orders._kh_find_unsaleable() if orders else {}
        for line in self:
            line.kh_unsaleable_reason = reasons.get(line._origin, False)

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

    def _kh_is_added_late(self):
        """Answer whether the line came to its order after this was sent (hook)."""
        self.ensure_one()
        return False

    def _get_shop_warning(self, clear=True):
        """Extend `website_sale`: say in open carts what is not for sale any more.

        It is found out when the cart is shown, so it is true to the minute.
        """
        warning = super()._get_shop_warning(clear=clear)
        return self.kh_unsaleable_reason or warning
