from odoo import api, models
from odoo.exceptions import UserError


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    # === BUSINESS METHODS - BANK TRANSFER === #
    def _kh_is_transfer(self):
        self.ensure_one()
        return self.provider_id.custom_mode == "wire_transfer"

    def _kh_is_pending_transfer(self):
        """Answer whether the dealer announced this transfer and nobody confirmed it yet."""
        return self.state == "pending" and self._kh_is_transfer()

    def _kh_is_confirmed_transfer(self):
        return self.state == "done" and self._kh_is_transfer()

    def _kh_confirm_transfer(self):
        """Book these announced transfers as received; runs as superuser.

        A lock on the order is the caller's.
        """
        for transaction in self:
            if not transaction.provider_id.journal_id:
                raise UserError(
                    self.env._(
                        "%(provider)s has no bank journal. Set one in the payment provider, so "
                        "that the payment can be posted.",
                        provider=transaction.provider_id.name,
                    )
                )
        self = self.with_context(kh_confirm_transfer=True, payment_backend_action=True)
        self._set_done()
        # core computes it from the list of transactions only, not from their states
        self.sale_order_ids.invalidate_recordset(["amount_paid"])
        self._post_process()
        self.is_post_processed = True

    def _kh_get_bank_accounts(self):
        """Return the seller's accounts that this transfer may be sent to.

        :return: the account of the provider's journal, else the company's own ones
        """
        account = self.provider_id.journal_id.bank_account_id
        return account or self.company_id.partner_id.bank_ids

    def _create_payment(self, **extra_create_values):
        """Extend `account_payment`: a confirmed transfer is posted to a real account.

        Core knows no payment method for wire transfers; without one the payment would have
        no journal entry.
        """
        if self.env.context.get("kh_confirm_transfer") and self._kh_is_transfer():
            extra_create_values = {
                **self._kh_prepare_transfer_payment_vals(),
                **extra_create_values,
            }
        return super()._create_payment(**extra_create_values)

    def _kh_prepare_transfer_payment_vals(self):
        """Return the payment method and the account that a transfer is posted to."""
        self.ensure_one()
        journal = self.provider_id.journal_id
        lines = journal.inbound_payment_method_line_ids
        line = lines.filtered(lambda line: line.code == "manual")[:1] or lines[:1]
        account = line.payment_account_id or self._kh_get_outstanding_account()
        return {"payment_method_line_id": line.id, "outstanding_account_id": account.id}

    @api.model
    def _kh_get_outstanding_account(self):
        """Return the company's account for receipts not yet on a bank statement."""
        company = self.env.company
        chart = self.env["account.chart.template"].with_company(company.root_id)
        return (
            chart.ref("account_journal_payment_debit_account_id", raise_if_not_found=False)
            or company.transfer_account_id
        )

    # === HOOKS - ORDER === #
    def _check_amount_and_confirm_order(self):
        """Extend `sale`: money for an order that waits for a decision is booked, not more.

        The order is confirmed when it is released or approved.
        """
        blocked = self.filtered(
            lambda tx: any(order._kh_is_blocked() for order in tx.sale_order_ids)
        )
        return super(PaymentTransaction, self - blocked)._check_amount_and_confirm_order()
