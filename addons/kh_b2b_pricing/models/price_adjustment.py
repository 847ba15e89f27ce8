from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

STATES = [
    ("draft", "Draft"),
    ("review", "Under review"),
    ("applied", "Applied"),
    ("refused", "Refused"),
    ("cancelled", "Cancelled"),
]
INTERNAL_FIELDS = {"state", "date_applied"}


class PriceAdjustment(models.Model):
    """New prices for single lines of a contract in force (单品调价, M-45).

    Nothing changes before it is granted; then, in one transaction, each old line ends a second
    before the new one begins. Transitions of ``state``:

    ======================= ======================= ======================================
    from                    to                      by
    ======================= ======================= ======================================
    draft                   review                  ``action_submit``
    review                  applied                 approval granted, or no flow applies
    review                  draft                   returned or withdrawn
    review                  refused                 refused
    draft                   cancelled               ``action_cancel``
    refused, cancelled      draft                   ``action_draft``
    ======================= ======================= ======================================
    """

    _name = "kh.price.adjustment"
    _description = "Price Adjustment"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "kh.approval.mixin",
        "kh.data.scope.mixin",
        "kh.price.figures.mixin",
    ]
    _order = "id desc"
    _check_company_auto = True
    _rec_names_search = ["name", "contract_id", "partner_id"]

    # === FIELDS === #
    name = fields.Char("Number", default="/", required=True, readonly=True, copy=False)
    state = fields.Selection(
        STATES, default="draft", required=True, readonly=True, copy=False, tracking=True, index=True
    )
    contract_id = fields.Many2one(
        "kh.price.contract",
        "Price contract",
        required=True,
        check_company=True,
        index=True,
        ondelete="restrict",
        domain="[('state', '=', 'active')]",
    )
    partner_id = fields.Many2one(related="contract_id.partner_id", store=True, index=True)
    company_id = fields.Many2one(related="contract_id.company_id", store=True)
    pricelist_id = fields.Many2one(related="contract_id.pricelist_id")
    currency_id = fields.Many2one(related="contract_id.currency_id")
    user_id = fields.Many2one(
        "res.users",
        "Asked by",
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: self.env.user,
    )
    date_start = fields.Date(
        "From",
        required=True,
        default=fields.Date.context_today,
        tracking=True,
        help="First day of the new prices. Today or earlier: from the moment it is granted.",
    )
    date_applied = fields.Datetime("Applied on", readonly=True, copy=False)
    reason = fields.Text(required=True, tracking=True)
    line_ids = fields.One2many(
        "kh.price.adjustment.line", "adjustment_id", "Price lines", copy=True
    )
    line_count = fields.Integer("Lines", compute="_compute_line_count")

    # === COMPUTE METHODS === #

    @api.depends("line_ids")
    def _compute_line_count(self):
        counts = dict(
            self.env["kh.price.adjustment.line"]._read_group(
                [("adjustment_id", "in", self.ids)], ["adjustment_id"], ["__count"]
            )
        )
        for adjustment in self:
            adjustment.line_count = counts.get(adjustment._origin, 0)

    # === CONSTRAINT METHODS === #

    @api.constrains("contract_id", "line_ids")
    def _check_lines(self):
        self.line_ids._check_contract()

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            for name in INTERNAL_FIELDS:
                vals.pop(name, None)
            vals["state"] = "draft"
            if not self.env.su:
                vals["user_id"] = self.env.uid
            if vals.get("name", "/") == "/":
                vals["name"] = self.env["ir.sequence"].next_by_code("kh.price.adjustment") or "/"
        return super().create(vals_list)

    def write(self, vals):
        if vals.keys() & INTERNAL_FIELDS:
            raise UserError(
                self.env._("The state of a price adjustment changes by its buttons only.")
            )
        self._deny_figures(vals)
        if vals.keys() & {"contract_id", "date_start", "reason", "line_ids", "user_id"}:
            self._ensure_draft()
        return super().write(vals)

    def _move(self, vals):
        """Write what only transitions may write (no context can ask for it from outside)."""
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_decided(self):
        for adjustment in self:
            if adjustment.state not in ("draft", "cancelled"):
                raise UserError(
                    self.env._(
                        "Price adjustment %(adjustment)s belongs to the history of prices.",
                        adjustment=adjustment.name,
                    )
                )

    # === ACTION METHODS === #

    def action_submit(self):
        """Ask for approval; without an approval flow a price manager's counts at once."""
        self.check_access("write")
        for adjustment in self:
            if adjustment.state == "draft":
                adjustment._ensure_can_submit()
                adjustment._set_state(("draft",), "review")
                adjustment.action_request_approval()
        return True

    def action_cancel(self):
        self.check_access("write")
        self._set_state(("draft",), "cancelled")
        return True

    def action_draft(self):
        """Take refused or cancelled adjustments up again."""
        self.check_access("write")
        self._set_state(("refused", "cancelled"), "draft")
        return True

    # === BUSINESS METHODS === #

    def _ensure_draft(self):
        for adjustment in self:
            if adjustment.state != "draft":
                raise UserError(
                    self.env._(
                        "Price adjustment %(adjustment)s is no longer a draft.",
                        adjustment=adjustment.name,
                    )
                )

    def _ensure_can_submit(self):
        self.ensure_one()
        lines = self.line_ids
        if not lines:
            raise UserError(
                self.env._("Price adjustment %(adjustment)s has no lines.", adjustment=self.name)
            )
        for line in lines:
            if not line._is_change():
                raise UserError(
                    self.env._(
                        "Nothing changes for %(product)s. Enter a new price, or take the line out.",
                        product=line.item_id.display_name,
                    )
                )
        lines._ensure_can_apply(self._get_moment())
        self._ensure_no_rival()

    def _ensure_no_rival(self):
        """Two adjustments of one line at the same time would overtake one another."""
        # sudo: whoever may see the other one, it counts
        rival = (
            self.env["kh.price.adjustment.line"]
            .sudo()
            .search(
                Domain("item_id", "in", self.line_ids.item_id.ids)
                & Domain("adjustment_id.state", "=", "review")
                & Domain("adjustment_id", "!=", self.id),
                limit=1,
            )
        )
        if rival:
            raise UserError(
                self.env._(
                    "%(product)s is under review already, in %(adjustment)s.",
                    product=rival.item_id.display_name,
                    adjustment=rival.adjustment_id.name,
                )
            )

    def _approval_get_summary(self):
        return self.env._(
            "%(dealer)s, %(contract)s: %(count)s new prices from %(start)s. %(reason)s",
            dealer=self.partner_id.display_name,
            contract=self.contract_id.name,
            count=self.line_count,
            start=self.date_start,
            reason=self.reason,
        )

    def _approval_author(self):
        return self.user_id

    def _approval_summary(self):
        return [*super()._approval_summary(), *self._figures_summary(self)]


