from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_compare, float_round

STATES = [("proposed", "Proposed"), ("accepted", "Accepted"), ("dropped", "Dropped")]


class PromotionLine(models.Model):
    """One product of a promotion zone.

    | from                | action          | to       |
    |---------------------|-----------------|----------|
    | proposed, dropped   | `action_accept` | accepted |
    | proposed, accepted  | `action_drop`   | dropped  |

    Accepted lines of a running promotion own price rules; nothing else writes those.
    """

    _name = "kh.promotion.line"
    _description = "Product of a Promotion Zone"
    _order = "state desc, quantity desc, id"
    _check_company_auto = True

    # === FIELDS === #
    promotion_id = fields.Many2one("kh.promotion", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="promotion_id.company_id")
    product_id = fields.Many2one(
        "product.product",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
        domain="[('sale_ok', '=', True)]",
    )
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    state = fields.Selection(STATES, default="proposed", required=True, readonly=True)
    is_found = fields.Boolean(
        "Found by the Rule", readonly=True, help="Otherwise added by hand, and never taken away."
    )
    quantity = fields.Float(
        "Free Stock", digits="Product Unit", readonly=True, help="When last looked."
    )
    last_out = fields.Datetime("Last Delivered", readonly=True)
    market_price = fields.Float(
        digits="Product Price",
        readonly=True,
        help="For one, before taxes, when the product was proposed.",
    )
    price = fields.Float(
        "Promotion Price",
        compute="_compute_price",
        store=True,
        readonly=False,
        digits="Product Price",
        help="For one, before taxes, in the pricelist's currency. Where somebody pays less "
        "already, the lower price stays.",
    )
    item_ids = fields.One2many(
        "product.pricelist.item", "kh_promotion_line_id", "Price Rules", readonly=True
    )

    _product_unique = models.Constraint(
        "UNIQUE (promotion_id, product_id)", "The product is in this promotion already."
    )
    _price_not_negative = models.Constraint(
        "CHECK (price >= 0)", "The promotion price cannot be below zero."
    )

    # === COMPUTE METHODS === #
    @api.depends("market_price", "promotion_id.discount")
    def _compute_price(self):
        digits = self.env["decimal.precision"].precision_get("Product Price")
        for line in self:
            share = 1 - line.promotion_id.discount / 100
            line.price = float_round(line.market_price * share, precision_digits=digits)

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        """Fill in the market price and the free stock of lines that staff add by hand."""
        vals_list = self._kh_fill_market_prices(vals_list)
        lines = super().create(vals_list)
        for promotion, own in lines.grouped("promotion_id").items():
            promotion._kh_refresh_stock(own.filtered(lambda line: not line.quantity))
        return lines

    @api.model
    def _kh_fill_market_prices(self, vals_list):
        defaults = self.default_get(["promotion_id", "product_id"])
        vals_list = [{**defaults, **vals} for vals in vals_list]
        pairs = [(vals.get("promotion_id"), vals.get("product_id")) for vals in vals_list]
        wanted = _group(
            pair
            for pair, vals in zip(pairs, vals_list, strict=True)
            if all(pair) and "market_price" not in vals
        )
        markets = {}
        for promotion in self.env["kh.promotion"].browse(wanted):
            prices = promotion._kh_get_market_prices(wanted[promotion.id])
            markets.update(((promotion.id, key), price) for key, price in prices.items())
        return [
            {"market_price": markets.get(pair), **vals}
            for pair, vals in zip(pairs, vals_list, strict=True)
        ]

    def write(self, vals):
        result = super().write(vals)
        if "price" in vals:
            self._kh_renew_prices()
        return result

    def unlink(self):
        rivals = self.filtered("item_ids")._kh_find_rivals() - self
        self._kh_remove_prices()
        result = super().unlink()
        rivals._kh_renew_prices()
        return result

    # === ACTION METHODS === #
    def action_accept(self):
        """Show the product in the zone."""
        self._update_state(("proposed", "dropped"), "accepted")._kh_renew_prices()

    def action_drop(self):
        """Keep the product out of the zone; it is not proposed again."""
        self._update_state(("proposed", "accepted"), "dropped")._kh_renew_prices()

    # === BUSINESS METHODS === #
    def _update_state(self, allowed, target):
        """Move to a state and return what was moved; what is there already is left alone.

        :raise UserError: for lines of a closed promotion, or in any other state
        """
        self.check_access("write")
        self.promotion_id._kh_lock()
        moved = self.filtered(lambda line: line.state != target)
        if any(p.state == "closed" for p in moved.promotion_id):
            raise UserError(self.env._("The promotion is closed. Reopen it first."))
        if any(line.state not in allowed for line in moved):
            raise UserError(self.env._("This step is not possible now."))
        moved.write({"state": target})
        return moved

    # === BUSINESS METHODS - PRICES === #
    def _kh_remove_prices(self):
        """Take the lines' price rules out of force, with one deletion."""
        self.item_ids.unlink()

    def _kh_find_rivals(self):
        """Find the same products in other running promotions of the same pricelists."""
        return self.search(
            [
                ("product_id", "in", self.product_id.ids),
                ("state", "=", "accepted"),
                ("promotion_id.state", "=", "running"),
                ("promotion_id.pricelist_id", "in", self.promotion_id.pricelist_id.ids),
                ("id", "not in", self.ids),
            ]
        )

    def _kh_renew_prices(self):
        """Write the price rules of accepted lines of running promotions anew.

        For the market and for each of the promotion's levels, only where the promotion's price
        is lower than what is paid now. The rules are as narrow as can be, so lower steps by
        quantity are written with them: nobody pays more because of a promotion. Customer
        prices stand before all of these.

        The same products in other promotions go along: where several have one, the lowest
        price holds, and what one gives up another fills in. Rules that start first, and the
        dearer ones among them, are written first, so that whoever is lower comes after.
        """
        lines = self | self._kh_find_rivals()
        lines.promotion_id._kh_lock()
        lines._kh_remove_prices()
        now = fields.Datetime.now()
        due = lines.filtered(
            lambda line: (
                line.state == "accepted"
                and line.price
                and line.promotion_id.state == "running"
                and (not line.promotion_id.zone_to or line.promotion_id.zone_to > now)
                and line.promotion_id.pricelist_id
                and line.promotion_id.discount
            )
        )
        by_promotion = due.grouped("promotion_id")
        for promotion in due.promotion_id.sorted(
            lambda promotion: (promotion._kh_get_price_start(), promotion.discount)
        ):
            # one after the other: each is compared with what those before it left
            self.env["product.pricelist.item"].create(
                promotion._kh_prepare_price_rules(by_promotion[promotion])
            )


