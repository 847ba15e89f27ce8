from odoo import api, fields, models
from odoo.tools.sql import column_exists, create_column

from ..engine.trace import Asked, is_changed, pack_given
from .data_rights import PRICE_GROUPS


class TraceValue(dict):
    """A trace that comes from our own code: clients cannot send one (see `create`)."""


class SaleOrderLine(models.Model):
    """Each line keeps why it has its price (价格透视), see ``engine.trace``."""

    _inherit = "sale.order.line"

    # === FIELDS === #
    kh_price_trace = fields.Json(
        "Price trace",
        compute="_compute_kh_price_trace",
        store=True,
        precompute=True,
        # not readonly: drafts in a form keep the trace of their saved line
        readonly=False,
        copy=False,  # see `copy_data`
        groups=",".join(PRICE_GROUPS),
        help="What decided the price, kept with the line: rules may change or go.",
    )

    def _auto_init(self):
        # An empty column: lines from before are not asked again, one by one, at installation.
        if not column_exists(self.env.cr, self._table, "kh_price_trace"):
            create_column(self.env.cr, self._table, "kh_price_trace", "jsonb")
        return super()._auto_init()

    # === COMPUTE METHODS === #

    @api.depends("product_id", "product_uom_id", "product_uom_qty")
    def _compute_kh_price_trace(self):
        """Trace prices which `_compute_price_unit` did not just trace itself.

        These are prices that come with the line (a form sends what it showed, an import what
        was agreed), and prices of saved lines.
        """
        cache = self._fields["kh_price_trace"]._get_cache(self.env)
        self.mapped("price_unit")  # computes what is due, with the traces of new lines
        todo = self.filtered(lambda line: line.id or line._ids[0] not in cache)
        priced = todo.filtered(lambda line: line._kh_is_rule_priced())
        quotes = priced._kh_quote_lines()
        for line in priced:
            line.kh_price_trace = line._kh_note_hand(quotes[line][2])
        for line in todo - priced:
            line.kh_price_trace = line._kh_trace_given()

    def _kh_trace_given(self):
        """Trace a price that no rule alone decides; nothing for plain pricelists."""
        if not self._kh_is_on_b2b_pricelist():
            return False
        date = self._get_order_date() or fields.Datetime.now()
        uom = self.product_uom_id or self.product_id.uom_id
        currency = self.currency_id or self.order_id.pricelist_id.currency_id
        asked = Asked(
            fields.Datetime.to_string(date), self.product_uom_qty, uom.name, currency.name, None, 2
        )
        return pack_given(asked, self.price_unit)

    def _kh_note_hand(self, trace):
        """Add who changed the price that the rules gave, or forget it where it is theirs again.

        :param dict trace: the line's trace
        :return: the trace with or without its note
        """
        trace = dict(trace)
        # sudo: see the field's groups; who may write the price need not read its reasons
        before = (self.sudo().kh_price_trace or {}) if self.id else {}
        known = before.get("m")
        trace.pop("m", None)
        digits = self._kh_price_digits()
        if is_changed(trace, self.price_unit, digits):
            is_kept = before and not known and self.technical_price_unit == self.price_unit
            if is_kept and not is_changed(before, self.price_unit, digits):
                # core did not price the line anew (it is invoiced): the old reasons stand
                return before
            if not known or known[2] != self.price_unit:
                moment = fields.Datetime.to_string(fields.Datetime.now())
                known = [self.env.user.name, moment, self.price_unit]
            trace["m"] = known
        return trace

    def _kh_price_digits(self):
        currency = self.currency_id or self.env.company.currency_id
        digits = self.env["decimal.precision"].precision_get("Product Price")
        return max(digits, currency.decimal_places)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._kh_without_foreign_trace(vals) for vals in vals_list])

    def _add_precomputed_values(self, vals_list):
        """Trace also the lines of those who may not read traces."""
        # sudo: `create` was allowed before; what is computed here would run as superuser anyway
        super(SaleOrderLine, self.sudo())._add_precomputed_values(vals_list)

    def write(self, vals):
        result = super().write(self._kh_without_foreign_trace(vals))
        if "price_unit" in vals and not self.env.context.get("sale_write_from_compute"):
            self._kh_note_hands()
        return result

    @api.model
    def _kh_without_foreign_trace(self, vals):
        trace = vals.get("kh_price_trace")
        if trace and not isinstance(trace, TraceValue):
            return {key: value for key, value in vals.items() if key != "kh_price_trace"}
        return vals

    def _kh_note_hands(self):
        """Say on the traces of ``self`` which prices are not the rules'."""
        field = self._fields["kh_price_trace"]
        # sudo: see `_kh_note_hand`
        for line_sudo in self.sudo():
            trace = line_sudo.kh_price_trace
            noted = line_sudo._kh_note_hand(trace) if trace else trace
            if noted != trace:
                # no business logic: the price was written, this is its shadow
                with self.env.protecting([field], line_sudo):
                    line_sudo.kh_price_trace = noted

    def copy_data(self, default=None):
        """A copied line keeps its price, and with it the reason."""
        vals_list = super().copy_data(default)
        if not self._has_field_access(self._fields["kh_price_trace"], "write"):
            return vals_list  # traced anew, as for any price that comes with a line
        # sudo: see the field's groups
        for line_sudo, vals in zip(self.sudo(), vals_list, strict=True):
            if vals and "price_unit" in vals and line_sudo.kh_price_trace:
                vals["kh_price_trace"] = TraceValue(line_sudo.kh_price_trace)
        return vals_list
