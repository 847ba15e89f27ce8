from ast import literal_eval

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

# What a flow says about who decides what: changing any of it makes a new version.
VERSIONED_FIELDS = {"model_id", "company_id", "domain", "step_ids"}
# What only the versioning writes.
VERSION_FIELDS = {"version", "successor_id", "version_ids", "request_ids"}
# What runs on a flow and goes with the version it started with.
HISTORY_MODELS = ("kh.approval.request", "kh.approval.task", "kh.approval.decision")


class ApprovalFlow(models.Model):
    """Who must agree to documents of one model, and when (审批流程).

    A request keeps the steps it started with: editing a flow that has requests first
    moves those requests to an archived copy (the old version), then edits the flow.
    """

    _name = "kh.approval.flow"
    _description = "Approval Flow"
    _order = "model_name, sequence, id"

    # === FIELDS === #
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10, help="The first flow whose condition holds is used.")
    active = fields.Boolean(default=True)
    model_id = fields.Many2one(
        "ir.model",
        string="Document",
        required=True,
        ondelete="cascade",
        domain=[("field_id.name", "=", "kh_approval_request_id"), ("transient", "=", False)],
    )
    model_name = fields.Char(related="model_id.model", string="Model Name", store=True, index=True)
    company_id = fields.Many2one("res.company", help="Empty: for all companies.")
    domain = fields.Char(
        string="Condition", default="[]", required=True, help="Documents this flow is for."
    )
    reason = fields.Char(
        "Why Documents Come Here",
        translate=True,
        help="One sentence for approvers, e.g. “Orders above 50,000 need the director.” "
        "Empty: the flow's name.",
    )
    step_ids = fields.One2many("kh.approval.step", "flow_id", string="Steps", copy=False)
    # versions
    version = fields.Integer(default=1, readonly=True, copy=False)
    successor_id = fields.Many2one(
        "kh.approval.flow",
        string="Current Version",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="Set on old versions, which are kept for the requests that started with them.",
    )
    version_ids = fields.One2many(
        "kh.approval.flow",
        "successor_id",
        string="Old Versions",
        context={"active_test": False},
    )
    request_ids = fields.One2many("kh.approval.request", "flow_id", string="Requests")
    request_count = fields.Integer(compute="_compute_request_count")

    # === COMPUTE METHODS === #
    @api.depends("request_ids")
    def _compute_request_count(self):
        counts = dict(
            self.env["kh.approval.request"]._read_group(
                [("flow_id", "in", self.ids)], ["flow_id"], ["__count"]
            )
        )
        for flow in self:
            flow.request_count = counts.get(flow, 0)

    # === CONSTRAINTS === #
    @api.constrains("model_id")
    def _check_model(self):
        for flow in self:
            model = self.env.get(flow.model_name)
            if model is None or "kh_approval_request_id" not in model._fields:
                raise ValidationError(
                    self.env._(
                        "Documents of type %(model)s cannot be put under approval.",
                        model=flow.model_id.name,
                    )
                )

    @api.constrains("domain", "model_id")
    def _check_domain(self):
        for flow in self:
            try:
                Domain(literal_eval(flow.domain or "[]")).validate(self.env[flow.model_name])
            except (ValueError, SyntaxError, TypeError, AttributeError) as error:
                raise ValidationError(
                    self.env._(
                        "The condition of the flow %(flow)s cannot be read: %(error)s",
                        flow=flow.name,
                        error=error,
                    )
                ) from error

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._ensure_no_version_fields(vals)
        flows = super().create(vals_list)
        if not self.env.su and flows.successor_id:
            # from a default of the caller
            self._ensure_no_version_fields({"successor_id": True})
        # A flow without any step sets none of the fields the constraint watches.
        flows._check_steps()
        return flows

    def write(self, vals):
        self._ensure_no_version_fields(vals)
        self._ensure_not_old()
        if VERSIONED_FIELDS & vals.keys():
            self._start_new_version()
        return super().write(vals)

    def copy_data(self, default=None):
        vals_list = super().copy_data(default=default)
        for flow, vals in zip(self, vals_list, strict=True):
            vals.setdefault("step_ids", [Command.create(v) for v in flow.step_ids.copy_data()])
            for command in vals["step_ids"]:
                if isinstance(command[2], dict):
                    command[2].pop("flow_id", None)
        return vals_list

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # sudo: requests of every company count
        used = self.sudo().filtered("request_ids")
        if used:
            raise ValidationError(
                self.env._(
                    "The flow %(flow)s has requests and is kept; archive it instead.",
                    flow=used[0].name,
                )
            )

    # === ACTION METHODS === #
    def action_open_requests(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kh_b2b_approval.kh_approval_request_action"
        )
        flows = self | self.with_context(active_test=False).version_ids
        action["domain"] = [("flow_id", "in", flows.ids)]
        action["context"] = {}
        return action

    # === BUSINESS METHODS === #
    def _ensure_no_version_fields(self, vals):
        if not self.env.su and VERSION_FIELDS & vals.keys():
            raise AccessError(self.env._("Versions of flows are made by editing them."))

    def _ensure_not_old(self):
        """Old versions are what requests were decided by: nobody edits them."""
        if old := self.filtered("successor_id"):
            raise UserError(
                self.env._(
                    "Version %(version)s of the flow %(flow)s is kept as it was for its requests "
                    "and cannot be changed. Edit the current version.",
                    version=old[0].version,
                    flow=old[0].name,
                )
            )

    def _start_new_version(self):
        """Keep the present steps for the requests that started with them.

        Copies each flow that has requests to an archived old version, moves its requests, tasks
        and decisions there and raises the flow's number. Flows without requests are edited in
        place, and so is what an installation writes again. Old versions are frozen.
        """
        if self._is_installing():
            return
        self._ensure_not_old()
        self._lock()
        # sudo: whoever may edit the flow may not see all of its requests.
        for flow in self.sudo().filtered("request_ids"):
            old = flow.with_context(install_mode=True).copy(
                {"active": False, "name": flow.name, "sequence": flow.sequence}
            )
            old = old.with_context(install_mode=False)
            flow._move_history(old)
            super(ApprovalFlow, old).write({"version": flow.version, "successor_id": flow.id})
            super(ApprovalFlow, flow).write({"version": flow.version + 1})

    def _move_history(self, old):
        """Bind everything that ran on this flow to its copy `old`.

        By SQL, so that years of history do not go through memory. Waits for those who decide
        at the moment; if one has, the transaction is retried.
        """
        self.ensure_one()
        models_moved = [self.env[name] for name in HISTORY_MODELS]
        self.env.flush_all()
        pairs = list(zip(self.step_ids.sorted(), old.step_ids.sorted(), strict=True))
        for model in models_moved:
            self.env.execute_query(
                SQL(
                    """
                    UPDATE %s h SET step_id = s.new
                      FROM unnest(%s::int[], %s::int[]) AS s (old, new)
                     WHERE h.step_id = s.old
                 RETURNING 1
                    """,
                    SQL.identifier(model._table),
                    [step.id for step, _old_step in pairs],
                    [old_step.id for _step, old_step in pairs],
                )
            )
        for model in models_moved:
            if "flow_id" in model._fields:
                self.env.execute_query(
                    SQL(
                        "UPDATE %s SET flow_id = %s WHERE flow_id = %s RETURNING 1",
                        SQL.identifier(model._table),
                        old.id,
                        self.id,
                    )
                )
        self.env.invalidate_all(flush=False)

    def _lock(self):
        """Wait for those who ask for approvals by these flows, and make those who follow wait.

        The rows are written, so that whoever waited is retried and sees the flow as it is then.
        """
        self.flush_recordset()
        self.env.execute_query(
            SQL(
                """
                  WITH locked AS (SELECT id FROM kh_approval_flow WHERE id IN %s
                                   ORDER BY id FOR UPDATE)
                UPDATE kh_approval_flow f SET version = f.version
                  FROM locked WHERE f.id = locked.id
             RETURNING f.id
                """,
                tuple(self.ids) or (0,),
            )
        )

    def _lock_shared(self):
        """Keep these flows as they are until the transaction ends; many may ask at once."""
        if self:
            self.env.execute_query(
                SQL(
                    "SELECT id FROM kh_approval_flow WHERE id IN %s ORDER BY id FOR SHARE",
                    tuple(self.ids),
                )
            )

    @api.model
    def _forget_model(self, model_name):
        """Delete all flows and requests of a model, for the `uninstall_hook` of its add-on.

        A flow goes with its model, yet is kept while it has requests: without this call the
        model cannot be removed.
        """
        # sudo: whoever uninstalls need not manage approvals; of every company
        env = self.env(su=True)
        activity_type = env.ref("kh_b2b_approval.mail_activity_type_approval", False)
        if activity_type:
            env["mail.activity"].with_context(active_test=False).search(
                [("res_model", "=", model_name), ("activity_type_id", "=", activity_type.id)]
            ).unlink()
        # requests first: a flow that has any is kept
        env["kh.approval.request"].search([("res_model", "=", model_name)]).unlink()
        flows = env["kh.approval.flow"].with_context(active_test=False)
        flows.search([("model_name", "=", model_name)]).unlink()

    @api.model
    def _find_flows(self, records):
        """Return the flow of each record, `{record: flow}`; an empty flow where none is for it.

        One search, whatever the number of records; conditions are tried in memory.
        """
        # sudo: who asks for an approval need not be able to read flows (portal, public).
        # Archived flows (old versions) never: a caller's context cannot ask for them.
        flows = self.sudo().search([("model_name", "=", records._name), ("active", "=", True)])
        found = dict.fromkeys(records, self.browse())
        todo = records
        for flow in flows:
            matching = todo.sudo().filtered_domain(flow._get_condition())
            matching = matching.filtered(
                lambda r, f=flow: not f.company_id or f.company_id == r._approval_get_company()
            )
            for record in todo.browse(matching.ids):
                found[record] = flow
            todo -= todo.browse(matching.ids)
        return found

    def _get_condition(self):
        self.ensure_one()
        return Domain(literal_eval(self.domain or "[]"))
