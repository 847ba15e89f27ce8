from odoo import models


class MemberApplication(models.Model):
    _inherit = "kh.member.application"

    # === HOOKS === #
    def _apply_admission(self):
        """Extend: the first person of an admitted dealer is its administrator."""
        super()._apply_admission()
        for application in self:
            user = application.partner_user_id
            if user and not user._is_internal():
                dealer = application.partner_id.commercial_partner_id
                if not dealer._kh_get_administrators():
                    user.partner_id.kh_dealer_role = "admin"


class ApprovalMixin(models.AbstractModel):
    _inherit = "kh.approval.mixin"

    # === HOOKS === #
    def _approval_dealer_users(self):
        """Extend: whoever approves at the dealer that the document belongs to.

        :rtype: res.users recordset, with superuser rights
        """
        users = super()._approval_dealer_users()
        return users | self._approval_dealer_partner()._kh_get_people_with("approver")
