from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine import COST
from ..engine.figures import PriceLine, compare, summarise

# Two lines with equal keys price the same thing from the same quantity.
KEY = (
    "%(alias)s.applied_on, COALESCE(%(alias)s.product_id, 0),"
    " COALESCE(%(alias)s.product_tmpl_id, 0), COALESCE(%(alias)s.categ_id, 0),"
    " COALESCE(%(alias)s.min_quantity, 0)"
)


class PriceContract(models.Model):
    """The lines of contracts by the thousand: read, copied, compared, measured."""

    _name = "kh.price.contract"
    _inherit = ["kh.price.contract", "kh.price.figures.mixin"]

    # === FIELDS === #
    line_revision = fields.Integer(
        readonly=True,
        copy=False,
        export_string_translation=False,
        help="Raised with each change of lines; makes a submission at the same moment wait.",
    )

    # === CRUD METHODS === #

    def write(self, vals):
        self._deny_figures(vals)
        return super().write(vals)

    # === BUSINESS METHODS - READING === #

    def _get_price_lines(self, template_ids=None):
        """Read the current lines of contracts in one query, earlier starts first.

        :param template_ids: only lines of these templates (and those without one)
        :return: list of ``(contract id, PriceLine)`` without market price and cost
        Reads past record rules: callers have checked the contracts.
        """
        items = self.env["product.pricelist.item"]
        items.flush_model()
        self.flush_model(["date_ended", "date_end"])
        only = SQL()
        if template_ids is not None:
            only = SQL(
                "AND (i.product_tmpl_id IS NULL OR i.product_tmpl_id = ANY(%s))",
                list(template_ids),
            )
        rows = self.env.execute_query(
            SQL(
                """SELECT i.kh_contract_id, i.id, i.applied_on, i.product_id, i.product_tmpl_id,
                          i.categ_id, i.min_quantity::float8, i.compute_price,
                          i.fixed_price::float8, i.percent_price::float8, i.price_discount::float8,
                          i.base
                     FROM product_pricelist_item i
                     JOIN kh_price_contract c ON c.id = i.kh_contract_id
                    WHERE i.kh_contract_id = ANY(%(contracts)s) AND i.kh_is_past IS NOT TRUE
                      AND (i.date_end IS NULL
                           OR i.date_end >= LEAST(c.date_ended - interval '1 second',
                                                  c.date_end::timestamp, %(now)s))
                      %(only)s
                 ORDER BY i.date_start NULLS FIRST, i.id""",
                contracts=list(self._ids),
                now=fields.Datetime.now(),
                only=only,
            )
        )
        lines, ratios = [], []
        for contract_id, item_id, *target, minimum, kind, fixed, percent, discount, base in rows:
            key = (target[0], *(part or 0 for part in target[1:]), minimum or 0.0)
            price = (fixed or 0.0) if kind == "fixed" else None
            rate = (percent if kind == "percentage" else discount) or 0.0
            if price is None and key[2]:
                ratios.append(item_id)
            is_on_cost = price is None and not key[2] and base == COST
            line = PriceLine(item_id, key, price, rate / 100, is_on_cost=is_on_cost)
            lines.append((contract_id, line))
        return self._resolve_ratios(lines, ratios) if ratios else lines

    @api.model
    def _resolve_ratios(self, lines, item_ids):
        """Say what lines with a ratio on one product come to today."""
        # sudo: what a contract says, for whoever was let at it
        items = self.env["product.pricelist.item"].sudo().browse(item_ids)
        now, nobody, prices = fields.Datetime.now(), self.env["res.partner"], {}
        for item in items:
            product = item._kh_target()
            prices[item.id] = item._compute_price(
                product,
                max(item.min_quantity, 1.0),
                product.uom_id,
                now,
                currency=item.currency_id,
                kh_partner=nobody,
            )
        return [
            (contract_id, line._replace(price=prices.get(line.id, line.price)))
            for contract_id, line in lines
        ]

    def _compare(self):
        """Compare one contract, measured, with the one it replaces.

        :return: list of :class:`engine.figures.Change`
        """
        self.ensure_one()
        new = self._measure(
            [line for _contract, line in self._get_price_lines()],
            self.pricelist_id,
            self.company_id,
        )
        # sudo: the replaced contract is one of the same dealer, company and pricelist
        old = [line for _contract, line in self.supersedes_id.sudo()._get_price_lines()]
        return compare(new, old)

    def _store_figures(self):
        """Compute what approvers decide by and keep it with the contracts."""
        for contract in self:
            figures = summarise(contract._compare())
            # sudo: margins are written for approvers, also by who may not read them
            contract.sudo()._move(self._prepare_figures_vals(figures))

    def _touch_lines(self):
        if ids := [contract_id for contract_id in self._ids if isinstance(contract_id, int)]:
            self.flush_recordset()
            self.env.execute_query(
                SQL(
                    "UPDATE kh_price_contract SET line_revision = COALESCE(line_revision, 0) + 1"
                    " WHERE id IN (SELECT id FROM kh_price_contract WHERE id = ANY(%s)"
                    " ORDER BY id FOR NO KEY UPDATE) RETURNING id",
                    ids,
                )
            )

    # === BUSINESS METHODS - COPYING === #

    def _copy_lines_from(self, source, factor=1.0, step=0.0, categories=None):
        """Copy the current lines of another contract into this draft, in one statement.

        :param float factor: prices are multiplied by it: 0.95 is 5 % less
        :param float step: changed prices are rounded to its multiples; 0: to the precision of
            prices. Without a change prices stay as they are.
        :param categories: product.category, only lines on products of these and those below
        :return: number of lines
        :raise UserError: if this contract is no draft, or the currencies differ

        Lines this contract has already are not copied, nor what ended before it begins. Terms
        of their own inside the source's are kept. The caller has checked the source.
        """
        self.ensure_one()
        self.check_access("write")
        self._ensure_draft()
        self._touch_lines()
        if source.currency_id != self.currency_id:
            raise UserError(
                self.env._(
                    "Price contract %(other)s is in %(theirs)s, this one in %(ours)s.",
                    other=source.name,
                    theirs=source.currency_id.name,
                    ours=self.currency_id.name,
                )
            )
        start, _end = self._term_utc()
        common = self._prepare_line_vals()
        values = {name: SQL("%s", value or None) for name, value in common.items()}
        ids = self.env["product.pricelist.item"]._kh_copy_rows(
            self._copy_condition(source, factor, categories),
            **values,
            **self._prepare_copied_prices(factor, step),
            kh_contract_id=SQL("%s", self.id),
            currency_id=SQL("%s", self.currency_id.id),
            company_id=SQL("%s", (self.pricelist_id.company_id or self.company_id).id),
            date_start=SQL("CASE WHEN i.date_start > %s THEN i.date_start END", start),
            date_end=SQL(
                "CASE WHEN i.date_end < COALESCE(%s, 'infinity'::timestamp) THEN i.date_end END",
                source._last_moment(),
            ),
            kh_is_past=SQL("NULL::boolean"),
            kh_adjustment_id=SQL("NULL::integer"),
            kh_changed_uid=SQL("NULL::integer"),
        )
        return len(ids)

    def _count_lines_from(self, source, factor=1.0, categories=None):
        """Return how many lines `_copy_lines_from` would copy, and how many there are."""
        self.env["product.pricelist.item"].flush_model()
        [[wanted, total]] = self.env.execute_query(
            SQL(
                "SELECT count(*) FILTER (WHERE %s), count(*) FROM product_pricelist_item i"
                " WHERE i.kh_contract_id = %s AND i.kh_is_past IS NOT TRUE",
                self._copy_condition(source, factor, categories),
                source.id,
            )
        )
        return wanted, total

    def _copy_condition(self, source, factor, categories):
        """Return which lines of ``source`` are copied, on the alias ``i``.

        Those that still hold when this contract begins, or did to the end of the source.
        """
        start, _end = self._term_utc()
        source_end = source._last_moment()
        start = min(start, source_end) if source_end else start
        parts = [
            SQL("i.kh_contract_id = %s AND i.kh_is_past IS NOT TRUE", source.id),
            SQL("(i.date_end IS NULL OR i.date_end >= %s)", start),
        ]
        if self.id:
            # NOT IN: one hash of the lines that are there, whatever the planner knows of them
            parts.append(
                SQL(
                    "(%s) NOT IN (SELECT %s FROM product_pricelist_item o"
                    " WHERE o.kh_contract_id = %s AND o.kh_is_past IS NOT TRUE)",
                    SQL(KEY, alias=SQL.identifier("i")),
                    SQL(KEY, alias=SQL.identifier("o")),
                    self.id,
                )
            )
        if factor != 1.0:
            parts.append(SQL("i.compute_price IN ('fixed', 'percentage')"))
        if categories:
            below = categories.search(Domain("id", "child_of", categories.ids))
            parts.append(
                SQL(
                    "(i.categ_id = ANY(%(ids)s) OR EXISTS (SELECT 1 FROM product_template t"
                    " WHERE t.id = i.product_tmpl_id AND t.categ_id = ANY(%(ids)s)))",
                    ids=below.ids,
                )
            )
        return SQL(" AND ").join(parts)

    @api.model
    def _prepare_copied_prices(self, factor, step):
        """Return ``{column: SQL}`` of prices multiplied and rounded, half away from zero."""
        if factor == 1.0:
            return {}
        digits = self.env["decimal.precision"].precision_get("Product Price")
        step = step or 10**-digits
        fixed, agreed = (
            SQL(
                "round(%(price)s::numeric * %(factor)s::numeric / %(step)s::numeric)"
                " * %(step)s::numeric",
                price=SQL.identifier("i", name),
                factor=factor,
                step=step,
            )
            for name in ("fixed_price", "kh_uom_price")
        )
        return {
            **self.env["product.pricelist.item"]._kh_sql_follow_price(fixed, agreed),
            "percent_price": SQL(
                "round(100 - (100 - i.percent_price::numeric) * %s::numeric, 4)", factor
            ),
        }

    def _ensure_draft(self):
        for contract in self:
            if contract.state != "draft":
                raise UserError(
                    self.env._(
                        "Price contract %(contract)s is not a draft: make a new version of it.",
                        contract=contract.name,
                    )
                )

    # === HOOKS - APPROVAL === #

    def action_request_approval(self):
        """Extend: only by submission, with the figures of that moment."""
        self.check_access("write")
        for contract in self:
            if contract.state != "review":
                raise UserError(
                    self.env._(
                        "Submit price contract %(contract)s to have it approved.",
                        contract=contract.name,
                    )
                )
        self._store_figures()
        return super().action_request_approval()

    def _approval_summary(self):
        return [*super()._approval_summary(), *self._figures_summary(self)]
