from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..engine.figures import PriceLine
from .price_contract_workflow import SECOND
from .price_figures import COST_GROUPS

# What makes another price of a rule; its former price then stays as a row of its own.
PRICE_FIELDS = {
    "applied_on",
    "base",
    "base_pricelist_id",
    "categ_id",
    "compute_price",
    "fixed_price",
    "kh_uom_id",
    "kh_uom_price",
    "min_quantity",
    "percent_price",
    "price_discount",
    "price_markup",
    "price_max_margin",
    "price_min_margin",
    "price_round",
    "price_surcharge",
    "product_id",
    "product_tmpl_id",
}
HISTORY_FIELDS = {
    "kh_is_past",
    "kh_adjustment_id",
    "kh_changed_uid",
    "kh_price_since",
    "kh_successor_id",
}


class ProductPricelistItem(models.Model):
    """Prices of contracts in force are never overwritten: the former price stays (M-45)."""

    _inherit = "product.pricelist.item"

    # === FIELDS === #
    # Neither default nor stored relation: the columns are added to tables of a million rows.
    kh_is_past = fields.Boolean(
        "Former price",
        readonly=True,
        copy=False,
        help="A price that was in force and has been replaced; kept for the history.",
    )
    kh_adjustment_id = fields.Many2one(
        "kh.price.adjustment",
        "Adjustment",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
    )
    kh_changed_uid = fields.Many2one(
        "res.users", "Price set by", readonly=True, copy=False, ondelete="set null"
    )
    kh_last_price = fields.Float(
        "Last price",
        compute="_compute_kh_last_price",
        min_display_digits="Product Price",
        help="Price in the contract that this one replaces.",
    )
    kh_last_change_rate = fields.Float(
        "Change to last price",
        compute="_compute_kh_last_price",
        help="Difference to the last price, as a fraction of it.",
    )
    kh_margin_rate = fields.Float(
        "Margin",
        compute="_compute_kh_margin_rate",
        groups=COST_GROUPS,
        help="What is left of the price without tax after the cost, as a fraction; 0 where"
        " the product has no cost.",
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "fixed_price",
        "compute_price",
        "min_quantity",
        "product_id",
        "product_tmpl_id",
        "kh_contract_id.supersedes_id",
    )
    def _compute_kh_last_price(self):
        self.kh_last_price = 0.0
        self.kh_last_change_rate = 0.0
        replaced = self.kh_contract_id.supersedes_id._origin
        if not replaced:
            return
        # sudo: the replaced contract is one of the same dealer, of whom the user reads prices
        olds = replaced.sudo()._get_price_lines(self.product_tmpl_id._origin.ids)
        old_by_key = {contract_id: {} for contract_id in replaced._ids}
        for contract_id, line in olds:
            old_by_key[contract_id][line.key] = line
        for item in self:
            old = old_by_key.get(item.kh_contract_id.supersedes_id._origin.id, {})
            old = old and old.get(item._kh_key())
            if not old or old.price is None:
                continue
            item.kh_last_price = old.price
            if item.compute_price == "fixed" and old.price:
                item.kh_last_change_rate = item.fixed_price / old.price - 1

    @api.depends("fixed_price", "compute_price", "product_id", "product_tmpl_id")
    def _compute_kh_margin_rate(self):
        self.kh_margin_rate = 0.0
        fixed = self.filtered(lambda i: i.compute_price == "fixed" and i.kh_contract_id)
        mixin = self.env["kh.price.figures.mixin"]
        for contract, items in fixed.grouped("kh_contract_id").items():
            lines = mixin._measure(
                [item._kh_to_line() for item in items],
                contract.pricelist_id,
                contract.company_id or self.env.company,
                with_market=False,
            )
            for item, line in zip(items, lines, strict=True):
                item.kh_margin_rate = line.margin_rate or 0.0

    @api.depends("name", "min_quantity")
    @api.depends_context("kh_show_line")
    def _compute_display_name(self):
        """Extend: tell the lines of one product apart where they are to be chosen."""
        super()._compute_display_name()
        if self.env.context.get("kh_show_line"):
            for item in self.filtered(lambda item: item._kh_target()):
                product = item._kh_target().with_context(display_default_code=False)
                item.display_name = product.display_name
                if item.min_quantity:
                    item.display_name = self.env._(
                        "%(product)s, from %(minimum)g",
                        product=product.display_name,
                        minimum=item.min_quantity,
                    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Extend: nobody makes a former price, one that another has set, or one for the past."""
        vals_list = [
            {name: value for name, value in vals.items() if name not in HISTORY_FIELDS}
            for vals in vals_list
        ]
        items = super().create(vals_list)
        now = fields.Datetime.now()
        if early := items._kh_in_force(now):
            super(ProductPricelistItem, early).write({"date_start": now})
        return items

    def write(self, vals):
        """Extend: a changed price of a contract in force begins now; the former one ends.

        The row keeps its id and gets the new price; a copy of it keeps the old one.
        """
        if vals.keys() & HISTORY_FIELDS:
            raise AccessError(self.env._("The history of prices is kept by the system."))
        changed = self.browse()
        if vals.keys() & PRICE_FIELDS:
            would_change = self.filtered(lambda item: item._kh_would_change(vals))
            changed = would_change._kh_in_force()
            would_change._kh_ensure_not_past(fields.Datetime.now())
        self._kh_ensure_not_past()
        if not changed:
            return super().write(vals)
        self.check_access("write")
        changed.kh_contract_id._ensure_lines_editable()
        now = fields.Datetime.now()
        start = fields.Datetime.to_datetime(vals.get("date_start")) or now
        start = max(start, now)
        changed._kh_keep_former(start)
        super(ProductPricelistItem, changed).write({**vals, "date_start": start})
        changed._kh_set_changed_by(self.env.user)
        return super(ProductPricelistItem, self - changed).write(vals)

    def unlink(self):
        """Extend: prices that were in force leave their history."""
        in_force = self._kh_in_force()
        if in_force:
            self.check_access("unlink")
            in_force.kh_contract_id._ensure_lines_editable()
            in_force._kh_keep_former(fields.Datetime.now())
        return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_past(self):
        self._kh_ensure_not_past()

    # === BUSINESS METHODS - HISTORY === #

    def _kh_ensure_not_past(self, moment=None):
        """Raise for former prices; with a moment also for those whose time was over then."""
        for item in self:
            is_over = (
                moment
                and item.date_end
                and item.date_end < moment
                and item.kh_contract_id.state == "active"
            )
            if item.kh_is_past or is_over:
                raise UserError(
                    self.env._(
                        "The price of %(product)s until %(end)s is history and stays as it was.",
                        product=item._kh_target().display_name or item.name,
                        end=item.date_end,
                    )
                )

    def _kh_in_force(self, moment=None):
        """Return those that belong to an active contract and have been in force for a while."""
        moment = moment or fields.Datetime.now()
        return self.filtered(
            lambda item: (
                item.kh_contract_id.state == "active"
                and not item.kh_is_past
                and (not item.date_start or item.date_start < moment)
                and (not item.date_end or item.date_end >= moment)
            )
        )

    def _kh_would_change(self, vals, names=None):
        """Say whether ``vals`` change the price, or what else ``names`` tell."""
        self.ensure_one()
        for name in vals.keys() & (names or PRICE_FIELDS):
            field, value = self._fields[name], vals[name]
            if field.convert_to_cache(value, self) != field.convert_to_cache(self[name], self):
                return True
        return False

    def _kh_keep_former(self, moment):
        """Copy rows as former prices that end the second before ``moment``, in one statement."""
        self._kh_copy_rows(
            SQL("i.id = ANY(%s)", list(self._ids)),
            date_end=SQL("%s::timestamp", moment - SECOND),
            kh_is_past=SQL("%s", moment <= fields.Datetime.now()),
        )

    def _kh_set_changed_by(self, user, adjustment=None, since=False):
        """Note who has set the price, past `write`, which nobody may use for it."""
        super().write(
            {
                "kh_changed_uid": user.id,
                "kh_adjustment_id": adjustment.id if adjustment else False,
                "kh_price_since": since,
            }
        )

    @api.model
    def _kh_copy_rows(self, condition, source=None, **values):
        """Copy price rows inside the database, however many, in one statement.

        :param SQL condition: on the alias ``i``
        :param SQL source: further rows, each of which makes a copy
        :param values: ``{column: SQL}`` where the copy differs
        :return: ids of the copies
        Checks nothing: callers have checked contract and rights.
        """
        values = {
            "create_date": SQL("now() AT TIME ZONE 'UTC'"),
            "create_uid": SQL("%s", self.env.uid),
            "write_date": SQL("now() AT TIME ZONE 'UTC'"),
            "write_uid": SQL("%s", self.env.uid),
            **values,
        }
        columns = [
            name
            for name, field in self._fields.items()
            if field.store and field.column_type and name != "id"
        ]
        self.flush_model()
        # Ordered by an expression, so that all is read before the first row is written: else
        # conditions on the table would be tried on the index entries of the copies, too.
        rows = self.env.execute_query(
            SQL(
                "INSERT INTO product_pricelist_item (%s) SELECT %s FROM product_pricelist_item i%s"
                " WHERE %s ORDER BY i.id + 0 RETURNING id",
                SQL(", ").join(map(SQL.identifier, columns)),
                SQL(", ").join(values.get(name, SQL.identifier("i", name)) for name in columns),
                SQL(", %s", source) if source else SQL(),
                condition,
            )
        )
        self.env["kh.price.contract"].invalidate_model(["item_ids", "item_count"])
        return [row[0] for row in rows]

    # === BUSINESS METHODS - FIGURES === #

    def _kh_key(self):
        """Return what is priced from which quantity, see :class:`engine.figures.PriceLine`."""
        self.ensure_one()
        variant = self.product_id._origin
        return (
            self.applied_on,
            variant.id or 0,
            (self.product_tmpl_id or variant.product_tmpl_id)._origin.id or 0,
            self.categ_id._origin.id or 0,
            self.min_quantity or 0.0,
        )

    def _kh_to_line(self):
        self.ensure_one()
        return PriceLine(
            self._origin.id or 0,
            self._kh_key(),
            self.fixed_price if self.compute_price == "fixed" else None,
        )

    # === ACTION METHODS === #

    def action_kh_adjust(self):
        """Propose new prices for lines of one contract in force, opens the draft."""
        return self.kh_contract_id._open_adjustment(self)
