from odoo import api, fields, models
from odoo.exceptions import UserError
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
    pending   approve, more steps follow      pending
    pending   approve, last step              approved
    pending   delegate                        pending
    pending   refuse                          refused
    pending   return                          returned
    pending   withdraw (requester)            withdrawn
    ========  ==============================  ==========

    Everything else is refused. A returned document is sent again as a new request.
    Whose turn it is: `approval_turn.py`; how steps follow: `approval_request_run.py`.
    """

    _name = "kh.approval.request"
    _description = "Approval Request"
    _order = "id desc"

    # === FIELDS === #
    name = fields.Char(string="Document", required=True, readonly=True)
    # people of a dealer read by RPC what the pages show them, and nothing about our people
    flow_id = fields.Many2one(
        "kh.approval.flow",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        groups="base.group_user",
    )
    flow_version = fields.Integer(
        related="flow_id.version", string="Version", groups="base.group_user"
    )
    step_id = fields.Many2one(
        "kh.approval.step",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The first of the steps that wait.",
    )
    res_model = fields.Char(required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Document ID", model_field="res_model", required=True, readonly=True
    )
    model_id = fields.Many2one(related="flow_id.model_id", string="Document Type")
    summary = fields.Char(
        readonly=True, help="What is being approved, in one line.", groups="base.group_user"
    )
    state = fields.Selection(STATES, required=True, default="pending", readonly=True, index=True)
    company_id = fields.Many2one("res.company", readonly=True, index=True)
    # people
    requester_id = fields.Many2one("res.users", required=True, readonly=True, index=True)
    author_id = fields.Many2one(
        "res.users",
        readonly=True,
        help="Wrote the document; decides as little as who asked.",
        groups="base.group_user",
    )
    dealer_partner_id = fields.Many2one(
        "res.partner",
        "Dealer",
        readonly=True,
        index="btree_not_null",
        help="Set where the flow has a step of the dealer's own.",
    )
    current_approvers = fields.Char(
        "Waits for",
        compute="_compute_current_approvers",
        help="Who may decide now.",
        groups="base.group_user",
    )
    # run
    date_requested = fields.Datetime(readonly=True, default=fields.Datetime.now)
    date_deadline = fields.Datetime(
        "Deadline", readonly=True, help="Of the step that is due first."
    )
    date_decided = fields.Datetime(string="Last Decision", readonly=True)
    decision_count = fields.Integer(readonly=True)
    decision_ids = fields.One2many("kh.approval.decision", "request_id", readonly=True)
    task_ids = fields.One2many("kh.approval.task", "request_id", readonly=True)
    is_late = fields.Boolean("Late", compute="_compute_is_late", search="_search_is_late")
    is_my_turn = fields.Boolean(
        compute="_compute_is_my_turn",
        search="_search_is_my_turn",
        help="You may decide this request now.",
    )
    can_decide = fields.Boolean(
        compute="_compute_is_my_turn",
        search="_search_is_my_turn",
        help="You may decide this request now.",
    )

    _document = models.Index("(res_model, res_id)")
    _one_pending = models.UniqueIndex(
        "(res_model, res_id) WHERE state = 'pending'",
        "This document is under review already.",
    )

    # === COMPUTE METHODS === #
    @api.depends("state", "step_id", "decision_ids", "task_ids.state")
    @api.depends_context("uid")
    def _compute_is_my_turn(self):
        mine = {turn.request_id for turn in self._get_turns(self.env.user)}
        for request in self:
            request.is_my_turn = request.can_decide = request.id in mine

    def _search_is_my_turn(self, operator, value):
        if operator != "in":
            return NotImplemented
        if set(value) >= {True, False}:
            return Domain.TRUE
        domain = self._get_turn_domain(self.env.user)
        return domain if True in value else ~domain

    @api.depends("state", "step_id", "decision_ids", "task_ids.state")
    def _compute_current_approvers(self):
        approvers = self._get_current_approvers()
        for request in self:
            request.current_approvers = ", ".join(approvers[request.id].mapped("name"))

    @api.depends("state", "date_deadline")
    def _compute_is_late(self):
        now = fields.Datetime.now()
        for request in self:
            limit = request.state == "pending" and request.date_deadline
            request.is_late = bool(limit and limit < now)

    def _search_is_late(self, operator, value):
        if operator != "in":
            return NotImplemented
        late = Domain("state", "=", "pending") & Domain("date_deadline", "<", fields.Datetime.now())
        return late if True in value else ~late

    # === ACTION METHODS === #
    def action_open_document(self):
        """Open the document of this request."""
        self.ensure_one()
        self.check_access("read")
        if self.res_model not in self.env:
            raise UserError(self.env._("The document is not there any more."))
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "current",
        }
