from ast import literal_eval

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

MODES = [
    ("any", "One of them"),
    ("all", "All of them"),
    ("count", "At least so many of them"),
]


class ApprovalStep(models.Model):
    """One step of a flow: who decides, when, and until when (审批节点).

    Steps follow one another by sequence; one that is "side by side" runs together with the
    step above it, and the flow goes on when all of them are done.
    """

    _name = "kh.approval.step"
    _description = "Approval Step"
    _order = "flow_id, sequence, id"

    # === FIELDS === #
    flow_id = fields.Many2one("kh.approval.flow", required=True, index=True, ondelete="cascade")
    model_name = fields.Char(related="flow_id.model_name")
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True, translate=True)
    is_parallel = fields.Boolean(
        "Side by Side", help="Runs together with the step above instead of after it."
    )
    domain = fields.Char(
        string="Condition",
        default="[]",
        help="Documents that need this step; others skip it. Empty: all.",
    )
    mode = fields.Selection(MODES, required=True, default="any", string="Who Must Approve")
    minimum = fields.Integer("How Many", default=2, help="People, where a number must approve.")
    # approvers: everybody who is in one of these
    role_ids = fields.Many2many("res.users.role", string="Roles")
    group_id = fields.Many2one("res.groups", string="Group", ondelete="restrict")
    user_ids = fields.Many2many("res.users", string="Users", domain=[("share", "=", False)])
    approver_field = fields.Char(
        "Field of the Document",
        help="Whom the document names: the way to a user field, e.g. user_id or team_id.user_id.",
    )
    is_dealer_step = fields.Boolean(
        "Dealer's Own Approvers", help="The approvers in the dealer's company, in their portal."
    )
    approver_count = fields.Integer(compute="_compute_approver_count", string="People")
    approver_summary = fields.Char(
        "Who Decides", compute="_compute_approver_summary", compute_sudo=True
    )
    # time
    time_limit = fields.Float("Time Limit (Hours)", help="From the step's start; 0: no limit.")
    reminder_hours = fields.Float(
        "Remind Before (Hours)", help="How long before the limit approvers are reminded; 0: never."
    )
    escalation_user_ids = fields.Many2many(
        "res.users",
        "kh_approval_step_escalation_user_rel",
        string="Escalate to Users",
        domain=[("share", "=", False)],
    )
    escalation_role_ids = fields.Many2many(
        "res.users.role", "kh_approval_step_escalation_role_rel", string="Escalate to Roles"
    )
    escalation_field = fields.Char(
        "Escalate to Field",
        help="Whom the document names once the limit is over, e.g. team_id.user_id. "
        "Where nobody is named at all, approval managers get the step.",
    )

    _times_not_negative = models.Constraint(
        "CHECK (time_limit >= 0 AND reminder_hours >= 0)", "Hours cannot be negative."
    )
    _minimum_positive = models.Constraint(
        "CHECK (mode <> 'count' OR minimum >= 1)", "At least one person must approve."
    )

    # === COMPUTE METHODS === #
    @api.depends("role_ids", "group_id", "user_ids")
    def _compute_approver_count(self):
        for step in self:
            step.approver_count = len(step._get_approvers())

    @api.depends("role_ids", "group_id", "user_ids", "approver_field", "is_dealer_step")
    @api.depends_context("lang")
    def _compute_approver_summary(self):
        for step in self:
            parts = step.role_ids.mapped("name") + step.user_ids.mapped("name")
            if step.group_id:
                parts.append(step.group_id.display_name)
            if step.approver_field:
                parts.append(self.env._("document: %(path)s", path=step.approver_field))
            if step.is_dealer_step:
                parts.append(self.env._("dealer's own approvers"))
            step.approver_summary = ", ".join(parts)

    # === CONSTRAINTS === #
    @api.constrains(
        "role_ids", "group_id", "user_ids", "flow_id", "approver_field", "is_dealer_step",
        "mode", "minimum", "escalation_field",
    )  # fmt: skip
    def _check_has_approver(self):
        self.filtered("flow_id.active").flow_id._check_steps()

    @api.constrains("approver_field", "escalation_field", "flow_id")
    def _check_user_fields(self):
        for step in self:
            for path in filter(None, (step.approver_field, step.escalation_field)):
                step._ensure_leads_to_users(path)

    @api.constrains("domain", "flow_id")
    def _check_domain(self):
        for step in self:
            try:
                step._get_condition().validate(self.env[step.flow_id.model_name])
            except (ValueError, SyntaxError, TypeError, AttributeError) as error:
                raise ValidationError(
                    self.env._(
                        "The condition of the step %(step)s cannot be read: %(error)s",
                        step=step.name,
                        error=error,
                    )
                ) from error

    def _ensure_leads_to_users(self, path):
        """Raise unless `path` leads from the flow's documents to users."""
        self.ensure_one()
        model = self.env[self.flow_id.model_name]
        for name in path.split("."):
            field = model._fields.get(name)
            if field is None or not field.relational:
                model = None
                break
            model = self.env[field.comodel_name]
        if model is None or model._name != "res.users":
            raise ValidationError(
                self.env._(
                    "Step %(step)s: “%(path)s” does not lead from a document to a user. Use for "
                    "instance user_id, or team_id.user_id.",
                    step=self.name,
                    path=path,
                )
            )

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        flow_ids = {vals.get("flow_id", self.env.context.get("default_flow_id")) for vals in
                    vals_list}  # fmt: skip
        self.env["kh.approval.flow"].browse(filter(None, flow_ids))._start_new_version()
        return super().create(vals_list)

    def write(self, vals):
        flows = self.flow_id
        if vals.get("flow_id"):
            flows |= flows.browse(vals["flow_id"])
        flows._start_new_version()
        return super().write(vals)

    def unlink(self):
        self.flow_id._start_new_version()
        return super().unlink()

    # === BUSINESS METHODS - PEOPLE === #
    def _get_approvers(self, record=None):
        """Return the active users who may decide this step, without regard to who asks.

        :param record: the document under review, for approvers that depend on it
        :rtype: res.users recordset, with superuser rights
        Roles count as from the role's lines that hold today. Callers: the flow check and the
        count on the form; who may decide a running request is in `approval_turn.py`.
        """
        self.ensure_one()
        step_sudo = self.sudo()  # sudo: reading roles and groups needs administration rights
        role_users = step_sudo.role_ids.line_ids.filtered("is_enabled").user_id
        users = role_users | step_sudo.group_id.all_user_ids | step_sudo.user_ids
        company = record._approval_get_company() if record else step_sudo.flow_id.company_id
        users = users.filtered(lambda u: u.active and not u.share and u.id != api.SUPERUSER_ID)
        if record:
            users |= self._get_document_approvers(record)
        if company:
            users = users.filtered(lambda u: company in u.company_ids)
        return users

    def _get_document_approvers(self, document):
        """Return the approvers that the document names: by field and the dealer's own."""
        self.ensure_one()
        # sudo: the way may lead over records the requester cannot read
        document_sudo = document.sudo()
        users = self.env["res.users"].sudo()
        if self.approver_field:
            named = document_sudo.mapped(self.approver_field)
            users |= named.filtered(lambda u: u.active and not u.share)
        if self.is_dealer_step:
            users |= document_sudo._approval_dealer_users().sudo().filtered("active")
        return users.filtered(lambda u: u.id != api.SUPERUSER_ID)

    def _is_document_dependent(self):
        self.ensure_one()
        return bool(self.approver_field or self.is_dealer_step)

    def _get_escalation_users(self, document=None):
        """Return to whom the step goes when its time is over; empty for approval managers."""
        self.ensure_one()
        step_sudo = self.sudo()  # sudo: reading roles needs administration rights
        users = step_sudo.escalation_user_ids
        users |= step_sudo.escalation_role_ids.line_ids.filtered("is_enabled").user_id
        if document and self.escalation_field:
            users |= document.sudo().mapped(self.escalation_field)
        return users.filtered(lambda u: u.active and not u.share and u.id != api.SUPERUSER_ID)

    # === BUSINESS METHODS - ORDER === #
    def _get_condition(self):
        self.ensure_one()
        return Domain(literal_eval(self.domain or "[]"))

    def _get_stages(self):
        """Return the steps of one flow in order, those side by side together.

        :rtype: list[kh.approval.step recordset]
        """
        stages = []
        for step in self.sorted(lambda s: (s.sequence, s.id)):
            if stages and step.is_parallel:
                stages[-1] |= step
            else:
                stages.append(step)
        return stages
