from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, ValidationError

from .role_scope import SALESPERSON, SUPERVISOR, DataScope

# What a B2B administrator may change of a user, besides roles.
ORGANISATION_FIELDS = {"kh_supervisor_id", "kh_data_area_ids", "kh_department_ids"}
# What decides which dealers a user sees.
SCOPE_FIELDS = {"kh_supervisor_id", "kh_data_area_ids", "group_ids", "role_line_ids"}


class ResUsers(models.Model):
    """Where a user stands: departments, supervisor, areas (组织关系与数据范围)."""

    _inherit = "res.users"

    # === FIELDS === #
    kh_department_ids = fields.Many2many(
        "kh.department",
        "kh_department_res_users_rel",
        "user_id",
        "department_id",
        string="Departments",
    )
    kh_supervisor_id = fields.Many2one(
        "res.users",
        string="Supervisor",
        index="btree_not_null",
        ondelete="set null",
        domain=[("share", "=", False)],
        help="A supervisor sees the dealers of everybody below, at any depth.",
    )
    kh_subordinate_ids = fields.One2many("res.users", "kh_supervisor_id", string="Team")
    kh_data_area_ids = fields.Many2many(
        "kh.sales.area",
        "kh_sales_area_res_users_rel",
        "user_id",
        "area_id",
        string="Data Areas",
        help="Sees the dealers of these sales areas and of the areas below. Empty: as the role "
        "says, which is all dealers for clerks and directors, and one's own for salespeople.",
    )
    # `role_line_ids` of `base_user_role` is for system administrators
    kh_role_ids = fields.Many2many(
        "res.users.role",
        string="B2B Roles",
        compute="_compute_kh_role_ids",
        search="_search_kh_role_ids",
        compute_sudo=True,
        groups="kh_b2b_member.group_b2b_administrator,base.group_erp_manager",
    )

    # === COMPUTE METHODS === #
    @api.depends("role_line_ids.role_id")
    def _compute_kh_role_ids(self):
        for user in self:
            user.kh_role_ids = user.with_context(active_test=False).role_line_ids.role_id

    @api.model
    def _search_kh_role_ids(self, operator, value):
        if operator != "in":
            return NotImplemented
        # sudo: lines are for system administrators, this field is for ours, too
        lines = self.env["res.users.role.line"].sudo()._search([("role_id", "in", value)])
        return [("id", "in", lines.subselect("user_id"))]

    # === CONSTRAINTS === #
    @api.constrains("kh_supervisor_id")
    def _check_kh_supervisor(self):
        if self._has_cycle("kh_supervisor_id"):
            raise ValidationError(self.env._("Nobody can be above oneself in the hierarchy."))

    # === CRUD METHODS === #
    def write(self, vals):
        """Extend `base`: B2B administrators place people, and change nothing else of them."""
        if (
            vals
            and not self.env.su
            and vals.keys() <= ORGANISATION_FIELDS
            and self.env.user._kh_is_role_administrator()
        ):
            self._kh_ensure_can_organise(vals)
            # sudo: users are written by system administrators only; see the check above
            result = super(ResUsers, self.sudo()).write(vals)
        else:
            result = super().write(vals)
        if SCOPE_FIELDS & vals.keys():
            self.env["kh.data.scope.mixin"]._kh_forget_scope()
        return result

    # === ACTION METHODS === #
    def action_kh_open_rights(self):
        self.ensure_one()
        self._kh_ensure_can_see_rights()
        return {
            "type": "ir.actions.client",
            "tag": "kh_b2b_member.role_matrix",
            "name": self.env._("Rights of %(user)s", user=self.name),
            "params": {"user_id": self.id},
        }

    # === BUSINESS METHODS - RIGHTS OF ADMINISTRATORS === #
    def _kh_is_role_administrator(self):
        """Whether this user keeps roles without being a system administrator."""
        self.ensure_one()
        is_administrator = self.has_group("kh_b2b_member.group_b2b_administrator")
        return is_administrator and not self.has_group("base.group_erp_manager")

    def _kh_is_dealer_login(self):
        """Whether this is the login of a dealer's person, in the portal.

        Who has lost every role is neither staff nor in the portal: their company, or the role
        they had last, says what they are.
        """
        self.ensure_one()
        if self._is_portal() or self._is_internal():
            return self._is_portal()
        # sudo: the company and the log of the person who is asked about; the answer is yes or no
        user_sudo = self.sudo()
        if user_sudo.partner_id.commercial_partner_id.kh_is_dealer:
            return True
        log_sudo = user_sudo.env["kh.role.log"].search([("user_id", "=", self.id)], limit=1)
        return log_sudo.role_id.kh_is_portal

    def _kh_ensure_can_see_rights(self):
        """Raise unless the current user may read what this user may do."""
        self.ensure_one()
        user = self.env.user
        if self == user or user.has_groups(
            "kh_b2b_member.group_b2b_administrator,base.group_erp_manager"
        ):
            self.check_access("read")
            return
        raise AccessError(self.env._("Only administrators see the rights of other people."))

    def _kh_get_unmanageable(self):
        """Return the users a B2B administrator must leave alone.

        These are system administrators, technical users and people of companies that the
        administrator does not work for.
        """
        companies = self.env.user.company_ids
        # sudo: groups of others are asked; nothing of the answer is shown
        users_sudo = self.sudo()
        template = users_sudo.env.ref("base.template_portal_user_id", raise_if_not_found=False)
        forbidden = self.env["res.groups"]._kh_get_forbidden() | users_sudo.env.ref(
            "base.group_public"
        )
        blocked = users_sudo.filtered(
            lambda user: (
                user.id == api.SUPERUSER_ID
                or user == template
                or user.all_group_ids & forbidden
                or user.company_ids - companies
            )
        )
        return blocked.with_env(self.env)

    def _kh_ensure_manageable(self):
        self.check_access("read")
        blocked = self._kh_get_unmanageable()
        if blocked:
            raise AccessError(
                self.env._(
                    "%(user)s is a system administrator, a technical user or works for another "
                    "company. Ask a system administrator.",
                    user=blocked[0].name,
                )
            )

    def _kh_ensure_can_organise(self, vals):
        """Raise unless a B2B administrator may write these values of placement."""
        self._kh_ensure_manageable()
        supervisor = self.browse(vals.get("kh_supervisor_id") or [])
        supervisor.check_access("read")
        if supervisor.filtered("share"):
            raise AccessError(self.env._("A supervisor is one of your own staff."))
        for name in ("kh_data_area_ids", "kh_department_ids"):
            self._kh_ensure_link_commands(self._fields[name].comodel_name, vals.get(name))

    @api.model
    def _kh_ensure_link_commands(self, model_name, commands):
        """Raise unless the commands only choose among records the user may read.

        A command may also create, change or delete the record it names; as the write goes on
        as superuser, those are refused.
        """
        allowed = (Command.LINK, Command.UNLINK, Command.CLEAR, Command.SET)
        ids = set()
        for command in commands or ():
            if not isinstance(command, list | tuple) or command[0] not in allowed:
                raise AccessError(self.env._("Only existing records can be chosen here."))
            if command[0] == Command.SET:
                ids.update(command[2])
            elif command[0] == Command.LINK:
                ids.add(command[1])
        self.env[model_name].browse(ids).check_access("read")

    # === BUSINESS METHODS - DATA RIGHTS === #
    def _kh_get_data_scope(self):
        """Return which dealers this user may see.

        No query for users outside the suite; one for its staff (their areas, then cached).

        :rtype: DataScope
        """
        self.ensure_one()
        if not self._has_group("kh_b2b_member.group_b2b_user"):
            return DataScope(is_everything=True)
        is_sales = self._has_group(SALESPERSON)
        is_wide = not is_sales or any(self._has_group(g) for g in self._kh_get_wide_groups())
        # sudo: data rights of the user, whatever the user may read of areas
        areas = self.sudo().kh_data_area_ids
        if is_wide and not areas:
            return DataScope(is_everything=True)
        return DataScope(
            is_everything=False,
            user_id=self.id if is_sales else 0,
            has_team=self._has_group(SUPERVISOR),
            area_ids=tuple(areas.ids),
        )

    @api.model
    def _kh_get_wide_groups(self):
        """Return groups whose people see all dealers of their companies; add-ons add theirs.

        Holds as long as a user has no areas.
        """
        return [
            "kh_b2b_member.group_b2b_director",
            "kh_b2b_member.group_b2b_admission_clerk",
            "kh_b2b_member.group_b2b_order_clerk",
            "kh_b2b_member.group_b2b_aftersale_clerk",
            "kh_b2b_member.group_b2b_finance",
            "kh_b2b_member.group_b2b_product_manager",
            "kh_b2b_member.group_b2b_administrator",
        ]

    def _kh_get_team(self):
        """Return these users with everybody below them in the sales hierarchy."""
        team, level = self, self
        while level:
            # sudo: the hierarchy is the same whoever asks
            level = self.sudo().search([("kh_supervisor_id", "in", level.ids)]) - team
            team |= level.sudo(False)
        return team
