from typing import Any, NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import html2plaintext, plaintext2html
from odoo.tools.mimetypes import guess_mimetype

PHOTO_TYPES = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif"}
MAX_PHOTOS = 5
MAX_PHOTO_BYTES = 5 * 1024 * 1024
MAX_SUBJECT = 120
MAX_TEXT = 4000
TICKET_GROUPS = (
    "kh_b2b_member.group_b2b_order_clerk,kh_b2b_member.group_b2b_salesperson,"
    "kh_b2b_member.group_b2b_aftersale_clerk"
)
TICKETS_PER_HOUR = 20  # of one person
REPLIES_PER_HOUR = 60
SAME_MINUTES = 10  # equal words within them were sent twice by mistake


class TicketMessage(NamedTuple):
    """One message of a ticket, ready to show.

    `photos` are ids of attachments, `files` other attachments as ``(id, name)``.
    """

    is_mine: bool
    author: str
    when: str
    body: Any
    photos: list[int]
    files: list[tuple[int, str]]


class OrderTicket(models.Model):
    """What the dealer's pages ask of tickets.

    Dealers have no right on the model: photos of internal notes would follow it. These methods
    run as superuser on what `_find_for_dealer` has found.
    """

    _inherit = "kh.order.ticket"

    # === BUSINESS METHODS - FIND === #
    @api.model
    def _dealer_domain(self, user):
        """Return the tickets a dealer's person sees: those of the whole company."""
        # sudo: the user's own company
        return Domain("dealer_id", "=", user.sudo().partner_id.commercial_partner_id.id)

    @api.model
    def _find_for_dealer(self, user, ticket_id):
        """Return one ticket of this person's company as superuser, or nothing."""
        # sudo: see the class; the domain is the limit
        domain = self._dealer_domain(user) & Domain("id", "=", ticket_id)
        return self.sudo().search(domain)

    # === BUSINESS METHODS - WRITE === #
    @api.model
    def _create_for_dealer(self, user, company, values, photos, key=""):
        """Make a ticket of what a dealer's page sent; the same key makes one ticket only.

        :param dict values: kind, subject, text and order_id (of the dealer, or False)
        :param list photos: `[(name, content)]`
        :raise UserError: something is missing, or too large; nothing was made
        """
        vals = self._prepare_dealer_vals(values)
        photos = self._check_photos(photos)
        key = (key or "").strip()[:64] or False
        tickets_sudo = self.sudo()  # sudo: see the class
        known = key and tickets_sudo.search(
            [("partner_id", "=", user.partner_id.id), ("client_key", "=", key)]
        )
        if known:
            return known
        # two requests at once meet here: the second one is repeated, and finds the ticket
        self._limit(user, "ticket", TICKETS_PER_HOUR)
        ticket_sudo = tickets_sudo.with_company(company).create(
            {
                **vals,
                "partner_id": user.partner_id.id,
                "company_id": company.id,
                "client_key": key,
            }
        )
        ticket_sudo._attach(photos)
        return ticket_sudo

    @api.model
    def _prepare_dealer_vals(self, values):
        kind = values.get("kind")
        subject = (values.get("subject") or "").strip()[:MAX_SUBJECT]
        text = (values.get("text") or "").strip()
        if kind not in dict(self._fields["kind"].selection):
            raise UserError(self.env._("Choose what it is about."))
        if not subject or not text:
            raise UserError(self.env._("Enter a subject, and say what happened."))
        if len(text) > MAX_TEXT:
            raise UserError(self.env._("The text is too long: at most %s characters.", MAX_TEXT))
        order_id = values.get("order_id") or False
        return {"kind": kind, "subject": subject, "text": text, "order_id": order_id}

    def _reply_for_dealer(self, user, text, photos):
        """Post the words of a dealer's person; the ticket moves by itself.

        Sent twice, they are posted once.

        :raise UserError: there is nothing to post, it is too much, or the ticket is closed
        """
        self.ensure_one()
        text = (text or "").strip()
        photos = self._check_photos(photos)
        if not text and not photos:
            raise UserError(self.env._("Write something first."))
        if len(text) > MAX_TEXT:
            raise UserError(self.env._("The text is too long: at most %s characters.", MAX_TEXT))
        self._lock()
        if self.state == "closed":
            raise UserError(self.env._("This ticket is closed; please open a new one."))
        body = plaintext2html(text) if text else ""
        if self._is_said_already(user.partner_id, body, photos):
            return
        self._limit(user, "ticket_reply", REPLIES_PER_HOUR)
        self.message_post(
            body=body,
            author_id=user.partner_id.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            attachments=photos,
        )

    def _is_said_already(self, author, body, photos):
        """Answer whether the last message was this one, a moment ago."""
        last = self._get_shown_messages()[-1:]
        since = fields.Datetime.subtract(fields.Datetime.now(), minutes=SAME_MINUTES)
        if last.author_id != author or last.date < since:
            return False
        # as text: what is stored went through the cleaning of HTML
        if html2plaintext(last.body) != html2plaintext(body):
            return False
        Attachment = self.env["ir.attachment"]
        # what core would store: it shrinks big pictures
        stored = [Attachment._check_contents({"name": n, "raw": raw})["raw"] for n, raw in photos]
        sums = {Attachment._compute_checksum(content) for content in stored}
        return sums == set(last.attachment_ids.mapped("checksum"))

    @api.model
    def _limit(self, user, action, limit):
        """Count what a person does in this hour.

        :raise UserError: it is too much
        """
        limiter = self.env["kh.rate.limit"].sudo()  # sudo: counts of everybody
        if not limiter._hit(action, str(user.id), limit):
            raise UserError(self.env._("You have asked a lot in this hour; please call us."))

    def _rate_for_dealer(self, rating):
        """Keep how content the dealer is, and close the ticket.

        :raise UserError: it is not solved, or there is no such rating
        """
        self.ensure_one()
        if rating not in dict(self._fields["rating"].selection):
            raise UserError(self.env._("Choose how content you are."))
        self._lock()
        self._ensure_can("close")
        self.rating = rating
        self._move("close")

    # === BUSINESS METHODS - PHOTOS === #
    @api.model
    def _check_photos(self, photos):
        """Return photos with names of ours.

        :raise UserError: too many, too large, or no photo at all
        """
        if len(photos) > MAX_PHOTOS:
            raise UserError(self.env._("At most %s photos.", MAX_PHOTOS))
        named = []
        for number, (_name, content) in enumerate(photos, start=1):
            extension = PHOTO_TYPES.get(guess_mimetype(content))
            if not extension:
                raise UserError(self.env._("Photo %s is no picture that can be shown.", number))
            if len(content) > MAX_PHOTO_BYTES:
                limit = MAX_PHOTO_BYTES // (1024 * 1024)
                raise UserError(
                    self.env._(
                        "Photo %(number)s is too large: at most %(limit)s MB.",
                        number=number,
                        limit=limit,
                    )
                )
            named.append((f"photo-{number}.{extension}", content))
        return named

    def _attach(self, photos):
        self.ensure_one()
        self.env["ir.attachment"].create(
            [
                {"name": name, "raw": content, "res_model": self._name, "res_id": self.id}
                for name, content in photos
            ]
        )

    def _get_first_photos(self):
        """Return the photos that came with the ticket itself."""
        self.ensure_one()
        messages = self.message_ids.attachment_ids
        found = self.env["ir.attachment"].search(
            [("res_model", "=", self._name), ("res_id", "=", self.id), ("res_field", "=", False)]
        )
        mine = self.partner_id.commercial_partner_id
        return (found - messages).filtered(
            lambda one: (
                one.mimetype in PHOTO_TYPES
                and one.create_uid.partner_id.commercial_partner_id == mine
            )
        )

    def _find_file(self, attachment_id):
        """Return a photo or file that the dealer's page shows, or nothing."""
        files = self._get_first_photos() | self._get_shown_messages().attachment_ids
        return files.filtered(lambda one: one.id == attachment_id)

    # === BUSINESS METHODS - SHOW === #
    def _get_shown_messages(self):
        """Return what dealer and staff wrote to each other; no internal note."""
        self.ensure_one()
        return self.message_ids.filtered(
            lambda message: (
                message.message_type in ("comment", "email")
                and not message.is_internal
                and message.subtype_id
                and not message.subtype_id.internal
            )
        ).sorted("id")

    def _get_dealer_messages(self, user):
        """Return the conversation as the dealer's page shows it, oldest first.

        :rtype: list[TicketMessage]
        """
        zone = self.env["sale.order"]
        mine = user.partner_id.commercial_partner_id
        return [
            TicketMessage(
                is_mine=message.author_id.commercial_partner_id == mine,
                author=message.author_id.name or message.email_from or "",
                when=zone._kh_format_time(message.date),
                body=message.body,
                photos=message.attachment_ids.filtered(lambda one: one.mimetype in PHOTO_TYPES).ids,
                files=[
                    (one.id, one.name)
                    for one in message.attachment_ids
                    if one.mimetype not in PHOTO_TYPES
                ],
            )
            for message in self._get_shown_messages()
        ]

    def _whose_turn(self):
        """Say in one sentence, to the dealer, whose turn it is and until when."""
        self.ensure_one()
        _ = self.env._
        if self.state in ("new", "progress"):
            date = self.env["sale.order"]._kh_format_time(self.deadline)
            if self.is_overdue and self.is_escalated and self.user_id.kh_supervisor_id:
                return _("Our turn: we are late, and have told the supervisor.")
            if self.is_overdue:
                return _("Our turn: we are late, and are sorry for it.")
            return _(
                "Our turn: %(owner)s answers by %(date)s.",
                owner=self.user_id.name or self.company_id.name,
                date=date,
            )
        return {
            "waiting": _("Your turn: please answer our question below."),
            "solved": _("Solved. Are you content? Write again if something is missing."),
            "closed": _("This ticket is closed."),
        }[self.state]


