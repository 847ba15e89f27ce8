from odoo import api, models


class ResUsers(models.Model):
    _inherit = "res.users"

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        """Extend `base`: a new portal user gets what the role of its contact says."""
        users = super().create(vals_list)
        # sudo: the role is readable by internal users only
        contacts_sudo = users.filtered("share").partner_id.sudo().filtered("kh_dealer_role")
        if contacts_sudo:
            contacts_sudo._kh_sync_dealer_roles()
        return users

    # === BUSINESS METHODS === #
    def _kh_get_last_logins(self):
        """Return the last login of each of these users, in one query.

        :rtype: dict[res.users, datetime]; users who never logged in are absent
        """
        # sudo: logs are readable by administrators only; the caller decides who sees them
        return dict(
            self.env["res.users.log"]
            .sudo()
            ._read_group([("create_uid", "in", self.ids)], ["create_uid"], ["create_date:max"])
        )
