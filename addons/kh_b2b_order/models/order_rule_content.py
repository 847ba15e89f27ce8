from odoo import api, models
from odoo.tools import SQL

# A line's quantity in the product's unit, its value without tax in the company's currency
# before rounding, and its cost; lines are `l`, pairs `p`.
LINE_JOINS = SQL(
    """
    JOIN sale_order_line l
      ON l.order_id = p.order_id AND l.product_id IS NOT NULL
     AND l.display_type IS NULL AND NOT COALESCE(l.is_downpayment, FALSE)
    JOIN uom_uom u ON u.id = l.product_uom_id
    JOIN product_product v ON v.id = l.product_id
    JOIN product_template t ON t.id = v.product_tmpl_id
    JOIN uom_uom b ON b.id = t.uom_id
    """
)
LINE_QUANTITY = SQL("(l.product_uom_qty * u.factor / b.factor)")
# What order-level discounts leave of the goods' price, as `n.rest`, see `_get_rest_query`.
DISCOUNT_JOIN = SQL("JOIN rest n ON n.order_id = p.order_id")
UNIT_COST = SQL("COALESCE((v.standard_price->>p.company_id::text)::float8, 0)")


class OrderRule(models.Model):
    """What rules look at in the order itself: amount, prices, own lines.

    Each method returns the SQL of order id, rule id and facts; `pairs` is the SQL of the orders
    with the rules of its kind, see `_get_pair_query`.
    """

    _inherit = "kh.order.rule"

    # === BUSINESS METHODS - EVALUATION === #
    @api.model
    def _get_rest_query(self, orders):
        """Return the SQL of what the orders' discounts, lines of negative amounts, leave.

        A table of its own: reckoned beside the lines, it may be reckoned for each of them.
        """
        return SQL(
            """
            SELECT o.id AS order_id, GREATEST(0, 1 - COALESCE(
                       -SUM(d.price_subtotal) FILTER (WHERE d.price_unit < 0)
                       / NULLIF(SUM(d.price_subtotal) FILTER (WHERE d.price_unit > 0), 0), 0))
                   AS rest
              FROM unnest(%s::int[]) AS o(id)
         LEFT JOIN sale_order_line d
                ON d.order_id = o.id AND d.product_id IS NOT NULL
               AND d.product_uom_qty > 0 AND d.display_type IS NULL
               AND NOT COALESCE(d.is_downpayment, FALSE) AND NOT COALESCE(d.is_delivery, FALSE)
          GROUP BY o.id
            """,
            orders.ids,
        )

    def _get_amount_query(self, pairs):
        return SQL(
            """
            SELECT p.order_id, p.rule_id,
                   jsonb_build_object('amount', p.amount_total / p.rate, 'limit', p.amount)
              FROM %s p
             WHERE p.amount_total / p.rate > p.amount
            """,
            pairs,
        )

    def _get_discount_query(self, pairs):
        """Take the deeper of the lines' discounts and of the order's, a line of its own.

        What rounding of the order's discount lines may have taken is no breach.
        """
        return SQL(
            """
            SELECT order_id, rule_id,
                   jsonb_build_object('discount',
                       GREATEST(deepest, ROUND((100 * given / NULLIF(goods, 0))::numeric, 2)),
                       'limit', discount)
              FROM (SELECT p.order_id, p.rule_id, p.discount, MAX(l.discount) AS deepest,
                           -SUM(l.price_subtotal / p.rate) FILTER (WHERE %(is_discount)s) AS given,
                           SUM(l.price_subtotal / p.rate) FILTER (
                               WHERE l.price_unit > 0 AND l.product_uom_qty > 0
                               AND NOT COALESCE(l.is_downpayment, FALSE)
                               AND NOT COALESCE(l.is_delivery, FALSE)) AS goods,
                           p.rounding * COUNT(*) FILTER (WHERE %(is_discount)s) AS slack
                      FROM %(pairs)s p
                      JOIN sale_order_line l
                        ON l.order_id = p.order_id AND l.product_id IS NOT NULL
                  GROUP BY p.order_id, p.rule_id, p.discount, p.rounding) d
             WHERE deepest > discount
                OR given > COALESCE(goods, 0) * discount / 100 + slack
            """,
            pairs=pairs,
            is_discount=SQL(
                "l.price_unit < 0 AND l.product_uom_qty > 0"
                " AND NOT COALESCE(l.is_downpayment, FALSE)"
                " AND NOT COALESCE(l.is_delivery, FALSE)"
            ),
        )

    def _get_margin_query(self, pairs):
        """Compare what the whole order leaves over its cost; goods without a cost are left out.

        A discount of the order lowers all its prices alike. A price of nothing is a margin of
        minus 100 %: it must not escape by a division.
        """
        return SQL(
            """
            SELECT order_id, rule_id,
                   jsonb_build_object('margin', rate, 'limit', margin)
              FROM (SELECT p.order_id, p.rule_id, p.margin,
                           CASE WHEN SUM(l.price_subtotal / p.rate * n.rest) > 0
                                THEN ROUND((100 * (1 - SUM(%(quantity)s * %(cost)s)
                                            / SUM(l.price_subtotal / p.rate * n.rest)))::numeric, 4)
                                ELSE -100 END AS rate
                      FROM %(pairs)s p %(joins)s %(discount)s
                     WHERE %(cost)s > 0 AND l.product_uom_qty > 0 AND l.price_unit >= 0
                  GROUP BY p.order_id, p.rule_id, p.margin) m
             WHERE rate < margin
            """,
            pairs=pairs,
            joins=LINE_JOINS,
            discount=DISCOUNT_JOIN,
            quantity=LINE_QUANTITY,
            cost=UNIT_COST,
        )

    def _get_floor_query(self, pairs, prices):
        """Compare each line's price without tax with the cost, or with what the rules give.

        The second compares like with like, the price of the line's unit before taxes are
        taken out of it. It is asked for anew: core notes a price that came with the line as
        if a rule had given it. A discount of the order lowers all prices alike. What rounding
        the line's amount may have taken is no breach.

        :param dict prices: see `_kh_get_rule_prices` of lines; those without one are not judged
        """
        return SQL(
            """
            SELECT order_id, rule_id, jsonb_build_object('base', floor_base, 'lines',
                       jsonb_agg(jsonb_build_object('product_id', product_id,
                           'price', price, 'floor', floor) ORDER BY line_id))
              FROM (SELECT p.order_id, p.rule_id, p.floor_base, l.id AS line_id, l.product_id,
                           CASE p.floor_base
                                WHEN 'cost' THEN l.price_subtotal / p.rate / %(quantity)s
                                ELSE l.price_unit * (1 - l.discount / 100) / p.rate
                            END * n.rest AS price,
                           CASE p.floor_base
                                WHEN 'cost' THEN %(cost)s
                                ELSE g.price / p.rate
                            END * p.floor_share / 100 AS floor,
                           CASE p.floor_base WHEN 'cost' THEN %(quantity)s
                                ELSE l.product_uom_qty END AS quantity, p.rounding
                      FROM %(pairs)s p %(joins)s %(discount)s
                 LEFT JOIN unnest(%(ids)s::int[], %(prices)s::float8[]) g(line_id, price)
                        ON g.line_id = l.id
                     WHERE l.product_uom_qty > 0
                       AND l.price_unit >= 0
                       AND NOT COALESCE(l.is_delivery, FALSE)) f
             WHERE (floor - price) * quantity > rounding
          GROUP BY order_id, rule_id, floor_base
            """,
            pairs=pairs,
            joins=LINE_JOINS,
            discount=DISCOUNT_JOIN,
            ids=list(prices),
            prices=list(prices.values()),
            quantity=LINE_QUANTITY,
            cost=UNIT_COST,
        )
