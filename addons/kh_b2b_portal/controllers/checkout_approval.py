from werkzeug.exceptions import NotFound

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.http import request, route

from ..exceptions import CheckoutRefused
from .cart_json import ShopCartJson
from .checkout import ShopCheckout


class ShopApproval(ShopCheckout):
    """The checkout of a buyer whose order a colleague has to approve (经销商内部审批).

    The rules are in `sale.order` (`_kh_send_for_approval`); here the page ends in "sent for
    approval" instead of a payment.
    """

    @route(
        "/shop/kh/checkout/approval", type="jsonrpc", auth="user", website=True, methods=["POST"]
    )
    def kh_checkout_approval(self, key, amount, **wishes):
        """Send the cart to the colleagues; twice with one key sends it once.

        :param wishes: see `_kh_take_cart`
        :return: ``{"redirect": url}``
        :raise CheckoutRefused: nothing was sent; the message says what to do
        """
        ShopCartJson._ensure_shop()
        claim, is_new = ShopCartJson._claim(key)
        if not is_new:
            return claim.result or {"redirect": "/my/orders?stage=review"}
        order_sudo = self._kh_take_cart(**wishes)
        if order_sudo.currency_id.compare_amounts(amount, order_sudo.amount_total):
            raise CheckoutRefused(
                request.env._("The total has changed. Reload the page and check it.")
            )
        try:
            order_sudo._kh_check_cart_to_approve()
            order_sudo._kh_send_for_approval()
        except (UserError, ValidationError) as error:
            raise CheckoutRefused(str(error)) from error
        self._kh_leave_cart(order_sudo)
        result = {"redirect": f"/shop/kh/sent/{order_sudo.id}"}
        claim.write({"order_id": order_sudo.id, "result": result})
        return result

    @route(
        "/shop/kh/sent/<int:order_id>",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["GET"],
    )
    def kh_sent_for_approval(self, order_id, **_kwargs):
        """Say who decides now, and what comes after."""
        order_sudo = self._kh_own_order(order_id)
        if not order_sudo._is_under_review():
            return request.redirect(f"/my/orders/{order_id}")
        values = {
            "additional_title": request.env._("Order sent for approval"),
            "order": order_sudo,
            "company": order_sudo.partner_id.commercial_partner_id.name,
        }
        return request.render("kh_b2b_portal.approval_sent", values)

    @route(
        "/my/orders/<int:order_id>/withdraw",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def kh_order_withdraw(self, order_id, **_kwargs):
        """Take an order that was sent for approval back into the cart."""
        order_sudo = self._kh_own_order(order_id)
        if not order_sudo._kh_is_with_dealer() or not order_sudo._is_under_review():
            return request.redirect(f"/my/orders/{order_id}")
        # the engine refuses everybody but who asked
        order_sudo.with_user(request.env.user).action_approval_withdraw()
        if order_sudo.partner_id == request.env.user.partner_id:
            request.website.sale_reset()
            request.session["sale_order_id"] = order_sudo.id
            return request.redirect("/shop/cart", code=303)
        return request.redirect("/my/orders", code=303)

    # === HELPERS === #
    @staticmethod
    def _kh_own_order(order_id):
        """Return an order the user may read, as superuser; whatever else does not exist."""
        order = request.env["sale.order"].browse(order_id).exists()
        try:
            order.check_access("read")
        except AccessError as error:
            raise NotFound from error
        dealer = request.env.user.partner_id.commercial_partner_id
        if not order or order.partner_id.commercial_partner_id != dealer:
            raise NotFound
        # sudo: the pages show names of colleagues and products that the user may not read
        return order.sudo()

    def _kh_prepare_checkout_values(self, order_sudo):
        values = super()._kh_prepare_checkout_values(order_sudo)
        return {**values, "approval": order_sudo._kh_get_approval_sentence()}

    def _get_shop_payment_errors(self, order):
        """Extend `website_sale`: who may not send orders hears it before the last button."""
        errors = super()._get_shop_payment_errors(order)
        if request.website.kh_is_b2b and order and not order._kh_may_buy():
            errors.append(
                (
                    request.env._("Your role does not send orders."),
                    request.env._("Ask your administrator for another one."),
                )
            )
        return errors
