from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..engine import Owner, Rule, Scope

#: Rules of scenarios have ids no stored rule reaches: of two equal rules the newest wins.
FIRST_ID = 2**40


class PriceSimulationLine(models.Model):
    """One price of a scenario: a level price, or a change of whatever is paid now."""

    _name = "kh.price.simulation.line"
    _description = "Price of a Scenario"
    _order = "sequence, id"
    _check_company_auto = True

    # === FIELDS === #
    simulation_id = fields.Many2one(
        "kh.price.simulation", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="simulation_id.company_id")
    pricelist_id = fields.Many2one(related="simulation_id.pricelist_id")
    currency_id = fields.Many2one(related="pricelist_id.currency_id")
    sequence = fields.Integer(default=10)
    kind = fields.Selection(
        [
            ("fixed", "Fixed price"),
            ("percentage", "Discount"),
            ("change", "Change of present prices"),
        ],
        default="percentage",
        required=True,
    )
    item_id = fields.Many2one(
        "product.pricelist.item",
        "Instead of",
        ondelete="cascade",
        domain="[('pricelist_id', '=', pricelist_id), ('kh_partner_id', '=', False)]",
        help="The level or market price which this one would replace.",
    )
    # For whom
    grade_id = fields.Many2one(
        "res.partner.grade", "Level", help="Empty: everybody (for prices: the market price)."
    )
    partner_category_id = fields.Many2one(
        "res.partner.category", "Dealers tagged", help="Changes only: dealers with this tag."
    )
    # For what
    categ_id = fields.Many2one("product.category", "Category")
    product_tmpl_id = fields.Many2one("product.template", "Product", check_company=True)
    min_quantity = fields.Float("Min. quantity", digits="Product Unit")
    # How much
    fixed_price = fields.Float("Price", min_display_digits="Product Price")
    base = fields.Selection(selection="_selection_base", default="list_price", required=True)
    percent_price = fields.Float("Discount %", help="Percent of the base; negative: a mark-up.")
    change_rate = fields.Float("Change", help="As a fraction: -0.03 is 3 % less.")

    # === SELECTION METHODS === #

    @api.model
    def _selection_base(self):
        """Bases a ratio can have here: all but another pricelist."""
        field = self.env["product.pricelist.item"]._fields["base"]
        return [
            (value, label)
            for value, label in field._description_selection(self.env)
            if value != "pricelist"
        ]

    # === CONSTRAINT METHODS === #

    @api.constrains("kind", "fixed_price", "change_rate", "percent_price", "min_quantity")
    def _check_amounts(self):
        for line in self:
            if line.kind == "fixed" and line.fixed_price <= 0:
                raise ValidationError(self.env._("A fixed price must be above zero."))
            if line.kind == "change" and line.change_rate <= -1:
                raise ValidationError(self.env._("A price cannot fall by 100 % or more."))
            if line.kind == "percentage" and line.percent_price >= 100:
                raise ValidationError(self.env._("A discount must be below 100 %."))
            if line.min_quantity < 0:
                raise ValidationError(self.env._("A minimum quantity cannot be negative."))

    @api.constrains("kind", "categ_id", "product_tmpl_id", "partner_category_id", "item_id")
    def _check_target(self):
        for line in self:
            if line.categ_id and line.product_tmpl_id:
                raise ValidationError(
                    self.env._("Choose either a category or a product, not both.")
                )
            if line.kind != "change" and line.partner_category_id:
                raise ValidationError(
                    self.env._("Prices are for levels; a tag can only be chosen for changes.")
                )
            if line.kind == "change" and (line.item_id or line.min_quantity):
                raise ValidationError(
                    self.env._("A change takes the place of no rule and has no minimum quantity.")
                )
            if line.item_id.kh_partner_id:
                raise ValidationError(
                    self.env._(
                        "The price of a dealer is replaced by a draft contract, not by a level"
                        " price."
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._ensure_draft()
        return lines

    def write(self, vals):
        self._ensure_draft()
        result = super().write(vals)
        self._ensure_draft()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_replayed(self):
        self._ensure_draft()

    def _ensure_draft(self):
        for simulation in self.simulation_id:
            if simulation.state != "draft":
                raise ValidationError(
                    self.env._(
                        "Scenario %(scenario)s has been replayed. Choose “Change the scenario”"
                        " first.",
                        scenario=simulation.name,
                    )
                )

    # === ONCHANGE METHODS === #

    @api.onchange("item_id")
    def _onchange_item_id(self):
        """Start from the rule that is to be changed."""
        item = self.item_id
        if not item:
            return
        self.grade_id = item.kh_grade_id
        self.categ_id = item.categ_id
        self.product_tmpl_id = item.product_tmpl_id
        self.min_quantity = item.min_quantity
        if item.compute_price in ("fixed", "percentage"):
            self.kind = item.compute_price
        self.fixed_price = item.fixed_price
        self.percent_price = item.percent_price
        self.base = item.base if item.base != "pricelist" else "list_price"

    # === BUSINESS METHODS === #

    def _prepare_rule(self, now):
        """Return the line as a rule of the engine, newer than every stored one.

        :param datetime now: when the rule would be made (naive UTC)
        """
        self.ensure_one()
        scope, target = Scope.ALL, 0
        variant = self.item_id.product_id
        if variant and variant.product_tmpl_id == self.product_tmpl_id:
            scope, target = Scope.VARIANT, variant.id  # in place of a rule of one variant
        elif self.product_tmpl_id:
            scope, target = Scope.TEMPLATE, self.product_tmpl_id.id
        elif self.categ_id:
            scope, target = Scope.CATEGORY, self.categ_id.id
        return Rule(
            id=FIRST_ID + self.id,
            owner=int(Owner.LEVEL if self.grade_id else Owner.MARKET),
            scope=int(scope),
            target_id=target,
            min_quantity=self.min_quantity,
            date_start=now,
            is_fixed=self.kind == "fixed",
            fixed_price=self.fixed_price,
        )

    def _new_item(self):
        """Return the line as a price rule in memory: only such a record prices a ratio."""
        self.ensure_one()
        return self.env["product.pricelist.item"].new(
            {
                "pricelist_id": self.pricelist_id.id,
                "applied_on": "3_global",
                "compute_price": self.kind,
                "base": self.base,
                "fixed_price": self.fixed_price,
                "percent_price": self.percent_price,
            }
        )
