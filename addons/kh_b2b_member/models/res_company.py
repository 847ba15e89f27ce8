from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    kh_registration_open = fields.Boolean(
        string="Online Registration of Dealers",
        help="Companies may apply at /b2b/register. Closed: the page does not exist.",
    )
    kh_registration_days = fields.Integer(
        string="Review Within (Working Days)",
        default=2,
        help="What the applicant is told: until when the application will be reviewed.",
    )
    kh_allow_legacy_code = fields.Boolean(
        string="Accept Old Registration Numbers",
        help="Also accept 15-digit business registration numbers in place of the unified "
        "social credit code.",
    )
