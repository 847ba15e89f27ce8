from datetime import timedelta
from typing import Any, NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import html2plaintext

MESSAGE_KINDS = ("order", "notice")
NEW_DAYS = 30  # what is older is no news, read or not
MAX_UNREAD = 99  # the badge says no more than that
PREVIEW = 160  # characters


class MessageRow(NamedTuple):
    """One message of the dealer's stream, ready to show."""

    id: int
    kind: str
    title: str
    text: str
    author: str
    date: Any  # UTC, naive
    url: str
    is_unread: bool


class ResUsers(models.Model):
    _inherit = "res.users"

    # === FIELDS === #
    kh_message_seen_id = fields.Integer(
        "Messages Read Up To",
        copy=False,
        groups="base.group_system",
        help="Number of the latest message this person has read in the shop.",
    )

    # === BUSINESS METHODS - MESSAGES === #
    def _kh_message_sources(self):
        """Where messages come from: ``{kind: domain on mail.message}`` (hook, M-03).

        A domain of documents is a search as this user, so that nobody reads about what he may
        not open. Add-ons with documents of their own extend it.

        :rtype: dict[str, Domain]
        """
        self.ensure_one()
        Order = self.env["sale.order"].with_user(self)
        sources = {}
        known = Domain("model", "=", "sale.order")
        if Order.has_access("read"):
            orders = Order._search(Order._kh_portal_domain(self.partner_id))
            sources["order"] = known & Domain("res_id", "in", orders)
        sources["notice"] = ~known & Domain(
            "notification_ids.res_partner_id", "=", self.partner_id.id
        )
        return sources

    def _kh_message_domain(self, kind=""):
        """Messages of others to this user, of one kind or all; nothing internal."""
        self.ensure_one()
        sources = self._kh_message_sources()
        wanted = [sources[kind]] if kind in sources else list(sources.values())
        Message = self.env["mail.message"]
        return (
            Domain.OR(wanted)
            & Domain(Message._get_search_domain_share())
            & Domain("message_type", "!=", "user_notification")
            & Domain("author_id", "!=", self.partner_id.id)
        )

    def _kh_unread_domain(self):
        self.ensure_one()
        since = fields.Datetime.now() - timedelta(days=NEW_DAYS)
        # sudo: how far the person has read is his own
        return Domain("id", ">", self.sudo().kh_message_seen_id) & Domain("date", ">=", since)

    def _kh_count_unread(self):
        """How many messages this user has not read, at most `MAX_UNREAD`; one query."""
        self.ensure_one()
        # sudo: `_kh_message_sources` lets in only messages of what the user may read
        return (
            self.env["mail.message"]
            .sudo()
            .search_count(self._kh_message_domain() & self._kh_unread_domain(), limit=MAX_UNREAD)
        )

    def _kh_find_messages(self, kind="", offset=0, limit=30):
        """Find one page of this user's messages, the newest (thus the unread ones) first.

        :return: ``(rows, total)``
        :rtype: tuple[list[MessageRow], int]
        """
        self.ensure_one()
        domain = self._kh_message_domain(kind)
        Message = self.env["mail.message"].sudo()  # sudo: see `_kh_count_unread`
        messages = Message.search_fetch(
            domain,
            ["author_id", "body", "date", "model", "res_id", "subject", "subtype_id"],
            order="id desc",
            offset=offset,
            limit=limit,
        )
        new = messages.filtered_domain(self._kh_unread_domain())
        return self._kh_message_rows(messages, new), Message.search_count(domain)

    def _kh_message_rows(self, messages_sudo, new):
        """Make messages ready to show, in a constant number of queries."""
        of_orders = messages_sudo.filtered(lambda message: message.model == "sale.order")
        orders_sudo = self.env["sale.order"].sudo().browse(of_orders.mapped("res_id")).exists()
        names = {order.id: order.name for order in orders_sudo}
        rows = []
        for message in messages_sudo:
            is_order = message in of_orders
            body = " ".join(html2plaintext(message.body or "").split())
            text = body or message.subtype_id.description or message.subtype_id.name or ""
            title = names.get(message.res_id, "") if is_order else message.subject or ""
            rows.append(
                MessageRow(
                    id=message.id,
                    kind="order" if is_order else "notice",
                    title=title,
                    text=text[:PREVIEW],
                    author=message.author_id.name or "",
                    date=message.date,
                    url=f"/my/messages/{message.id}",
                    is_unread=message in new,
                )
            )
        return rows

    def _kh_message_url(self, message_id):
        """Where the document of a message opens; empty if it is none of this user's.

        :rtype: str
        """
        self.ensure_one()
        domain = self._kh_message_domain() & Domain("id", "=", message_id)
        # sudo: see `_kh_count_unread`
        message = self.env["mail.message"].sudo().search(domain, limit=1)
        if not message:
            return ""
        if message.model == "sale.order":
            # the page holds the discussion only when asked for it
            return f"/my/orders/{message.res_id}?chat=1#discussion"
        return f"/mail/view?message_id={message.id}"

    def _kh_mark_messages_read(self):
        """Remember that this user has read all there is now; safe to call twice."""
        self.ensure_one()
        # sudo: see `_kh_count_unread`
        Message = self.env["mail.message"].sudo()
        latest = Message.search(self._kh_message_domain(), order="id desc", limit=1)
        user_sudo = self.sudo()  # sudo: a person's own mark, which people may not write at will
        if latest.id and latest.id > user_sudo.kh_message_seen_id:
            user_sudo.kh_message_seen_id = latest.id

    @api.model
    def _kh_message_kind_labels(self):
        return {
            "": self.env._("All"),
            "order": self.env._("Orders"),
            "notice": self.env._("Notices"),
        }
