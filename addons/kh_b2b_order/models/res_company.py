from odoo import fields, models


class ResCompany(models.Model):
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