class PriceAdjustmentLine(models.Model):
    """The new price of one contract line."""

    _name = "kh.price.adjustment.line"
    _description = "Price Adjustment Line"
    _inherit = ["kh.approval.line.mixin", "kh.data.scope.mixin"]
    _approval_parent_field = "adjustment_id"
    _order = "adjustment_id, id"
    _check_company_auto = True

    # === FIELDS === #
    adjustment_id = fields.Many2one(
        "kh.price.adjustment", required=True, index=True, ondelete="cascade"
    )
    state = fields.Selection(related="adjustment_id.state")
    contract_id = fields.Many2one(related="adjustment_id.contract_id")
    partner_id = fields.Many2one(related="adjustment_id.partner_id", store=True, index=True)
    company_id = fields.Many2one(related="adjustment_id.company_id", store=True)
    currency_id = fields.Many2one(related="adjustment_id.currency_id")
    # The row of the old price; it goes only with products and dealers that are deleted.
    item_id = fields.Many2one(
        "product.pricelist.item",
        "Contract line",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('kh_contract_id', '=', contract_id), ('kh_is_past', '=', False)]",
    )
    new_item_id = fields.Many2one(
        "product.pricelist.item", "New line", readonly=True, copy=False, ondelete="set null"
    )
    product_id = fields.Many2one(related="item_id.product_id", string="Product")
    default_code = fields.Char(related="item_id.kh_default_code", string="Item no.")
    market_price = fields.Float(related="item_id.kh_uom_market_price", string="Market price")
    uom_id = fields.Many2one(related="item_id.kh_uom_id", string="Agreed unit")
    old_price = fields.Float(
        "Price until now",
        compute="_compute_proposal",
        store=True,
        precompute=True,
        min_display_digits="Product Price",
    )
    new_price = fields.Float(
        compute="_compute_proposal",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        min_display_digits="Product Price",
    )
    min_quantity = fields.Float(
        "Min. quantity",
        compute="_compute_proposal",
        store=True,
        readonly=False,
        precompute=True,
        digits="Product Unit",
    )
    date_end = fields.Date(
        "Until",
        help="Last day of the new price; then the former price holds again. Empty: as before.",
    )
    change_rate = fields.Float(
        "Change",
        compute="_compute_change_rate",
        help="Difference to the price until now, as a fraction of it.",
    )

    _item_unique = models.UniqueIndex(
        "(adjustment_id, item_id)", "A line can be in an adjustment only once."
    )
    _price_positive = models.Constraint("CHECK (new_price > 0)", "A new price must be above zero.")

    # === COMPUTE METHODS === #

    @api.depends("item_id")
    def _compute_proposal(self):
        for line in self:
            line.old_price = line.item_id._kh_agreed_price()
            line.new_price = line.new_price or line.old_price
            line.min_quantity = line.item_id.min_quantity

    @api.depends("old_price", "new_price")
    def _compute_change_rate(self):
        for line in self:
            line.change_rate = line.new_price / line.old_price - 1 if line.old_price else 0.0

    # === CONSTRAINT METHODS === #

    @api.constrains("item_id", "adjustment_id")
    def _check_contract(self):
        for line in self:
            item = line.item_id
            if item.kh_contract_id != line.adjustment_id.contract_id or (
                item.compute_price != "fixed"
            ):
                raise ValidationError(
                    self.env._(
                        "%(product)s is no fixed price of contract %(contract)s.",
                        product=item.display_name,
                        contract=line.adjustment_id.contract_id.name,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        own = ("old_price", "new_item_id")
        vals_list = [
            {name: value for name, value in vals.items() if name not in own} for vals in vals_list
        ]
        lines = super().create(vals_list)
        lines.adjustment_id._ensure_draft()
        return lines

    def write(self, vals):
        if vals.keys() & {"old_price", "new_item_id", "adjustment_id"}:
            raise AccessError(
                self.env._(
                    "The price until now, the new line and the adjustment of a line are set by the"
                    " system."
                )
            )
        self.adjustment_id._ensure_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_decided(self):
        for line in self:
            if line.state not in ("draft", "cancelled"):
                line.adjustment_id._ensure_draft()
