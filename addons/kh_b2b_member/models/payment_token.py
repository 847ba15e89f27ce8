from odoo import models


class PaymentToken(models.Model):
    _inherit = "payment.token"

    def _get_available_tokens(self, providers_ids, partner_id, is_validation=False, **kwargs):
        """Extend `payment`: a saved card of a kind no longer granted is not offered."""
        tokens = super()._get_available_tokens(
            providers_ids, partner_id, is_validation=is_validation, **kwargs
        )
        if is_validation or not tokens:
            return tokens
        partner = self.env["res.partner"].browse(partner_id)
        return tokens.filtered(lambda token: token.payment_method_id._kh_is_granted_to(partner))
