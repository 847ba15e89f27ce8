from typing import NamedTuple

from odoo import models

# What the shop's scripts are told instead of a quantity that is not to be known.
PLENTY = 99999


class StockRules(NamedTuple):
    """The policy that applies to one reader, or what applies without one."""

    display: str = "band"
    few_quantity: float = 10.0
    quantity_cap: float = 0.0
    can_order_short: bool = True
    has_promised_date: bool = True

    @property
    def is_exact(self):
        """Whether every number may be told."""
        return self.display == "exact" and not self.quantity_cap


class Website(models.Model):
    _inherit = "website"

    # === BUSINESS METHODS - SHARING === #
    def _kh_offers_sharing(self):
        """Whether product pages offer link and poster to whoever asks (hook)."""
        return False

    # === BUSINESS METHODS - STOCK === #
    def _kh_get_stock_rules(self, partner):
        """Return what one reader may know about stock here.

        :param partner: commercial partner; empty: a visitor
        :rtype: StockRules
        """
        self.ensure_one()
        policy = self.env["kh.stock.policy"]._find_policy(partner, self)
        if not policy:
            return StockRules()
        return StockRules(*(policy[name] for name in StockRules._fields))

    def _kh_has_stock_policy(self, partner):
        """Whether quantities leave this shop only as a policy says (hook).

        Without any policy nothing of core's shop changes.
        """
        self.ensure_one()
        return bool(self.env["kh.stock.policy"]._find_policy(partner, self))

    def _kh_is_stock_hidden_from(self, partner):
        """Answer whether one reader is told no exact quantities here."""
        return self._kh_has_stock_policy(partner) and not self._kh_get_stock_rules(partner).is_exact

    def _kh_get_hiding_rules(self):
        """Return the rules if they hide numbers from whoever asks, else None."""
        viewer = self.env["product.product"]._kh_stock_viewer()
        return self._kh_get_stock_rules(viewer) if self._kh_is_stock_hidden_from(viewer) else None


class ProductTemplate(models.Model):
    _inherit = "product.template"

    def _get_additionnal_combination_info(self, product_or_template, quantity, uom, date, website):
        """Extend `website_sale_stock`: no number leaves that the policy does not show."""
        info = super()._get_additionnal_combination_info(
            product_or_template, quantity, uom, date, website
        )
        if "free_qty" not in info:
            return info
        rules = website._kh_get_hiding_rules()
        if rules:
            info["free_qty"] = PLENTY if info["free_qty"] > 0 else 0
            info["show_availability"] = False
            info["available_threshold"] = 0
            if rules.display == "none":
                info["out_of_stock_message"] = False
        return info


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _get_max_quantity(self, website, sale_order, **kwargs):
        """Extend `website_sale_stock`: the scripts learn whether, not how much."""
        quantity = super()._get_max_quantity(website, sale_order, **kwargs)
        if quantity is None or not website._kh_get_hiding_rules():
            return quantity
        return PLENTY if quantity > 0 else 0

    def _to_markup_data(self, website):
        """Extend `website_sale_stock`: no availability where nothing is to be shown."""
        data = super()._to_markup_data(website)
        if "availability" in data.get("offers", {}):
            rules = website._kh_get_hiding_rules()
            if rules and rules.display == "none":
                del data["offers"]["availability"]
        return data


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _kh_get_reader(self):
        """Return the company that reads this order; empty for a visitor's cart."""
        self.ensure_one()
        # sudo: which partner stands for visitors
        visitor_sudo = self.website_id.sudo().user_id.partner_id
        if self.partner_id == visitor_sudo:
            return self.partner_id.browse()
        return self.partner_id.commercial_partner_id


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _kh_hides_stock(self):
        """Whether the dealer of the line's order reads no exact stock."""
        order = self.order_id
        if not order.website_id:
            return False
        return order.website_id._kh_is_stock_hidden_from(order._kh_get_reader())

    def _set_shop_warning_stock(self, desired_qty, new_qty, save=True):
        """Extend `website_sale_stock`: a warning that names no quantity."""
        self.ensure_one()
        if not self._kh_hides_stock():
            return super()._set_shop_warning_stock(desired_qty, new_qty, save=save)
        warning = self.env._(
            "%(product)s: %(quantity)s are more than is in stock.",
            product=self.product_id.name,
            quantity=desired_qty,
        )
        if save:
            self.shop_warning = warning
        return warning

    def _get_max_line_qty(self):
        quantity = super()._get_max_line_qty()
        if quantity is None or not self._kh_hides_stock():
            return quantity
        return PLENTY if quantity > self.product_uom_qty else self.product_uom_qty
