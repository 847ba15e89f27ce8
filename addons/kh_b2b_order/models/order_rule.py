from odoo import fields, models
from odoo.tools import SQL

from .sale_order import SOURCES

KINDS = [
    ("amount", "Amount over"),
    ("discount", "Discount deeper than"),
    ("new_dealer", "New dealer"),
    ("quantity", "Unusual quantity"),
    ("overdue", "Overdue invoices"),
]


class OrderRule(models.Model):
    """What stops an order for a person's look (拦截规则, M-49).

    One SQL statement for each kind in use answers for all orders and all rules of the kind.
    A new kind adds an entry to `kind` and a method `_get_<kind>_query`.
    """

    _name = "kh.order.rule"
    _description = "Order Interception Rule"
    _order = "sequence, id"

    # === FIELDS === #
    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    kind = fields.Selection(KINDS, required=True, default="amount")
    source = fields.Selection(
        SOURCES, "Only Order Source", help="Leave empty for orders of every source."
    )
    amount = fields.Monetary(default=0.0, help="Tax included, in the company's currency.")
    discount = fields.Float(
        "Discount (%)", default=0.0, help="The deepest discount of a line, in percent."
    )
    first_orders = fields.Integer(
        default=3, help="A dealer is new as long as fewer orders than this were confirmed."
    )
    factor = fields.Float(
        "Times the Mean", default=5.0, help="How many times the mean of the dealer's orders."
    )
    days = fields.Integer(
        default=90, help="Days of history to compare with, or days an invoice may be overdue."
    )
    quantity = fields.Float(
        "Minimum Quantity",
        default=0.0,
        digits="Product Unit",
        help="In the product's unit; less is usual.",
    )
    hit_ids = fields.One2many("kh.order.rule.hit", "rule_id", "Hits", readonly=True)

    _limits_not_negative = models.Constraint(
        "CHECK (amount >= 0 AND discount >= 0 AND first_orders >= 0 AND days >= 0"
        " AND factor >= 0 AND quantity >= 0)",
        "The limits of a rule cannot be negative.",
    )

    # === BUSINESS METHODS - EVALUATION === #
    def _find_hits(self, orders):
        """Return what these rules catch, `{(order_id, rule_id): facts}`.

        `facts` is a JSON dict whose keys depend on the kind; amounts are in the currency of
        the company, tax included, quantities in the product's unit. One query for each kind.
        """
        if not self or not orders:
            return {}
        self.env.flush_all()
        found = {}
        for kind, rules in self.grouped("kind").items():
            query = getattr(self, f"_get_{kind}_query")(rules._get_pairs(orders))
            for order_id, rule_id, facts in self.env.execute_query(query):
                found[order_id, rule_id] = facts
        return found

    def _get_pairs(self, orders):
        """Return the SQL of the orders with the rules that apply to them, as `o` and `r`."""
        return SQL(
            """
            sale_order o
            JOIN kh_order_rule r
              ON r.company_id = o.company_id
             AND r.id IN %(rules)s
             AND (r.source IS NULL OR r.source = o.kh_source)
             AND o.id IN %(orders)s
            JOIN res_partner d ON d.id = o.partner_id
            """,
            rules=tuple(self.ids),
            orders=tuple(orders.ids),
        )

    def _get_amount_query(self, pairs):
        return SQL(
            """
            SELECT o.id, r.id, jsonb_build_object(
                'amount', o.amount_total / COALESCE(NULLIF(o.currency_rate, 0), 1),
                'limit', r.amount)
              FROM %s
             WHERE o.amount_total / COALESCE(NULLIF(o.currency_rate, 0), 1) > r.amount
            """,
            pairs,
        )

    def _get_discount_query(self, pairs):
        return SQL(
            """
            SELECT o.id, r.id,
                   jsonb_build_object('discount', MAX(l.discount), 'limit', r.discount)
              FROM %s
              JOIN sale_order_line l ON l.order_id = o.id AND l.product_id IS NOT NULL
          GROUP BY o.id, r.id
            HAVING MAX(l.discount) > r.discount
            """,
            pairs,
        )

    def _get_new_dealer_query(self, pairs):
        return SQL(
            """
            SELECT o.id, r.id, jsonb_build_object('count', h.count, 'limit', r.first_orders)
              FROM %s
              JOIN LATERAL (
                    SELECT COUNT(*)
                      FROM sale_order p
                      JOIN res_partner c ON c.id = p.partner_id
                     WHERE c.commercial_partner_id = d.commercial_partner_id
                       AND p.company_id = o.company_id
                       AND p.state = 'sale'
                       AND p.id != o.id
                   ) h ON h.count < r.first_orders
            """,
            pairs,
        )

    def _get_quantity_query(self, pairs):
        """Compare each product with the mean of the dealer's orders that had it.

        A product the dealer never bought is not judged: there is nothing to compare with.
        """
        return SQL(
            """
            WITH pair AS (
                SELECT o.id AS order_id, r.id AS rule_id, o.company_id, r.factor, r.quantity,
                       d.commercial_partner_id AS dealer_id,
                       (NOW() AT TIME ZONE 'UTC') - r.days * INTERVAL '1 day' AS since
                  FROM %s
            ), ordered AS (
                SELECT pair.order_id, pair.rule_id, l.product_id,
                       SUM(l.product_uom_qty * u.factor / b.factor) AS quantity
                  FROM pair
                  JOIN sale_order_line l ON l.order_id = pair.order_id
                  JOIN uom_uom u ON u.id = l.product_uom_id
                  JOIN product_product p ON p.id = l.product_id
                  JOIN product_template t ON t.id = p.product_tmpl_id
                  JOIN uom_uom b ON b.id = t.uom_id
              GROUP BY pair.order_id, pair.rule_id, l.product_id
            ), past AS (
                SELECT pair.order_id, pair.rule_id, l.product_id,
                       SUM(l.product_uom_qty * u.factor / b.factor)
                       / COUNT(DISTINCT s.id) AS mean
                  FROM pair
                  JOIN res_partner c ON c.commercial_partner_id = pair.dealer_id
                  JOIN sale_order s
                    ON s.partner_id = c.id
                   AND s.company_id = pair.company_id
                   AND s.state = 'sale'
                   AND s.id != pair.order_id
                   AND s.date_order >= pair.since
                  JOIN sale_order_line l ON l.order_id = s.id
                  JOIN uom_uom u ON u.id = l.product_uom_id
                  JOIN product_product p ON p.id = l.product_id
                  JOIN product_template t ON t.id = p.product_tmpl_id
                  JOIN uom_uom b ON b.id = t.uom_id
              GROUP BY pair.order_id, pair.rule_id, l.product_id
            )
            SELECT order_id, rule_id, jsonb_build_object('lines', jsonb_agg(
                       jsonb_build_object('product_id', product_id,
                           'quantity', ordered.quantity, 'mean', past.mean)
                       ORDER BY product_id))
              FROM ordered
              JOIN past USING (order_id, rule_id, product_id)
              JOIN pair USING (order_id, rule_id)
             WHERE past.mean > 0
               AND ordered.quantity > past.mean * pair.factor
               AND ordered.quantity >= pair.quantity
          GROUP BY order_id, rule_id
            """,
            pairs,
        )

    def _get_overdue_query(self, pairs):
        return SQL(
            """
            SELECT o.id, r.id, jsonb_build_object('amount', SUM(m.amount_residual_signed))
              FROM %s
              JOIN account_move m
                ON m.commercial_partner_id = d.commercial_partner_id
               AND m.company_id = o.company_id
               AND m.move_type = 'out_invoice'
               AND m.state = 'posted'
               AND m.payment_state IN ('not_paid', 'partial')
               AND m.invoice_date_due < CURRENT_DATE - r.days
          GROUP BY o.id, r.id
            HAVING SUM(m.amount_residual_signed) > 0
            """,
            pairs,
        )
