from odoo import models


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    # === HOOKS - ORDER === #
    def _check_amount_and_confirm_order(self):
        """Extend: money that comes for an order cancelled meanwhile is not lost sight of."""
        for transaction in self.filtered(lambda tx: tx.state in ("authorized", "done")):
            orders = transaction.sale_order_ids
            if transaction.state == "done" and len(orders) == 1:
                # sudo: payments count for orders whoever pays
                orders.sudo()._kh_follow_payment(transaction)
                continue
            # of a payment for several orders nobody knows how much is for which
            for order in orders.filtered(lambda order: order.state == "cancel"):
                order._kh_get_merge_target()._kh_note_late_payment(transaction)
        return super()._check_amount_and_confirm_order()

    def _create_payment(self, **extra_create_values):
        """Extend `account_payment`: parts that were invoiced before are paid by their share."""
        payment = super()._create_payment(**extra_create_values)
        # sudo: the share follows from splitting and merging
        parts_sudo = self.sudo().sale_order_ids.filtered("kh_paid_moved")._kh_get_parts()
        for invoice_sudo in parts_sudo.invoice_ids.filtered(
            lambda move: move.move_type == "out_invoice" and move.state == "posted"
        ):
            invoice_sudo._kh_reconcile_shares()
        return payment


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === BUSINESS METHODS - LATE PAYMENT === #
    def _kh_note_late_payment(self, transaction, amount=None):
        """Ask who looks after this cancelled order to return the money, or to take it up again.

        The payer's session or a provider calls; the to-do is never theirs, nor in their
        language.

        :param float amount: what is too much, if not all of the payment
        """
        amount = transaction.amount if amount is None else amount
        if not self or amount <= 0:
            return
        self.ensure_one()
        user = self._kh_get_keeper()
        lang = user.lang or self.company_id.partner_id.lang or self.env.lang
        self, transaction = self.with_context(lang=lang), transaction.with_context(lang=lang)
        note = self.env._(
            "%(amount)s (%(reference)s) arrived after this order was cancelled. Return it, or "
            "take the order up again.",
            amount=transaction.currency_id.format(amount),
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
