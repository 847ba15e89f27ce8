from odoo import fields, models

PROVIDERS = [("kuaidi100", "快递100"), ("demo", "Demonstration (asks nobody)")]


class ResCompany(models.Model):
    """How parcels are followed, and when a receipt confirms itself; nothing by default."""

    _inherit = "res.company"

    kh_express_provider = fields.Selection(PROVIDERS, "Courier Service")
    kh_express_url = fields.Char(
        "Address of the Service", default="https://poll.kuaidi100.com", groups="base.group_system"
    )
    kh_express_customer = fields.Char("Customer Number", groups="base.group_system")
    kh_express_key = fields.Char("Authorisation Key", groups="base.group_system")
    kh_express_salt = fields.Char(
        "Salt of Pushes",
        groups="base.group_system",
        help="A long random text: what is pushed to us is signed with it.",
    )
    kh_express_is_local = fields.Boolean(
        "Service in Our Network",
        groups="base.group_system",
        help="Also ask an address inside our network, also without encryption: for trials.",
    )
    kh_receipt_days = fields.Integer(
        "Receipt Confirmed After (Days)",
        help="Days after the last parcel was signed for, or was shipped if nobody follows it, "
        "until an order counts as received without the dealer's word. 0: never.",
    )
    _kh_receipt_days_positive = models.Constraint(
        "CHECK (COALESCE(kh_receipt_days, 0) >= 0)", "Days cannot be negative."
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    kh_express_provider = fields.Selection(related="company_id.kh_express_provider", readonly=False)
    kh_express_url = fields.Char(related="company_id.kh_express_url", readonly=False)
    kh_express_customer = fields.Char(related="company_id.kh_express_customer", readonly=False)
    kh_express_key = fields.Char(related="company_id.kh_express_key", readonly=False)
    kh_express_salt = fields.Char(related="company_id.kh_express_salt", readonly=False)
    kh_express_is_local = fields.Boolean(related="company_id.kh_express_is_local", readonly=False)
    kh_receipt_days = fields.Integer(related="company_id.kh_receipt_days", readonly=False)
