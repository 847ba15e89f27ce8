from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

ORDER_DAYS = 90


class PriceContract(models.Model):
    """What putting a contract into force would change (生效预览)."""

    _inherit = "kh.price.contract"

    # === ACTION METHODS === #

    def action_preview(self):
        """Show what would change: lines, and the orders of the last 90 days."""
        self.ensure_one()
        self.check_access("read")
        preview = self.env["kh.price.contract.preview"].create({"contract_id": self.id})
        preview._fill()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Effect of %(contract)s", contract=self.name),
            "res_model": preview._name,
            "res_id": preview.id,
            "view_mode": "form",
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    # === BUSINESS METHODS === #

    def _get_order_effect(self):
        """Reckon the dealer's recent orders again at the prices of this contract.

        :return: ``(order lines, amount at the prices until now, amount at the new prices)``

        In one statement. Counts lines of confirmed orders in the contract's currency for which
        it has a fixed price at their quantity. "Until now" is the price of the replaced contract;
        where that has none, the price that was paid. Taxes as in the prices themselves.
        """
        self.ensure_one()
        self.env["product.pricelist.item"].flush_model()
        self.env["sale.order.line"].flush_model()
        self.env["sale.order"].flush_model(["state", "date_order", "partner_id"])
        dealer = self.partner_id
        # sudo: contacts and branches of the dealer, whoever of them may be read
        people = dealer.sudo().with_context(active_test=False)
        operator = "child_of" if self.with_branches else "="
        field = "id" if self.with_branches else "commercial_partner_id"
        [[count, until_now, new]] = self.env.execute_query(
            SQL(
                """
                WITH sold AS (
                    SELECT l.product_id, p.product_tmpl_id,
                           l.product_uom_id <> t.uom_id AS is_converted,
                           (l.product_uom_qty * lu.factor / NULLIF(pu.factor, 0))::numeric AS qty,
                           (l.product_uom_qty * l.price_unit
                            * (1 - COALESCE(l.discount, 0) / 100.0))::numeric AS paid
                      FROM sale_order_line l
                      JOIN sale_order o ON o.id = l.order_id
                      JOIN product_product p ON p.id = l.product_id
                      JOIN product_template t ON t.id = p.product_tmpl_id
                      JOIN uom_uom lu ON lu.id = l.product_uom_id
                      JOIN uom_uom pu ON pu.id = t.uom_id
                     WHERE o.state = 'sale' AND l.display_type IS NULL
                       AND o.date_order >= %(since)s AND o.company_id = %(company)s
                       AND o.currency_id = %(currency)s AND o.partner_id IN %(people)s
                )
                SELECT count(*), COALESCE(sum(COALESCE(old.price * qty, paid)), 0),
                       COALESCE(sum(new.price * qty), 0)
                  FROM sold
                  JOIN LATERAL (%(new)s) new ON TRUE
             LEFT JOIN LATERAL (%(old)s) old ON TRUE
                """,
                since=fields.Datetime.now() - timedelta(days=ORDER_DAYS),
                company=self.company_id.id,
                currency=self.currency_id.id,
                people=people._search([(field, operator, dealer.id)]).subselect(),
                new=self._sql_price_of_sold(),
                old=self.supersedes_id._sql_price_of_sold(),
            )
        )
        rounded = self.currency_id.round
        return count, rounded(float(until_now)), rounded(float(new))

    def _sql_price_of_sold(self):
        """Return the fixed price of this contract (or none) for a row of ``sold``.

        Found by dealer and product. The index of the contract is kept out: where the database
        does not know yet how many lines that has, it would read them all for each row.
        """
        return SQL(
            """SELECT CASE WHEN i.kh_uom_id IS NOT NULL AND sold.is_converted
                           THEN %s ELSE i.fixed_price::numeric END AS price
                 FROM product_pricelist_item i
                WHERE i.kh_partner_id = %s AND COALESCE(i.kh_contract_id, 0) = %s
                  AND i.product_tmpl_id = sold.product_tmpl_id
                  AND (i.product_id IS NULL OR i.product_id = sold.product_id)
                  AND i.compute_price = 'fixed' AND i.kh_is_past IS NOT TRUE
                  AND COALESCE(i.min_quantity, 0) <= sold.qty
             ORDER BY i.product_id IS NULL, i.min_quantity DESC NULLS LAST,
                      i.date_start DESC NULLS LAST, i.id DESC
                LIMIT 1""",
            self.env["product.pricelist.item"]._kh_sql_per_product_unit(SQL("i.kh_uom_price")),
            self.partner_id.id or None,
            self.id or None,
        )
