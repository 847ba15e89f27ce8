from odoo import Command, api, models
from odoo.exceptions import UserError


class MemberApplication(models.Model):
    _inherit = "kh.member.application"

    # === HOOKS === #
    def _check_admission_complete(self):
        """Return the labels of what must be granted and is not; add-ons add theirs.

        :rtype: list[str]
        """
        self.ensure_one()
        labels = self._get_field_labels()
        return [labels[name] for name in self._get_required_grant_fields() if not self[name]]

    @api.model
    def _get_required_grant_fields(self):
        """Return the grant fields without which nobody is admitted."""
        return ["grade_id", "sales_area_ids", "salesperson_id"]

    def _apply_admission(self):
        """Make dealers of the approved applications: customer, contact, bank, user.

        Runs as superuser on a batch, once for each application. Add-ons call `super()`
        first and add their step; `partner_id` and `partner_user_id` are set then.
        """
        self._apply_partner()
        self._apply_manager()
        self._apply_bank_account()
        self._apply_user()

    def _prepare_partner_vals(self):
        """Return the values of the dealer's card; add-ons add what they grant."""
        self.ensure_one()
        return {
            "name": self.name,
            "is_company": True,
            "vat": self.vat,
            "phone": self.phone or self.manager_phone,
            "email": self.manager_email,
            "lang": self.lang,
            "country_id": self.country_id.id,
            "state_id": self.state_id.id,
            "city": self.city,
            "street": self.street,
            "street2": self.street2,
            "zip": self.zip,
            "user_id": self.salesperson_id.id,
            "grade_id": self.grade_id.id,
            "kh_is_dealer": True,
            "kh_member_type": self.member_type,
            "kh_sales_area_ids": [Command.set(self.sales_area_ids.ids)],
            "kh_invoice_title": self.invoice_title or self.name,
            "kh_invoice_address": self.invoice_address,
            "kh_invoice_phone": self.invoice_phone,
        }

    def _prepare_manager_vals(self):
        """Return the values of the manager, a contact of the dealer."""
        self.ensure_one()
        return {
            "name": self.manager_name,
            "parent_id": self.partner_id.id,
            "type": "contact",
            "function": self.manager_function,
            "phone": self.manager_phone,
            "email": self.manager_email,
            "lang": self.lang,
        }

    # === BUSINESS METHODS === #
    def _apply_partner(self):
        """Create the dealers' cards, or bring the chosen customers up to date."""
        known = self.filtered("partner_id")
        for application in known:
            vals = application._prepare_partner_vals()
            application.partner_id.write({k: v for k, v in vals.items() if v})
        new = self - known
        partners = self.env["res.partner"].create([a._prepare_partner_vals() for a in new])
        for application, partner in zip(new, partners, strict=True):
            application.partner_id = partner

    def _find_manager(self):
        """Return the contact of the dealer that is the manager already, if any."""
        self.ensure_one()
        contacts = self.partner_id.child_ids
        return contacts.filtered(lambda c: c.email_normalized == self.manager_email)[:1]

    def _apply_manager(self):
        new = self.filtered(lambda a: not a._find_manager())
        self.env["res.partner"].create([a._prepare_manager_vals() for a in new])

    def _apply_bank_account(self):
        todo = self.filtered(
            lambda a: (
                a.bank_account
                and a.bank_account not in a.partner_id.bank_ids.mapped("sanitized_acc_number")
            )
        )
        banks = self._find_banks({a.bank_name for a in todo if a.bank_name})
        self.env["res.partner.bank"].create(
            [
                {
                    "partner_id": application.partner_id.id,
                    "acc_number": application.bank_account,
                    "acc_holder_name": application.invoice_title or application.name,
                    "bank_id": banks.get(application.bank_name, self.env["res.bank"]).id,
                }
                for application in todo
            ]
        )

    def _find_banks(self, names):
        """Return `{name: bank}`, creating those that are not there."""
        banks = {bank.name: bank for bank in self.env["res.bank"].search([("name", "in", names)])}
        new = sorted(names - banks.keys())
        country = self.country_id[:1]
        created = self.env["res.bank"].create(
            [{"name": name, "country": country.id} for name in new]
        )
        return banks | dict(zip(new, created, strict=True))

    def _apply_user(self):
        """Give each manager a portal account with the role of a dealer, and invite them."""
        emails = [a.manager_email for a in self]
        users = self.env["res.users"].with_context(active_test=False)
        by_login = {user.login: user for user in users.search([("login", "in", emails)])}
        for application in self:
            contact = application._find_manager()
            user = by_login.get(application.manager_email)
            if user and user.partner_id.commercial_partner_id != application.partner_id:
                raise UserError(
                    self.env._(
                        "%(email)s is the login of another customer. Choose that customer as "
                        "“Existing Customer”, or return the application for another e-mail.",
                        email=application.manager_email,
                    )
                )
            application.partner_user_id = user or application._create_portal_user(contact)
            application._grant_dealer_role()
        self._send_invitations()

    def _create_portal_user(self, contact):
        self.ensure_one()
        company = self.company_id
        return (
            self.env["res.users"]
            .with_company(company)
            .with_context(no_reset_password=True)
            ._create_user_from_template(
                {
                    "login": self.manager_email,
                    "email": self.manager_email,
                    "partner_id": contact.id,
                    "company_id": company.id,
                    "company_ids": [Command.set(company.ids)],
                }
            )
        )

    def _grant_dealer_role(self):
        """Add the dealer role; `base_user_role` derives the user's groups from roles.

        Who is admitted again gets an archived account and an expired role back.
        """
        self.ensure_one()
        # lines of an archived user are archived with it
        user = self.partner_user_id.with_context(active_test=False)
        role = self.env.ref("kh_b2b_member.role_dealer")
        line = user.role_line_ids.filtered(lambda role_line: role_line.role_id == role)
        if user._is_internal() or (user.active and line.is_enabled):
            return
        command = Command.create({"role_id": role.id})
        if line:
            command = Command.update(line.id, {"date_from": False, "date_to": False})
        user.write({"active": True, "role_line_ids": [command]})

    def _send_invitations(self):
        """Queue the invitation to set a password, in the applicant's language."""
        template = self.env.ref("kh_b2b_member.mail_template_application_approved")
        for application in self:
            application.partner_user_id.partner_id.signup_prepare()
            template.send_mail(application.id, email_values=application._prepare_email_values())
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()
