from typing import NamedTuple

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import float_round, format_datetime


class LineState(NamedTuple):
    """What the history of a contract tells of one line, in the words of the user."""

    contract: models.BaseModel
    product: str
    minimum: float
    price: str
    start: str
    end: str


class ProductPricelistItem(models.Model):
    """A price rule, which may belong to one dealer or one member level (一客一价, 会员等级价)."""

    _inherit = "product.pricelist.item"

    # === FIELDS === #
    # Neither default nor stored relation: the columns are added to tables of a million rows.
    kh_partner_id = fields.Many2one(
        "res.partner",
        "Dealer",
        ondelete="cascade",
        check_company=True,
        help="Price of this dealer (the company, for all its contacts) and of nobody else.",
    )
    kh_grade_id = fields.Many2one(
        "res.partner.grade",
        "Member level",
        ondelete="restrict",
        help="Price of dealers of this level.",
    )
    kh_contract_id = fields.Many2one(
        "kh.price.contract", "Price contract", ondelete="cascade", check_company=True
    )
    kh_is_pending = fields.Boolean(
        "Not in force", readonly=True, help="Belongs to a contract that is not active."
    )
    kh_with_branches = fields.Boolean(
        "Also for branches",
        help="The price also holds for companies below this dealer, where they have none of"
        " their own.",
    )
    kh_is_readable = fields.Boolean(
        "Readable by the current user",
        compute="_compute_kh_is_readable",
        search="_search_kh_is_readable",
    )
    kh_market_price = fields.Float(
        "Market price",
        compute="_compute_kh_market_price",
        min_display_digits="Product Price",
        help="What visitors pay, in the pricelist's currency, per unit, before taxes.",
    )
    kh_change_rate = fields.Float(
        "Change",
        compute="_compute_kh_market_price",
        help="Difference to the market price, as a fraction of it.",
    )
    kh_default_code = fields.Char("Item no.", compute="_compute_kh_default_code")

    _kh_partner_tmpl_idx = models.Index(
        "(kh_partner_id, product_tmpl_id) WHERE kh_partner_id IS NOT NULL"
    )
    _kh_shared_tmpl_idx = models.Index(
        "(pricelist_id, product_tmpl_id) WHERE kh_partner_id IS NULL"
    )
    _kh_contract_idx = models.Index("(kh_contract_id) WHERE kh_contract_id IS NOT NULL")
    _kh_one_owner = models.Constraint(
        "CHECK (kh_partner_id IS NULL OR kh_grade_id IS NULL)",
        "A price is either for one dealer or for one member level, not for both.",
    )
    _kh_contract_has_dealer = models.Constraint(
        "CHECK (kh_contract_id IS NULL OR kh_partner_id IS NOT NULL)",
        "A line of a price contract needs its dealer.",
    )

    # === COMPUTE METHODS === #

    @api.depends("kh_contract_id.company_id")
    def _compute_company_id(self):
        """A contract binds one company, also on a pricelist shared by several."""
        super()._compute_company_id()
        for item in self.filtered("kh_contract_id"):
            item.company_id = item.pricelist_id.company_id or item.kh_contract_id.company_id

    @api.depends_context("uid")
    def _compute_kh_is_readable(self):
        for item in self:
            item.kh_is_readable = True

    @api.model
    def _search_kh_is_readable(self, operator, value):
        """Give the rules the current user may read (used by the record rule).

        A field with a search method is evaluated for each query, whereas ids in the
        domain of a record rule would stay in its cache after a level or company changed.
        """
        if operator != "in" or set(value) != {True}:
            return NotImplemented
        user = self.env.user
        if user._is_internal():
            return Domain.TRUE
        # sudo: a portal user's own company and its level, whatever he may read of partners
        dealer = user.sudo().commercial_partner_id
        return (
            Domain("kh_is_pending", "=", False)
            & (
                Domain("kh_partner_id", "in", [False, dealer.id])
                | Domain("kh_with_branches", "=", True)
                & Domain("kh_partner_id", "in", dealer._kh_head_office_ids())
            )
            & Domain("kh_grade_id", "in", [False, dealer.grade_id.id])
        )

    @api.depends("fixed_price", "product_id", "product_tmpl_id", "compute_price", "pricelist_id")
    def _compute_kh_market_price(self):
        now = fields.Datetime.now()
        self.kh_market_price = 0.0
        self.kh_change_rate = 0.0
        nobody = self.env["res.partner"]
        variants = self.filtered("product_id")
        templates = (self - variants).filtered("product_tmpl_id")
        for field, targeted in (("product_id", variants), ("product_tmpl_id", templates)):
            for pricelist, items in targeted.grouped("pricelist_id").items():
                products = items[field]._origin
                prices = pricelist._get_products_price(products, 1.0, date=now, kh_partner=nobody)
                for item in items:
                    market = prices.get(item[field]._origin.id, 0.0)
                    item.kh_market_price = market
                    if market and item.compute_price == "fixed":
                        item.kh_change_rate = item.fixed_price / market - 1

    def _kh_target(self):
        """Return what the rule prices: the variant, the template, or nothing."""
        return self.product_id or self.product_tmpl_id

    @api.depends("product_id", "product_tmpl_id")
    def _compute_kh_default_code(self):
        for item in self:
            item.kh_default_code = item._kh_target().default_code

    # === CONSTRAINT METHODS === #

    @api.constrains("kh_partner_id", "kh_grade_id", "pricelist_id")
    def _check_kh_b2b_pricelist(self):
        for item in self:
            if (item.kh_partner_id or item.kh_grade_id) and not item.pricelist_id.kh_is_b2b:
                raise ValidationError(
                    self.env._(
                        "Prices for a dealer or a member level need a B2B pricelist;"
                        " %(pricelist)s is none.",
                        pricelist=item.pricelist_id.display_name or "–",
                    )
                )

    @api.constrains("kh_contract_id", "kh_partner_id", "pricelist_id")
    def _check_kh_contract(self):
        for item in self:
            contract = item.kh_contract_id
            if contract and (
                contract.partner_id != item.kh_partner_id
                or contract.pricelist_id != item.pricelist_id
            ):
                raise ValidationError(
                    self.env._(
                        "A line of price contract %(contract)s must be for its dealer and"
                        " pricelist.",
                        contract=contract.name,
                    )
                )

    @api.constrains("fixed_price", "compute_price", "kh_contract_id")
    def _check_kh_contract_price(self):
        """Drafts may be unfinished; what is in force has a price (see also submission)."""
        for item in self:
            if item.kh_contract_id.state == "active":
                problem = item._kh_price_problem()
                if problem:
                    raise ValidationError(problem)

    def _kh_price_problem(self):
        """Return why a line cannot be in force, empty where it can."""
        self.ensure_one()
        if self.compute_price != "fixed" or self.fixed_price > 0:
            return ""
        return self.env._(
            "Price contract %(contract)s: the price of %(product)s must be above zero.",
            contract=self.kh_contract_id.name,
            product=self._kh_target().display_name,
        )

    # === ONCHANGE METHODS === #

    @api.onchange("kh_partner_id")
    def _onchange_kh_partner_id(self):
        if self.kh_partner_id:
            self.kh_partner_id = self.kh_partner_id.commercial_partner_id
            self.kh_grade_id = False

    @api.onchange("kh_grade_id")
    def _onchange_kh_grade_id(self):
        if self.kh_grade_id:
            self.kh_partner_id = False

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        # A default (of a context, of the user) binds a line as much as a value does.
        if default := self.default_get(["kh_contract_id"]).get("kh_contract_id"):
            vals_list = [{"kh_contract_id": default, **vals} for vals in vals_list]
        contracts = self.env["kh.price.contract"].browse(
            {vals["kh_contract_id"] for vals in vals_list if vals.get("kh_contract_id")}
        )
        contracts._ensure_lines_editable()
        contract_by_id = {contract.id: contract for contract in contracts}
        partner_ids = {vals["kh_partner_id"] for vals in vals_list if vals.get("kh_partner_id")}
        partners = self.env["res.partner"].browse(partner_ids)
        company_of = {partner.id: partner.commercial_partner_id.id for partner in partners}
        for vals in vals_list:
            if contract := contract_by_id.get(vals.get("kh_contract_id")):
                vals.update(contract._prepare_line_vals())
            elif vals.get("kh_partner_id"):
                vals["kh_partner_id"] = company_of[vals["kh_partner_id"]]
            if not vals.get("kh_contract_id"):
                vals.pop("kh_is_pending", None)
        self._kh_fill_templates(vals_list)
        items = super().create(vals_list)
        items._kh_ensure_no_flow_decides()
        items._kh_log_changes(created=True)
        contracts.filtered(lambda contract: contract.state == "active")._sync_lines()
        return items

    @api.model
    def _kh_fill_templates(self, vals_list):
        """Read the templates of all variants at once (core does it one by one)."""
        bare = [v for v in vals_list if v.get("product_id") and not v.get("product_tmpl_id")]
        products = self.env["product.product"].browse({vals["product_id"] for vals in bare})
        template_of = {product.id: product.product_tmpl_id.id for product in products}
        for vals in bare:
            vals["product_tmpl_id"] = template_of[vals["product_id"]]

    def copy_data(self, default=None):
        """A line copied with its contract takes the term of the new contract."""
        vals_list = super().copy_data(default)
        for item, vals in zip(self, vals_list, strict=True):
            if item.kh_contract_id:
                vals.update(date_start=False, date_end=False)
        return vals_list

    def write(self, vals):
        bound = self.filtered("kh_contract_id")
        if bound:
            bound.kh_contract_id._ensure_lines_editable()
            if vals.keys() & {"kh_contract_id", "kh_partner_id", "kh_grade_id", "kh_is_pending"}:
                raise UserError(
                    self.env._("A contract line cannot be moved to another contract or dealer.")
                )
        if vals.get("kh_contract_id"):
            self.env["kh.price.contract"].browse(vals["kh_contract_id"])._ensure_lines_editable()
            raise UserError(self.env._("Add the price as a new line of the contract instead."))
        if vals.get("kh_partner_id"):
            partner = self.env["res.partner"].browse(vals["kh_partner_id"])
            vals = {**vals, "kh_partner_id": partner.commercial_partner_id.id}
        before = bound._kh_log_state()
        result = super().write(vals)
        (self - bound)._kh_ensure_no_flow_decides()
        if bound and vals.keys() & {"date_start", "date_end"}:
            active = bound.kh_contract_id.filtered(lambda contract: contract.state == "active")
            active._sync_lines()
        if before:
            bound._kh_log_changes(before)
        return result

    def unlink(self):
        before = self.filtered("kh_contract_id")._kh_log_state()
        result = super().unlink()
        gone = {}
        for state in before.values():
            line = self.env._("%(line)s (deleted)", line=self._kh_log_text(state))
            gone.setdefault(state.contract, []).append(line)
        self._kh_log_post(gone)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_frozen_contract(self):
        self.kh_contract_id._ensure_lines_editable()

    def _kh_ensure_no_flow_decides(self):
        """Where contracts need an approval, no dealer gets a price without one (M-45).

        Such a price may still be deleted: then the dealer pays what the level pays.
        """
        if self.env.user._is_superuser():
            return
        loose = self.filtered(lambda item: item.kh_partner_id and not item.kh_contract_id)
        contracts = self.env["kh.price.contract"]
        companies = loose.company_id or self.env.company
        if loose and contracts._companies_with_flow("kh.price.contract", companies):
            raise UserError(
                self.env._(
                    "Prices of %(dealer)s need an approval: enter them in a price contract.",
                    dealer=loose[0].kh_partner_id.display_name,
                )
            )

    # === BUSINESS METHODS - HISTORY === #

    def _kh_log_state(self):
        """Return ``{item id: LineState}`` of the lines of contracts in force."""
        active = self.filtered(lambda item: item.kh_contract_id.state == "active")
        states = {}
        for contract, items in active.grouped("kh_contract_id").items():
            zone = contract._timezone().zone
            for item in items:
                start, end = (
                    format_datetime(self.env, moment, tz=zone, dt_format="short") if moment else "…"
                    for moment in (item.date_start, item.date_end)
                )
                product = item._kh_target().display_name
                states[item.id] = LineState(
                    contract, product or "–", item.min_quantity, item.price, start, end
                )
        return states

    @api.model
    def _kh_log_text(self, state):
        return self.env._(
            "%(product)s from %(minimum)s: %(price)s, %(start)s – %(end)s", **state._asdict()
        )

    def _kh_log_changes(self, before=None, created=False):
        """Keep the history of single lines of contracts in force in the contract's log."""
        if before is None and not created:
            return
        changes = {}
        for item_id, state in self._kh_log_state().items():
            values = {"product": state.product, "minimum": state.minimum, "new": state.price}
            if created:
                line = self.env._("%(product)s from %(minimum)s: %(new)s (new line)", **values)
            elif item_id not in before or before[item_id] == state:
                continue
            elif before[item_id]._replace(price=state.price) == state:
                line = self.env._(
                    "%(product)s from %(minimum)s: %(old)s → %(new)s",
                    old=before[item_id].price,
                    **values,
                )
            else:
                line = f"{self._kh_log_text(before[item_id])} → {self._kh_log_text(state)}"
            changes.setdefault(state.contract, []).append(line)
        self._kh_log_post(changes)

    @api.model
    def _kh_log_post(self, lines_by_contract):
        """Post one message for each contract, however many lines there are."""
        for contract, lines in lines_by_contract.items():
            contract.message_post(body=Markup("<br/>").join(lines))

    # === BUSINESS METHODS - NEUTRALITY === #

    def _is_applicable_for(self, product, qty_in_product_uom):
        """Refuse personal rules: code that walks rules itself knows of no dealer."""
        if self.kh_partner_id or self.kh_grade_id or self.kh_is_pending:
            return False
        return super()._is_applicable_for(product, qty_in_product_uom)

    def _compute_price(self, product, quantity, uom, date, currency=None, **kwargs):
        """Extend `product`: a ratio on a B2B pricelist gives a price that can be paid.

        Rounded to the precision of prices, so that quantity × the price shown is the
        subtotal, on every page. Fixed prices are what the contract says, converted as in core.
        """
        price = super()._compute_price(product, quantity, uom, date, currency=currency, **kwargs)
        # sudo: only which kind of pricelist this is
        if self.compute_price == "fixed" or not self.sudo().pricelist_id.kh_is_b2b:
            return price
        digits = self.env["decimal.precision"].precision_get("Product Price")
        return float_round(price, precision_digits=digits)

    def _compute_base_price(self, product, quantity, uom, date, currency, **kwargs):
        """A ratio of another B2B pricelist is a ratio of its market price, never a dealer's."""
        # sudo: only which kind of pricelist this is
        if self.base == "pricelist" and self.base_pricelist_id.sudo().kh_is_b2b:
            kwargs["kh_partner"] = self.env["res.partner"]
        return super()._compute_base_price(product, quantity, uom, date, currency, **kwargs)

    def _show_discount_on_shop(self):
        """No struck-through market price beside a dealer's own: it is no promotion."""
        # sudo: the flag of the pricelist is no secret to who may use it
        if self and self.sudo().pricelist_id.kh_is_b2b:
            return False
        return super()._show_discount_on_shop()

    @api.model
    def _load_pos_data_domain(self, data, config):
        """Keep dealers' prices out of the till (called with `point_of_sale` only)."""
        domain = Domain(super()._load_pos_data_domain(data, config))
        return list(domain & self.env["product.pricelist"]._kh_shared_items_domain())