class Promotion(models.Model):
    _inherit = "kh.promotion"

    # === BUSINESS METHODS - PRICES === #
    def _kh_prepare_price_rules(self, lines):
        """Return the values of the price rules the lines need; see `_kh_renew_prices`."""
        self.ensure_one()
        pricelist = self.pricelist_id.with_company(self.company_id)
        digits = self.env["decimal.precision"].precision_get("Product Price")
        rules = []
        for grade in (self.env["res.partner.grade"], *self.grade_ids):
            ladders = pricelist._kh_get_level_ladders(lines.product_id, grade)
            for line in lines:
                is_lower = False
                for minimum, price in ladders[line.product_id.id]:
                    if float_compare(line.price, price, precision_digits=digits) < 0:
                        is_lower, price = True, line.price
                    if is_lower:
                        rules.append(self._prepare_price_rule_vals(line, grade, minimum, price))
        return rules

    def _kh_get_price_start(self):
        """Return when the promotion's prices come into force: never in the past."""
        now = fields.Datetime.now()
        return max(self.zone_from or now, now)

    def _prepare_price_rule_vals(self, line, grade, minimum, price):
        return {
            "kh_promotion_line_id": line.id,
            "pricelist_id": self.pricelist_id.id,
            "applied_on": "0_product_variant",
            "product_id": line.product_id.id,
            "product_tmpl_id": line.product_id.product_tmpl_id.id,
            "compute_price": "fixed",
            "fixed_price": price,
            "min_quantity": minimum,
            "kh_grade_id": grade.id,
            # the rule that starts last stands first: this is the newest of the product
            "date_start": self._kh_get_price_start(),
            "date_end": self.zone_to,
        }


class ProductPricelistItem(models.Model):
    _inherit = "product.pricelist.item"

    # === FIELDS === #
    # no default: the column is added to a table of a million rows
    kh_promotion_line_id = fields.Many2one(
        "kh.promotion.line",
        "Promotion",
        ondelete="cascade",
        index="btree_not_null",
        copy=False,
        groups="base.group_user",
        help="Holds while the product is in this promotion zone.",
    )

    # === BUSINESS METHODS - HISTORY === #
    def _kh_keeps_history(self):
        """Extend: rules of promotions come and go with them; the promotion tells its prices."""
        # sudo: only whether the rule is a promotion's
        return (
            super()._kh_keeps_history().filtered(lambda item: not item.sudo().kh_promotion_line_id)
        )


def _group(pairs):
    """Return ``{key: [value]}`` of pairs."""
    groups = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups
