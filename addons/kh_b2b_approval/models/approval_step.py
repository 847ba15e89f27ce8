from odoo import api, fields, models
from odoo.exceptions import ValidationError

MODES = [("any", "One of them"), ("all", "All of them")]


class ApprovalStep(models.Model):
    """One step of a flow: who decides (审批节点). Steps follow one another by sequence."""

    _name = "kh.approval.step"
    _description = "Approval Step"
    _order = "flow_id, sequence, id"

    # === FIELDS === #
    flow_id = fields.Many2one("kh.approval.flow", required=True, index=True, ondelete="cascade")
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True, translate=True)
    mode = fields.Selection(MODES, required=True, default="any", string="Who Must Approve")
    # approvers: everybody who is in one of these
    role_ids = fields.Many2many("res.users.role", string="Roles")
    group_id = fields.Many2one("res.groups", string="Group", ondelete="restrict")
    user_ids = fields.Many2many("res.users", string="Users", domain=[("share", "=", False)])
    approver_count = fields.Integer(compute="_compute_approver_count", string="People")

    # === COMPUTE METHODS === #
    @api.depends("role_ids", "group_id", "user_ids")
    def _compute_approver_count(self):
        for step in self:
            step.approver_count = len(step._get_approvers())

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        flows = self.env["kh.approval.flow"].browse({vals["flow_id"] for vals in vals_list})
        flows._start_new_version()
        return super().create(vals_list)

    def write(self, vals):
        self.flow_id._start_new_version()
        return super().write(vals)

    def unlink(self):
        self.flow_id._start_new_version()
        return super().unlink()

    @api.constrains("role_ids", "group_id", "user_ids", "flow_id")
    def _check_has_approver(self):
        if self.env.context.get("install_mode"):
            return
        for step in self.filtered("flow_id.active"):
            step._ensure_has_approver()

    # === BUSINESS METHODS === #
    def _ensure_has_approver(self):
        self.ensure_one()
        if not self._get_approvers():
            raise ValidationError(
                self.env._(
                    "Nobody can act on the step %(step)s of the flow %(flow)s: give it a role, "
                    "a group or users with at least one active person.",
                    step=self.name,
                    flow=self.flow_id.name,
                )
            )

    def _get_approvers(self, record=None):
        """Return the active internal users who may decide this step.

        :param record: the document under review; a hook for approvers that depend on it
        :rtype: res.users recordset, with superuser rights
        Roles count as from the role's lines that hold today. Callers: the decision door, the
        check at save, "my approvals".
        """
        self.ensure_one()
        step_sudo = self.sudo()  # sudo: reading roles and groups needs administration rights
        role_users = step_sudo.role_ids.line_ids.filtered("is_enabled").user_id
        users = role_users | step_sudo.group_id.all_user_ids | step_sudo.user_ids
        company = record._approval_get_company() if record else step_sudo.flow_id.company_id
        users = users.filtered(lambda u: u.active and not u.share and u.id != api.SUPERUSER_ID)
        if company:
            users = users.filtered(lambda u: company in u.company_ids)
        return users

    def _get_next(self):
        """Return the step after this one, empty after the last."""
        self.ensure_one()
        steps = self.flow_id.step_ids.sorted(lambda s: (s.sequence, s.id))
        position = steps.ids.index(self.id)
        return steps[position + 1 : position + 2]
