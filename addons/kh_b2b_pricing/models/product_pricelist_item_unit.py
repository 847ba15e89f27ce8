from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, float_round, formatLang

# What decides whether a rule has an agreed unit, and what its prices are.
UNIT_FIELDS = {
    "compute_price",
    "fixed_price",
    "kh_uom_id",
    "kh_uom_price",
    "product_id",
    "product_tmpl_id",
}


class ProductPricelistItem(models.Model):
    """A fixed price agreed per another unit than the product's: per carton of 12 (计价单位).

    ``fixed_price`` and ``min_quantity`` keep core's meaning, per and in the product's unit, for
    whoever reads rules. ``fixed_price`` follows from the agreed price, rounded; asked for
    another unit than the product's, the rule converts the agreed price, which loses no cent.
    """

    _inherit = "product.pricelist.item"

    # === FIELDS === #
    # Empty for ordinary rules: the columns are added to tables of a million rows.
    kh_uom_id = fields.Many2one(
        "uom.uom",
        "Agreed unit",
        ondelete="restrict",
        help="Unit in which the fixed price was agreed, where that is not the product's unit.",
    )
    kh_uom_price = fields.Float(
        "Price per agreed unit",
        min_display_digits="Product Price",
        help="What was agreed for one agreed unit. The fixed price per unit of the product"
        " follows from it.",
    )
    kh_uom_min_quantity = fields.Float(
        "Min. quantity in agreed unit",
        compute="_compute_kh_uom_min_quantity",
        readonly=False,
        digits="Product Unit",
    )
    kh_uom_market_price = fields.Float(
        "Market price per agreed unit",
        compute="_compute_kh_uom_market_price",
        min_display_digits="Product Price",
        help="What visitors pay, per the unit in which the price was agreed, in the pricelist's"
        " currency, before taxes.",
    )
    kh_is_b2b = fields.Boolean(related="pricelist_id.kh_is_b2b", export_string_translation=False)

    # === COMPUTE METHODS === #

    @api.depends("kh_uom_id", "min_quantity", "product_id", "product_tmpl_id")
    def _compute_kh_uom_min_quantity(self):
        for item in self:
            item.kh_uom_min_quantity = item._kh_convert_minimum(item.min_quantity)

    @api.depends("kh_market_price", "kh_uom_id")
    def _compute_kh_uom_market_price(self):
        for item in self:
            has_unit = item.kh_uom_id and item._kh_target()
            item.kh_uom_market_price = (
                item._kh_market_price_per_agreed() if has_unit else item.kh_market_price
            )

    def _kh_convert_minimum(self, quantity):
        """Convert a quantity of the product's unit to the agreed one, where there is one."""
        own = self._kh_target().uom_id
        if not self.kh_uom_id or not own:
            return quantity
        return own._compute_quantity(quantity, self.kh_uom_id, round=False, raise_if_failure=False)

    @api.depends("kh_uom_id", "kh_uom_price")
    def _compute_price_label(self):
        """Extend `product`: a price is said per the unit in which it was agreed."""
        super()._compute_price_label()
        for item in self.filtered(lambda item: item.compute_price == "fixed" and item.kh_uom_id):
            price = formatLang(
                self.env, item.kh_uom_price, dp="Product Price", currency_obj=item.currency_id
            )
            item.price = self.env._("%(price)s per %(unit)s", price=price, unit=item.kh_uom_id.name)

    # === CONSTRAINT METHODS === #

    @api.constrains("kh_uom_id", "compute_price", "applied_on", "product_id", "product_tmpl_id")
    def _check_kh_uom(self):
        for item in self.filtered("kh_uom_id"):
            own = item._kh_target().uom_id
            is_convertible = own and item.kh_uom_id._has_common_reference(own)
            if item.compute_price != "fixed" or not is_convertible:
                raise ValidationError(
                    self.env._(
                        "%(rule)s: a price can be agreed per %(unit)s only if it is the fixed"
                        " price of a product whose unit converts to it.",
                        rule=item.name,
                        unit=item.kh_uom_id.name,
                    )
                )

    # === ONCHANGE METHODS === #

    @api.onchange("kh_uom_id", "kh_uom_price", "product_id", "product_tmpl_id")
    def _onchange_kh_uom(self):
        own = self._kh_target().uom_id
        if not own or not self.kh_uom_id or self.compute_price != "fixed":
            return
        if not self.kh_uom_price:
            self.kh_uom_price = self._kh_round_price(
                own._compute_price(self.fixed_price, self.kh_uom_id)
            )
        self.fixed_price = self._kh_fixed_price(self.kh_uom_price, self.kh_uom_id, own)

    @api.onchange("kh_uom_min_quantity")
    def _onchange_kh_uom_min_quantity(self):
        own = self._kh_target().uom_id
        if self.kh_uom_id and own:
            self.min_quantity = self.kh_uom_id._compute_quantity(
                self.kh_uom_min_quantity, own, round=False, raise_if_failure=False
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        nothing = self.browse()
        return super().create(
            [nothing._kh_with_unit(vals) if vals.get("kh_uom_id") else vals for vals in vals_list]
        )

    def write(self, vals):
        has_unit = "kh_uom_id" in vals or (
            vals.keys() & UNIT_FIELDS and any(item.kh_uom_id for item in self)
        )
        if not has_unit:
            return super().write(vals)
        groups = {}
        for item in self:
            fitting = item._kh_with_unit(vals)
            groups.setdefault(repr(fitting), (fitting, []))[1].append(item.id)
        for fitting, ids in groups.values():
            super(ProductPricelistItem, self.browse(ids)).write(fitting)
        return True

    def _kh_with_unit(self, vals):
        """Return values in which agreed price and price per product unit fit each other.

        :param dict vals: for `write` of this one rule, for `create` of none

        The agreed price comes first; where only the other one is given, it follows from that.
        The product's own unit is none to agree on.
        """
        uom = self.kh_uom_id.browse(vals.get("kh_uom_id", self.kh_uom_id.id))
        own = self._kh_future_uom(vals)
        if vals.get("compute_price", self.compute_price or "fixed") != "fixed":
            uom = uom.browse()
        if uom and not own:
            return vals  # refused by the constraint
        if not uom or uom == own:
            bare = {name: vals[name] for name in vals if name not in ("kh_uom_id", "kh_uom_price")}
            if uom and "kh_uom_price" in vals:
                bare["fixed_price"] = vals["kh_uom_price"]
            return {**bare, "kh_uom_id": False, "kh_uom_price": 0.0} if self.kh_uom_id else bare
        agreed = vals.get("kh_uom_price", self.kh_uom_price)
        if "kh_uom_price" not in vals and ("fixed_price" in vals or uom != self.kh_uom_id):
            fixed = vals.get("fixed_price", self.fixed_price)
            agreed = self._kh_round_price(own._compute_price(fixed, uom))
        fixed = self._kh_fixed_price(agreed, uom, own)
        return {**vals, "kh_uom_price": agreed, "fixed_price": fixed}

    def _kh_future_uom(self, vals):
        """Return the product's unit once ``vals`` are written; empty for no product."""
        variant = self.product_id.browse(vals.get("product_id", self.product_id.id))
        template = self.product_tmpl_id.browse(vals.get("product_tmpl_id", self.product_tmpl_id.id))
        return (variant.product_tmpl_id or template).uom_id

    @api.model
    def _kh_round_price(self, price):
        digits = self.env["decimal.precision"].precision_get("Product Price")
        return float_round(price, precision_digits=digits)

    @api.model
    def _kh_fixed_price(self, agreed, uom, own):
        """Return what ``agreed`` per ``uom`` comes to per unit of the product, rounded."""
        return self._kh_round_price(uom._compute_price(agreed, own))

    # === BUSINESS METHODS - PRICES === #

    def _kh_agreed_price(self):
        """Return the fixed price as it was agreed, per `_kh_agreed_uom`."""
        return self.kh_uom_price if self.kh_uom_id else self.fixed_price

    def _kh_agreed_uom(self):
        """Return the unit in which the price was agreed, by default the product's."""
        return self.kh_uom_id or self._kh_target().uom_id

    def _kh_market_price_per_agreed(self):
        """Return the market price per unit in which the price was agreed."""
        return self._kh_target().uom_id._compute_price(self.kh_market_price, self._kh_agreed_uom())

    def _compute_price(self, product, quantity, uom, date, currency=None, **kwargs):
        """Extend `product`: convert the agreed price, not what follows from it."""
        if self.compute_price == "fixed" and self.kh_uom_id and uom != product.uom_id:
            return self.kh_uom_id._compute_price(self.kh_uom_price, uom)
        return super()._compute_price(product, quantity, uom, date, currency=currency, **kwargs)

    # === BUSINESS METHODS - SQL === #

    @api.model
    def _kh_sql_per_product_unit(self, price):
        """Convert ``price`` per agreed unit to one per product unit, unrounded.

        :param SQL price: of a rule with the alias ``i``, numeric
        """
        return SQL(
            """(SELECT (%s)::numeric * own.factor::numeric / agreed.factor::numeric
                  FROM uom_uom agreed, product_template t JOIN uom_uom own ON own.id = t.uom_id
                 WHERE agreed.id = i.kh_uom_id AND t.id = i.product_tmpl_id)""",
            price,
        )

    @api.model
    def _kh_sql_follow_price(self, fixed_price, uom_price):
        """Return ``{column: SQL}`` of prices for copies of rules, whatever their unit.

        :param SQL fixed_price: price of a rule without agreed unit, numeric
        :param SQL uom_price: agreed price of one with it, numeric
        """
        digits = self.env["decimal.precision"].precision_get("Product Price")
        return {
            "fixed_price": SQL(
                "CASE WHEN i.kh_uom_id IS NULL THEN %s ELSE round(%s, %s) END",
                fixed_price,
                self._kh_sql_per_product_unit(uom_price),
                digits,
            ),
            "kh_uom_price": SQL("CASE WHEN i.kh_uom_id IS NOT NULL THEN %s END", uom_price),
        }


class UomUom(models.Model):
    _inherit = "uom.uom"

    # === CRUD METHODS === #

    def write(self, vals):
        """Extend `uom`: what a carton holds stays as it was agreed."""
        if vals.keys() & {"relative_factor", "relative_uom_id"}:
            self._kh_ensure_not_agreed(vals)
        return super().write(vals)

    def _kh_ensure_not_agreed(self, vals):
        changed = self.filtered(
            lambda uom: (
                vals.get("relative_factor", uom.relative_factor) != uom.relative_factor
                or vals.get("relative_uom_id", uom.relative_uom_id.id) != uom.relative_uom_id.id
            )
        )
        # sudo: a price counts whether or not the user may read it
        items_sudo = self.env["product.pricelist.item"].sudo()
        item_sudo = changed and items_sudo.search([("kh_uom_id", "child_of", changed.ids)], limit=1)
        if item_sudo:
            raise UserError(
                self.env._(
                    "Prices were agreed per %(unit)s, that of %(product)s for one: make a new unit"
                    " instead.",
                    unit=item_sudo.kh_uom_id.name,
                    product=item_sudo.name,
                )
            )
