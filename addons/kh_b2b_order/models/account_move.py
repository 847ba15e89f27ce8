from odoo import models


class AccountMove(models.Model):
    """Invoices of orders: what parts of one order share (M-53), and what is chased (M-106)."""

    _inherit = "account.move"

    def _post(self, soft=True):
        """Extend `sale`: what was paid on another part pays this part's invoice, too."""
        posted = super()._post(soft)
        for invoice in posted.filtered(lambda move: move.move_type == "out_invoice"):
            # sudo: the share follows from splitting and merging, whoever posts the invoice
            invoice.sudo()._kh_reconcile_shares()
        return posted

    def _invoice_paid_hook(self):
        """Extend: orders whose overdue invoices are paid now are not chased any more (M-106)."""
        result = super()._invoice_paid_hook()
        # sudo: the orders of these invoices, whoever books the payment
        orders = self.sudo().line_ids.sale_line_ids.order_id.filtered("kh_chase_count")
        orders.invalidate_recordset(["kh_amount_overdue"])
        orders.filtered(lambda order: not order._kh_may_be_chased())._kh_end_chase(
            self.env._("The invoice is paid.")
        )
        return result

    def _kh_reconcile_shares(self):
        """Reconcile this invoice with its orders' shares of common payments; as superuser.

        Core gives all of a payment to the first invoice. Here each gets what counts for its
        order (`amount_paid`), so that the books and the orders say the same to the cent.
        """
        self.ensure_one()
        orders = self.line_ids.sale_line_ids.order_id.filtered("kh_paid_moved")
        if not orders:
            return
        orders.invalidate_recordset(["amount_paid"])
        limit = sum(order.amount_paid - order._kh_get_invoiced_paid() for order in orders)
        lines = orders._kh_get_shared_transactions()._kh_get_open_payment_lines()
        for line in lines.filtered(lambda line: line.currency_id == self.currency_id):
            if self.currency_id.compare_amounts(limit, 0.0) <= 0:
                break
            before = self.amount_residual
            self.with_context(kh_share_limit=limit).js_assign_outstanding_line(line.id)
            if taken := before - self.amount_residual:
                limit -= taken
                self.transaction_ids |= line.move_id.origin_payment_id.payment_transaction_id


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _prepare_reconciliation_single_partial(self, debit_values, credit_values, *args, **kwargs):
        """Extend: take no more off a payment than the share asked for (`kh_share_limit`)."""
        limit = self.env.context.get("kh_share_limit")
        available = -credit_values["amount_residual_currency"]
        if limit is not None and limit < available:
            rate = limit / available
            currency = credit_values["aml"].company_currency_id
            credit_values["amount_residual"] = currency.round(
                credit_values["amount_residual"] * rate
            )
            credit_values["amount_residual_currency"] = -limit
        return super()._prepare_reconciliation_single_partial(
            debit_values, credit_values, *args, **kwargs
        )
