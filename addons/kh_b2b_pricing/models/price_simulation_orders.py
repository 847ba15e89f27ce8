from datetime import datetime, time

import pytz

from odoo import models
from odoo.tools import SQL

from ..engine.replay import Period, Sold

#: Order lines fetched and priced at a time: what a replay holds in memory.
BATCH_LINES = 10_000


class PriceSimulation(models.Model):
    """What a scenario reads of orders: SQL over the lines of one company and period."""

    _inherit = "kh.price.simulation"

    # === BUSINESS METHODS - ORDER LINES === #

    def _get_period(self):
        """Return first and last moment of the period where the company is, naive UTC."""
        self.ensure_one()
        # sudo: the company's own contact, for its time zone only
        zone = pytz.timezone(self.company_id.sudo().partner_id.tz or self.env.user.tz or "UTC")
        start, end = (
            zone.localize(datetime.combine(day, clock)).astimezone(pytz.utc).replace(tzinfo=None)
            for day, clock in ((self.date_from, time.min), (self.date_to, time.max))
        )
        return Period(start, end)

    def _get_line_conditions(self):
        """Return what makes an order line goods sold at a price (hook), aliases ``l`` and ``o``.

        Free lines (auxiliaries, gifts) and negative ones (rebates, discounts) have no price of
        a price list.
        """
        return [
            SQL("o.state = 'sale'"),
            SQL("l.display_type IS NULL"),
            SQL("l.price_unit > 0"),
            SQL("l.is_downpayment IS NOT TRUE"),
            SQL("l.is_delivery IS NOT TRUE"),
        ]

    def _sql_source(self):
        """Return FROM and WHERE of the lines to replay, with the data rights of the user.

        Aliases: ``l`` line, ``o`` order, ``d`` dealer (commercial partner), ``v`` variant,
        ``t`` template, ``u`` unit of the line, ``tu`` unit of the product.
        """
        self.ensure_one()
        for name in ("sale.order.line", "sale.order", "res.partner", "product.product"):
            self.env[name].flush_model()
        self.env["product.template"].flush_model(["uom_id", "categ_id"])
        self.env["uom.uom"].flush_model()
        period = self._get_period()
        # As the user, who may see the orders of these dealers only (rules on partners).
        dealers = self.env["res.partner"].with_context(active_test=False)._search([])
        conditions = [
            SQL("o.company_id = %s", self.company_id.id),
            SQL("o.date_order BETWEEN %s AND %s", period.start, period.end),
            *self._get_line_conditions(),
            SQL("d.id IN %s", dealers.subselect()),
        ]
        if not self.env.user._kh_get_data_scope().is_everything:
            # as the rule on orders: who has a range sees orders of dealers only
            conditions.append(SQL("d.kh_is_dealer"))
        return SQL(
            """FROM sale_order_line l
               JOIN sale_order o ON o.id = l.order_id
               JOIN res_partner p ON p.id = o.partner_id
               JOIN res_partner d ON d.id = COALESCE(p.commercial_partner_id, p.id)
               JOIN product_product v ON v.id = l.product_id
               JOIN product_template t ON t.id = v.product_tmpl_id
               JOIN uom_uom tu ON tu.id = t.uom_id
               JOIN uom_uom u ON u.id = COALESCE(l.product_uom_id, t.uom_id)
              WHERE %s""",
            SQL(" AND ").join(conditions),
        )

    def _sql_amount(self):
        """Return the untaxed amount of a line in company currency, rounded to it."""
        rounding = self.company_id.currency_id.rounding
        return SQL(
            "ROUND(l.price_subtotal::numeric / COALESCE(NULLIF(o.currency_rate, 0), 1)::numeric"
            " / %(unit)s::numeric) * %(unit)s::numeric",
            unit=rounding,
        )

    def _has_more_lines_than(self, limit):
        rows = self.env.execute_query(
            SQL("SELECT count(*) FROM (SELECT 1 %s LIMIT %s) s", self._sql_source(), limit + 1)
        )
        return rows[0][0] > limit

    def _read_totals(self):
        """Sum up all lines as they were ordered, in one statement.

        :return: ``{("dealer" or "product", id): (lines, quantity in product unit, amount,
            cost)}``, amounts in company currency, rounded line by line: both kinds have the
            same sum
        """
        self.ensure_one()
        # sudo: what goods cost is summed up for all, and shown to those who may see it
        products = self.env["product.product"].sudo().with_company(self.company_id)
        cost = SQL(
            "ROUND((l.product_uom_qty * u.factor / tu.factor)::numeric"
            " * COALESCE(%(cost)s, 0)::numeric / %(unit)s::numeric) * %(unit)s::numeric",
            cost=products._field_to_sql("v", "standard_price"),
            unit=self.company_id.currency_id.rounding,
        )
        rows = self.env.execute_query(
            SQL(
                """SELECT d.id, v.id, count(*),
                          sum(l.product_uom_qty * u.factor / tu.factor)::float8,
                          sum(%(amount)s)::float8, sum(%(cost)s)::float8
                   %(source)s
                 GROUP BY GROUPING SETS ((d.id), (v.id))""",
                amount=self._sql_amount(),
                cost=cost,
                source=self._sql_source(),
            )
        )
        return {
            ("dealer", dealer_id) if dealer_id else ("product", product_id): tuple(figures)
            for dealer_id, product_id, *figures in rows
        }

    def _fetch_lines(self, condition):
        """Give the lines the scenario may touch, in batches of bounded size.

        Ordered by pricelist, level, dealer and product, through a cursor of the database: a
        million lines are never in memory together.

        :param SQL condition: which lines, with the aliases of `_sql_source`
        :return: generator of lists of ``(pricelist id, level id or None, is kept, Sold)``
        """
        query = SQL(
            """DECLARE kh_price_simulation NO SCROLL CURSOR FOR
               SELECT o.pricelist_id, d.grade_id, %(kept)s,
                      d.id, v.id, u.id, o.currency_id, l.product_uom_qty::float8,
                      COALESCE(l.discount, 0)::float8,
                      COALESCE(NULLIF(o.currency_rate, 0), 1)::float8, o.date_order,
                      (%(amount)s)::float8, %(taxes)s
               %(source)s AND (%(condition)s)
             ORDER BY o.pricelist_id, d.grade_id, d.id, v.id""",
            kept=self._sql_is_kept(),
            amount=self._sql_amount(),
            taxes=self._sql_taxes(),
            source=self._sql_source(),
            condition=condition,
        )
        cr = self.env.cr
        cr.execute(query)
        try:
            while True:
                cr.execute(SQL("FETCH FORWARD %s FROM kh_price_simulation", BATCH_LINES))
                rows = cr.fetchall()
                if not rows:
                    break
                yield [
                    (pricelist_id, grade_id, is_kept, Sold(*line, tuple(tax_ids or ())))
                    for pricelist_id, grade_id, is_kept, *line, tax_ids in rows
                ]
        finally:
            if not cr.closed:
                cr.execute(SQL("CLOSE kh_price_simulation"))

    def _sql_is_kept(self):
        """Return whether a line has a price that price rules alone do not tell.

        Parts of a combination share its price; extras of attributes without variants are
        known to the order line only.
        """
        lines = self.env["sale.order.line"]
        field = lines._fields["product_no_variant_attribute_value_ids"]
        return SQL(
            "(l.combo_item_id IS NOT NULL OR l.id IN (SELECT %s FROM %s))",
            SQL.identifier(field.column1),
            SQL.identifier(field.relation),
        )

    def _sql_taxes(self):
        """Return the taxes of a line, or nothing where no tax can be part of a price."""
        # sudo: how taxes are set up, for everybody
        taxes_sudo = self.env["account.tax"].sudo().with_context(active_test=False)
        domain = [
            *taxes_sudo._check_company_domain(self.company_id),
            ("type_tax_use", "=", "sale"),
            ("price_include", "=", True),
        ]
        if not taxes_sudo.search_count(domain, limit=1):
            return SQL("NULL")
        field = self.env["sale.order.line"]._fields["tax_ids"]
        return SQL(
            "(SELECT array_agg(r.%(tax)s ORDER BY r.%(tax)s) FROM %(relation)s r"
            " WHERE r.%(line)s = l.id)",
            tax=SQL.identifier(field.column2),
            relation=SQL.identifier(field.relation),
            line=SQL.identifier(field.column1),
        )
