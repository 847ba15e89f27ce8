from odoo import Command, api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import clean_context

# What a B2B administrator may write of a role; people go through the door of the lines.
ROLE_FIELDS = {"name", "sequence", "comment", "implied_ids", "kh_department_ids", "line_ids"}


class ResUsersRole(models.Model):
    """Roles as data over groups (角色), kept by B2B administrators without system rights.

    `base_user_role` lets system administrators do anything with roles. A B2B administrator
    has the same forms, and each write of theirs goes through one door here: known fields,
    groups and people of the B2B suite only, then as superuser. Whatever does not pass the door
    fails on the rights on groups, which they lack.
    """

    _inherit = "res.users.role"

    # === FIELDS === #
    kh_department_ids = fields.Many2many(
        "kh.department",
        "kh_department_res_users_role_rel",
        "role_id",
        "department_id",
        string="Departments",
    )
    kh_user_count = fields.Integer(compute="_compute_kh_user_count", string="People")
    kh_is_manageable = fields.Boolean(
        compute="_compute_kh_is_manageable",
        search="_search_kh_is_manageable",
        compute_sudo=True,
        string="For B2B Administrators",
        help="Made of groups that a B2B administrator may grant.",
    )
    kh_is_portal = fields.Boolean(
        compute="_compute_kh_is_manageable",
        compute_sudo=True,
        string="For Dealers",
        help="A role of dealers' people in the portal, not of staff.",
    )

    # === COMPUTE METHODS === #
    @api.depends("line_ids.user_id")
    def _compute_kh_user_count(self):
        counts = dict(
            self.env["res.users.role.line"]._read_group(
                [("role_id", "in", self.ids), ("user_id.active", "=", True)],
                ["role_id"],
                ["__count"],
            )
        )
        for role in self:
            role.kh_user_count = counts.get(role._origin, 0)

    @api.depends("implied_ids", "group_id")
    def _compute_kh_is_manageable(self):
        delegable = self.env["res.groups"]._kh_get_delegable()
        portal = self.env.ref("base.group_portal")
        for role in self:
            groups = role.implied_ids._origin
            role.kh_is_manageable = role._kh_is_made_of(delegable)
            role.kh_is_portal = portal.id in groups._kh_get_closure()

    def _kh_is_made_of(self, delegable):
        """Whether all rights of the role come from these groups, none from its own one."""
        self.ensure_one()
        own = self.group_id
        return bool(
            self.implied_ids <= delegable
            and own._kh_get_closure() <= {own.id, *delegable._kh_get_closure()}
            and not own.model_access
            and not own.rule_groups
        )

    @api.model
    def _search_kh_is_manageable(self, operator, value):
        if operator != "in" or set(value) != {True}:
            return NotImplemented
        # sudo: all roles are asked; there are dozens of them
        roles = self.sudo().search_fetch([], ["implied_ids", "group_id"])
        return [("id", "in", roles.filtered("kh_is_manageable").ids)]

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        if not self._kh_is_delegated():
            return super().create(vals_list)
        people = [self._kh_split_vals(vals) for vals in vals_list]
        roles = super(ResUsersRole, self._kh_open_door()).create([vals for vals, _lines in people])
        roles._kh_ensure_manageable()
        for role, (_vals, commands) in zip(roles.with_env(self.env), people, strict=True):
            role._kh_write_lines(commands)
        return roles.with_env(self.env)

    def write(self, vals):
        if not self._kh_is_delegated():
            return super().write(vals)
        own_vals, commands = self._kh_split_vals(vals)
        self._kh_ensure_manageable()
        if "implied_ids" in own_vals:
            self._kh_ensure_people_manageable()
        result = True
        if own_vals:
            result = super(ResUsersRole, self._kh_open_door()).write(own_vals)
            self._kh_ensure_manageable()
        for role in self:
            role._kh_write_lines(commands)
        return result

    def unlink(self):
        # sudo: lines of every company count; the rights of their people end with the role
        lines_sudo = self.sudo().with_context(active_test=False).line_ids
        roles = self
        if self._kh_is_delegated():
            self._kh_ensure_manageable()
            self._kh_ensure_people_manageable()
            roles = self._kh_open_door()
        lines_sudo._kh_log("revoke")
        return super(ResUsersRole, roles).unlink()

    def copy(self, default=None):
        """Extend `base_user_role`: a copy has the rights of the role and none of its people."""
        if not self._kh_is_delegated():
            return super().copy(default)
        self.ensure_one()
        return self.create(
            {
                "name": self.env._("%s (copy)", self.name),
                "sequence": self.sequence,
                "implied_ids": [Command.set(self.implied_ids.ids)],
                "kh_department_ids": [Command.set(self.kh_department_ids.ids)],
                **(default or {}),
            }
        )

    # === ACTION METHODS === #
    def action_kh_grant(self):
        """Open the bulk grant for these roles."""
        wizard = self.env["kh.role.grant"].create({"role_ids": [Command.set(self.ids)]})
        return wizard._get_action()

    def action_kh_open_matrix(self):
        """Show the rights of these roles side by side."""
        self.env["kh.role.matrix"]._ensure_can_see_roles()
        return {
            "type": "ir.actions.client",
            "tag": "kh_b2b_member.role_matrix",
            "name": self.env._("Rights Matrix"),
            "params": {"role_ids": self.ids},
        }

    # === BUSINESS METHODS === #
    @api.model
    def _kh_is_delegated(self):
        """Whether the current user keeps roles within the limits of a B2B administrator."""
        return not self.env.su and self.env.user._kh_is_role_administrator()

    def _kh_open_door(self):
        """Return these records with superuser rights and without defaults of the caller."""
        # sudo: groups are written by system administrators only; callers check before
        return self.with_env(self.env(context=clean_context(self.env.context), su=True))

    def _kh_ensure_manageable(self):
        """Raise unless the roles are made of groups that B2B administrators may grant."""
        blocked = self.filtered(lambda role: not role.kh_is_manageable)
        if blocked:
            raise AccessError(
                self.env._(
                    "The role %(role)s holds rights that only a system administrator may grant.",
                    role=blocked[0].sudo().name,  # sudo: the name of the role just asked for
                )
            )

    def _kh_ensure_people_manageable(self):
        """Raise unless a B2B administrator may change the rights of all who have the roles."""
        # sudo: people of every company count
        lines_sudo = self.sudo().with_context(active_test=False).line_ids
        lines_sudo.user_id.with_env(self.env)._kh_ensure_manageable()

    @api.model
    def _kh_split_vals(self, vals):
        """Check values of a B2B administrator; return them without people, and the people.

        :rtype: tuple[dict, list]
        """
        unknown = vals.keys() - ROLE_FIELDS
        if unknown:
            raise AccessError(
                self.env._(
                    "A B2B administrator cannot set %(field)s of a role.",
                    field=", ".join(sorted(unknown)),
                )
            )
        users = self.env["res.users"]
        users._kh_ensure_link_commands("res.groups", vals.get("implied_ids"))
        users._kh_ensure_link_commands("kh.department", vals.get("kh_department_ids"))
        own_vals = {name: value for name, value in vals.items() if name != "line_ids"}
        return own_vals, vals.get("line_ids") or []

    def _kh_write_lines(self, commands):
        """Apply the commands of the form to the role's people, through the door of lines."""
        self.ensure_one()
        lines = self.env["res.users.role.line"]
        for command in commands:
            code, line_id, values = (*command, None, None)[:3]
            line = lines.browse(line_id or [])
            if code == Command.CREATE:
                lines.create({**values, "role_id": self.id})
                continue
            if code not in (Command.UPDATE, Command.DELETE, Command.UNLINK):
                raise AccessError(self.env._("Only existing records can be chosen here."))
            if line.role_id != self:
                raise AccessError(self.env._("This person has another role."))
            if code == Command.UPDATE:
                line.write(values)
            else:
                line.unlink()
