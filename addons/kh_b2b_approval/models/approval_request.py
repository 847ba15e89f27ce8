from odoo import api, fields, models
from odoo.fields import Domain

STATES = [
    ("pending", "To approve"),
    ("approved", "Approved"),
    ("refused", "Refused"),
    ("returned", "Returned"),
    ("withdrawn", "Withdrawn"),
]


class ApprovalRequest(models.Model):
    """One run of a flow for one document (审批单).

    Transitions, all through the decision door (`approval_request_decide.py`):

    ========  ==============================  ==========
    from      by                              to
    ========  ==============================  ==========
    pending   approve, another step follows   pending
    pending   approve, last step              approved
    pending   refuse                          refused
    pending   return                          returned
    pending   withdraw (requester)            withdrawn
    ========  ==============================  ==========

    Everything else is refused. A returned document is sent again as a new request.
    """

    _name = "kh.approval.request"
    _description = "Approval Request"
    _order = "id desc"

    # === FIELDS === #
    name = fields.Char(string="Document", required=True, readonly=True)
    flow_id = fields.Many2one(
        "kh.approval.flow", required=True, readonly=True, index=True, ondelete="restrict"
    )
    flow_version = fields.Integer(related="flow_id.version", string="Version")
    step_id = fields.Many2one(
        "kh.approval.step", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    res_model = fields.Char(required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Document ID", model_field="res_model", required=True, readonly=True
    )
    model_id = fields.Many2one(related="flow_id.model_id", string="Document Type")
    summary = fields.Char(readonly=True, help="What is being approved, in one line.")
    state = fields.Selection(STATES, required=True, default="pending", readonly=True, index=True)
    requester_id = fields.Many2one("res.users", required=True, readonly=True)
    company_id = fields.Many2one("res.company", readonly=True, index=True)
    date_requested = fields.Datetime(readonly=True, default=fields.Datetime.now)
    date_decided = fields.Datetime(string="Last Decision", readonly=True)
    decision_count = fields.Integer(readonly=True)
    decision_ids = fields.One2many("kh.approval.decision", "request_id", readonly=True)
    can_decide = fields.Boolean(
        compute="_compute_can_decide",
        search="_search_can_decide",
        help="You may decide this request now.",
    )
    is_my_turn = fields.Boolean(
        compute="_compute_can_decide",
        search="_search_can_decide",
        help="You may decide this request now.",
    )

    _document = models.Index("(res_model, res_id)")
    _one_pending = models.UniqueIndex(
        "(res_model, res_id) WHERE state = 'pending'",
        "This document is under review already.",
    )

    # === COMPUTE METHODS === #
    @api.depends("state", "step_id", "decision_ids")
    @api.depends_context("uid")
    def _compute_can_decide(self):
        # sudo: the answer is a yes or no; env.user stays who asks
        for request in self:
            request.can_decide = (
                request.sudo().state == "pending"
                and self.env.user in request.sudo()._get_deciders()
            )
            request.is_my_turn = request.can_decide

    def _search_can_decide(self, operator, value):
        if operator != "in":
            return NotImplemented
        if set(value) >= {True, False}:
            return Domain.TRUE
        domain = self._get_to_decide_domain()
        return domain if True in value else ~domain

    @api.model
    def _get_to_decide_domain(self):
        """Return the domain of the requests that the current user may decide now.

        Asks the steps that have pending requests (a handful), not the requests.
        """
        user = self.env.user
        if user.share:
            return Domain.FALSE
        # sudo: roles, groups and others' requests are not readable for an approver
        groups = self.sudo()._read_group([("state", "=", "pending")], ["step_id", "company_id"])
        is_manager = user.has_group("kh_b2b_approval.group_approval_manager")
        domains = []
        for step, company in groups:
            approvers = step._get_approvers().filtered(
                lambda u, c=company: not c or c in u.company_ids
            )
            here = Domain("step_id", "=", step.id) & Domain("company_id", "=", company.id)
            if user in approvers:
                domains.append(here)
            elif is_manager:
                domains.append(here & self._get_dead_end_domain(step, here, approvers))
        # sudo: only one's own decisions, which are not readable directly
        decided = (
            self.env["kh.approval.decision"]
            .sudo()
            .search([("user_id", "=", user.id), ("request_id.state", "=", "pending")])
            .filtered(lambda d: d.step_id == d.request_id.step_id)
            .request_id
        )
        return (
            Domain.OR(domains)
            & Domain("state", "=", "pending")
            & Domain("requester_id", "!=", user.id)
            & Domain("id", "not in", decided.ids)
        )

    @api.model
    def _get_dead_end_domain(self, step, here, approvers):
        """Return the domain of the requests at `step` that no approver of it can move on.

        :param Domain here: the pending requests at the step
        :param approvers: who may decide the step, as users
        """
        if not approvers:
            return Domain.TRUE
        domain = Domain.FALSE
        if len(approvers) == 1:
            # nobody but the requester could act
            domain = Domain("requester_id", "=", approvers.id)
        if step.mode == "all":
            begun = (
                here
                & Domain("state", "=", "pending")
                & Domain("decision_ids.step_id", "=", step.id)
            )
            # sudo: who has spoken is not readable for everybody; the answer is for managers
            stuck = self.sudo().search(begun).filtered(lambda r: not r._get_waiting())
            domain |= Domain("id", "in", stuck.ids)
        return domain

    # === ACTION METHODS === #
    def action_open_document(self):
        """Open the document of this request."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "current",
        }
