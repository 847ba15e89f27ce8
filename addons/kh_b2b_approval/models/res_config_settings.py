from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .approval_link import DEFAULT_HOURS

MAX_HOURS = 24 * 30


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    kh_approval_link_enabled = fields.Boolean(
        "Decide From the E-mail",
        help="E-mails to approvers carry a link that decides without login, once. Without it "
        "they lead to the login.",
    )
    kh_approval_link_hours = fields.Integer(
        "Hours",
        config_parameter="kh_b2b_approval.link_hours",
        default=DEFAULT_HOURS,
        help="How long a link from an e-mail works.",
    )

    @api.constrains("kh_approval_link_hours")
    def _check_kh_approval_link_hours(self):
        for settings in self:
            if not 1 <= settings.kh_approval_link_hours <= MAX_HOURS:
                raise ValidationError(
                    self.env._(
                        "A link from an e-mail works for 1 to %(hours)s hours.", hours=MAX_HOURS
                    )
                )

    @api.model
    def get_values(self):
        links = self.env["kh.approval.link"]
        return {**super().get_values(), "kh_approval_link_enabled": links._is_one_tap_on()}

    def set_values(self):
        super().set_values()
        # sudo: whoever may open the settings may set this one; they check the right
        self.env["ir.config_parameter"].sudo().set_param(
            "kh_b2b_approval.link_enabled", str(self.kh_approval_link_enabled)
        )
