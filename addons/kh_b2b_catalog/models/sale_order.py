from collections import defaultdict

from odoo import fields, models
from odoo.exceptions import UserError


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === ACTION METHODS === #
    def action_confirm(self):
        """Extend `sale`: what a dealer may not buy is not sold to it, by any way.

        Button, signature, payment, import and API all end here. All orders are checked in a
        constant number of queries.
        """
        self._kh_ensure_saleable()
        return super().action_confirm()

    # === BUSINESS METHODS - SALEABLE === #
    def _kh_find_unsaleable(self):
        """Find lines whose product the customer may not buy, ``{line: reason}``.

        For orders of a shop and orders of dealers, in a constant number of queries, whatever
        the number of orders, dealers and lines.
        """
        Product = self.env["product.template"]
        if not any(Product._kh_get_restrictions()) and Product._kh_kind_domain().is_true():
            return {}
        # sudo: the reader of an order may not be allowed to read its hidden products
        orders_sudo = self.sudo().filtered(lambda order: order._kh_is_held_to_catalogue())
        lines_sudo = orders_sudo.order_line.filtered(lambda line: line._kh_is_held_to_catalogue())
        keys = {line: (line.order_id, line._kh_is_added_late()) for line in lines_sudo}
        conditions = {key: key[0]._kh_get_condition(is_late=key[1]) for key in set(keys.values())}
        asked = defaultdict(Product.sudo().browse)
        for line in lines_sudo:
            asked[conditions[keys[line]]] |= line.product_id.product_tmpl_id
        refused = Product._kh_find_refused(asked)
        reasons = {}
        for line in lines_sudo:
            key = (conditions[keys[line]], line.product_id.product_tmpl_id.id)
            if key in refused:
                reasons[line] = refused[key]
        return reasons

    def _kh_get_condition(self, is_late=False):
        """Return what the customer of this order may buy.

        :param is_late: of lines that were added after the order was sent: they must be listed
            now
        """
        self.ensure_one()
        Product = self.env["product.template"]
        partner = self.partner_id.commercial_partner_id
        viewer = Product._kh_make_viewer(partner, self.website_id, self.company_id)
        date = fields.Datetime.now() if is_late else self._kh_get_saleable_date()
        return Product._kh_get_condition(viewer, date)

    def _kh_get_saleable_date(self):
        """Return the moment at which the goods must be listed (hook): now."""
        self.ensure_one()
        return fields.Datetime.now()

    def _kh_is_held_to_catalogue(self):
        """Answer whether the customer of this order may buy only from his catalogue.

        Staff may sell anything to customers who are no dealers. Money that was accepted after
        the check at the checkout settles the matter: a payment is never left without its order.
        """
        self.ensure_one()
        if not self.website_id and not self.partner_id.commercial_partner_id.kh_is_dealer:
            return False
        return not any(tx.state in ("authorized", "done") for tx in self.transaction_ids)

    def _kh_ensure_saleable(self):
        """Raise with product and reason if these orders hold what must not be sold.

        :raise UserError: naming order, products and reasons
        """
        waiting = self.filtered(lambda order: order.state in ("draft", "sent"))
        reasons = waiting._kh_find_unsaleable()
        if not reasons:
            return
        orders = defaultdict(list)
        for line, reason in reasons.items():
            orders[line.order_id.name].append(f"{line.product_id.display_name}: {reason}")
        raise UserError(
            "\n\n".join(
                self.env._(
                    "Order %(order)s holds products that this customer may not buy:\n%(products)s",
                    order=name,
                    products="\n".join(texts),
                )
                for name, texts in orders.items()
            )
        )

    # === BUSINESS METHODS - CART === #
    def _is_cart_ready(self):
        """Extend `website_sale`: no checkout with products that are not for sale any more."""
        return super()._is_cart_ready() and not self._kh_find_unsaleable()

    def _check_cart_is_ready_to_be_paid(self):
        """Extend `website_sale`: say which products stand in the way."""
        self._kh_ensure_saleable()
        return super()._check_cart_is_ready_to_be_paid()

    def _verify_cart(self):
        """Extend `website_sale`: warn in a cart that was left and comes back."""
        result = super()._verify_cart()
        for line, reason in self._kh_find_unsaleable().items():
            line.shop_warning = reason
        return result
