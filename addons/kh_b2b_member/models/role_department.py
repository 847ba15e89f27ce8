from odoo import Command, api, fields, models
from odoo.exceptions import ValidationError


class Department(models.Model):
    """A department of the company (部门): its people and the roles it gives them.

    Our own, as the suite does not depend on the employees' add-on. People, roles and
    departments are many-to-many; a role without department is for everybody.
    """

    _name = "kh.department"
    _description = "Department"
    _parent_store = True
    _order = "complete_name, id"
    _rec_names_search = ["name", "complete_name"]
    _check_company_auto = True

    # === FIELDS === #
    name = fields.Char(required=True, translate=True)
    complete_name = fields.Char(
        compute="_compute_complete_name", recursive=True, store=True, string="Full Name"
    )
    parent_id = fields.Many2one(
        "kh.department", string="Part of", index=True, ondelete="restrict", check_company=True
    )
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many("kh.department", "parent_id", string="Sub-departments")
    company_id = fields.Many2one("res.company", help="Empty: for all companies.")
    active = fields.Boolean(default=True)
    manager_id = fields.Many2one("res.users", string="Manager", domain=[("share", "=", False)])
    user_ids = fields.Many2many(
        "res.users",
        "kh_department_res_users_rel",
        "department_id",
        "user_id",
        string="People",
    )
    role_ids = fields.Many2many(
        "res.users.role",
        "kh_department_res_users_role_rel",
        "department_id",
        "role_id",
        string="Roles",
        help="Roles that people of this department usually have.",
    )
    user_count = fields.Integer(compute="_compute_user_count", string="Number of People")

    # === COMPUTE METHODS === #
    @api.depends("name", "parent_id.complete_name")
    def _compute_complete_name(self):
        for department in self:
            parent = department.parent_id.complete_name
            name = department.name
            department.complete_name = f"{parent} / {name}" if parent else name

    @api.depends("name", "parent_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for department in self:
            names = []
            node = department
            while node:
                names.append(node.name or "")
                node = node.parent_id
            department.display_name = " / ".join(reversed(names))

    @api.depends("user_ids")
    def _compute_user_count(self):
        for department in self:
            department.user_count = len(department.user_ids)

    # === CONSTRAINTS === #
    @api.constrains("parent_id")
    def _check_parent(self):
        if self._has_cycle():
            raise ValidationError(self.env._("A department cannot be a part of itself."))

    # === ACTION METHODS === #
    def action_grant_roles(self):
        """Open the bulk grant with the people and roles of these departments."""
        wizard = self.env["kh.role.grant"].create(
            {
                "user_ids": [Command.set(self.user_ids.ids)],
                "role_ids": [Command.set(self.role_ids.ids)],
            }
        )
        return wizard._get_action()
