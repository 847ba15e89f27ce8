from odoo import Command, api, fields, models
from odoo.tools.misc import clean_context

from .member_grant import GrantSource

REVIEWERS = "kh_b2b_member.group_b2b_admission_clerk,kh_b2b_member.group_b2b_director"


class MemberApplication(models.Model):
    """The grant (准入权益): ways to pay, credit, and the record of who granted what."""

    _inherit = "kh.member.application"

    # === FIELDS === #
    identity_number = fields.Char(
        string="ID Card or Passport Number",
        copy=False,
        groups=REVIEWERS,
        help="Of a person who applies for themselves. Read by reviewers only.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    payment_method_ids = fields.Many2many(
        "payment.method",
        "kh_member_application_payment_method_rel",
        "application_id",
        "method_id",
        string="Ways to Pay",
        domain=[("is_primary", "=", True)],
        copy=False,
        tracking=True,
        help="Empty: everything the shop offers.",
    )
    credit_request_amount = fields.Monetary(string="Credit Asked For", tracking=True)
    credit_granted_amount = fields.Monetary(
        string="Credit to Open",
        tracking=True,
        copy=False,
        help="Noted with the admission; the credit account opens with it where it is in use.",
    )
    credit_note = fields.Char(string="Note on the Credit", copy=False)
    kh_grant_ids = fields.One2many(
        "kh.member.grant", "application_id", string="What Was Granted", readonly=True
    )

    # === ONCHANGE METHODS === #
    @api.onchange("partner_id")
    def _onchange_partner_id(self):
        """Start from what an existing customer has; the page shows what will hold."""
        if partner := self.partner_id:
            for name, source in self._get_grant_sources().items():
                if not self[name] and partner[source]:
                    self[name] = partner[source]

    @api.model
    def _get_grant_sources(self):
        """Return which field of the customer each field of the grant starts from (hook)."""
        return {
            "grade_id": "grade_id",
            "sales_area_ids": "kh_sales_area_ids",
            "salesperson_id": "user_id",
            "payment_method_ids": "kh_payment_method_ids",
        }

    # === HOOKS === #
    @api.model
    def _get_grant_fields(self):
        return super()._get_grant_fields() | {
            "payment_method_ids", "credit_granted_amount", "credit_note",
        }  # fmt: skip

    def _prepare_partner_vals(self):
        return {
            **super()._prepare_partner_vals(),
            "kh_payment_method_ids": [Command.set(self.payment_method_ids.ids)],
        }

    def _apply_admission(self):
        super()._apply_admission()
        self._apply_credit_request()

    def _apply_credit_request(self):
        """Open the credit that was granted with the admission (hook of the credit add-on).

        Runs as superuser when `partner_id` is a dealer; `credit_granted_amount` is in the
        currency of the company, `credit_note` says what was agreed. Here nothing is opened:
        the amount is noted in the log.
        """

    # === BUSINESS METHODS === #
    def _admit(self):
        """Admit `self` and log what each dealer was granted; superuser, one company.

        The defaults of the reviewer's context must not reach what is created with these
        rights.
        """
        source = GrantSource("admission", is_collecting=True)
        context = {**clean_context(self.env.context), "kh_grant_source": source}
        self.with_env(self.env(su=True, context=context))._apply_admission()
        self._log_grant(source.rows)

    def _log_grant(self, rows):
        """Book what the admission changed: one row for each entitlement and dealer."""
        by_partner = {application.partner_id.id: application for application in self}
        merged = {}
        for row in rows:
            first = merged.setdefault((row["partner_id"], row["what"]), {**row})
            first["new_value"] = row["new_value"]
        vals_list = [row for row in merged.values() if row["old_value"] != row["new_value"]]
        with_credit = self.filtered("credit_granted_amount")
        vals_list += [application._prepare_credit_row_vals() for application in with_credit]
        for row in vals_list:
            if application := by_partner.get(row["partner_id"]):
                row["application_id"] = application.id
                row["company_id"] = application.company_id.id
        # sudo: nobody has rights to write the log
        self.env["kh.member.grant"].sudo().create(vals_list)

    def _prepare_credit_row_vals(self):
        self.ensure_one()
        return {
            "partner_id": self.partner_id.id,
            "what": "credit",
            "new_value": self.currency_id.format(self.credit_granted_amount),
            "reason": self.credit_note,
            "source": "admission",
        }
