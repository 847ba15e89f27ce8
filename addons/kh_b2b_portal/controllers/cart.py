from odoo.http import request, route

from odoo.addons.website_sale.controllers.cart import Cart

from .cart_park import CartPark
from .purchase_lists import NOTICE_SESSION_KEY
from .shop import ShopCatalogue


class ShopCart(Cart):
    """The cart as a dense table (W5), on B2B shops."""

    @route()
    def cart(self, id=None, access_token=None, revive_method="", **post):  # noqa: A002
        if not request.website.kh_is_b2b or (id and access_token):
            return super().cart(
                id=id, access_token=access_token, revive_method=revive_method, **post
            )
        if not request.website.has_ecommerce_access():
            return request.redirect("/web/login?redirect=/shop/cart")
        order_sudo = request.cart
        # As in core: archived products leave the cart before it is shown.
        gone = order_sudo.order_line.filtered(
            lambda line: line.product_id and not line.product_id.active
        )
        gone_names = gone.mapped("product_id.display_name")
        gone.unlink()
        lines_sudo = order_sudo._kh_cart_lines()
        values = {
            "additional_title": request.env._("Cart"),
            "order": order_sudo,
            "lines": lines_sudo,
            "limits": lines_sudo and order_sudo._kh_get_quantity_limits(lines_sudo.product_id),
            "totals": order_sudo._kh_cart_totals(),
            "gone_names": gone_names,
            "notices": request.session.pop("kh_cart_notices", []),
            "notice": request.session.pop(NOTICE_SESSION_KEY, {}),
            "can_park": CartPark._kh_can_park(),
            "parked": CartPark._kh_list_parked(),
            "last_order": self._kh_last_order(),
            **ShopCatalogue._kh_page_values(),
        }
        return request.render("kh_b2b_portal.cart", values)

    @staticmethod
    def _kh_last_order():
        """The dealer's last order, to fill an empty cart with."""
        Order = request.env["sale.order"]
        # visitors, and staff without sales rights, have none
        if request.env.user._is_public() or not Order.has_access("read"):
            return Order
        domain = Order._kh_home_domain(request.env.user.partner_id, request.website)
        return Order.search(domain, order="date_order desc, id desc", limit=1)
