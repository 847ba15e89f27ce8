from odoo import fields
from odoo.exceptions import UserError
from odoo.http import Controller, request, route

from odoo.addons.kh_b2b_order.utils import format_time

from ..utils import normalise
from .cart_json import ShopCartJson
from .purchase_lists import NAME_LIMIT, PurchaseLists


class CartPark(Controller):
    """Several drafts of one dealer (挂单, W5): the cart is put aside, others are taken up.

    A parked draft is a purchase list that is used up: it is taken up, shared, changed and
    deleted by the addresses of lists.
    """

    @route(
        "/shop/kh/cart/park",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def kh_cart_park(self, name="", share="", key="", **_kwargs):
        """Put the user's cart aside under a name; the same key twice parks once."""
        ShopCartJson._ensure_shop()
        if not self._kh_can_park():
            return request.redirect("/shop/cart")

        def park():
            notices = self._kh_park_cart(normalise(name)[:NAME_LIMIT], share)
            request.session["kh_cart_notices"] = notices
            return "/shop/cart"

        try:
            return PurchaseLists._kh_once(key, park)
        except UserError as error:
            request.session["kh_cart_notices"] = [str(error)]
            return request.redirect("/shop/cart")

    # === HELPERS === #
    @staticmethod
    def _kh_park_cart(name, share):
        """Park the cart.

        :return: what the cart then says of it, one sentence each
        """
        Lists, website = request.env["kh.purchase.list"], request.website
        if not name:
            now = fields.Datetime.context_timestamp(Lists, fields.Datetime.now())
            name = request.env._("Draft of %s", format_time(now, now))
        with_tax = website.show_line_subtotals_tax_selection == "tax_included"
        parked = Lists._kh_park(request.cart, name, share, with_tax)
        kinds, pieces = website._kh_cart_counts(request.cart)
        request.session["website_sale_cart_quantity"] = int(pieces)
        notices = [request.env._("Parked: %s", parked.name)]
        if kinds:
            notices.append(
                request.env._("%s products with choices of their own stay in the cart.", kinds)
            )
        return notices

    @staticmethod
    def _kh_can_park():
        """Answer whether the user keeps drafts: visitors and staff do not."""
        is_visitor = request.env.user._is_public()
        return not is_visitor and request.env["kh.purchase.list"].has_access("create")

    @classmethod
    def _kh_list_parked(cls):
        """Return the parked drafts that the user sees."""
        Lists = request.env["kh.purchase.list"]
        return Lists.search([("is_parked", "=", True)]) if cls._kh_can_park() else Lists
