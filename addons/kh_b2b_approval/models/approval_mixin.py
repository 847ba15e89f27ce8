from odoo import api, fields, models
from odoo.api import SUPERUSER_ID
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import groupby

from .approval_request_decide import keep_context

# Columns that the framework writes on a document, whoever is reviewing it.
TECHNICAL_FIELDS = {
    "access_token",
    "activity_ids",
    "kh_approval_request_id",
    "message_follower_ids",
    "message_ids",
    "message_main_attachment_id",
    "message_partner_ids",
}


class ApprovalMixin(models.AbstractModel):
    """Puts a document under approval (审批).

    Ten lines make a model reviewable: inherit this mixin, call `action_request_approval()`
    from the button that submits, and move the document's state in the four hooks. While a
    request is pending the document is frozen; lines of it refuse by calling
    `document._approval_ensure_not_frozen()` in their own `create`, `write` and `unlink`.
    Documents with `mail.activity.mixin` also get to-dos (and so e-mails) for approvers.
    """

    _name = "kh.approval.mixin"
    _description = "Approval Mixin"

    # === FIELDS === #
    kh_approval_request_id = fields.Many2one(
        "kh.approval.request",
        string="Approval",
        copy=False,
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    kh_approval_state = fields.Selection(
        [
            ("none", "No approval"),
            ("pending", "To approve"),
            ("approved", "Approved"),
            ("refused", "Refused"),
            ("returned", "Returned"),
            ("withdrawn", "Withdrawn"),
        ],
        string="Approval Status",
        compute="_compute_kh_approval_state",
        search="_search_kh_approval_state",
        compute_sudo=True,
    )
    kh_approval_step_id = fields.Many2one(
        related="kh_approval_request_id.step_id", string="Approval Step"
    )
    kh_can_decide = fields.Boolean(
        string="I May Decide",
        compute="_compute_kh_can_decide",
        search="_search_kh_can_decide",
    )

    # === COMPUTE METHODS === #
    @api.depends("kh_approval_request_id.state")
    def _compute_kh_approval_state(self):
        for record in self:
            record.kh_approval_state = record.kh_approval_request_id.state or "none"

    def _search_kh_approval_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = Domain("kh_approval_request_id.state", "in", set(value) - {"none"})
        if "none" in value:
            domain |= Domain("kh_approval_request_id", "=", False)
        # sudo: whoever sees the document may know whether it is under review
        return Domain("id", "in", self.sudo()._search(domain))

    @api.depends("kh_approval_request_id.state", "kh_approval_request_id.step_id")
    @api.depends_context("uid")
    def _compute_kh_can_decide(self):
        # sudo: the answer is a yes or no about the user who asks; env.user stays
        for record, record_sudo in zip(self, self.sudo(), strict=True):
            request_sudo = record_sudo.kh_approval_request_id
            record.kh_can_decide = bool(request_sudo) and request_sudo.is_my_turn

    def _search_kh_can_decide(self, operator, value):
        if operator != "in":
            return NotImplemented
        # sudo: one's own turns only; the documents found are still searched with one's rights
        requests_sudo = self.env["kh.approval.request"].sudo()
        mine = requests_sudo._get_turn_domain(self.env.user)
        domain = Domain("kh_approval_request_id", "any!", mine)
        return domain if True in value else ~domain

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        if not self.env.su and any("kh_approval_request_id" in vals for vals in vals_list):
            self._approval_deny_link()
        if not self.env.su and self.env.context.get("default_kh_approval_request_id"):
            self._approval_deny_link()
        return records

    def write(self, vals):
        if "kh_approval_request_id" in vals and not self.env.su:
            self._approval_deny_link()
        if vals.keys() - TECHNICAL_FIELDS:
            self._approval_ensure_writable(vals)
        return super().write(vals)

    def unlink(self):
        requests_sudo = self.sudo().kh_approval_request_id
        result = super().unlink()
        # sudo: nobody may delete requests; with their document they have no meaning
        requests_sudo.exists().unlink()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_under_review(self):
        self._approval_ensure_not_frozen()

    # === ACTION METHODS === #
    def action_request_approval(self):
        """Ask for the approval of these documents.

        A document for which no flow is meant is granted at once.
        """
        self.check_access("write")
        self._approval_ensure_not_frozen()
        # without the caller's context: neither the flow nor what the hooks create is theirs
        self = self.with_env(self.env(context=keep_context(self.env)))
        flows = self.env["kh.approval.flow"]._find_flows(self)
        self.env["kh.approval.flow"].union(*flows.values())._lock_shared()
        stages = self._approval_find_stages(flows)
        free = self.filtered(lambda r: not stages.get(r.id))
        # sudo: requests are written by the engine only
        requests_sudo = self.env["kh.approval.request"].sudo()
        requests_sudo = requests_sudo.create(
            [record._approval_prepare_request_vals(flows[record]) for record in self - free]
        )
        for request_sudo in requests_sudo:
            document_sudo = self.sudo().browse(request_sudo.res_id)
            document_sudo.kh_approval_request_id = request_sudo
        requests_sudo._open_next()
        requests_sudo._sync_turns()
        if free:
            free.sudo()._approval_granted()
        return True

    def action_approval_approve(self, comment=None):
        """Approve these documents as the current user."""
        self._approval_decide("approve", comment)
        return True

    def action_approval_refuse(self, reason=None):
        """Refuse these documents; asks for the reason when there is none."""
        return self._approval_decide_or_ask("refuse", reason)

    def action_approval_return(self, reason=None):
        """Return these documents for correction; asks for the reason when there is none."""
        return self._approval_decide_or_ask("return", reason)

    def action_approval_delegate(self, user_id=None, comment=None):
        """Pass one's turn on these documents to a colleague; asks to whom when not said."""
        if not user_id:
            return self._approval_decide_or_ask("delegate", None)
        delegate = self.env["res.users"].browse(user_id)
        self._approval_decide("delegate", comment, delegate_to=delegate)
        return True

    def action_approval_withdraw(self):
        """Take back one's own request for approval."""
        self._approval_decide("withdraw")
        return True

    # === BUSINESS METHODS === #
    def _approval_decide_or_ask(self, decision, reason):
        if not reason:
            self.check_access("read")
            return self.sudo().kh_approval_request_id._open_reason_wizard(decision)
        self._approval_decide(decision, reason)
        return True

    def _approval_decide(self, decision, comment=None, *, delegate_to=None):
        """The one door for decisions: checks who may decide, books it, calls the hooks.

        :param str decision: "approve", "refuse", "return", "withdraw" or "delegate"
        :param str comment: required to refuse or return
        :raise UserError: nothing to decide, or the reason is missing
        :raise AccessError: the current user may not decide
        """
        self.check_access("read")
        requests_sudo = self.sudo().kh_approval_request_id
        if len(requests_sudo) != len(self):
            raise UserError(self.env._("There is nothing to approve here."))
        requests_sudo._decide(decision, comment, delegate_to=delegate_to)

    def _approval_find_stages(self, flows):
        """Return the steps each document needs; nothing where no flow or no step is for it.

        :param dict flows: the flow of each document
        :rtype: dict[int, list[kh.approval.step recordset]], by document id
        :raise UserError: if a flow has no step, which would grant everything unseen
        """
        stages = {}
        for flow, pairs in groupby(flows.items(), key=lambda pair: pair[1]):
            if not flow:
                continue
            if not flow.step_ids:
                raise UserError(
                    self.env._("The approval flow %(flow)s has no steps.", flow=flow.name)
                )
            documents = self.browse(pair[0].id for pair in pairs)
            stages |= self.env["kh.approval.request"]._find_stages(flow, documents)
        return stages

    def _approval_prepare_request_vals(self, flow):
        self.ensure_one()
        dealer = self.env["res.partner"]
        if any(flow.step_ids.mapped("is_dealer_step")):
            # sudo: who the dealer of a document is may be beyond its author
            dealer = self.sudo()._approval_dealer_partner()
        return {
            "name": self.display_name,
            "summary": self._approval_get_summary(),
            "state": "pending",
            "flow_id": flow.id,
            "res_model": self._name,
            "res_id": self.id,
            "requester_id": self.env.uid,
            "author_id": self._approval_author().id,
            "dealer_partner_id": dealer.id,
            "company_id": self._approval_get_company().id,
        }

    def _approval_get_company(self):
        """Return the company of the document (hook)."""
        self.ensure_one()
        return self.company_id if "company_id" in self._fields else self.env.company

    def _approval_get_summary(self):
        """Return one line that says what is being approved (hook)."""
        self.ensure_one()
        return self.display_name

    def _approval_summary(self):
        """Return what is being approved, for the link page, e-mail and portal (hook).

        :return: rows to show, in order
        :rtype: list[tuple[str, str]] of (label, value), both for people
        Extend by `super()` and append. Called as superuser, in the reader's language.
        """
        self.ensure_one()
        request = self.kh_approval_request_id
        rows = [
            (self.env._("Document"), self.display_name),
            (self.env._("What"), request.summary or ""),
            (self.env._("Asked by"), request.requester_id.name or ""),
        ]
        if "partner_id" in self._fields and self.partner_id:
            rows.append((self.env._("Partner"), self.partner_id.display_name))
        if "amount_total" in self._fields and "currency_id" in self._fields:
            rows.append((self.env._("Amount"), self.currency_id.format(self.amount_total)))
        return [(label, value) for label, value in rows if value]

    def _approval_reason(self):
        """Return one sentence that says why this document came to be approved (hook).

        The flow's own words, else its name. Called as superuser, in the reader's language.
        """
        self.ensure_one()
        flow = self.kh_approval_request_id.flow_id
        return flow.reason or self.env._(
            "The approval flow “%(flow)s” applies.", flow=flow.name or ""
        )

    def _approval_dealer_users(self):
        """Return the dealer's own approvers of this document, for dealer steps (hook).

        :rtype: res.users recordset; empty where there is nobody
        Called as superuser for one document, when the step starts and before each decision.
        """
        self.ensure_one()
        return self.env["res.users"]

    def _approval_author(self):
        """Return the user who wrote this document and so has no say, beside who asks (hook)."""
        self.ensure_one()
        # sudo: who created it is not always readable
        author = self.sudo().create_uid
        return author if author.id != SUPERUSER_ID else author.browse()

    def _approval_dealer_partner(self):
        """Return the dealer (commercial partner) a document belongs to (hook)."""
        self.ensure_one()
        if "partner_id" in self._fields:
            return self.partner_id.commercial_partner_id
        return self.env["res.partner"]

    def _is_under_review(self):
        """Answer whether this document waits for an approval."""
        self.ensure_one()
        return self.kh_approval_state == "pending"

    def _approval_frozen(self):
        """Return the documents of `self` that wait for an approval.

        Costs no query where the link is in the cache and empty.
        """
        # sudo: whoever writes a document may know whether it is under review
        linked = self.filtered(lambda r: r.sudo().kh_approval_request_id)
        return linked.filtered(lambda r: r._is_under_review()) if linked else linked

    def _approval_ensure_not_frozen(self):
        """Raise if one of these documents is under review (lines call this too)."""
        if frozen := self._approval_frozen():
            raise UserError(
                self.env._(
                    "%(document)s is under review and cannot be changed. Withdraw the request "
                    "or have it returned first.",
                    document=frozen[0].display_name,
                )
            )

    def _approval_ensure_writable(self, vals):
        """Raise if `vals` would change a document under review."""
        if (frozen := self._approval_frozen()) and (
            vals.keys() - TECHNICAL_FIELDS - frozen._approval_writable_fields()
        ):
            frozen._approval_ensure_not_frozen()

    def _approval_deny_link(self):
        raise AccessError(self.env._("The approval of a document is set by its workflow only."))

    # === HOOKS === #
    def _approval_writable_fields(self):
        """Return the names of the fields that stay writable under review."""
        return set()

    def _approval_ensure_can_decide(self, decision):
        """Raise if the document is not ready for this decision; runs as superuser."""

    def _approval_granted(self):
        """The last step is approved (or no flow is meant); runs as superuser."""

    def _approval_refused(self, reason):
        """Somebody refused; runs as superuser."""

    def _approval_returned(self, reason):
        """Somebody returned the document for correction; runs as superuser."""

    def _approval_withdrawn(self):
        """The requester took the request back; runs as superuser."""
