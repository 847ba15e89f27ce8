"""Promotion zones as SQL: which goods lie too long, and what a zone shows. No ``env``."""

from dataclasses import dataclass
from datetime import datetime

from odoo.tools import SQL


@dataclass(frozen=True)
class PromotionCondition:
    """Accepted products of one promotion, as a condition on templates and variants."""

    promotion_id: int

    def __call__(self, model, alias, query):
        chosen = SQL(
            "SELECT product_id FROM kh_promotion_line"
            " WHERE promotion_id = %s AND state = 'accepted'",
            self.promotion_id,
        )
        if model._name == "product.template":
            chosen = SQL("SELECT product_tmpl_id FROM product_product WHERE id IN (%s)", chosen)
        return SQL("%s IN (%s)", SQL.identifier(alias, "id"), chosen)


@dataclass(frozen=True)
class SlowStock:
    """The rule of slow-moving stock (呆滞库存, M-05).

    `minimum`: more free stock than this, in the product's unit; `since`: nothing was bought,
    used, delivered or ordered by a customer since then (UTC).
    """

    company_id: int
    minimum: float
    since: datetime
    limit: int

    def get_sql(self, products):
        """Select ``(product id, free quantity, last time goods went out)``, largest stock first.

        Stock is what lies in the company's internal locations and is not reserved. Moves
        inside the house and inventory corrections are no sign of demand.

        :param SQL products: selects the ids of the variants that may be proposed
        """
        return SQL(
            """
            SELECT s.product_id, s.quantity, o.last_out
              FROM (SELECT q.product_id,
                           SUM(q.quantity - q.reserved_quantity)::float8 AS quantity
                      FROM stock_quant q
                      JOIN stock_location l ON l.id = q.location_id AND l.usage = 'internal'
                     WHERE q.company_id = %(company)s AND q.product_id IN (%(products)s)
                     GROUP BY q.product_id
                    HAVING SUM(q.quantity - q.reserved_quantity) > %(minimum)s) s
              LEFT JOIN LATERAL (
                    SELECT MAX(m.date) AS last_move,
                           MAX(m.date) FILTER (WHERE f.usage = 'internal') AS last_out
                      FROM stock_move m
                      JOIN stock_location f ON f.id = m.location_id
                      JOIN stock_location t ON t.id = m.location_dest_id
                     WHERE m.product_id = s.product_id AND m.state = 'done'
                       AND m.company_id = %(company)s
                       AND (f.usage = 'internal') <> (t.usage = 'internal')
                       AND 'inventory' NOT IN (f.usage, t.usage)) o ON TRUE
             WHERE (o.last_move IS NULL OR o.last_move < %(since)s)
               AND NOT EXISTS (
                    SELECT FROM sale_order_line sl
                      JOIN sale_order so ON so.id = sl.order_id
                     WHERE sl.product_id = s.product_id AND so.company_id = %(company)s
                       AND so.state = 'sale' AND so.date_order >= %(since)s)
             ORDER BY s.quantity DESC, s.product_id
             LIMIT %(limit)s
            """,
            company=self.company_id,
            minimum=self.minimum,
            since=self.since,
            limit=self.limit,
            products=products,
        )
