from odoo import models

from odoo.addons.kh_b2b_order.utils import format_money


class ProductTemplate(models.Model):
    _inherit = "product.template"

    def _kh_get_share_price(self, website):
        """Show the market price on posters of B2B shops, the same for every dealer."""
        if not website.kh_is_b2b:
            return super()._kh_get_share_price(website)
        prices = self._kh_get_display_prices(self.env["res.partner"], website=website)
        market = prices[self.id].market
        if not market:
            return "", ""
        return format_money(market, website.currency_id), self.env._("Market price")
