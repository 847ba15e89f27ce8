from typing import NamedTuple

from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import Domain

from ..engine import checks
from .member_application import OPEN_STATES


class Check(NamedTuple):
    """One automatic check: which field, whether it passed (None: nothing to check), why."""

    name: str
    label: str
    passed: bool | None
    detail: str
    value: str = ""


class MemberApplication(models.Model):
    _inherit = "kh.member.application"

    # === FIELDS === #
    check_html = fields.Html(
        string="Automatic Checks", compute="_compute_check_html", sanitize=False
    )
    failed_check_count = fields.Integer(string="Failed Checks", compute="_compute_check_html")

    # === COMPUTE METHODS === #
    @api.depends(
        "vat", "phone", "manager_phone", "manager_email", "bank_account", "license_file",
        "member_type", "partner_id", "name", "company_id", "identity_number",
    )  # fmt: skip
    def _compute_check_html(self):
        results = self._get_checks()
        for application in self:
            rows = results[application]
            application.failed_check_count = sum(row.passed is False for row in rows)
            application.check_html = application._render_checks(rows)

    def _render_checks(self, rows):
        marks = {
            True: ("done", "fa-check", self.env._("Passed")),
            False: ("stop", "fa-times", self.env._("Failed")),
            None: ("idle", "fa-minus", self.env._("Not filled in")),
        }
        lines = Markup("").join(
            Markup(
                '<tr><td><span class="kh-status kh-status-%s" title="%s">'
                '<i class="fa %s" role="img" aria-label="%s"></i></span></td>'
                "<th>%s</th><td>%s</td><td>%s</td></tr>"
            )
            % (token, word, icon, word, row.label, row.value, row.detail)
            for row in rows
            for token, icon, word in [marks[row.passed]]
        )
        return Markup('<table class="table table-sm kh-checks"><tbody>%s</tbody></table>') % lines

    # === BUSINESS METHODS === #
    def _get_checks(self):
        """Return the automatic checks of each application, `{application: [Check]}`.

        Searches for duplicates once for all of `self`.
        """
        duplicates = self._find_duplicates()
        return {
            application: application._get_form_checks()
            + application._get_duplicate_checks(duplicates[application])
            for application in self
        }

    def _get_form_checks(self):
        self.ensure_one()
        _ = self.env._
        labels = self._get_field_labels()
        # sudo: a reviewer need not read the company's settings
        legacy = self.company_id.sudo().kh_allow_legacy_code
        is_person = self._is_person()
        identity = (
            ("identity_number", checks.is_valid_identity, _("Not an ID card or passport"))
            if is_person
            else ("vat", lambda v: checks.is_valid_code(v, legacy), _("Check digit does not match"))
        )
        rules = (
            identity,
            ("manager_phone", checks.is_valid_mobile, _("Not a mobile number of 11 digits")),
            ("phone", checks.is_valid_phone, _("Not a phone number")),
            ("manager_email", checks.is_valid_email, _("Not an e-mail address")),
            (
                "bank_account",
                lambda v: checks.is_valid_account(v, is_person),
                _("Check digit does not match") if is_person else _("Not 8 to 30 digits"),
            ),
        )
        rows = []
        for name, is_valid, problem in rules:
            # sudo: who may see the check may not all see the ID card, which is shown masked
            value = self.sudo()[name]
            passed = is_valid(value) if value else None
            detail = problem if passed is False else ""
            shown = checks.mask(value) if value and name == "identity_number" else value
            rows.append(Check(name, labels[name], passed, detail, shown or ""))
        has_license = bool(self.license_filename or self.license_file)
        needs_license = "license_file" in self._get_required_fields()
        rows.append(
            Check(
                "license_file",
                labels["license_file"],
                has_license or (False if needs_license else None),
                "" if has_license else _("No file"),
            )
        )
        return rows

    def _get_field_labels(self):
        # sudo: labels are no secret, also those of fields that only reviewers read
        descriptions = self.sudo().fields_get(attributes=["string"])
        return {name: description["string"] for name, description in descriptions.items()}

    def _get_duplicate_checks(self, found):
        self.ensure_one()
        _ = self.env._
        labels = {
            "vat": _("Same code"),
            "phone": _("Same phone"),
            "email": _("Same e-mail"),
        }
        values = {"vat": self.vat, "phone": self.manager_phone, "email": self.manager_email}
        none_found = _("None found")
        return [
            Check(
                f"duplicate_{kind}",
                label,
                not found[kind] if values[kind] else None,
                ", ".join(found[kind]) or (none_found if values[kind] else ""),
            )
            for kind, label in labels.items()
        ]

    def _find_duplicates(self):
        """Return who else has the same code, phone or e-mail.

        :return: `{application: {"vat"|"phone"|"email": [names]}}`; customers, users and
            other open applications of the same company count; the customer chosen to be
            admitted does not
        """
        codes = {a.vat for a in self if a.vat}
        phones = {checks.normalize_phone(a.manager_phone) for a in self if a.manager_phone}
        emails = {a.manager_email for a in self if a.manager_email}
        partners = self._find_duplicate_partners(codes, phones, emails)
        others = self._find_duplicate_applications(codes, phones, emails)
        logins = self._find_logins(emails)
        result = {}
        for application in self:
            found = {"vat": [], "phone": [], "email": []}
            application._match_partners(partners, found)
            application._match_applications(others, found)
            application._match_logins(logins, found)
            result[application] = found
        return result

    def _find_duplicate_partners(self, codes, phones, emails):
        numbers = phones | {f"+86{phone}" for phone in phones}
        domain = Domain.OR(
            [
                Domain("vat", "in", list(codes)),
                Domain("phone", "in", list(numbers)),
                Domain("phone_sanitized", "in", list(numbers)),
                Domain("email_normalized", "in", list(emails)),
            ]
        )
        # sudo: a duplicate counts even where the reader may not open it
        partners = self.env["res.partner"].sudo().with_context(active_test=False)
        return partners.search(domain, limit=500) if codes or phones or emails else partners

    def _find_duplicate_applications(self, codes, phones, emails):
        domain = Domain.OR(
            [
                Domain("vat", "in", list(codes)),
                Domain("manager_phone", "in", list(phones)),
                Domain("manager_email", "in", list(emails)),
            ]
        )
        domain &= Domain("state", "in", OPEN_STATES) & Domain("submitted_date", "!=", False)
        # sudo: see _find_duplicate_partners
        applications = self.sudo()
        return applications.search(domain, limit=500) if codes or phones or emails else applications

    def _find_logins(self, emails):
        # sudo: see _find_duplicate_partners
        users = self.env["res.users"].sudo().with_context(active_test=False)
        return users.search([("login", "in", list(emails))]) if emails else users

    def _match_logins(self, users, found):
        """A login counts even where its e-mail is another one, or the customer's is."""
        own = self.partner_id.commercial_partner_id
        for user in users.filtered(lambda u: u.login == self.manager_email):
            name = user.partner_id.display_name
            if user.partner_id.commercial_partner_id != own and name not in found["email"]:
                found["email"].append(name)

    def _match_partners(self, partners, found):
        phone = checks.normalize_phone(self.manager_phone)
        own = self.partner_id.commercial_partner_id
        company = self.company_id
        for partner in partners:
            if own and partner.commercial_partner_id == own:
                continue
            if partner.company_id and partner.company_id != company:
                continue
            if self.vat and partner.vat == self.vat:
                found["vat"].append(partner.display_name)
            if phone and checks.normalize_phone(partner.phone) == phone:
                found["phone"].append(partner.display_name)
            if self.manager_email and partner.email_normalized == self.manager_email:
                found["email"].append(partner.display_name)

    def _match_applications(self, others, found):
        phone = checks.normalize_phone(self.manager_phone)
        for other in others:
            if other.id == (self._origin.id or self.id) or other.company_id != self.company_id:
                continue
            if self.vat and other.vat == self.vat:
                found["vat"].append(other.display_name)
            if phone and checks.normalize_phone(other.manager_phone) == phone:
                found["phone"].append(other.display_name)
            if self.manager_email and other.manager_email == self.manager_email:
                found["email"].append(other.display_name)

    def _get_problems(self):
        """Return what keeps this application from being sent, `{field name: text}`."""
        self.ensure_one()
        problems = {}
        for name in self._get_required_fields():
            # sudo: the ID card is read by reviewers only; whether it is there is no secret
            if not self.sudo()[name]:
                is_file = self._fields[name].type == "binary"
                problems[name] = (
                    self.env._("Please add a photo or scan.")
                    if is_file
                    else self.env._("Please fill in.")
                )
        for check in self._get_form_checks():
            if check.passed is False and check.name not in problems:
                problems[check.name] = check.detail
        if not problems:
            found = self._find_duplicates()[self]
            for name, kind in (("vat", "vat"), ("manager_email", "email")):
                if found[kind]:
                    problems[name] = self._get_known_text()
        return problems

    @api.model
    def _get_known_text(self):
        return self.env._("Already known here. Please log in, or contact us.")
