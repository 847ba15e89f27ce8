from odoo import models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === BUSINESS METHODS - SALEABLE === #
    def _kh_find_not_allowed(self, products):
        """Extend: what is outside the customer's catalogue is refused, with the reason.

        Quick order, import, lists, reorder and the API add rows through it; one batch check.
        """
        reasons = super()._kh_find_not_allowed(products)
        if not self._kh_is_held_to_catalogue():
            return reasons
        unsaleable = products._kh_explain_unsaleable(
            self.partner_id.commercial_partner_id,
            self._kh_get_saleable_date(),
            website=self.website_id,
            company=self.company_id,
        )
        gone = {product.id for product in products if not product.active or not product.sale_ok}
        return {
            **reasons,
            **{key: reason for key, reason in unsaleable.items() if key not in gone},
        }

    def _kh_get_saleable_date(self):
        """Extend: an order that was sent in time may be confirmed after the listing ended."""
        return self.kh_placed_date or super()._kh_get_saleable_date()
