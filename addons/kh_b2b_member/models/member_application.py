from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from ..engine import checks
from .res_partner import MEMBER_TYPES, PERSON_TYPES

STATES = [
    ("draft", "Draft"),
    ("submitted", "Submitted"),
    ("review", "Under review"),
    ("approved", "Approved"),
    ("rejected", "Rejected"),
    ("withdrawn", "Withdrawn"),
]
OPEN_STATES = ("draft", "submitted", "review", "rejected")
# Written by the workflow only.
PROTECTED_FIELDS = {"state", "partner_user_id", "submitted_date", "decided_date", "reviewer_id"}


class MemberApplication(models.Model):
    """A company that wants to become a dealer (入驻申请).

    What the applicant fills in, what the checks say, what is granted. Its way through the
    states is in `member_application_workflow.py`, what approval does in
    `member_application_admission.py`.
    """

    _name = "kh.member.application"
    _description = "Member Application"
    _inherit = ["mail.thread", "mail.activity.mixin", "portal.mixin", "kh.approval.mixin"]
    _order = "id desc"
    _rec_names_search = ["number", "name", "vat", "manager_name", "manager_phone"]
    _check_company_auto = True

    # === FIELDS === #
    number = fields.Char(readonly=True, copy=False, index=True)
    state = fields.Selection(
        STATES, required=True, default="draft", readonly=True, copy=False, tracking=True, index=True
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    lang = fields.Selection(
        lambda self: self.env["res.lang"].get_installed(),
        string="Language",
        default=lambda self: self.env.lang,
        help="Language of the applicant's pages and e-mails.",
    )
    # company (企业资料)
    member_type = fields.Selection(MEMBER_TYPES, required=True, default="company", tracking=True)
    name = fields.Char(string="Company Name", tracking=True)
    vat = fields.Char(string="Unified Social Credit Code", index="btree_not_null", tracking=True)
    legal_person = fields.Char(string="Legal Representative")
    phone = fields.Char(string="Company Phone")
    country_id = fields.Many2one("res.country", default=lambda self: self._default_country())
    state_id = fields.Many2one(
        "res.country.state",
        string="Province",
        domain="[('country_id', '=?', country_id)]",
        ondelete="restrict",
    )
    city = fields.Char()
    street2 = fields.Char(string="District")
    street = fields.Char(string="Address")
    zip = fields.Char(string="Postcode")
    # manager (负责人)
    manager_name = fields.Char(string="Manager")
    manager_phone = fields.Char(string="Manager's Mobile")
    manager_email = fields.Char(string="Manager's E-mail", help="The login of the dealer.")
    manager_function = fields.Char(string="Job Position")
    # invoice and bank (开票与银行)
    invoice_title = fields.Char()
    invoice_address = fields.Char()
    invoice_phone = fields.Char()
    bank_name = fields.Char(string="Bank and Branch")
    bank_account = fields.Char(string="Bank Account Number")
    # documents (证照)
    license_file = fields.Binary(string="Business Licence", attachment=True, copy=False)
    license_filename = fields.Char(copy=False)
    license_mimetype = fields.Char(compute="_compute_license_mimetype")
    attachment_ids = fields.Many2many(
        "ir.attachment",
        "kh_member_application_attachment_rel",
        "application_id",
        "attachment_id",
        string="Other Documents",
        bypass_search_access=True,
        copy=False,
    )
    note = fields.Text(string="Applicant's Remark")
    # the grant (准入权益): one page grants everything
    grade_id = fields.Many2one(
        "res.partner.grade", string="Member Level", tracking=True, check_company=True
    )
    sales_area_ids = fields.Many2many(
        "kh.sales.area",
        "kh_member_application_sales_area_rel",
        "application_id",
        "area_id",
        string="Sales Areas",
        tracking=True,
        check_company=True,
    )
    salesperson_id = fields.Many2one(
        "res.users",
        string="Salesperson",
        domain=lambda self: self._get_salesperson_domain(),
        tracking=True,
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Existing Customer",
        domain=[("is_company", "=", True), ("parent_id", "=", False)],
        check_company=True,
        copy=False,
        index="btree_not_null",
        tracking=True,
        help="Empty: approval creates the customer. Choose one to admit a customer you have.",
    )
    # the key to the applicant's page: whoever holds it acts as the applicant
    access_token = fields.Char(groups="kh_b2b_member.group_b2b_admission_clerk")
    # result
    partner_user_id = fields.Many2one("res.users", string="Portal User", readonly=True, copy=False)
    user_id = fields.Many2one(related="partner_user_id", string="User")
    reviewer_id = fields.Many2one("res.users", readonly=True, copy=False, tracking=True)
    submitted_date = fields.Datetime(string="Submitted on", readonly=True, copy=False)
    decided_date = fields.Datetime(string="Decided on", readonly=True, copy=False)
    review_deadline = fields.Date(
        compute="_compute_review_deadline", string="Review until", store=True
    )
    decision_reason = fields.Text(
        string="Reason", copy=False, tracking=True, help="Read by the applicant."
    )

    # === DEFAULT METHODS === #
    @api.model
    def _default_country(self):
        return self.env.company.country_id or self.env.ref("base.cn")

    @api.model
    def _get_salesperson_domain(self):
        group = self.env.ref("kh_b2b_member.group_b2b_salesperson", raise_if_not_found=False)
        domain = Domain("share", "=", False)
        return domain & Domain("all_group_ids", "in", group.ids) if group else domain

    # === COMPUTE METHODS === #
    @api.depends("number", "name")
    def _compute_display_name(self):
        for application in self:
            parts = (application.number, application.name)
            application.display_name = " ".join(part for part in parts if part)

    def _compute_access_url(self):
        super()._compute_access_url()
        for application in self:
            application.access_url = f"/b2b/register/{application.id}"

    @api.depends("license_file")
    def _compute_license_mimetype(self):
        attachments = self._get_license_attachments()
        for application in self:
            application.license_mimetype = attachments.get(application.id, (False, False))[1]

    @api.depends("submitted_date", "company_id.kh_registration_days")
    def _compute_review_deadline(self):
        for application in self:
            application.review_deadline = application._get_review_deadline()

    def _get_review_deadline(self):
        """Return the last working day (Monday to Friday) of the promised time."""
        self.ensure_one()
        if not self.submitted_date:
            return False
        # sudo: the applicant's promise does not depend on who reads the company
        days = self.company_id.sudo().kh_registration_days
        day = fields.Datetime.context_timestamp(self, self.submitted_date).date()
        while days > 0:
            day = fields.Date.add(day, days=1)
            days -= day.weekday() < 5
        return day

    def _get_license_attachments(self):
        """Return `{application id: (attachment id, mimetype)}`, in one query."""
        # sudo: attachments of a binary field follow the access to the record, checked before
        rows = (
            self.env["ir.attachment"]
            .sudo()
            .search_fetch(
                [
                    ("res_model", "=", self._name),
                    ("res_field", "=", "license_file"),
                    ("res_id", "in", self.ids),
                ],
                ["res_id", "mimetype"],
            )
        )
        return {row.res_id: (row.id, row.mimetype) for row in rows}

    # === CONSTRAINTS === #
    @api.constrains("partner_id")
    def _check_partner(self):
        """Refuse to make a dealer of our staff, of a contact or of our own companies.

        Archived users and companies count, too: what is admitted is renamed and gets a login.
        """
        # sudo: a clerk may not read users and companies; the answer is yes or no
        partners_sudo = self.with_context(active_test=False).sudo().partner_id
        for partner_sudo in partners_sudo:
            is_staff = any(not u.share or u._is_public() for u in partner_sudo.user_ids)
            if is_staff or partner_sudo.parent_id or partner_sudo.ref_company_ids:
                raise ValidationError(self.env._("Only a customer can be admitted as a dealer."))

    # === CRUD METHODS === #
    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su and any(PROTECTED_FIELDS & vals.keys() for vals in vals_list):
            self._deny_protected()
        sequence = self.env["ir.sequence"]
        for vals in vals_list:
            self._normalize_vals(vals)
            if not vals.get("number"):
                # sudo: applicants and clerks have no right on sequences
                vals["number"] = sequence.sudo().next_by_code("kh.member.application")
        applications = super().create(vals_list)
        if not self.env.su and any(a.state != "draft" for a in applications):
            self._deny_protected()
        applications._fix_attachment_ownership()
        return applications

    def write(self, vals):
        if not self.env.su and PROTECTED_FIELDS & vals.keys():
            self._deny_protected()
        if not self.env.su and vals.keys() - self._get_always_writable_fields():
            self._ensure_not_closed()
        self._normalize_vals(vals)
        result = super().write(vals)
        if "attachment_ids" in vals:
            self._fix_attachment_ownership()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_decided(self):
        if any(application.state not in ("draft", "withdrawn") for application in self):
            raise UserError(self.env._("Only drafts and withdrawn applications can be deleted."))

    def _fix_attachment_ownership(self):
        """Bind what the user uploaded before the first save, as `mail.template` does.

        Else nobody but the uploader could open it. Files of others or of other records are
        left alone: linking them must not make them readable.
        """
        for application in self:
            # sudo: links may be to files that the user cannot read; only own ones are written
            uploads_sudo = application.sudo().attachment_ids.filtered(
                lambda a: (
                    not a.res_id
                    and not a.res_field
                    and a.res_model in (False, self._name)
                    and a.create_uid == self.env.user
                )
            )
            uploads_sudo.write({"res_model": self._name, "res_id": application.id})

    def _get_always_writable_fields(self):
        """Fields that stay writable after the decision."""
        return {"message_main_attachment_id", "activity_ids", "message_follower_ids"}

    def _ensure_not_closed(self):
        for application in self:
            if application.state == "approved":
                raise UserError(
                    self.env._(
                        "%(application)s is approved. Change the dealer's card instead: its "
                        "changes are tracked.",
                        application=application.display_name,
                    )
                )

    def _deny_protected(self):
        raise AccessError(self.env._("The state of an application is set by its workflow only."))

    @api.model
    def _normalize_vals(self, vals):
        """Bring codes, phones and accounts to one form before they are stored."""
        for name, method in (
            ("vat", checks.normalize_code),
            ("bank_account", checks.normalize_account),
            ("manager_email", lambda value: checks.normalize(value).lower()),
            ("identity_number", checks.normalize_code),
        ):
            if vals.get(name):
                vals[name] = method(vals[name])
        for name in ("phone", "manager_phone", "invoice_phone", "name", "manager_name"):
            if vals.get(name):
                vals[name] = checks.normalize(vals[name])

    # === HOOKS === #
    @api.model
    def _get_grant_fields(self):
        """Return the fields of the one-page grant, which reviewers fill in under review.

        Add-ons that grant more add theirs.
        """
        return {"grade_id", "sales_area_ids", "salesperson_id", "partner_id"}

    @api.model
    def _get_applicant_fields(self):
        """Return the fields an applicant fills in online."""
        return {
            "member_type", "name", "vat", "legal_person", "phone", "state_id", "city",
            "street2", "street", "manager_name", "manager_phone", "manager_email",
            "manager_function", "invoice_title", "invoice_address", "invoice_phone",
            "bank_name", "bank_account", "identity_number", "credit_request_amount", "note",
        }  # fmt: skip

    def _get_required_fields(self):
        """Return the names of the fields without which this application cannot be sent.

        ========  ============================  =========  ====
        type      who it is                     licence    bank
        ========  ============================  =========  ====
        company   social credit code            needed     needed
        vip       ID card or passport           optional   needed
        personal  ID card or passport           optional   optional
        ========  ============================  =========  ====
        """
        self.ensure_one()
        required = ["name", "state_id", "city", "street"]
        required += ["manager_name", "manager_phone", "manager_email"]
        required[1:1] = ["identity_number"] if self._is_person() else ["vat"]
        if not self._is_person():
            required.append("license_file")
        if self.member_type != "personal":
            required += ["bank_name", "bank_account"]
        return required

    def _is_person(self):
        """Whether a person applies for themselves, without a company."""
        return self.member_type in PERSON_TYPES
