import secrets
from urllib.parse import urlencode

from werkzeug.exceptions import NotFound

from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.http import Controller, request, route

from odoo.addons.kh_b2b_member.utils import parse_id
from odoo.addons.portal.controllers.portal import pager as portal_pager

from ..models.order_ticket import OPEN_STATES
from ..models.order_ticket_portal import MAX_PHOTO_BYTES, MAX_PHOTOS, PHOTO_TYPES
from ..utils import parse_page, read_text

TICKETS_PER_PAGE = 30
NOTICE_SESSION_KEY = "kh_ticket_notice"
# more than what is refused with a friendly word, less than what hurts
MAX_UPLOAD = 2 * MAX_PHOTOS * MAX_PHOTO_BYTES
SHOWS = ("open", "ended", "")


class DealerTickets(Controller):
    """The dealer asks and complains, and reads our answers (M-06)."""

    # === ROUTES - READ === #
    @route(
        ["/my/tickets", "/my/tickets/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["GET"],
    )
    def kh_tickets(self, page=1, show="", **_kwargs):
        """What the dealer's company asked, newest first."""
        self._ensure_dealer()
        show = show if show in SHOWS else ""
        Ticket = request.env["kh.order.ticket"]
        domain = Ticket._dealer_domain(request.env.user)
        if show:
            is_open = Domain("state", "in", OPEN_STATES)
            domain &= is_open if show == "open" else ~is_open
        # sudo: dealers have no right on the model; the domain is the limit
        Ticket_sudo = Ticket.sudo()
        total = Ticket_sudo.search_count(domain)
        pager = portal_pager(
            url="/my/tickets",
            total=total,
            page=parse_page(page),
            step=TICKETS_PER_PAGE,
            url_args={"show": show} if show else {},
        )
        tickets_sudo = Ticket_sudo.search(
            domain, order="id desc", limit=TICKETS_PER_PAGE, offset=pager["offset"]
        )
        values = {"tickets": tickets_sudo, "show": show, "total": total, "pager": pager}
        return self._render("kh_b2b_order.portal_tickets", values)

    @route(
        "/my/tickets/<int:ticket_id>",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["GET"],
    )
    def kh_ticket(self, ticket_id, **_kwargs):
        """One ticket with its conversation."""
        ticket_sudo = self._find(ticket_id)
        return self._render(
            "kh_b2b_order.portal_ticket",
            {
                "ticket": ticket_sudo,
                "messages": ticket_sudo._get_dealer_messages(request.env.user),
                "photos": ticket_sudo._get_first_photos().ids,
                "notice": request.session.pop(NOTICE_SESSION_KEY, ""),
            },
        )

    @route(
        "/my/tickets/<int:ticket_id>/file/<int:file_id>",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["GET"],
        readonly=True,
    )
    def kh_ticket_file(self, ticket_id, file_id, **_kwargs):
        """Send a photo or file that the ticket's page shows; only photos open in the page."""
        file_sudo = self._find(ticket_id)._find_file(file_id)
        if not file_sudo:
            raise NotFound
        stream = request.env["ir.binary"]._get_stream_from(file_sudo)
        return stream.get_response(as_attachment=file_sudo.mimetype not in PHOTO_TYPES)

    # === ROUTES - WRITE === #
    @route(
        "/my/tickets/new",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        max_content_length=MAX_UPLOAD,
    )
    def kh_ticket_new(self, order_id="", **post):
        """Fill in a ticket, or send it (POST); what was typed survives a refusal."""
        self._ensure_dealer()
        order_id = read_text(order_id)
        order = self._find_order(order_id)
        values = {name: read_text(post.get(name)) for name in ("kind", "subject", "text", "key")}
        error = ""
        if request.httprequest.method == "POST":
            try:
                self._ensure_found(order, order_id)
                with request.env.cr.savepoint():
                    ticket_sudo = request.env["kh.order.ticket"]._create_for_dealer(
                        request.env.user,
                        request.website.company_id,
                        {**values, "order_id": order.id},
                        self._read_photos(),
                        values["key"],
                    )
                return request.redirect(f"/my/tickets/{ticket_sudo.id}")
            except UserError as refusal:
                error = str(refusal)
        values["key"] = values["key"] or secrets.token_hex(16)
        return self._render(
            "kh_b2b_order.portal_ticket_new", {"order": order, "error": error, "values": values}
        )

    @route(
        "/my/tickets/<int:ticket_id>/reply",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["POST"],
        max_content_length=MAX_UPLOAD,
    )
    def kh_ticket_reply(self, ticket_id, text="", **_kwargs):
        """Write on a ticket."""
        user = request.env.user
        return self._change(
            ticket_id,
            lambda ticket_sudo: ticket_sudo._reply_for_dealer(
                user, read_text(text), self._read_photos()
            ),
        )

    @route(
        "/my/tickets/<int:ticket_id>/rate",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def kh_ticket_rate(self, ticket_id, rating="", **_kwargs):
        """Say how content one is; the ticket is closed."""
        rating = read_text(rating)
        return self._change(ticket_id, lambda ticket_sudo: ticket_sudo._rate_for_dealer(rating))

    # === HELPERS === #
    @staticmethod
    def _ensure_dealer():
        """The website is one of ours, and the user a dealer's person."""
        is_dealer = request.env.user.has_group("kh_b2b_member.group_b2b_dealer")
        if not request.website.kh_is_b2b or not is_dealer:
            raise NotFound

    def _find(self, ticket_id):
        self._ensure_dealer()
        ticket_sudo = request.env["kh.order.ticket"]._find_for_dealer(request.env.user, ticket_id)
        if not ticket_sudo:
            raise NotFound
        return ticket_sudo

    def _change(self, ticket_id, step):
        ticket_sudo = self._find(ticket_id)
        try:
            with request.env.cr.savepoint():
                step(ticket_sudo)
        except UserError as error:
            request.session[NOTICE_SESSION_KEY] = str(error)
        return request.redirect(f"/my/tickets/{ticket_id}#reply")

    @staticmethod
    def _find_order(order_id):
        """Return an order that the user sees, or an empty one."""
        Order = request.env["sale.order"]
        found = parse_id(order_id)
        if not found:
            return Order
        domain = Order._kh_portal_domain(request.env.user.partner_id)
        return Order.search(domain & Domain("id", "=", found))

    @staticmethod
    def _ensure_found(order, order_id):
        """A complaint about an order is not kept as one about nothing.

        :raise UserError: an order was named, but the user sees none of that number
        """
        if order_id and not order:
            raise UserError(
                request.env._("This order was not found; send it again to ask without an order.")
            )

    @staticmethod
    def _read_photos():
        """Return the photos of the form, `[(name, content)]`; never more than is refused."""
        files = request.httprequest.files.getlist("photos")[: MAX_PHOTOS + 1]
        photos = [(file.filename, file.read(MAX_PHOTO_BYTES + 1)) for file in files]
        return [(name, content) for name, content in photos if content]

    @staticmethod
    def _render(template, values):
        labels = request.env["kh.order.ticket"]._fields
        return request.render(
            template,
            {
                "no_breadcrumbs": True,
                "page_name": "kh_tickets",
                "kinds": dict(labels["kind"]._description_selection(request.env)),
                # the best first
                "ratings": labels["rating"]._description_selection(request.env)[::-1],
                "make_url": lambda show: f"/my/tickets?{urlencode({'show': show})}",
                "format_time": request.env["sale.order"]._kh_format_time,
                "max_photos": MAX_PHOTOS,
                "max_megabytes": MAX_PHOTO_BYTES // (1024 * 1024),
                **values,
            },
        )
