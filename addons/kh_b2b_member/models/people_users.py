from odoo import api, fields, models


class ResUsers(models.Model):
    _inherit = "res.users"

    # === FIELDS === #
    kh_is_off_by_dealer = fields.Boolean(
        string="Deactivated by the Dealer",
        copy=False,
        readonly=True,
        groups="base.group_user",
        help="By an administrator of the dealer, who may activate the account again. Accounts "
        "that our staff or the ERP closed are opened by our staff only.",
    )

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

    def write(self, vals):
        """Extend `base`: whoever else opens or closes an account takes it from the dealer."""
        if "active" in vals and "kh_is_off_by_dealer" not in vals:
            vals = {**vals, "kh_is_off_by_dealer": False}
        return super().write(vals)

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
