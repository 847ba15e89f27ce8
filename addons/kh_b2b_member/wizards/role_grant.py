from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError

EFFECTS = [
    ("grant", "Will be granted"),
    ("change", "Validity changes"),
    ("same", "Has it already"),
    ("revoke", "Will be taken back"),
    ("none", "Does not have it"),
    ("blocked", "Not allowed"),
]
TO_DO = ("grant", "change", "revoke")


class RoleGrant(models.TransientModel):
    """Give or take many roles of many people at once, after a preview (批量授权)."""

    _name = "kh.role.grant"
    _description = "Grant Roles"

    # === FIELDS === #
    operation = fields.Selection(
        [("grant", "Give the roles"), ("revoke", "Take the roles back")],
        required=True,
        default="grant",
    )
    user_ids = fields.Many2many(
        "res.users", "kh_role_grant_res_users_rel", "grant_id", "user_id", string="People"
    )
    department_ids = fields.Many2many(
        "kh.department",
        "kh_role_grant_department_rel",
        "grant_id",
        "department_id",
        string="Everybody in",
    )
    role_ids = fields.Many2many(
        "res.users.role",
        "kh_role_grant_role_rel",
        "grant_id",
        "role_id",
        string="Roles",
        domain=lambda self: self._get_role_domain(),
    )
    date_from = fields.Date("From", help="Empty: from now on.")
    date_to = fields.Date("To", help="The last day. Empty: without end.")
    state = fields.Selection(
        [("choose", "Choose"), ("preview", "Preview"), ("done", "Done")],
        default="choose",
        readonly=True,
    )
    line_ids = fields.One2many("kh.role.grant.line", "grant_id", readonly=True, string="Effects")
    todo_count = fields.Integer(compute="_compute_counts", string="Changes")
    blocked_count = fields.Integer(compute="_compute_counts", string="Not Allowed")

    # === COMPUTE METHODS === #
    @api.model
    def _get_role_domain(self):
        if self.env.user._kh_is_role_administrator():
            return [("kh_is_manageable", "=", True)]
        return []

    @api.depends("line_ids.effect")
    def _compute_counts(self):
        for grant in self:
            effects = grant.line_ids.mapped("effect")
            grant.todo_count = sum(effect in TO_DO for effect in effects)
            grant.blocked_count = effects.count("blocked")

    # === CONSTRAINTS === #
    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for grant in self:
            if grant.date_from and grant.date_to and grant.date_from > grant.date_to:
                raise ValidationError(self.env._("The validity ends before it begins."))

    # === ACTION METHODS === #
    def action_preview(self):
        """Show what would change for whom, without changing anything."""
        self.ensure_one()
        if not self._get_users() or not self.role_ids:
            raise UserError(self.env._("Choose at least one person and one role."))
        self.line_ids = [Command.clear(), *map(Command.create, self._prepare_line_vals())]
        self.state = "preview"
        return self._get_action()

    def action_back(self):
        self.ensure_one()
        self.state = "choose"
        return self._get_action()

    def action_apply(self):
        """Do what the preview said; each pair is checked again at its door."""
        self.ensure_one()
        if self.state != "preview":
            raise UserError(self.env._("Look at the preview first."))
        todo = self.line_ids.filtered(lambda line: line.effect in TO_DO)
        lines = self.env["res.users.role.line"]
        dates = {"date_from": self.date_from, "date_to": self.date_to}
        existing = self._find_lines()
        lines.create(
            [
                {"user_id": line.user_id.id, "role_id": line.role_id.id, **dates}
                for line in todo
                if line.effect == "grant" and (line.user_id, line.role_id) not in existing
            ]
        )
        held = lines.union(
            *(
                existing[line.user_id, line.role_id]
                for line in todo
                if line.effect != "grant" and (line.user_id, line.role_id) in existing
            )
        )
        if self.operation == "revoke":
            held.unlink()
        elif held:
            held.write(dates)
        self.state = "done"
        return self._get_action()

    def action_open_log(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("kh_b2b_member.kh_role_log_action")
        action["domain"] = [("user_id", "in", self._get_users().ids)]
        return action

    # === BUSINESS METHODS === #
    def _get_action(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Grant Roles"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def _get_users(self):
        """Return the people chosen, and those of the departments and of all below them."""
        self.ensure_one()
        departments = self.department_ids
        if departments:
            departments = departments.search([("id", "child_of", departments.ids)])
        return self.user_ids | departments.user_ids

    def _find_lines(self):
        """Return the grants there are, `{(user, role): line}`."""
        lines = (
            self.env["res.users.role.line"]
            .with_context(active_test=False)
            .search(
                [("user_id", "in", self._get_users().ids), ("role_id", "in", self.role_ids.ids)]
            )
        )
        return {(line.user_id, line.role_id): line for line in lines}

    def _prepare_line_vals(self):
        existing = self._find_lines()
        users = self._get_users()
        blocked = self._get_blocked(users)
        changes = self._get_changes(users - blocked)
        vals_list = []
        for user in users:
            for role in self.role_ids:
                effect, note = self._get_effect(user, role, existing.get((user, role)), blocked)
                if effect in TO_DO:
                    note = changes.get(user.id, "")
                vals_list.append(
                    {"user_id": user.id, "role_id": role.id, "effect": effect, "note": note}
                )
        return vals_list

    def _get_blocked(self, users):
        """Return the people whose roles the current user may not change."""
        if self.env.user._kh_is_role_administrator():
            return users._kh_get_unmanageable()
        return users.browse()

    def _get_effect(self, user, role, line, blocked):
        """Return what happens to one pair, and why not if nothing does.

        :rtype: tuple[str, str]
        """
        if user in blocked:
            return "blocked", self.env._("System administrator, or of another company")
        if self.env.user._kh_is_role_administrator() and not role.kh_is_manageable:
            return "blocked", self.env._("For system administrators to grant")
        if self.operation == "revoke":
            return ("revoke", "") if line else ("none", "")
        if role.kh_is_portal != user._kh_is_dealer_login():
            return "blocked", self.env._("Staff roles are for staff, dealer roles for dealers")
        if not line:
            return "grant", ""
        same = (line.date_from, line.date_to) == (self.date_from, self.date_to)
        return ("same", "") if same else ("change", "")

    def _get_changes(self, users):
        """Tell which groups each person gains and loses, `{user id: text}`.

        Roles replace what was given by hand: that is a loss to see before it happens.
        """
        today = fields.Date.context_today(self)
        is_now = (not self.date_from or self.date_from <= today) and (
            not self.date_to or self.date_to >= today
        )
        # sudo: groups of the people and roles the current user may manage
        chosen_sudo = self.role_ids.sudo()
        mine = self.env["res.users"]._get_self_writable_groups().sudo()
        texts = {}
        for user_sudo in users.sudo():
            roles = user_sudo.role_line_ids.filtered("is_enabled").role_id - chosen_sudo
            if self.operation == "grant" and is_now:
                roles |= chosen_sudo
            before = user_sudo.group_ids.all_implied_ids - mine
            after = roles.implied_ids.all_implied_ids - mine
            texts[user_sudo.id] = self._describe_change(after - before, before - after)
        return texts

    def _describe_change(self, gained, lost):
        parts = []
        for label, groups in (("+", gained), ("−", lost)):
            names = groups.filtered(lambda g: not g.role_id and g.privilege_id).mapped("full_name")
            if names:
                parts.append(f"{label} {', '.join(sorted(names))}")
        return "\n".join(parts)


class RoleGrantLine(models.TransientModel):
    """The effect on one person and one role."""

    _name = "kh.role.grant.line"
    _description = "Effect of Granting Roles"

    grant_id = fields.Many2one("kh.role.grant", required=True, ondelete="cascade", index=True)
    user_id = fields.Many2one("res.users", string="Person", readonly=True, ondelete="cascade")
    role_id = fields.Many2one("res.users.role", string="Role", readonly=True, ondelete="cascade")
    effect = fields.Selection(EFFECTS, readonly=True)
    note = fields.Text(string="Rights Gained and Lost", readonly=True)
