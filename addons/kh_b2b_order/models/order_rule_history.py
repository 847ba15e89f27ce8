from odoo import models
from odoo.tools import SQL

# Whether order `s` is no part of what order `p` is a part of: parts are no orders of their own.
OTHER_ORDER = SQL(
    """
    NOT EXISTS (
        WITH RECURSIVE family AS (
            SELECT o.id, o.kh_parent_id FROM sale_order o WHERE o.id IN (s.id, p.order_id)
             UNION
            SELECT o.id, o.kh_parent_id FROM sale_order o JOIN family f ON o.id = f.kh_parent_id
        )
        SELECT 1 FROM family WHERE kh_parent_id IS NULL HAVING COUNT(*) = 1
    )
    """
)


class OrderRule(models.Model):
    """What rules compare an order with: the dealer's past, and other orders of these hours.

    See `order_rule_content.py` for what the methods return.
    """

    _inherit = "kh.order.rule"

    # === BUSINESS METHODS - EVALUATION === #
    def _get_new_dealer_query(self, pairs):
        return SQL(
            """
            SELECT p.order_id, p.rule_id,
                   jsonb_build_object('count', h.count, 'limit', p.first_orders)
              FROM %s p
              JOIN LATERAL (
                    SELECT COUNT(*)
                      FROM sale_order s
                      JOIN res_partner c ON c.id = s.partner_id
                     WHERE c.commercial_partner_id = p.dealer_id
                       AND s.company_id = p.company_id
                       AND s.state = 'sale'
                       AND s.id != p.order_id
                   ) h ON h.count < p.first_orders
            """,
            pairs,
        )

    def _get_quantity_query(self, pairs):
        """Compare each product with the mean of the dealer's orders that had it.

        A product the dealer never bought is not judged: there is nothing to compare with.
        """
        lines = SQL(
            """
            JOIN uom_uom u ON u.id = l.product_uom_id
            JOIN product_product v ON v.id = l.product_id
            JOIN product_template t ON t.id = v.product_tmpl_id
            JOIN uom_uom b ON b.id = t.uom_id
            """
        )
        return SQL(
            """
            WITH ordered AS (
                SELECT p.order_id, p.rule_id, p.factor AS times, p.quantity AS least, l.product_id,
                       SUM(l.product_uom_qty * u.factor / b.factor) AS quantity
                  FROM %(pairs)s p
                  JOIN sale_order_line l ON l.order_id = p.order_id %(lines)s
              GROUP BY p.order_id, p.rule_id, p.factor, p.quantity, l.product_id
            ), past AS (
                SELECT p.order_id, p.rule_id, l.product_id,
                       SUM(l.product_uom_qty * u.factor / b.factor)
                       / COUNT(DISTINCT s.id) AS mean
                  FROM %(pairs)s p
                  JOIN res_partner c ON c.commercial_partner_id = p.dealer_id
                  JOIN sale_order s
                    ON s.partner_id = c.id
                   AND s.company_id = p.company_id
                   AND s.state = 'sale'
                   AND s.id != p.order_id
                   AND s.date_order >= p.now - p.days * INTERVAL '1 day'
                  JOIN sale_order_line l ON l.order_id = s.id %(lines)s
              GROUP BY p.order_id, p.rule_id, l.product_id
            )
            SELECT order_id, rule_id, jsonb_build_object('lines', jsonb_agg(
                       jsonb_build_object('product_id', product_id,
                           'quantity', ordered.quantity, 'mean', past.mean)
                       ORDER BY product_id))
              FROM ordered
              JOIN past USING (order_id, rule_id, product_id)
             WHERE past.mean > 0
               AND ordered.quantity > past.mean * ordered.times
               AND ordered.quantity >= ordered.least
          GROUP BY order_id, rule_id
            """,
            pairs=pairs,
            lines=lines,
        )

    def _get_address_query(self, pairs):
        """Look for the address among those that the dealer's confirmed orders went to.

        Orders keep the address they were confirmed with (`kh_ship_to`), so that one which was
        written over counts as new. A dealer's first order has nothing to be compared with.
        """
        return SQL(
            """
            SELECT p.order_id, p.rule_id,
                   jsonb_build_object('address', p.address, 'last', h.last)
              FROM %s p
              JOIN LATERAL (
                    SELECT bool_or(s.kh_ship_to = p.address) AS is_known,
                           (array_agg(s.kh_ship_to ORDER BY s.date_order DESC, s.id DESC))[1]
                           AS last
                      FROM sale_order s
                      JOIN res_partner c ON c.id = s.partner_id
                     WHERE c.commercial_partner_id = p.dealer_id
                       AND s.company_id = p.company_id
                       AND s.state = 'sale'
                       AND s.kh_ship_to IS NOT NULL
                       AND s.id != p.order_id
                       AND (p.days = 0 OR s.date_order >= p.now - p.days * INTERVAL '1 day')
                   ) h ON NOT h.is_known
             WHERE p.address IS NOT NULL
            """,
            pairs,
        )

    def _get_overdue_query(self, pairs):
        return SQL(
            """
            SELECT p.order_id, p.rule_id,
                   jsonb_build_object('amount', SUM(m.amount_residual_signed))
              FROM %s p
              JOIN account_move m
                ON m.commercial_partner_id = p.dealer_id
               AND m.company_id = p.company_id
               AND m.move_type = 'out_invoice'
               AND m.state = 'posted'
               AND m.payment_state IN ('not_paid', 'partial')
               AND m.invoice_date_due < p.now::date - p.days
          GROUP BY p.order_id, p.rule_id
            HAVING SUM(m.amount_residual_signed) > 0
            """,
            pairs,
        )

    def _get_duplicate_query(self, pairs):
        """Compare with the dealer's orders placed shortly before: products and quantities.

        Only the later of two is caught. The one with most equal lines is named.
        """
        lines = SQL(
            """
            SELECT l.order_id, l.product_id,
                   SUM(l.product_uom_qty * u.factor / b.factor)::numeric(16, 4) AS quantity
              FROM sale_order_line l
              JOIN uom_uom u ON u.id = l.product_uom_id
              JOIN product_product v ON v.id = l.product_id
              JOIN product_template t ON t.id = v.product_tmpl_id
              JOIN uom_uom b ON b.id = t.uom_id
             WHERE NOT COALESCE(l.is_delivery, FALSE)
            """
        )
        return SQL(
            """
            WITH earlier AS (
                SELECT p.order_id, p.rule_id, p.share, s.id AS other_id, s.name
                  FROM %(pairs)s p
                  JOIN res_partner c ON c.commercial_partner_id = p.dealer_id
                  JOIN sale_order s
                    ON s.partner_id = c.id
                   AND s.company_id = p.company_id
                   AND s.state IN ('sent', 'sale')
                   AND s.id != p.order_id
                   AND %(other)s
                   AND s.kh_placed_date >= COALESCE(p.placed, p.now) - p.hours * INTERVAL '1 hour'
                   AND (p.placed IS NULL OR (s.kh_placed_date, s.id) < (p.placed, p.order_id))
            ), own AS (
                %(lines)s AND l.order_id IN (SELECT order_id FROM earlier)
                GROUP BY l.order_id, l.product_id
            ), other AS (
                %(lines)s AND l.order_id IN (SELECT other_id FROM earlier)
                GROUP BY l.order_id, l.product_id
            ), compared AS (
                SELECT e.order_id, e.rule_id, e.share, e.name, e.other_id, COUNT(*) AS total,
                       COUNT(other.product_id) AS same
                  FROM earlier e
                  JOIN own ON own.order_id = e.order_id
             LEFT JOIN other ON other.order_id = e.other_id
                   AND other.product_id = own.product_id AND other.quantity = own.quantity
              GROUP BY e.order_id, e.rule_id, e.share, e.name, e.other_id
            )
            SELECT DISTINCT ON (order_id, rule_id) order_id, rule_id,
                   jsonb_build_object('order', name, 'order_id', other_id,
                                      'same', same, 'total', total)
              FROM compared
             WHERE same > 0 AND same * 100 >= share * total
          ORDER BY order_id, rule_id, same DESC, other_id
            """,
            pairs=pairs,
            lines=lines,
            other=OTHER_ORDER,
        )

    def _get_same_address_query(self, pairs):
        """Count the orders of all dealers that were placed to the same address these hours."""
        return SQL(
            """
            SELECT p.order_id, p.rule_id, jsonb_build_object('address', p.address,
                       'count', COUNT(*) + 1, 'hours', p.hours,
                       'orders', jsonb_agg(s.name ORDER BY s.id))
              FROM %(pairs)s p
              JOIN sale_order s
                ON s.kh_ship_to = p.address
               AND s.company_id = p.company_id
               AND s.state IN ('sent', 'sale')
               AND s.id != p.order_id
               AND %(other)s
               AND s.kh_placed_date >= COALESCE(p.placed, p.now) - p.hours * INTERVAL '1 hour'
               AND (p.placed IS NULL OR (s.kh_placed_date, s.id) < (p.placed, p.order_id))
          GROUP BY p.order_id, p.rule_id, p.address, p.hours, p.order_count
            HAVING COUNT(*) + 1 >= p.order_count
            """,
            pairs=pairs,
            other=OTHER_ORDER,
        )
