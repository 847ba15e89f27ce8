from collections import defaultdict

from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.kh_b2b_catalog.engine.order_limits import check_quantity

QUANTITY_FIELDS = {"product_id", "product_uom_qty", "product_uom_id"}


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === BUSINESS METHODS - LIMITS === #
    def _kh_note_limits(self, products):
        """Keep what these confirmed orders hold and may hold, before their lines change.

        :return: ``{order: (quantities, limits)}``; empty where nothing is limited
        """
        noted = {}
        if self.env.su:  # the system itself: deliveries, reinvoiced costs, payments
            return noted
        for order in self:
            if order.state != "sale" or order.kh_is_limit_waived:
                continue
            if order._kh_has_quantity_limits(products, order.website_id):
                limits = products._kh_get_confirm_limits(
                    order._kh_get_reader(), order.company_id, order.website_id
                )
                order._kh_lock_capped([(order, limits)])
                noted[order] = (order._kh_get_limited_totals(), limits)
        return noted

    def _kh_ensure_within(self, noted):
        """Raise if more than the limits allow was put on confirmed orders.

        What an order held already is part of what it may hold; less is always allowed.

        :param dict noted: what `_kh_note_limits` returned
        :raise UserError: naming order, products and limits
        """
        sentences = defaultdict(list)
        for order, (before, limits) in noted.items():
            for product, quantity in order._kh_get_limited_totals().items():
                mine = limits.get(product.id)
                held = before.get(product, 0.0)
                if mine is None or quantity <= held:
                    continue
                for name in ("period_left", "stock_cap"):
                    left = getattr(mine, name)
                    if left is not None:
                        mine = mine._replace(**{name: left + held})
                issue = check_quantity(quantity, mine)
                if issue:
                    # sudo: the name of a product of the order, also when it is hidden by now
                    name = product.sudo().display_name
                    sentences[order.name].append(f"{name}: {order._kh_word_issue(issue, mine)}")
        if sentences:
            texts = "\n".join(f"{key}\n" + "\n".join(rows) for key, rows in sentences.items())
            raise UserError(self.env._("These orders break order limits:\n%s", texts))


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        orders = self.env["sale.order"].browse(
            {vals.get("order_id") for vals in vals_list} - {None, False}
        )
        products = self.env["product.product"].browse(
            {vals.get("product_id") for vals in vals_list} - {None, False}
        )
        noted = orders._kh_note_limits(products)
        lines = super().create(vals_list)
        orders._kh_ensure_within(noted)
        return lines

    def write(self, vals):
        if not self._kh_may_raise(vals):
            return super().write(vals)
        orders = self.order_id
        products = self.product_id
        if vals.get("product_id"):
            products |= products.browse(vals["product_id"])
        noted = orders._kh_note_limits(products)
        result = super().write(vals)
        orders._kh_ensure_within(noted)
        return result

    # === BUSINESS METHODS - LIMITS === #
    def _kh_may_raise(self, vals):
        """Answer cheaply whether these values can put more on a confirmed order."""
        if not QUANTITY_FIELDS & vals.keys() or all(line.state != "sale" for line in self):
            return False
        if vals.keys() & {"product_id", "product_uom_id"}:
            return True
        return any(vals["product_uom_qty"] > line.product_uom_qty for line in self)
