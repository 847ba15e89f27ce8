from odoo import models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _send_order_notification_mail(self, mail_template, **kwargs):
        """Send nothing, and print no PDF, while the demo company is loaded."""
        if self.env.context.get("kh_demo_load"):
            return None
        return super()._send_order_notification_mail(mail_template, **kwargs)
