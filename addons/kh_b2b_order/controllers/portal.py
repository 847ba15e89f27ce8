from urllib.parse import urlencode

from werkzeug.exceptions import NotFound

from odoo import fields, http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.fields import Domain
from odoo.http import content_disposition, request

from odoo.addons.portal.controllers.portal import pager as portal_pager
from odoo.addons.sale.controllers.portal import CustomerPortal

from ..models.sale_order_portal import LINES_PER_PAGE, TABS
from ..utils import format_quantity, parse_page

ORDERS_PER_PAGE = 50
SEARCH_LIMIT = 100
REORDER_SESSION_KEY = "kh_reorder"
NOTICES = ("received", "not_shipped", "cancelled", "not_cancelled")


class DealerOrders(CustomerPortal):
    """The dealer's orders (W7, W8); on other websites core's pages stay as they are."""

    # === ROUTES - LIST === #
    @http.route()
    def portal_my_orders(self, **kwargs):
        if not request.website.kh_is_b2b:
            return super().portal_my_orders(**kwargs)
        if not request.env["sale.order"].has_access("read"):  # staff without sales rights
            return request.redirect("/my")
        return request.render("kh_b2b_order.portal_orders", self._kh_prepare_orders(**kwargs))

    @http.route()
    def portal_my_quotes(self, **kwargs):
        if not request.website.kh_is_b2b:
            return super().portal_my_quotes(**kwargs)
        return request.redirect("/my/orders?stage=to_pay")

    # === ROUTES - ONE ORDER === #
    @http.route()
    def portal_order_page(self, order_id, **kwargs):
        response = super().portal_order_page(order_id, **kwargs)
        values = getattr(response, "qcontext", None)
        if request.website.kh_is_b2b and values and values.get("sale_order"):
            values.update(self._kh_prepare_order(values["sale_order"], **kwargs))
            response.template = "kh_b2b_order.portal_order"
        return response

    @http.route(
        "/my/orders/<int:order_id>/download/<string:document>",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
    )
    def kh_order_download(self, order_id, document, access_token=None, **_kwargs):
        """Send one paper of the order, in the customer's language."""
        order_sudo = self._kh_get_order(order_id, access_token)
        if order_sudo is None:
            return request.redirect("/my")
        rendered = order_sudo._kh_render_document(document)
        if rendered is None:
            raise NotFound
        content, name = rendered
        return request.make_response(
            content,
            headers=[
                ("Content-Type", "application/pdf"),
                ("Content-Length", len(content)),
                ("Content-Disposition", content_disposition(name)),
            ],
        )

    @http.route(
        "/my/orders/<int:order_id>/receive",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
        sitemap=False,
    )
    def kh_order_receive(self, order_id, **_kwargs):
        """The dealer says that the goods arrived."""
        order_sudo = self._kh_get_order(order_id)
        if order_sudo is None:
            return request.redirect("/my")
        if not self._kh_may_receive(order_sudo):  # staff have their own button
            return request.redirect(f"/my/orders/{order_id}")
        try:
            order_sudo.with_user(request.env.user).sudo().action_confirm_receipt()
        except UserError:
            return request.redirect(f"/my/orders/{order_id}?notice=not_shipped")
        return request.redirect(f"/my/orders/{order_id}?notice=received")

    @http.route(
        "/my/orders/<int:order_id>/reorder",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
        sitemap=False,
    )
    def kh_order_reorder(self, order_id, key="", **_kwargs):
        """Put the goods of an order into the cart, at today's price and stock, once a key."""
        order_sudo = self._kh_get_order(order_id)
        if order_sudo is None:
            return request.redirect("/my")
        if not request.website.kh_is_b2b:
            raise NotFound
        # sudo: dealers have no access to the table of requests; the key is taken as themselves
        requests_sudo = request.env["kh.shop.request"].sudo()
        if not requests_sudo._is_key(key):
            return request.redirect(f"/my/orders/{order_id}")
        claim, is_new = requests_sudo._claim(key)
        if is_new:
            claim.result = {"redirect": self._kh_put_into_cart(order_sudo)}
        return request.redirect((claim.result or {}).get("redirect") or "/shop/cart")

    @http.route(
        "/my/orders/<int:order_id>/reorder/result",
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
        sitemap=False,
        readonly=True,
    )
    def kh_order_reorder_result(self, order_id, **_kwargs):
        """Show what the last reorder left out; a reload orders nothing again."""
        order_sudo = self._kh_get_order(order_id)
        if order_sudo is None:
            return request.redirect("/my")
        result = request.session.get(REORDER_SESSION_KEY) or {}
        if not request.website.kh_is_b2b or result.get("order_id") != order_id:
            return request.redirect(f"/my/orders/{order_id}")
        lines = {line.product_id.id: line for line in order_sudo.order_line}
        return request.render(
            "kh_b2b_order.portal_reorder",
            {
                "order": order_sudo,
                "kept": result["kept"],
                "total": result["kept"] + len(result["refused"]),
                "refused": [
                    (lines[product_id]._kh_portal_values(), reason)
                    for product_id, reason in result["refused"]
                    if product_id in lines
                ],
                "no_breadcrumbs": True,
                "page_name": "kh_order",
            },
        )

    # === HELPERS - LIST === #
    def _kh_prepare_orders(self, page=1, stage="", q="", date_from="", date_to="", **_kwargs):
        """Return the values of the list; what cannot be read counts as not given."""
        Order = request.env["sale.order"]
        text = (q or "").strip()[:SEARCH_LIMIT]
        days = {"date_from": self._kh_day(date_from), "date_to": self._kh_day(date_to)}
        stage = stage if stage in TABS else ""
        domain = Order._kh_portal_search_domain(request.env.user.partner_id, text, **days)
        tabs = Order._kh_portal_tabs(domain)
        shown = next((tab for tab in tabs if tab.stage == stage), None)
        total = shown.count if shown else 0
        filters = {"stage": stage, "q": text} | {
            name: fields.Date.to_string(day) if day else "" for name, day in days.items()
        }
        filters = {name: value for name, value in filters.items() if value}
        pager = portal_pager(
            url="/my/orders",
            total=total,
            page=parse_page(page),
            step=ORDERS_PER_PAGE,
            url_args=filters,
        )
        if stage:
            domain &= Domain("kh_stage", "=", stage)
        orders = Order.search(
            domain, order="date_order desc, id desc", limit=ORDERS_PER_PAGE, offset=pager["offset"]
        )
        request.session["my_orders_history"] = orders.ids[:100]
        return {
            "page_name": "kh_orders",
            "no_breadcrumbs": True,
            "rows": orders._kh_portal_rows(),
            "tabs": tabs,
            "stage": stage,
            "filters": filters,
            "shown": shown,
            "limit": format_quantity(total),
            "pager": pager,
            "default_url": "/my/orders",
            "make_url": lambda **changes: self._kh_url(filters, changes),
        }

    @staticmethod
    def _kh_day(value):
        try:
            day = fields.Date.to_date(value or False)
        except ValueError:
            return None
        # other years leave the calendar when the time zone is applied
        return day if day and 1900 <= day.year <= 9998 else None

    @staticmethod
    def _kh_url(filters, changes):
        """Return the list's address with some filters changed; an empty one is left out."""
        merged = {name: value for name, value in {**filters, **changes}.items() if value}
        return f"/my/orders?{urlencode(merged)}" if merged else "/my/orders"

    # === HELPERS - ONE ORDER === #
    def _kh_get_order(self, order_id, access_token=None):
        """Return the order as superuser, or ``None`` if this user may not see it."""
        try:
            return self._document_check_access("sale.order", order_id, access_token)
        except (AccessError, MissingError):
            return None

    def _kh_prepare_order(self, order_sudo, q="", line_page=1, unshipped="", notice="", **kwargs):
        """Return what the order page shows beside core's values."""
        page = parse_page(line_page)
        lines, count = order_sudo._kh_portal_lines(
            (q or "").strip()[:SEARCH_LIMIT], bool(unshipped), page
        )
        user = request.env.user
        return {
            "no_breadcrumbs": True,
            "page_name": "kh_order",
            "order": order_sudo,
            "timeline": order_sudo._kh_get_timeline(),
            "shipments": order_sudo._kh_get_shipments(),
            "documents": order_sudo._kh_get_documents(),
            "totals": order_sudo._kh_portal_totals(),
            "status": order_sudo._kh_payment_status(),
            "step": order_sudo._kh_next_step("dealer"),
            "is_taxed": order_sudo._kh_is_shown_tax_included(),
            "lines": lines,
            "line_count": count,
            "line_pages": self._kh_line_pages(order_sudo, count, page, q, unshipped, kwargs),
            "line_filters": {"q": q or "", "unshipped": bool(unshipped)},
            "transfer": self._kh_prepare_transfer(order_sudo),
            "can_act": self._kh_can_act(order_sudo),
            "may_receive": self._kh_may_receive(order_sudo),
            **self._kh_prepare_tickets(order_sudo),
            "is_chat_open": bool(kwargs.get("chat")),
            "notice": notice if notice in NOTICES else "",
            "may_cancel": order_sudo._kh_may_dealer_cancel()
            and user.has_group("kh_b2b_member.group_b2b_dealer_buyer"),
            "token_args": f"?access_token={kwargs['access_token']}"
            if kwargs.get("access_token")
            else "",
        }

    @staticmethod
    def _kh_can_act(order_sudo):
        """Answer whether the reader belongs to the order's own dealer."""
        user = request.env.user
        dealer = order_sudo.partner_id.commercial_partner_id
        return not user._is_public() and dealer == user.partner_id.commercial_partner_id

    def _kh_may_receive(self, order_sudo):
        """Answer whether the reader may say that the goods arrived: the dealer's own people."""
        is_dealer = request.env.user.has_group("kh_b2b_member.group_b2b_dealer")
        return is_dealer and self._kh_can_act(order_sudo)

    @staticmethod
    def _kh_line_pages(order_sudo, count, page, q, unshipped, kwargs):
        """Return the pages of the lines, ``[(number, address, whether it is shown)]``."""
        args = {"q": q, "unshipped": unshipped, "access_token": kwargs.get("access_token")}
        args = {name: value for name, value in args.items() if value}
        return [
            (
                number,
                f"/my/orders/{order_sudo.id}?{urlencode({**args, 'line_page': number})}#lines",
                number == page,
            )
            for number in range(1, -(-count // LINES_PER_PAGE) + 1)
        ]

    @staticmethod
    def _kh_prepare_tickets(order_sudo):
        """Return the tickets that this user may see and open on the order's page."""
        user = request.env.user
        can_ask = (
            user.has_group("kh_b2b_member.group_b2b_dealer")
            and order_sudo.partner_id.commercial_partner_id == user.partner_id.commercial_partner_id
        )
        return {"can_ask": can_ask, "tickets": order_sudo._kh_get_tickets() if can_ask else []}

    @staticmethod
    def _kh_prepare_transfer(order_sudo):
        """Return what the dealer needs for the announced transfer, or an empty dict."""
        pending_sudo = order_sudo._kh_get_pending_transfers()
        if not pending_sudo:
            return {}
        return {
            "accounts": pending_sudo[:1]._kh_get_bank_accounts(),
            "payee": order_sudo.company_id.name,
            "reference": pending_sudo[:1]._get_communication(),
            "message": pending_sudo[:1].provider_id.pending_msg,
        }

    def _kh_put_into_cart(self, order_sudo):
        """Put the goods into the cart; return the address that shows what came of it."""
        cart_sudo = request.cart or request.website._create_cart()
        rows, refused = self._kh_split_reorder_rows(order_sudo)
        result = cart_sudo._kh_add_products(rows, source="shop")
        request.session["website_sale_cart_quantity"] = cart_sudo.cart_quantity
        refused += result.refused
        if not refused:
            return "/shop/cart"
        request.session[REORDER_SESSION_KEY] = {
            "order_id": order_sudo.id,
            "kept": result.kept,
            "refused": [(product_id, str(reason)) for product_id, reason in refused],
        }
        return f"/my/orders/{order_sudo.id}/reorder/result"

    @staticmethod
    def _kh_split_reorder_rows(order_sudo):
        """Return the rows that this user may still buy, and those refused with a reason."""
        rows = order_sudo._kh_get_reorder_rows()
        # as the user: his record rules and the shop's domain decide what he sees
        visible = (
            request.env["product.product"]
            .search(
                [("id", "in", [row[0] for row in rows]), *request.website.sale_product_domain()]
            )
            .ids
        )
        reason = request.env._("Not for sale any more.")
        return (
            [row for row in rows if row[0] in visible],
            [(row[0], reason) for row in rows if row[0] not in visible],
        )
