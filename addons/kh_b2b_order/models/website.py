from odoo import models
from odoo.http import request

from odoo.addons.website_sale.models.website import CART_SESSION_CACHE_KEY


class Website(models.Model):
    _inherit = "website"

    # === BUSINESS METHODS - CART === #
    def _get_and_cache_current_cart(self):
        """Extend `website_sale`: an order under review is frozen, so nobody's abandoned cart.

        Core takes up the latest draft of whoever logs in and computes it anew, which a frozen
        order refuses; then no page with a cart would open.
        """
        user = self.env.user
        is_dealer = self.kh_is_b2b and user and not user._is_public()
        if is_dealer and CART_SESSION_CACHE_KEY not in request.session:
            # sudo: as core, which looks for the user's own draft
            draft_sudo = (
                self.env["sale.order"]
                .sudo()
                .search(
                    [
                        ("partner_id", "=", user.partner_id.id),
                        ("website_id", "=", self.id),
                        ("state", "=", "draft"),
                    ],
                    limit=1,
                )
            )
            if not draft_sudo or draft_sudo._is_under_review():
                request.session[CART_SESSION_CACHE_KEY] = False  # core need not look once more
        return super()._get_and_cache_current_cart()
