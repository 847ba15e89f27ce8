from odoo import http
from odoo.exceptions import AccessError, LockError, UserError
from odoo.http import request

from .portal import DealerOrders


class DealerOrderChanges(DealerOrders):
    """What a dealer does to an order after placing it: cancel while unpaid."""

    # === ROUTES - CANCEL === #
    @http.route(
        "/my/orders/<int:order_id>/cancel",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
        sitemap=False,
    )
    def kh_order_cancel(self, order_id, **_kwargs):
        """Cancel an unpaid order of one's own company at once."""
        order_sudo = self._kh_get_order(order_id)
        if order_sudo is None:
            return request.redirect("/my")
        try:
            self._kh_ensure_own_buyer(order_sudo)
            order_sudo.with_user(request.env.user).sudo()._kh_cancel_unpaid("dealer")
        except (UserError, LockError):
            return request.redirect(f"/my/orders/{order_id}?notice=not_cancelled")
        return request.redirect(f"/my/orders/{order_id}?notice=cancelled")

    # === HELPERS === #
    @staticmethod
    def _kh_ensure_own_buyer(order_sudo):
        """Raise unless the user buys for the order's own dealer."""
        user = request.env.user
        dealer = order_sudo.partner_id.commercial_partner_id
        if dealer != user.partner_id.commercial_partner_id or not user.has_group(
            "kh_b2b_member.group_b2b_dealer_buyer"
        ):
            raise AccessError(request.env._("Only buyers of the order's company may do this."))
