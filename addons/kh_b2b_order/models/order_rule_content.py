from odoo import models
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
UNIT_COST = SQL("COALESCE((v.standard_price->>p.company_id::text)::float8, 0)")


class OrderRule(models.Model):
    """What rules look at in the order itself: amount, prices, own lines.

    Each method returns the SQL of order id, rule id and facts; `pairs` is the SQL of the orders
    with the rules of its kind, see `_get_pair_query`.
    """

    _inherit = "kh.order.rule"

    # === BUSINESS METHODS - EVALUATION === #
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
        return SQL(
            """
            SELECT p.order_id, p.rule_id,
                   jsonb_build_object('discount', MAX(l.discount), 'limit', p.discount)
              FROM %s p
              JOIN sale_order_line l ON l.order_id = p.order_id AND l.product_id IS NOT NULL
          GROUP BY p.order_id, p.rule_id, p.discount
            HAVING MAX(l.discount) > p.discount
            """,
            pairs,
        )

    def _get_margin_query(self, pairs):
        """Compare what the whole order leaves over its cost; goods without a cost are left out.

        A price of nothing is a margin of minus 100 %: it must not escape by a division.
        """
        return SQL(
            """
            SELECT order_id, rule_id,
                   jsonb_build_object('margin', rate, 'limit', margin)
              FROM (SELECT p.order_id, p.rule_id, p.margin,
                           CASE WHEN SUM(l.price_subtotal / p.rate) > 0
                                THEN ROUND((100 * (1 - SUM(%(quantity)s * %(cost)s)
                                            / SUM(l.price_subtotal / p.rate)))::numeric, 4)
                                ELSE -100 END AS rate
                      FROM %(pairs)s p %(joins)s
                     WHERE %(cost)s > 0 AND l.product_uom_qty > 0
                  GROUP BY p.order_id, p.rule_id, p.margin) m
             WHERE rate < margin
            """,
            pairs=pairs,
            joins=LINE_JOINS,
            quantity=LINE_QUANTITY,
            cost=UNIT_COST,
        )

    def _get_floor_query(self, pairs):
        """Compare each line's price without tax with the cost, or with what the rules gave.

        The second compares like with like, the price of the line's unit before taxes are
        taken out of it; a price that came with the line was given by no rule. What rounding
        the line's amount may have taken is no breach.
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
                            END AS price,
                           CASE p.floor_base
                                WHEN 'cost' THEN %(cost)s
                                ELSE l.technical_price_unit / p.rate
                            END * p.floor_share / 100 AS floor,
                           CASE p.floor_base WHEN 'cost' THEN %(quantity)s
                                ELSE l.product_uom_qty END AS quantity, p.rounding
                      FROM %(pairs)s p %(joins)s
                     WHERE l.product_uom_qty > 0
                       AND NOT COALESCE(l.is_delivery, FALSE)) f
             WHERE (floor - price) * quantity > rounding
          GROUP BY order_id, rule_id, floor_base
            """,
            pairs=pairs,
            joins=LINE_JOINS,
            quantity=LINE_QUANTITY,
            cost=UNIT_COST,
        )
