from odoo import fields, models

from ..engine.stage import STAGES
from .sale_order import SOURCES

# What the lines of an order add up to. The order itself may cost a little more or less: taxes
# rounded for the whole order, or an early payment. Costs nothing where no amount is asked for.
WHOLE_ORDER = """
            LEFT JOIN (
                SELECT x.order_id, MIN(x.id) AS first_id,
                       SUM(x.price_total) AS price_total, SUM(x.price_subtotal) AS price_subtotal
                  FROM sale_order_line x
                 WHERE x.display_type IS NULL
              GROUP BY x.order_id
            ) kh_whole ON kh_whole.order_id = s.id"""
PLACED = """
            s.state = 'sale' OR (
                s.state != 'cancel'
                AND s.kh_placed_date IS NOT NULL
                AND s.kh_stage != 'draft'
                AND COALESCE(s.kh_offer_state, '') != 'open'
            )"""


class SaleReport(models.Model):
    """Sales as they are now, to the cent (销售分析, M-04).

    Read from the orders themselves: no job fills it. The parts of a split order are orders of
    their own and count with what they hold; an order that went into another is not in it.
    """

    _inherit = "sale.report"

    # === FIELDS === #
    kh_stage = fields.Selection(STAGES, "Stage", readonly=True)
    kh_source = fields.Selection(SOURCES, "Order Source", readonly=True)
    kh_is_placed = fields.Boolean(
        "Placed",
        readonly=True,
        help="Sent by the dealer or confirmed, and not cancelled: no cart, no draft, no offer "
        "that the dealer has not answered yet.",
    )
    kh_grade_id = fields.Many2one("res.partner.grade", "Dealer's Level", readonly=True)
    kh_sales_area_ids = fields.Many2many(
        related="commercial_partner_id.kh_sales_area_ids", string="Sales Areas"
    )
    kh_amount_total = fields.Monetary(
        "Order Amount",
        readonly=True,
        help="What the orders cost, with tax. Where taxes are rounded for the whole order, the "
        "difference to the sum of its lines stands with the first line.",
    )
    kh_amount_untaxed = fields.Monetary("Order Amount without Tax", readonly=True)

    # === BUSINESS METHODS - QUERY === #
    def _select_additional_fields(self):
        """Extend `sale`: stage, source and level, and what the orders cost to the cent."""
        return {
            **super()._select_additional_fields(),
            "kh_stage": "s.kh_stage",
            "kh_source": "s.kh_source",
            "kh_is_placed": PLACED,
            "kh_grade_id": "kh_dealer.grade_id",
            "kh_amount_total": self._kh_select_amount("amount_total", "price_total"),
            "kh_amount_untaxed": self._kh_select_amount("amount_untaxed", "price_subtotal"),
        }

    def _kh_select_amount(self, order_column, line_column):
        """Return the SQL of what orders cost, in the currency of the current company."""
        return f"""
            (SUM(l.{line_column}) + CASE
                WHEN MIN(l.id) = MIN(kh_whole.first_id)
                THEN s.{order_column} - MIN(kh_whole.{line_column})
                ELSE 0
            END)
            / {self._case_value_or_one("s.currency_rate")}
            * {self._case_value_or_one("account_currency_table.rate")}"""

    def _from_sale(self):
        """Extend `sale`: the dealer, and each order as a whole."""
        dealer = """
            LEFT JOIN res_partner kh_dealer ON kh_dealer.id = partner.commercial_partner_id"""
        return super()._from_sale() + dealer + WHOLE_ORDER

    def _where_sale(self):
        """Extend `sale`: what went into another order is counted there."""
        return (
            super()._where_sale()
            + """
            AND s.kh_merged_into_id IS NULL"""
        )

    def _group_by_sale(self):
        """Extend `sale`, by the columns of the order and its dealer that are shown."""
        return (
            super()._group_by_sale()
            + """,
            s.kh_stage,
            s.kh_source,
            s.kh_placed_date,
            s.kh_offer_state,
            s.amount_total,
            s.amount_untaxed,
            s.currency_rate,
            kh_dealer.grade_id"""
        )