class SaleOrder(models.Model):
    _inherit = "sale.order"

    kh_ticket_ids = fields.One2many("kh.order.ticket", "order_id", "Tickets", groups=TICKET_GROUPS)
    kh_ticket_count = fields.Integer(compute="_compute_kh_ticket_count", groups=TICKET_GROUPS)

    # === COMPUTE METHODS === #
    @api.depends("kh_ticket_ids")
    def _compute_kh_ticket_count(self):
        groups = self.env["kh.order.ticket"]._read_group(
            [("order_id", "in", self.ids)], ["order_id"], ["__count"]
        )
        counts = {order.id: count for order, count in groups}
        for order in self:
            order.kh_ticket_count = counts.get(order._origin.id, 0)

    # === ACTION METHODS === #
    def action_kh_open_tickets(self):
        """Open the tickets of this order."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kh_b2b_order.kh_order_ticket_action"
        )
        return {
            **action,
            "domain": [("order_id", "=", self.id)],
            "context": {"default_order_id": self.id, "default_partner_id": self.partner_id.id},
        }

    # === BUSINESS METHODS - TICKETS === #
    def _kh_get_tickets(self):
        """Return the tickets of this order for its page; runs as superuser."""
        self.ensure_one()
        return self.env["kh.order.ticket"].search([("order_id", "=", self.id)], order="id desc")
