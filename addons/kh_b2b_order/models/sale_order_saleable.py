from odoo import fields, models


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
            fields.Datetime.now(),  # what is added now is judged by now
            website=self.website_id,
            company=self.company_id,
        )
        gone = {product.id for product in products if not product.active or not product.sale_ok}
        return {
            **reasons,
            **{key: reason for key, reason in unsaleable.items() if key not in gone},
        }

    def _kh_get_saleable_date(self):
        """Extend: an order that its dealer sent in time may be confirmed after the listing ended.

        A quotation that staff sent is none: nobody has ordered yet.
        """
        if self.kh_placed_date and self._kh_was_placed_by_dealer():
            return self.kh_placed_date
        return super()._kh_get_saleable_date()

    def _kh_was_placed_by_dealer(self):
        self.ensure_one()
        # sudo: only whether the person who sent it belongs to the customer
        order_sudo = self.sudo()
        company = order_sudo.kh_placed_by_id.commercial_partner_id
        return bool(self.website_id) or company == order_sudo.partner_id.commercial_partner_id


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    # === BUSINESS METHODS - SALEABLE === #
    def _kh_is_added_late(self):
        """Extend: what is added to an order that was sent is judged by the day it is confirmed."""
        placed = self.order_id.kh_placed_date
        if not placed or not self.create_date:
            return super()._kh_is_added_late()
        return self.create_date.replace(microsecond=0) > placed
