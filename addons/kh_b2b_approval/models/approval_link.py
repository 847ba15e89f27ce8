import hashlib
import logging
import secrets
from collections import defaultdict

from psycopg2 import OperationalError

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, consteq

_logger = logging.getLogger(__name__)

DEFAULT_HOURS = 72
RENEW_MINUTES = 60
KEEP_DAYS = 90
BATCH_SIZE = 50
DECISIONS = [("approve", "Approved"), ("return", "Returned"), ("refuse", "Refused")]
KINDS = [("turn", "Turn"), ("reminder", "Reminder")]
LINK_DECISIONS = tuple(key for key, label in DECISIONS)


class ApprovalLink(models.Model):
    """The right of one person to decide one request once, by a link in an e-mail (审批链接).

    The row is written when the person's turn begins; the cron mails the link and keeps only
    the digest of its token. What a link is worth is never stored but asked of the request:

    ==========  ===============================================================
    status      meaning
    ==========  ===============================================================
    valid       the person may decide now
    used        this person has decided, by this link or elsewhere
    decided     somebody else ended the request
    withdrawn   the requester took it back
    moved       somebody else completed the step
    lost        it is not this person's turn any more (right, delegation, access)
    expired     too old; it can be sent again to the same person
    dead        the person was archived, the document is gone, or links are switched off:
                says nothing
    ==========  ===============================================================

    Nobody has rights on this model; the controller and the cron use it as superuser.
    """

    _name = "kh.approval.link"
    _description = "Approval Link"
    _order = "id desc"
    _rec_name = "request_id"

    # === FIELDS === #
    request_id = fields.Many2one(
        "kh.approval.request", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="request_id.company_id")
    user_id = fields.Many2one("res.users", required=True, index=True, ondelete="cascade")
    task_ids = fields.Many2many(
        "kh.approval.task", "kh_approval_link_task_rel", "link_id", "task_id", string="Steps"
    )
    kind = fields.Selection(KINDS, required=True, default="turn", readonly=True)
    token_hash = fields.Char(readonly=True, copy=False)
    date_sent = fields.Datetime(readonly=True, copy=False)
    date_expiry = fields.Datetime(readonly=True, copy=False)
    date_used = fields.Datetime(readonly=True, copy=False)
    decision = fields.Selection(DECISIONS, readonly=True, copy=False)

    _token_hash = models.UniqueIndex("(token_hash) WHERE token_hash IS NOT NULL")
    _to_send = models.Index("(id) WHERE date_sent IS NULL")

    # === BUSINESS METHODS - FIND AND JUDGE === #
    @api.model
    def _find(self, token):
        """Return the link of this token, else an empty one.

        Looks the digest up, so that the time taken says nothing about the token.
        """
        digest = self._get_digest(token)
        link = self.search([("token_hash", "=", digest)], limit=1)
        return link if link and consteq(link.token_hash, digest) else self.browse()

    @api.model
    def _get_digest(self, token):
        return hashlib.sha256(str(token).encode()).hexdigest()

    def _get_status(self):
        """Return what this link is worth now, a key of the table above."""
        self.ensure_one()
        request = self.request_id
        if not self._is_one_tap_on() or not self.user_id.active:
            return "dead"
        if not request._get_document().exists():
            return "dead"
        if self.date_used:
            return "used"
        if request.state == "pending" and self._is_users_turn():
            is_expired = not self.date_expiry or self.date_expiry <= fields.Datetime.now()
            return "expired" if is_expired else "valid"
        if self._get_own_decision():
            return "used"
        if request.state != "pending":
            return "withdrawn" if request.state == "withdrawn" else "decided"
        return "lost" if self._has_open_task() else "moved"

    def _get_own_decision(self):
        """Return what this person said at the step of the link, empty if nothing."""
        self.ensure_one()
        return self.request_id.decision_ids.filtered(
            lambda d: (
                d.user_id == self.user_id
                and d.task_id in self.task_ids
                and d.decision in LINK_DECISIONS
            )
        )[-1:]

    def _get_last_decision(self):
        """Return what ended the step of the link, or the request; empty where nothing did."""
        self.ensure_one()
        people = self.request_id.decision_ids.filtered(
            lambda d: d.decision in (*LINK_DECISIONS, "withdraw")
        )
        if self.request_id.state == "pending":
            people = people.filtered(lambda d: d.task_id in self.task_ids)
        return people.sorted(lambda d: (d.date, d.id))[-1:]

    def _has_open_task(self):
        """Whether the step that this link was sent for still runs."""
        self.ensure_one()
        return "open" in self.task_ids.mapped("state")

    def _is_users_turn(self):
        """Whether the person may decide that step now, and read what it is about."""
        self.ensure_one()
        turns = self.request_id._get_turns(self.user_id)
        if not {turn.task_id for turn in turns} & set(self.task_ids.ids):
            return False
        return bool(self.request_id._with_reader(self.user_id)._get_reader_document())

    # === BUSINESS METHODS - USE === #
    def _use(self, decision, comment=None):
        """Take the decision in the name of the link's user; works once.

        :param str decision: "approve", "return" or "refuse"
        :param str comment: required to return or refuse
        :return: whether the link was worth it; if not, the page says what it is
        :raise UserError: the request refuses the decision (reason missing, not ready)
        Locks the request, then the link; of two that are sent at once the second is retried
        and finds the link used.
        """
        self.ensure_one()
        if decision not in LINK_DECISIONS:
            raise UserError(self.env._("Please choose approve, return or refuse."))
        self.request_id._lock()
        self.env.execute_query(
            SQL("SELECT id FROM kh_approval_link WHERE id = %s FOR UPDATE", self.id)
        )
        self.invalidate_recordset()
        if self._get_status() != "valid":
            return False
        with self.env.cr.savepoint():
            self.write({"date_used": fields.Datetime.now(), "decision": decision})
            self.request_id._with_reader(self.user_id)._decide(decision, comment)
        return True

    def _renew(self):
        """Send the person of an expired link a new one, at most once an hour.

        :return: whether a new link is on its way (now, or since the last time)
        """
        self.ensure_one()
        if self._get_status() != "expired":
            return False
        self.request_id._lock()
        since = fields.Datetime.subtract(fields.Datetime.now(), minutes=RENEW_MINUTES)
        is_newer = self.search_count(
            [
                ("request_id", "=", self.request_id.id),
                ("user_id", "=", self.user_id.id),
                ("create_date", ">=", since),
                ("id", ">", self.id),
            ],
            limit=1,
        )
        if not is_newer:
            self._request_links(self.request_id, self.user_id)
        return True

    # === BUSINESS METHODS - SEND === #
    @api.model
    def _request_links(self, request, users, kind="turn"):
        """Note that `users` get a link for `request`; the cron sends it after the commit.

        The token is made there: nothing of it passes through the transaction of whoever
        moved the request on.
        """
        links = self.create(
            [{"request_id": request.id, "user_id": user.id, "kind": kind} for user in users]
        )
        data = self.env.cr.precommit.data
        if links and not data.get("kh_approval_links"):
            data["kh_approval_links"] = True
            self.env.cr.precommit.add(self.browse()._trigger_sending)
        return links

    @api.model
    def _trigger_sending(self):
        self.env.cr.precommit.data.pop("kh_approval_links", None)
        # sudo: starts the cron, whoever moved the request on
        self.env.ref("kh_b2b_approval.ir_cron_send_approval_links").sudo()._trigger()

    @api.model
    def _is_one_tap_on(self):
        # sudo: a setting that everybody's e-mail depends on
        value = self.env["ir.config_parameter"].sudo().get_param("kh_b2b_approval.link_enabled")
        return value != "False"

    @api.model
    def _get_validity_hours(self):
        # sudo: a setting that everybody's e-mail depends on
        value = self.env["ir.config_parameter"].sudo().get_param("kh_b2b_approval.link_hours")
        return int(value) if str(value or "").isdigit() and int(value) else DEFAULT_HOURS

    def _send(self):
        """Make the tokens of these links and mail them; links nobody can use are deleted.

        Those of people without an e-mail address wait for one (their to-do is there meanwhile).

        One mail to each person, in their language. Nobody but the receiver can read it in the
        database: its message has no document, and its author is the robot.
        """
        live = self._keep_live()
        if not live:
            return
        template = self.env.ref("kh_b2b_approval.mail_template_approval_turn")
        template.with_context(kh_approval_urls=live._make_urls()).send_mail_batch(
            live.ids,
            email_values={
                "author_id": self.env.ref("base.partner_root").id,
                "model": False,
                "res_id": False,
            },
        )
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    def _keep_live(self):
        """Bind these links to the steps they are for, delete the others, return the former."""
        tasks = defaultdict(set)
        for turn in self.request_id._get_turns():
            tasks[turn.request_id, turn.user_id].add(turn.task_id)
        live = self.filtered(lambda link: tasks[link.request_id.id, link.user_id.id])
        for link in live:
            task_ids = tasks[link.request_id.id, link.user_id.id]
            link.task_ids = [Command.set(sorted(task_ids))]
        live = live.filtered(lambda link: link._is_users_turn())
        (self - live).unlink()
        return live.filtered(lambda link: link.user_id.email)

    def _get_subject(self):
        """Return the subject of the e-mail, in the language of the environment."""
        self.ensure_one()
        name = self.request_id.name
        if self.kind == "reminder":
            return self.env._("Reminder, please decide: %(document)s", document=name)
        return self.env._("Please decide: %(document)s", document=name)

    def _get_mail_view(self):
        """Return what the receiver may see of the request (`RequestView`)."""
        self.ensure_one()
        return self.request_id._present(self.user_id)

    def _get_tz(self):
        self.ensure_one()
        return self.request_id._with_reader(self.user_id).env.context["tz"]

    def _make_urls(self):
        """Give each link its token, keep the digest, and return the addresses for the mail.

        :rtype: dict[int, str], by link id; the page with login where one-tap links are off
        """
        now = fields.Datetime.now()
        expiry = fields.Datetime.add(now, hours=self._get_validity_hours())
        one_tap = self._is_one_tap_on()
        urls = {}
        for link in self:
            base = link.request_id.get_base_url()
            vals = {"date_sent": now, "date_expiry": expiry}
            if one_tap:
                token = secrets.token_urlsafe(32)
                vals["token_hash"] = self._get_digest(token)
                urls[link.id] = f"{base}/b2b/approval/{token}"
            else:
                urls[link.id] = f"{base}/my/approvals/{link.request_id.id}"
            link.write(vals)
        return urls

    def _send_safely(self):
        """Send; a link that cannot be rendered is logged and given up, alone.

        What fails for the moment only (database, network) is tried again by the next run.
        """
        try:
            with self.env.cr.savepoint():
                self._send()
        except Exception as error:
            if len(self) > 1:
                for link in self:
                    link._send_safely()
                return
            if isinstance(error, OperationalError | OSError):
                _logger.warning("The approval link %s is sent later: %s", self.id, error)
                return
            _logger.exception("The approval link %s cannot be sent", self.id)
            self.write({"date_sent": fields.Datetime.now()})

    # === CRON === #
    @api.model
    def _cron_send(self):
        """Mail what waits, in batches, each committed on its own."""
        todo = self.search(
            [("date_sent", "=", False), ("user_id.partner_id.email", "!=", False)], order="id"
        )
        remaining = len(todo)
        for start in range(0, len(todo), BATCH_SIZE):
            links = todo[start : start + BATCH_SIZE].exists()
            links._send_safely()
            remaining -= BATCH_SIZE
            if not self.env["ir.cron"]._commit_progress(len(links), remaining=max(remaining, 0)):
                break

    @api.autovacuum
    def _gc_links(self):
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=KEEP_DAYS)
        old = Domain("date_sent", "<", limit)
        old |= Domain("date_sent", "=", False) & Domain("create_date", "<", limit)
        self.search(old, limit=10000).unlink()
