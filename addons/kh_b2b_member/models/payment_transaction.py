from odoo import api, models
from odoo.exceptions import ValidationError

# What the payer starts; staff book the others.
PAYER_OPERATIONS = ("online_redirect", "online_direct", "online_token")


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    @api.constrains("payment_method_id", "partner_id", "operation")
    def _check_kh_payment_method(self):
        """Hold the grant also against who names another way to pay than the page offers."""
        for transaction in self.filtered(lambda tx: tx.operation in PAYER_OPERATIONS):
            method = transaction.payment_method_id
            if method and not method._kh_is_granted_to(transaction.partner_id):
                raise ValidationError(
                    self.env._(
                        "%(method)s is not among the ways to pay agreed with you. Please choose "
                        "another one, or ask your contact.",
                        method=method.name,
                    )
                )
