from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import clean_context

LINE_FIELDS = {"role_id", "user_id", "date_from", "date_to"}
LOG_ACTIONS = [("grant", "Granted"), ("change", "Validity changed"), ("revoke", "Taken back")]


class RoleLog(models.Model):
    """Who gave or took which role, when (角色授予记录). Written by the system alone."""

    _name = "kh.role.log"
    _description = "Role Log"
    _order = "id desc"
    _rec_name = "role_name"

    # === FIELDS === #
    user_id = fields.Many2one("res.users", readonly=True, index=True, ondelete="cascade")
    role_id = fields.Many2one(
        "res.users.role", string="Role Today", readonly=True, index=True, ondelete="set null"
    )
    role_name = fields.Char(string="Role", readonly=True, help="As it was called then.")
    action = fields.Selection(LOG_ACTIONS, readonly=True, required=True)
    date_from = fields.Date("From", readonly=True)
    date_to = fields.Date("To", readonly=True)
    author_id = fields.Many2one(
        "res.users", string="By", readonly=True, default=lambda self: self.env.user
    )
    create_date = fields.Datetime(string="When", readonly=True)


class ResUsersRoleLine(models.Model):
    """A role of a user, with its validity. Rights follow at once, and the log."""

    _inherit = "res.users.role.line"

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        delegated = self._kh_is_delegated()
        for vals in vals_list if delegated else ():
            self._kh_ensure_vals(vals)
        model = self._kh_open_door() if delegated else self
        lines = super(ResUsersRoleLine, model).create(vals_list)
        if delegated:
            lines.with_env(self.env)._kh_ensure_manageable()
        lines._kh_log("grant")
        lines._kh_apply()
        return lines.with_env(self.env)

    def write(self, vals):
        delegated = self._kh_is_delegated()
        lines = self
        if delegated:
            self._kh_ensure_vals(vals)
            self._kh_ensure_manageable()
            lines = self._kh_open_door()
        # sudo: whose rights follow; users are not readable with their roles by everybody
        users_sudo = self.sudo().user_id
        result = super(ResUsersRoleLine, lines).write(vals)
        if delegated:
            self._kh_ensure_manageable()
        if not LINE_FIELDS.isdisjoint(vals):
            lines._kh_log("change")
            (users_sudo | self.sudo().user_id).set_groups_from_roles(force=True)  # sudo: see above
        return result

    def unlink(self):
        lines = self
        if self._kh_is_delegated():
            self._kh_ensure_manageable()
            lines = self._kh_open_door()
        lines._kh_log("revoke")
        return super(ResUsersRoleLine, lines).unlink()

    # === BUSINESS METHODS === #
    @api.model
    def _kh_is_delegated(self):
        return self.env["res.users.role"]._kh_is_delegated()

    def _kh_open_door(self):
        # sudo: roles are written by system administrators only; callers check before
        return self.with_env(self.env(context=clean_context(self.env.context), su=True))

    @api.model
    def _kh_ensure_vals(self, vals):
        if vals.keys() - LINE_FIELDS or any(
            isinstance(vals.get(name), list | tuple | dict) for name in LINE_FIELDS
        ):
            raise AccessError(
                self.env._("A B2B administrator sets role, user and validity of a grant only.")
            )

    def _kh_ensure_manageable(self):
        """Raise unless a B2B administrator may give and take these roles of these people."""
        # sudo: an archived or foreign user is refused by the next check, not by reading
        lines_sudo = self.sudo()
        roles = lines_sudo.role_id.with_env(self.env)
        roles._kh_ensure_manageable()
        lines_sudo.user_id.with_env(self.env)._kh_ensure_manageable()
        for line in lines_sudo:
            line._kh_ensure_kind()

    def _kh_ensure_kind(self):
        """Raise if a role of staff meets a dealer's login, or the other way round.

        Groups replace one another: such a grant would make staff of a dealer.
        """
        self.ensure_one()
        if self.role_id.kh_is_portal != self.user_id._kh_is_dealer_login():
            raise AccessError(
                self.env._(
                    "%(user)s cannot have the role %(role)s: roles of staff are for staff, "
                    "roles of dealers for their logins in the portal.",
                    user=self.user_id.name,
                    role=self.role_id.name,
                )
            )

    def _kh_apply(self):
        """Give the users the groups of their roles now, not when the scheduled job comes."""
        # sudo: the right to change roles was checked
        self.sudo().user_id.set_groups_from_roles()

    def _kh_log(self, action):
        # sudo: nobody writes the log
        self.env["kh.role.log"].sudo().create(
            [
                {
                    "user_id": line.user_id.id,
                    "role_id": line.role_id.id,
                    "role_name": line.role_id.name,
                    "action": action,
                    "date_from": line.date_from,
                    "date_to": line.date_to,
                    "author_id": self.env.uid,
                }
                for line in self
            ]
        )
