"""What a B2B website tells analytics services: market prices, never a dealer's."""

from odoo.http import request

from odoo.addons.website_sale.controllers.cart import Cart
from odoo.addons.website_sale.controllers.main import WebsiteSale


class KhCart(Cart):
    def _get_tracking_information(self, order_sudo, line_ids):
        items = super()._get_tracking_information(order_sudo, line_ids)
        if not request.website.kh_is_b2b:
            return items
        lines = order_sudo.order_line.filtered(lambda line: line.id in line_ids)
        markets = lines.product_id._kh_get_market_prices(request.website)
        for item, line in zip(items, lines, strict=True):
            item.update(price=markets[line.product_id.id], discount=0.0)
        return items


class KhWebsiteSale(WebsiteSale):
    def order_lines_2_google_api(self, order_lines):
        items = super().order_lines_2_google_api(order_lines)
        if not request.website.kh_is_b2b:
            return items
        lines = order_lines.filtered(lambda line: not line.is_delivery)
        markets = lines.product_id._kh_get_market_prices(request.website)
        for item, line in zip(items, lines, strict=True):
            # 0 for a line without product: a section, a discount
            item["price"] = markets.get(line.product_id.id, 0.0)
        return items

    def order_2_return_dict(self, order):
        data = super().order_2_return_dict(order)
        if request.website.kh_is_b2b:
            value = sum(item["price"] * item["quantity"] for item in data["items"])
            data.update(value=value, tax=0.0)
        return data
