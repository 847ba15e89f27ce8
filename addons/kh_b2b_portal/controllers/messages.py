from werkzeug.exceptions import NotFound

from odoo import http
from odoo.http import request, route

from odoo.addons.kh_b2b_order.utils import parse_page

MESSAGES_PER_PAGE = 30
MAX_ID = 2**31 - 1  # of the database; larger numbers are no address


class DealerMessages(http.Controller):
    """Messages: one stream of what others wrote about the dealer's documents (M-03)."""

    @route("/my/messages", type="http", auth="user", website=True, methods=["GET"], readonly=True)
    def kh_messages(self, kind="", page=1, **_kwargs):
        """The messages of whoever asks, unread ones first."""
        user = self._kh_get_user()
        labels = user._kh_message_kind_labels()
        kind = kind if kind in user._kh_message_sources() else ""
        page = max(parse_page(page), 1)
        offset = (page - 1) * MESSAGES_PER_PAGE
        rows, total = user._kh_find_messages(kind, offset, MESSAGES_PER_PAGE)
        values = {
            "page_name": "kh_messages",
            "additional_title": request.env._("Messages"),
            "kh_rows": rows,
            "kh_kind": kind,
            "kh_kinds": [
                (key, label)
                for key, label in labels.items()
                if not key or key in user._kh_message_sources()
            ],
            "kh_unread_count": user._kh_count_unread(),
            "pager": request.website.pager(
                url="/my/messages",
                total=total,
                page=page,
                step=MESSAGES_PER_PAGE,
                scope=5,
                url_args={"kind": kind} if kind else {},
            ),
        }
        return request.render("kh_b2b_portal.messages", values)

    @route("/my/messages/page/<int:page>", type="http", auth="user", website=True, readonly=True)
    def kh_messages_page(self, page, **kwargs):
        """One page of the stream, as the pager asks for it."""
        return self.kh_messages(page=page, **kwargs)

    @route(
        f"/my/messages/<int(max={MAX_ID}):message_id>",
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def kh_message(self, message_id, **_kwargs):
        """Open the document of one message; one that is not for the reader is not found."""
        url = self._kh_get_user()._kh_message_url(message_id)
        if not url:
            raise NotFound
        return request.redirect(url)

    @route("/my/messages/read", type="http", auth="user", website=True, methods=["POST"])
    def kh_messages_read(self, **_kwargs):
        """Mark everything as read."""
        self._kh_get_user()._kh_mark_messages_read()
        return request.redirect("/my/messages")

    @staticmethod
    def _kh_get_user():
        if not request.website.kh_is_b2b:
            raise NotFound
        return request.env.user
