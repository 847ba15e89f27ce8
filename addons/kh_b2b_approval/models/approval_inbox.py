from typing import NamedTuple

from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

BUS_EVENT = "kh_b2b_approval/turn"
CLOCK_DECISIONS = ("remind", "escalate")
INBOX_TABS = ("todo", "decided", "asked")


class HistoryEntry(NamedTuple):
    """One decision as a reader may see it."""

    step: str
    user: str
    decision: str
    label: str
    comment: str
    date: object


class RequestView(NamedTuple):
    """What one reader may see of one request, ready to be shown.

    `rows` are (label, value) pairs; `reason` says why the document came to be approved.
    Where the reader may not read the document, `is_readable` is false and all is empty.
    """

    is_readable: bool
    rows: list
    reason: str
    history: list
    files: list


class Outcome(NamedTuple):
    """What became of one request of several that were decided together."""

    request_id: int
    name: str
    is_done: bool
    message: str


class ApprovalRequest(models.Model):
    """The work places of approvers: what they see, and how many are decided at once (待我审批)."""

    _inherit = "kh.approval.request"

    # === ACTION METHODS === #
    def action_open_bulk(self):
        """Open the wizard that decides the selected requests together.

        The decision is in the context: "approve", "return" or "refuse".
        """
        self.check_access("read")
        decision = self.env.context.get("kh_decision")
        if decision not in ("approve", "return", "refuse"):
            decision = "approve"
        return self.env["kh.approval.bulk"]._open(self, decision)

    @api.model
    @api.readonly
    def get_my_turn_count(self):
        """Return how many requests wait for the current user (badge of the back office)."""
        if not self.env.user._is_internal():
            raise AccessError(self.env._("Only employees have approvals in the back office."))
        return self._get_my_turn_count()

    # === BUSINESS METHODS - INBOX === #
    @api.model
    def _get_my_turn_count(self):
        """Return how many requests the current user may decide now, over all companies."""
        # sudo: portal approvers cannot read requests; the domain is about the user who asks
        return self.sudo().search_count(self._get_inbox_domain("todo"))

    @api.model
    def _get_inbox_domain(self, tab):
        """Return the domain of one tab of "my approvals", for the current user.

        The domain is all that protects the portal's pages, which read as superuser: each tab
        names the current user. A tab that is not known is the first.
        """
        if tab == "decided":
            return Domain("decision_ids.user_id", "=", self.env.uid)
        if tab == "asked":
            return Domain("requester_id", "=", self.env.uid)
        return Domain("state", "=", "pending") & Domain("is_my_turn", "=", True)

    @api.model
    def _find_inbox_request(self, request_id):
        """Return the request if it is in one of the current user's tabs, else an empty one.

        :param int request_id: as it came from the client
        :rtype: kh.approval.request recordset, as superuser
        """
        mine = Domain.OR(self._get_inbox_domain(tab) for tab in INBOX_TABS)
        # sudo: portal approvers cannot read requests; the domain is about the user who asks
        return self.sudo().search(Domain("id", "=", request_id) & mine, limit=1)

    def _with_reader(self, user):
        """Return these requests in the environment of `user`: rights, language, companies."""
        user_sudo = user.sudo()  # sudo: preferences of the user whom we act or render for
        companies = self.sudo().company_id & user_sudo.company_ids | user_sudo.company_id
        return self.with_env(
            self.env(
                user=user.id,
                su=False,
                context={
                    "lang": user_sudo.lang or self.env.lang,
                    "tz": user_sudo.tz or user_sudo.company_id.partner_id.tz or "UTC",
                    "allowed_company_ids": (companies | user_sudo.company_ids).ids,
                },
            )
        )

    def _present(self, user):
        """Return what `user` may see of this request, in the user's language.

        :rtype: RequestView
        """
        self.ensure_one()
        request = self._with_reader(user)
        document = request._get_reader_document()
        if not document:
            return RequestView(False, [], "", [], [])
        # sudo: the summary is made for approvers, who may not read all it is made of
        document_sudo = document.sudo()
        # the name is the title of the page; nothing is said twice
        name = request.sudo().name
        rows = [row for row in document_sudo._approval_summary() if row[1] != name]
        return RequestView(
            True,
            rows,
            document_sudo._approval_reason(),
            request._get_history(),
            document._approval_get_file_names(),
        )

    def _get_reader_document(self):
        """Return the document as the current user, empty where it is gone or not readable."""
        self.ensure_one()
        request_sudo = self.sudo()  # sudo: the link to the document, nothing of it
        if request_sudo.res_model not in self.env:
            return self.env["kh.approval.mixin"]
        document = self.env[request_sudo.res_model].browse(request_sudo.res_id)
        if document.exists() and document.has_access("read"):
            return document
        return document.browse()

    def _get_history(self):
        """Return the decisions so far, oldest first, for the current user.

        What employees wrote for one another is not shown to people of a dealer, unless it
        ended the request: then it is the reason that the applicant reads.
        """
        self.ensure_one()
        # sudo: approvers at a later step read what was said before
        decisions_sudo = self.sudo().decision_ids.sorted(lambda d: (d.date, d.id))
        if self.env.user.share:
            decisions_sudo = decisions_sudo.filtered(lambda d: d.decision not in CLOCK_DECISIONS)
        labels = dict(
            self.env["kh.approval.decision"]._fields["decision"]._description_selection(self.env)
        )
        return [
            HistoryEntry(
                decision.step_id.name or "",
                decision.who,
                decision.decision,
                labels.get(decision.decision, ""),
                (decision.comment or "") if self._may_read_comment(decision) else "",
                decision.date,
            )
            for decision in decisions_sudo
        ]

    def _may_read_comment(self, decision_sudo):
        reader = self.env.user
        if not reader.share or decision_sudo.decision in ("refuse", "return"):
            return True
        company = reader.sudo().partner_id.commercial_partner_id  # sudo: one's own company
        return decision_sudo.user_id.partner_id.commercial_partner_id == company

    # === BUSINESS METHODS - DECIDE TOGETHER === #
    def _decide_each(self, decision, comment=None):
        """Decide each request on its own: one that may not be decided stops no other.

        :param str decision: "approve", "refuse" or "return"
        :param str comment: required to refuse or return
        :rtype: list[Outcome], in the order of `self`
        Locks the requests, in one order everywhere. Callers: bulk wizard, portal.
        """
        self.sudo()._lock()  # sudo: nobody may write requests; each decision checks its right
        return [request._decide_one(decision, comment) for request in self]

    def _decide_one(self, decision, comment=None):
        self.ensure_one()
        name = self.sudo().name  # sudo: read before deciding, which may end the right to read
        try:
            with self.env.cr.savepoint():
                self._decide(decision, comment)
        except UserError as error:
            return Outcome(self.id, name, False, str(error.args[0]))
        return Outcome(self.id, name, True, "")

    def _get_blocking_reasons(self, decision):
        """Return why the current user may not take this decision now, where they may not.

        :rtype: dict[int, str], by request id; absent where nothing is in the way
        For previews: takes no lock and books nothing.
        """
        # sudo: the check reads what the user may not; it asks about the user all the same
        requests_sudo = self.sudo()
        turns = requests_sudo._get_turns_by_request(self.env.user)
        reasons = {}
        for request_sudo in requests_sudo:
            try:
                request_sudo._ensure_pending()
                request_sudo._ensure_may_decide(decision, turns[request_sudo.id])
            except UserError as error:
                reasons[request_sudo.id] = str(error.args[0])
        return reasons

    # === HOOKS === #
    def _sync_turns(self):
        result = super()._sync_turns()
        self._refresh_badges()
        return result

    def _notify_approvers(self, users):
        super()._notify_approvers(users)
        self._request_links(users, "turn")

    def _remind_approvers(self, users):
        """The reminder is our e-mail too, with a link of its own; no second message."""
        self._request_links(users, "reminder")

    def _request_links(self, users, kind):
        # sudo: links are made for others, and nobody may read them
        self.env["kh.approval.link"].sudo()._request_links(self, users, kind)

    def _refresh_badges(self):
        """Tell the open back offices of those whose turn begins or ends to count again."""
        users = self.task_ids.notified_user_ids | self.decision_ids.user_id
        users.filtered(lambda user: not user.share)._bus_send(BUS_EVENT, {})


class ApprovalMixin(models.AbstractModel):
    _inherit = "kh.approval.mixin"

    def _approval_get_file_names(self):
        """Return the names of the files an approver should know of (hook).

        Called as the approver. People of a dealer see none unless a document says otherwise:
        what colleagues attached among themselves is not for them.
        """
        self.ensure_one()
        if self.env.user.share:
            return []
        attachments = self.env["ir.attachment"].search(
            [("res_model", "=", self._name), ("res_id", "=", self.id)], order="id", limit=20
        )
        return attachments.mapped("name")
