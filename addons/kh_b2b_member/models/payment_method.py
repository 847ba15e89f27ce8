from odoo import models

from odoo.addons.payment import utils as payment_utils


class PaymentMethod(models.Model):
    _inherit = "payment.method"

    def _get_compatible_payment_methods(self, provider_ids, partner_id, *args, **kwargs):
        """Extend `payment`: only what the dealer was granted (none granted: everything)."""
        methods = super()._get_compatible_payment_methods(provider_ids, partner_id, *args, **kwargs)
        allowed = self.env["res.partner"].browse(partner_id)._kh_get_allowed_payment_methods()
        if not allowed:
            return methods
        refused = methods.filtered(lambda method: method.id not in allowed.ids)
        payment_utils.add_to_report(
            kwargs.get("report"),
            refused,
            available=False,
            reason=self.env._("not granted to this dealer"),
        )
        return methods - refused

    def _kh_is_granted_to(self, partner):
        """Answer whether `partner` may pay with this method (a brand counts as its method)."""
        self.ensure_one()
        allowed = partner._kh_get_allowed_payment_methods()
        return not allowed or (self.primary_payment_method_id or self).id in allowed.ids
