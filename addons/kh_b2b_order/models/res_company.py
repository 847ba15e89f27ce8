from odoo import fields, models

PROVIDERS = [("kuaidi100", "快递100"), ("demo", "Demonstration (asks nobody)")]


class ResCompany(models.Model):
    """Policies of orders: how long to pay, who may change, who follows parcels; all off first."""

    _inherit = "res.company"

    # === FIELDS === #
    kh_unpaid_hours = fields.Integer(
        "Hours to Pay",
        help="A dealer's order without a payment is cancelled after these hours; 0: never.",
    )
    kh_unpaid_transfer_hours = fields.Integer(
        "Hours for an Announced Transfer",
        help="An order whose bank transfer was announced is cancelled after these hours without "
        "the money; 0: never.",
    )
    kh_unpaid_reminder_hours = fields.Integer(
        "Reminder Hours before",
        help="The buyer is reminded once, so many hours before the order expires; 0: never.",
    )
    kh_rounding_product_id = fields.Many2one(
        "product.product",
        "Product for Rounding Differences",
        copy=False,
        help="Stands on the line that makes the parts of a split order add up to the cent. "
        "Created when it is needed first.",
    )

    kh_dealers_may_change = fields.Boolean(
        "Dealers May Ask for Changes",
        help="Dealers ask for changes of placed orders on the order's page.",
    )
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
    _unpaid_hours_not_negative = models.Constraint(
        "CHECK (kh_unpaid_hours >= 0 AND kh_unpaid_transfer_hours >= 0"
        " AND kh_unpaid_reminder_hours >= 0)",
        "Hours cannot be negative.",
    )

    # === BUSINESS METHODS - SPLIT === #
    def _kh_get_rounding_product(self):
        """Return the service that carries rounding differences; created on first use."""
        self.ensure_one()
        # sudo: the order desk splits orders, but keeps neither products nor companies
        company_sudo = self.sudo()
        if not company_sudo.kh_rounding_product_id:
            company_sudo.kh_rounding_product_id = (
                self.env["product.product"]
                .sudo()
                .create(company_sudo._kh_prepare_rounding_product_vals())
            )
        return company_sudo.kh_rounding_product_id.sudo(self.env.su)

    def _kh_prepare_rounding_product_vals(self):
        return {
            "name": self.env._("Rounding Difference"),
            "type": "service",
            "invoice_policy": "order",
            "list_price": 0.0,
            "company_id": self.id,
            "taxes_id": False,
            "sale_ok": False,
            "purchase_ok": False,
        }
