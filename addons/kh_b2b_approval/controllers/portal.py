from urllib.parse import urlencode

from odoo import fields, http
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager

from ..models.approval_inbox import INBOX_TABS
from ..models.approval_link import LINK_DECISIONS

PER_PAGE = 50
MAX_BULK = 200
MAX_ID = 2**31 - 1  # of the database; larger numbers are no address
MAX_COMMENT = 5000
OUTCOME_KEY = "kh_approval_outcomes"


class ApprovalPortal(CustomerPortal):
    """My approvals (待我审批) for people of a dealer and for employees on the phone."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "approval_count" in counters:
            values["approval_count"] = request.env["kh.approval.request"]._get_my_turn_count()
        return values

    # === ROUTES === #
    @http.route(
        ["/my/approvals", "/my/approvals/page/<int:page>"],
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
    )
    def portal_my_approvals(self, page=1, tab=None, q=None, **_kwargs):
        tab = tab if tab in INBOX_TABS else "todo"
        query = str(q or "").strip()[:100]
        return request.render(
            "kh_b2b_approval.portal_approvals", self._prepare_inbox_values(page, tab, query)
        )

    @http.route(
        f"/my/approvals/<int(max={MAX_ID}):request_id>",
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
    )
    def portal_my_approval(self, request_id, **_kwargs):
        approval_sudo = request.env["kh.approval.request"]._find_inbox_request(request_id)
        if not approval_sudo:
            return request.redirect("/my/approvals")
        return self._render_approval(approval_sudo)

    @http.route(
        f"/my/approvals/<int(max={MAX_ID}):request_id>/decide",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
        sitemap=False,
    )
    def portal_my_approval_decide(self, request_id, decision=None, comment=None, **_kwargs):
        approval_sudo = request.env["kh.approval.request"]._find_inbox_request(request_id)
        if not approval_sudo:
            return request.redirect("/my/approvals")
        comment = str(comment or "")[:MAX_COMMENT]
        try:
            self._ensure_decision(decision)
            with request.env.cr.savepoint():
                approval_sudo._with_reader(request.env.user)._decide(decision, comment)
        except UserError as error:
            return self._render_approval(
                approval_sudo, error=str(error.args[0]), comment=comment, choice=decision
            )
        self._keep_outcomes(decision, [(approval_sudo.name, True, "")])
        return request.redirect("/my/approvals", code=303)

    @http.route(
        "/my/approvals/decide",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
        sitemap=False,
    )
    def portal_my_approvals_decide(self, decision=None, comment=None, **_kwargs):
        """Decide several at once; the list then says what did not pass, and why."""
        ids = self._get_posted_ids()
        requests_sudo = request.env["kh.approval.request"].sudo()
        # sudo: portal approvers cannot read requests; only those of their own tabs are taken
        mine = Domain.OR(requests_sudo._get_inbox_domain(tab) for tab in INBOX_TABS)
        requests_sudo = requests_sudo.search(Domain("id", "in", ids) & mine, order="id")
        comment = str(comment or "")[:MAX_COMMENT]
        try:
            self._ensure_decision(decision)
            self._ensure_comment(decision, comment)
        except UserError as error:
            values = self._prepare_inbox_values(1, "todo", "")
            values.update(error=str(error.args[0]), selected=set(ids))
            return request.render("kh_b2b_approval.portal_approvals", values)
        outcomes = []
        for approvals_sudo in requests_sudo.grouped("company_id").values():
            approvals = approvals_sudo._with_reader(request.env.user)
            outcomes += approvals._decide_each(decision, comment)
        self._keep_outcomes(decision, [(o.name, o.is_done, o.message) for o in outcomes])
        return request.redirect("/my/approvals", code=303)

    # === INPUT === #
    def _get_posted_ids(self):
        values = request.httprequest.form.getlist("request_ids")
        ids = {int(value) for value in values if value.isdecimal() and len(value) < 10}
        return sorted(ids)[:MAX_BULK]

    def _ensure_decision(self, decision):
        if decision not in LINK_DECISIONS:
            raise UserError(request.env._("Please choose approve, return or refuse."))

    def _ensure_comment(self, decision, comment):
        if decision != "approve" and not comment.strip():
            raise UserError(request.env._("Please give a reason; the applicant will read it."))

    # === VALUES === #
    def _prepare_inbox_values(self, page, tab, query):
        # sudo: portal approvers cannot read requests; the domain is about the user who asks
        requests_sudo = request.env["kh.approval.request"].sudo()
        domain = requests_sudo._get_inbox_domain(tab)
        if query:
            domain &= Domain("name", "ilike", query) | Domain("summary", "ilike", query)
        total = requests_sudo.search_count(domain)
        args = {key: value for key, value in (("tab", tab), ("q", query)) if value}
        pager = portal_pager(
            url="/my/approvals", url_args=args, total=total, page=page, step=PER_PAGE
        )
        order = "id desc" if tab != "todo" else "date_deadline, date_requested, id"
        approvals_sudo = requests_sudo.search(
            domain, limit=PER_PAGE, offset=pager["offset"], order=order
        )
        return {
            **self._prepare_portal_layout_values(),
            "page_name": "kh_approvals",
            "approvals": approvals_sudo,
            "total": total,
            "tab": tab,
            "tabs": self._get_tabs(tab, total if not query else None),
            "query": query,
            "pager": pager,
            "outcomes": request.session.pop(OUTCOME_KEY, None),
            "selected": set(),
            "error": "",
            "now": fields.Datetime.now(),
        }

    def _get_tabs(self, tab, total):
        """Return (key, label, address, count or None) of the tabs."""
        todo = request.env["kh.approval.request"]
        count = total if tab == "todo" and total is not None else todo._get_my_turn_count()
        labels = {
            "todo": request.env._("For me to decide"),
            "decided": request.env._("Decided by me"),
            "asked": request.env._("Asked by me"),
        }
        return [
            (key, labels[key], "/my/approvals?" + urlencode({"tab": key}), count)
            if key == "todo"
            else (key, labels[key], "/my/approvals?" + urlencode({"tab": key}), None)
            for key in INBOX_TABS
        ]

    def _render_approval(self, approval_sudo, error="", comment="", choice=None):
        user = request.env.user
        values = {
            **self._prepare_portal_layout_values(),
            "page_name": "kh_approvals",
            "approval": approval_sudo,
            "view": approval_sudo._present(user),
            "is_my_turn": approval_sudo.is_my_turn,
            "error": error,
            "comment": comment,
            "choice": choice if choice in LINK_DECISIONS else "approve",
        }
        return request.render("kh_b2b_approval.portal_approval", values)

    def _keep_outcomes(self, decision, outcomes):
        """Keep what was decided for the page shown next; a reload decides nothing again."""
        request.session[OUTCOME_KEY] = {
            "decision": decision,
            "done": [name for name, is_done, _message in outcomes if is_done],
            "failed": [(name, message) for name, is_done, message in outcomes if not is_done],
        }
