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
        """Ask who looks after this cancelled order to return the money, or to take it up again.

        The payer's session or a provider calls; the to-do is never theirs.
        """
        self.ensure_one()
        user = self._kh_get_keeper()
        note = self.env._(
            "%(amount)s (%(reference)s) arrived after this order was cancelled. Return it, or "
            "take the order up again.",
            amount=transaction.currency_id.format(transaction.amount),
            reference=transaction.reference,
        )
        if not user:
            self.message_post(body=note)
            return
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            user_id=user.id,
            summary=self.env._("Payment for a cancelled order"),
            note=note,
        )

    def _kh_get_keeper(self):
        """Return who looks after this order: its salesperson, team leader, or an order clerk.

        Empty only where the company has none of them.
        """
        self.ensure_one()
        # sudo: who looks after the order, for whoever asks
        order_sudo = self.sudo()
        for user in (order_sudo.user_id, order_sudo.team_id.user_id):
            if user.active and not user.share:
                return user
        clerks = self.env.ref("kh_b2b_member.group_b2b_order_clerk")
        return order_sudo.env["res.users"].search(
            [
                ("all_group_ids", "in", clerks.ids),
                ("share", "=", False),
                ("company_ids", "in", self.company_id.ids),
            ],
            order="id",
            limit=1,
        )
