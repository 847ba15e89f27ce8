from odoo import api, fields, models
from odoo.tools import SQL

from ..engine import COST, MARKET

# From these, and the price that a dealer pays, the cost behind it can be worked out.
COST_REVEALING_FIELDS = frozenset(
    {
        "percent_price",
        "price",
        "price_discount",
        "price_markup",
        "price_max_margin",
        "price_min_margin",
        "price_round",
        "price_surcharge",
        "rule_tip",
    }
)


class ProductPricelistItem(models.Model):
    """What a price rule is a ratio of (M-43): sales price, cost or market price (市场价)."""

    _inherit = "product.pricelist.item"

    # === FIELDS === #
    # A rule whose base is gone must go: on another base it would be another price.
    base = fields.Selection(
        selection_add=[("kh_market", "Market Price")],
        ondelete={"kh_market": "cascade"},
        help="Base price for computation.\n"
        "Sales Price: The base price will be the Sales Price.\n"
        "Cost Price: The base price will be the cost price.\n"
        "Other Pricelist: Computation of the base price based on another Pricelist.\n"
        "Market Price: What the same pricelist gives to visitors, at the same quantity.",
    )

    _kh_market_base_has_owner = models.Constraint(
        "CHECK (base <> 'kh_market' OR kh_partner_id IS NOT NULL OR kh_grade_id IS NOT NULL)",
        "A ratio of the market price needs a dealer or a member level: the market price cannot"
        " be a ratio of itself.",
    )

    # With a column of ours in it, so that it goes when they go.
    _kh_cost_idx = models.Index(
        "(pricelist_id) WHERE base = 'standard_price' AND compute_price <> 'fixed'"
        " AND kh_is_pending IS NOT TRUE"
    )

    # === COMPUTE METHODS === #

    def _get_price_label_base_str(self):
        self.ensure_one()
        if self.base == MARKET:
            return self.env._("market price")
        return super()._get_price_label_base_str()

    def _compute_price_label(self):
        """Extend `product`: core calls every ratio a discount on the sales price."""
        super()._compute_price_label()
        for item in self:
            if item.compute_price != "percentage" or item.base not in (COST, MARKET):
                continue
            values = {
                "percentage": self._get_integer(abs(item.percent_price)),
                "base": item._get_price_label_base_str(),
            }
            if item.percent_price < 0:
                item.price = self.env._("%(percentage)s %% markup on %(base)s", **values)
            else:
                item.price = self.env._("%(percentage)s %% discount on %(base)s", **values)

    # === BUSINESS METHODS - PRICES === #

    def _compute_base_price(self, product, quantity, uom, date, currency, **kwargs):
        """Extend `product`: the market price as a base, in the currency asked for."""
        if self.base != MARKET:
            return super()._compute_base_price(product, quantity, uom, date, currency, **kwargs)
        # sudo: the market price is everybody's, and the rule is already known to apply
        pricelist = self.sudo().pricelist_id
        kwargs["kh_partner"] = self.env["res.partner"]
        own_currency = pricelist.currency_id
        price = pricelist._get_product_price(
            product, quantity, currency=own_currency, uom=uom, date=date, **kwargs
        )
        if own_currency != currency:
            price = own_currency._convert(price, currency, self.env.company, date, round=False)
        return price

    # === BUSINESS METHODS - SECRECY === #

    def _has_field_access(self, field, operation):
        """Keep costs from dealers: their price and the ratio together would tell them.

        Outsiders may read rules that apply to them, but not the figures of a B2B rule on the
        cost; nor may they search by such figures as soon as there is one.
        """
        if not super()._has_field_access(field, operation):
            return False
        if field.name not in COST_REVEALING_FIELDS or self.env.su or self.env.user._is_internal():
            return True
        if not self._kh_has_cost_rules():
            return True
        # sudo: what kind of rule this is, to decide what of it may be read
        return bool(self) and not any(item._kh_is_on_cost() for item in self.sudo())

    def _kh_is_on_cost(self):
        """Say whether the price of a B2B rule is worked out from the cost."""
        return self.base == COST and self.compute_price != "fixed" and self.pricelist_id.kh_is_b2b

    @api.model
    def _kh_has_cost_rules(self):
        """Say whether any rule of a B2B pricelist is based on the cost (once in a transaction)."""
        known = self.env.cr.cache
        if "kh_has_cost_rules" not in known:
            self.flush_model(["base", "compute_price", "kh_is_pending", "pricelist_id"])
            self.env["product.pricelist"].flush_model(["kh_is_b2b"])
            # Past access rights: whether there are any, whoever asks
            [[known["kh_has_cost_rules"]]] = self.env.execute_query(
                SQL(
                    """SELECT EXISTS (
                           SELECT FROM product_pricelist_item item
                             JOIN product_pricelist list ON list.id = item.pricelist_id
                            WHERE item.base = 'standard_price' AND item.compute_price <> 'fixed'
                              AND item.kh_is_pending IS NOT TRUE AND list.kh_is_b2b)"""
                )
            )
        return known["kh_has_cost_rules"]
