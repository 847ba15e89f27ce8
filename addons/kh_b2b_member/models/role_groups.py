from odoo import api, fields, models


class ResGroups(models.Model):
    _inherit = "res.groups"

    # Written by system administrators only (rights on groups) and by the data of add-ons.
    kh_is_delegable = fields.Boolean(
        string="For B2B Roles",
        help="B2B administrators may put this group into roles. Groups of the B2B suite always "
        "are, groups that make system administrators never.",
    )
    kh_can_be_delegated = fields.Boolean(
        compute="_compute_kh_can_be_delegated",
        search="_search_kh_can_be_delegated",
        compute_sudo=True,
        export_string_translation=False,
        string="Can Be Put into B2B Roles",
    )

    # === COMPUTE METHODS === #
    @api.depends("kh_is_delegable", "implied_ids", "privilege_id.category_id")
    def _compute_kh_can_be_delegated(self):
        delegable = self._kh_get_delegable()
        for group in self:
            group.kh_can_be_delegated = group._origin in delegable

    @api.model
    def _search_kh_can_be_delegated(self, operator, value):
        if operator != "in" or set(value) != {True}:
            return NotImplemented
        return [("id", "in", self._kh_get_delegable().ids)]

    # === BUSINESS METHODS === #
    @api.model
    def _kh_get_forbidden(self):
        """Return the groups that make somebody master of the system, superuser recordset."""
        # sudo: which groups exist is no secret to the code
        return self.sudo().env.ref("base.group_erp_manager") | self.sudo().env.ref(
            "base.group_system"
        )

    @api.model
    def _kh_get_delegable(self):
        """Return the groups a B2B administrator may put into roles, superuser recordset.

        Ours (by category, or by the prefix of their name for groups without one) and what the
        data of add-ons or a system administrator marked; never one that implies, however
        indirectly, a system administrator.
        """
        # sudo: the same answer for everybody
        groups_sudo = self.sudo()
        category = groups_sudo.env.ref("kh_b2b_member.module_category_b2b")
        data = groups_sudo.env["ir.model.data"].search_fetch(
            [
                ("model", "=", "res.groups"),
                ("module", "=like", "kh\\_%"),
                ("name", "=like", "group\\_%"),
            ],
            ["res_id"],
        )
        groups = groups_sudo.search(
            [
                "|",
                "|",
                ("kh_is_delegable", "=", True),
                ("privilege_id.category_id", "=", category.id),
                ("id", "in", data.mapped("res_id")),
            ]
        )
        forbidden = set(self._kh_get_forbidden().ids)
        return groups.filtered(lambda group: not group._kh_get_closure() & forbidden)

    def _kh_get_closure(self):
        """Return the ids of these groups and of all they imply, from the cached definitions."""
        return {*self.ids, *self._get_group_definitions().get_superset_ids(self.ids)}
