from decimal import Decimal

from psycopg2.errors import UniqueViolation

from odoo import http
from odoo.exceptions import AccessError, LockError, MissingError, UserError
from odoo.http import request
from odoo.tools import escape_psql

from .portal import DealerOrders


class DealerOrderChanges(DealerOrders):
    """What a dealer does to an order after placing it: cancel while unpaid, ask for a change."""

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
            with request.env.cr.savepoint():
                order_sudo.with_user(request.env.user).sudo()._kh_cancel_unpaid("dealer")
        except (UserError, LockError):
            return request.redirect(f"/my/orders/{order_id}?notice=not_cancelled")
        return request.redirect(f"/my/orders/{order_id}?notice=cancelled")

    # === ROUTES - CHANGE === #
    @http.route(
        "/my/orders/<int:order_id>/change",
        type="http",
        auth="user",
        methods=["GET", "POST"],
        website=True,
        sitemap=False,
    )
    def kh_order_change(self, order_id, **values):
        """Ask for a change of a placed order; the answer shows the difference."""
        order_sudo = self._kh_get_order(order_id)
        if order_sudo is None:
            return request.redirect("/my")
        try:
            self._kh_ensure_own_buyer(order_sudo)
        except AccessError:
            return request.redirect(f"/my/orders/{order_id}")
        if not order_sudo._kh_can_dealer_change():
            return request.redirect(f"/my/orders/{order_id}")
        error = ""
        if request.httprequest.method == "POST":
            try:
                with request.env.cr.savepoint():
                    change_sudo = self._kh_create_change(order_sudo, values)
            except (UserError, UniqueViolation) as exception:
                error = self._kh_word_error(exception)
            else:
                return request.redirect(f"/my/orders/changes/{change_sudo.id}")
        return request.render(
            "kh_b2b_order.portal_order_change_form",
            self._kh_prepare_change_form(order_sudo, values, error),
        )

    @http.route(
        "/my/orders/changes/<int:change_id>",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
    )
    def kh_order_change_page(self, change_id, **_kwargs):
        """Show what a change makes of the order."""
        change_sudo = self._kh_get_change(change_id)
        if change_sudo is None:
            return request.redirect("/my")
        return self._kh_render_change(change_sudo)

    @http.route(
        "/my/orders/changes/<int:change_id>/<any(send, withdraw):action>",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
        sitemap=False,
    )
    def kh_order_change_act(self, change_id, action, **_kwargs):
        """Send a change, or take it back."""
        change_sudo = self._kh_get_change(change_id)
        if change_sudo is None:
            return request.redirect("/my")
        try:
            self._kh_ensure_own_buyer(change_sudo.order_id)
            with request.env.cr.savepoint():
                if action == "send":
                    self._kh_ensure_offered(change_sudo.order_id)
                    change_sudo.action_submit()
                else:
                    change_sudo.action_withdraw()
        except (UserError, LockError) as exception:
            return self._kh_render_change(change_sudo, self._kh_word_error(exception))
        return request.redirect(f"/my/orders/changes/{change_id}")

    # === HELPERS - CHANGE === #
    def _kh_get_change(self, change_id):
        """Return a change of the user's own dealer as superuser, in the user's name, or None."""
        try:
            change_sudo = self._document_check_access("kh.order.change", change_id)
        except (AccessError, MissingError):
            return None
        return change_sudo.with_user(request.env.user).sudo()

    @staticmethod
    def _kh_ensure_offered(order_sudo):
        if not order_sudo._kh_can_dealer_change():
            raise UserError(
                request.env._("This order cannot be changed now. Ask your salesperson.")
            )

    @staticmethod
    def _kh_word_error(exception):
        if isinstance(exception, UniqueViolation):
            return request.env._(
                "There is an open change of this order already. Withdraw or decide it first."
            )
        return str(exception)

    def _kh_create_change(self, order_sudo, values):
        """Create the draft of a change from what the form sent."""
        quantities = {
            line.id: self._kh_number(values.get(f"line_{line.id}"), line.product_uom_qty)
            for line in order_sudo._kh_get_changeable_lines()
        }
        added = []
        code = (values.get("code") or "").strip()
        if code:
            added = [(self._kh_find_product(code), self._kh_number(values.get("quantity"), 0.0))]
        address = self._kh_get_addresses(order_sudo).filtered(
            lambda partner: str(partner.id) == values.get("address")
        )
        day = self._kh_day(values.get("date"))
        order = order_sudo.with_user(request.env.user).sudo()
        order._kh_drop_staff_drafts()
        change_sudo = order.kh_change_ids.create(
            order._kh_prepare_change_vals(
                quantities,
                added,
                reason=(values.get("reason") or "")[:200],
                partner_shipping_id=address.id,
                commitment_date=order._kh_from_local(day) if day else False,
            )
        )
        if not change_sudo._get_difference():
            raise UserError(request.env._("Nothing is changed. Enter what should be different."))
        change_sudo._ensure_applicable()
        change_sudo._refresh_amounts()
        change_sudo._ensure_within_buyer_limit()
        return change_sudo

    @staticmethod
    def _kh_number(text, default):
        if text in (None, ""):
            return default
        try:
            number = float(text)
        except ValueError:
            number = -1.0
        if not 0 <= number < 1e9:  # refuses nan, too
            raise UserError(request.env._("“%s” is no quantity.", text))
        return number

    @staticmethod
    def _kh_write_number(number):
        """Write a number for a field of the form, with all its decimals: ``12345.67``."""
        return f"{Decimal(repr(number)).normalize():f}"

    @staticmethod
    def _kh_find_product(code):
        """Return the product with this item number that the user sees in the shop."""
        # as the user: record rules and the shop's domain decide what is seen
        product = request.env["product.product"].search(
            [
                ("default_code", "=ilike", escape_psql(code)),
                *request.website.sale_product_domain(),
            ],
            limit=2,
        )
        if len(product) != 1:
            raise UserError(request.env._("Item no. “%s” was not found.", code))
        return product

    @staticmethod
    def _kh_get_addresses(order_sudo):
        """Return the dealer's addresses to which goods may go."""
        return order_sudo.env["res.partner"].search(
            [
                ("id", "child_of", order_sudo.partner_id.commercial_partner_id.id),
                ("type", "in", ("delivery", "contact")),
                ("street", "!=", False),
            ],
            limit=100,
        )

    def _kh_prepare_change_form(self, order_sudo, values, error):
        rows = []
        for line in order_sudo._kh_get_changeable_lines():
            row = line._kh_portal_values()
            value = values.get(f"line_{line.id}") or self._kh_write_number(line.product_uom_qty)
            rows.append({**row, "id": line.id, "value": value})
        return {
            "page_name": "kh_order",
            "no_breadcrumbs": True,
            "order": order_sudo,
            "rows": rows,
            "addresses": self._kh_get_addresses(order_sudo),
            "values": values,
            "error": error,
        }

    def _kh_render_change(self, change_sudo, error=""):
        order_sudo = change_sudo.order_id
        may_change = request.env.user.has_group("kh_b2b_member.group_b2b_dealer_buyer")
        if change_sudo.state == "draft" and may_change:  # who only reads writes nothing
            error = self._kh_refresh(change_sudo) or error
        return request.render(
            "kh_b2b_order.portal_order_change",
            {
                "page_name": "kh_order",
                "no_breadcrumbs": True,
                "order": order_sudo,
                "change": change_sudo,
                "rows": change_sudo._portal_rows(),
                "summary": change_sudo._portal_summary(),
                "may_change": may_change,
                "error": error,
            },
        )

    @staticmethod
    def _kh_refresh(change_sudo):
        """Compute the totals of a draft anew; return why it cannot be applied any more, or ""."""
        try:
            change_sudo._ensure_order_changeable()
            change_sudo._ensure_applicable()
            change_sudo._refresh_amounts()
        except UserError as error:
            return str(error)
        return ""

    def _kh_prepare_order(self, order_sudo, *args, **kwargs):
        values = super()._kh_prepare_order(order_sudo, *args, **kwargs)
        is_buyer = request.env.user.has_group("kh_b2b_member.group_b2b_dealer_buyer")
        may_change = values["can_act"] and is_buyer and order_sudo._kh_can_dealer_change()
        changes = order_sudo._kh_get_shown_changes()
        if not values["can_act"]:
            changes = changes.browse()
        return {
            **values,
            "may_change": may_change,
            "changes": [change._portal_summary() for change in changes],
        }

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
