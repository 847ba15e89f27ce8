from odoo import models


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    # === HOOKS - ORDER === #
    def _check_amount_and_confirm_order(self):
        """Extend: money that comes for an order cancelled meanwhile is not lost sight of."""
        for transaction in self.filtered(lambda tx: tx.state in ("authorized", "done")):
            for order in transaction.sale_order_ids.filtered("kh_cancel_cause"):
                order._kh_note_late_payment(transaction)
        return super()._check_amount_and_confirm_order()


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === BUSINESS METHODS - LATE PAYMENT === #
    def _kh_note_late_payment(self, transaction):
        """Ask who looks after this cancelled order to return the money, or to take it up again."""
        self.ensure_one()
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            user_id=(self.user_id or self.env.user).id,
            summary=self.env._("Payment for a cancelled order"),
            note=self.env._(
                "%(amount)s (%(reference)s) arrived after this order was cancelled. Return it, or "
                "take the order up again.",
                amount=transaction.currency_id.format(transaction.amount),
                reference=transaction.reference,
            ),
        )
