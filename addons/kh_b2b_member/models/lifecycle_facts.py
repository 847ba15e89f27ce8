from odoo import fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _action_confirm(self):
        """Extend `sale`: the dealer's stage follows; nothing for who is no dealer."""
        result = super()._action_confirm()
        self._kh_refresh_dealers()
        return result

    def _action_cancel(self):
        confirmed = self.filtered(lambda order: order.state == "sale")
        result = super()._action_cancel()
        confirmed._kh_refresh_dealers()
        return result

    def _kh_refresh_dealers(self):
        dealers = self.partner_id.commercial_partner_id.filtered("kh_is_dealer")
        if dealers:
            # sudo: whoever confirms need not be able to write contacts
            dealers.sudo()._kh_refresh_life_cycle()


class MemberApplication(models.Model):
    _inherit = "kh.member.application"

    def write(self, vals):
        if not {"state", "partner_id"} & vals.keys():
            return super().write(vals)
        partners = self.partner_id
        result = super().write(vals)
        # sudo: a clerk need not be able to write contacts
        (partners | self.partner_id).exists().sudo()._kh_refresh_life_cycle()
        return result


class ResCompany(models.Model):
    _inherit = "res.company"

    kh_dormant_days = fields.Integer(
        string="Dormant After (Days)",
        help="Days without an order after which a dealer is dormant. 0: never.",
    )
    kh_plan_care = fields.Boolean(
        string="Plan Care of Dormant Dealers",
        help="The salesperson gets an activity when a dealer becomes dormant, and again after "
        "as many days.",
    )
    _dormant_days_not_negative = models.Constraint(
        "CHECK (COALESCE(kh_dormant_days, 0) >= 0)", "Days cannot be negative."
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    kh_dormant_days = fields.Integer(related="company_id.kh_dormant_days", readonly=False)
    kh_plan_care = fields.Boolean(related="company_id.kh_plan_care", readonly=False)
