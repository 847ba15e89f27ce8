from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError, ValidationError
from odoo.http import request

from .portal import DealerOrders

OFFER_SESSION_KEY = "kh_offer_notice"
QUANTITY_LIMIT = 1e9


class DealerOffers(DealerOrders):
    """The page on which a dealer answers an order that a salesperson built for him (M-98)."""

    # === ROUTES === #
    @http.route()
    def portal_order_page(self, order_id, **kwargs):
        if self._kh_is_over_for_reader(order_id, kwargs.get("access_token")):
            return request.render("kh_b2b_order.portal_offer_over", {"no_breadcrumbs": True})
        return super().portal_order_page(order_id, **kwargs)

    @http.route(
        "/my/orders/<int:order_id>/offer",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
        sitemap=False,
    )
    def kh_order_offer(self, order_id, what="", access_token=None, **post):
        """Change quantities, or confirm; refused as a whole when anything is in the way."""
        order_sudo = self._kh_get_answerable(order_id, access_token)
        if order_sudo is None:
            return request.redirect("/my")
        try:
            with request.env.cr.savepoint():
                digest = post.get("digest") or ""
                quantities = self._kh_parse_quantities(post)
                order_sudo._kh_change_offer(quantities, digest)
                if what == "confirm":
                    if quantities and digest != order_sudo._kh_get_offer_digest():
                        request.session[OFFER_SESSION_KEY] = request.env._(
                            "The quantities were changed. Check the amounts and confirm."
                        )
                    else:
                        order_sudo._kh_accept_offer(digest)
        except (UserError, ValidationError) as error:
            request.session[OFFER_SESSION_KEY] = str(error)
        return request.redirect(self._kh_order_url(order_sudo, access_token))

    @http.route()
    def portal_quote_accept(self, order_id, access_token=None, **kwargs):
        """Extend `sale`: a dealer's order is signed by whoever orders for the dealer."""
        access_token = access_token or request.httprequest.args.get("access_token")
        if self._kh_is_not_for_reader(order_id, access_token):
            return {"error": request.env._("Your role does not send orders.")}
        return super().portal_quote_accept(order_id, access_token=access_token, **kwargs)

    @http.route()
    def portal_quote_decline(self, order_id, access_token=None, decline_message=None, **kwargs):
        """Extend `sale`: an offer is refused with a reason, whether a signature is asked or not."""
        if self._kh_is_not_for_reader(order_id, access_token):
            return request.redirect("/my")
        order_sudo = self._kh_get_order(order_id, access_token)
        if order_sudo is None or order_sudo.kh_offer_state != "open":
            return super().portal_quote_decline(
                order_id, access_token=access_token, decline_message=decline_message, **kwargs
            )
        order_sudo = self._kh_get_answerable(order_id, access_token)
        if order_sudo is None:
            return request.redirect("/my")
        try:
            with request.env.cr.savepoint():
                order_sudo._kh_refuse_offer(decline_message)
        except UserError as error:
            request.session[OFFER_SESSION_KEY] = str(error)
        return request.redirect(self._kh_order_url(order_sudo, access_token))

    # === HELPERS === #
    def _document_check_access(self, model_name, document_id, access_token=None):
        """Extend `portal`: the link of an offer that is over opens nothing any more."""
        document_sudo = super()._document_check_access(model_name, document_id, access_token)
        if (
            model_name == "sale.order"
            and document_sudo._kh_is_link_over()
            and not self._kh_can_read(document_id)
        ):
            raise AccessError(request.env._("This link is not valid any more."))
        return document_sudo

    @staticmethod
    def _kh_can_read(order_id):
        return request.env["sale.order"].browse(order_id).has_access("read")

    def _kh_is_over_for_reader(self, order_id, access_token):
        """Whether somebody without a login comes with the right link too late."""
        if not access_token or self._kh_can_read(order_id):
            return False
        try:
            document_sudo = super()._document_check_access("sale.order", order_id, access_token)
        except (AccessError, MissingError):
            return False
        return document_sudo._kh_is_link_over()

    def _kh_get_answerable(self, order_id, access_token):
        """Return the order, as superuser in the name of the dealer's person; else ``None``.

        Whoever is logged in must belong to the dealer, and not be there for finance only; the
        link alone speaks for the buyer.
        """
        order_sudo = self._kh_get_order(order_id, access_token)
        if order_sudo is None:
            return None
        user = request.env.user
        if user._is_public():
            person = order_sudo.partner_id.user_ids.filtered("share")[:1]
            return order_sudo.with_user(person or user).sudo()
        dealer = order_sudo.partner_id.commercial_partner_id
        # sudo: only the company a person belongs to, and the role there
        person_sudo = user.sudo().partner_id
        if person_sudo.commercial_partner_id != dealer or person_sudo.kh_dealer_role == "finance":
            return None
        return order_sudo.with_user(user).sudo()

    def _kh_is_not_for_reader(self, order_id, access_token):
        """Whether the reader sees a dealer's order, but does not answer it for the dealer."""
        order_sudo = self._kh_get_order(order_id, access_token)
        if order_sudo is None or not order_sudo.partner_id.commercial_partner_id.kh_is_dealer:
            return False
        return self._kh_get_answerable(order_id, access_token) is None

    @staticmethod
    def _kh_order_url(order_sudo, access_token):
        suffix = f"?access_token={access_token}" if access_token else ""
        return f"/my/orders/{order_sudo.id}{suffix}"

    @staticmethod
    def _kh_parse_quantities(post):
        """Read the quantities of the page, ``{line id: quantity}``.

        :raise UserError: one of them is none
        """
        quantities = {}
        for name, value in post.items():
            line_id = name.removeprefix("qty_")
            if line_id == name or not line_id.isdecimal():
                continue
            try:
                quantity = float(str(value).replace(",", "").strip() or 0)
            except ValueError:
                quantity = -1.0
            if not 0 <= quantity < QUANTITY_LIMIT:
                raise UserError(
                    request.env._("“%(value)s” is not a quantity.", value=str(value)[:40])
                )
            quantities[int(line_id)] = quantity
        return quantities

    def _kh_prepare_order(self, order_sudo, **kwargs):
        values = super()._kh_prepare_order(order_sudo, **kwargs)
        is_open = order_sudo._kh_awaits_dealer() and not order_sudo._kh_is_offer_expired()
        values.update(
            offer_notice=request.session.pop(OFFER_SESSION_KEY, ""),
            offer=is_open,
            can_answer=is_open
            and self._kh_get_answerable(order_sudo.id, kwargs.get("access_token")) is not None,
        )
        if is_open:
            lines = order_sudo._kh_get_stage_lines()
            values.update(
                offer_rows=[line._kh_portal_values() for line in lines],
                offer_digest=order_sudo._kh_get_offer_digest(),
            )
        return values
