from datetime import datetime
from typing import Any, NamedTuple

from odoo import Command, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.mail import email_normalize

from odoo.addons.auth_signup.models.res_partner import SignupError

from ..engine import checks
from .res_partner_people import DEALER_ROLES

ADMIN_GROUP = "kh_b2b_member.group_b2b_dealer_admin"
MAX_NAME = 80
MAX_LIMIT = 10**12
# How many invitations one dealer may send in an hour.
INVITATIONS_PER_HOUR = 20


class Person(NamedTuple):
    """One person of a dealer, as the page "Company and colleagues" shows it.

    `status` is "active", "invited" (never logged in) or "off"; `role` is a key of
    `DEALER_ROLES`; limits are in `currency`, 0 for none.
    """

    contact: Any
    user: Any
    role: str
    role_label: str
    status: str
    last_login: datetime | bool
    is_me: bool
    currency: Any


class ResPartner(models.Model):
    """What a dealer's administrator does with the colleagues (同事管理).

    Every method runs on the dealer, as the administrator who asks, and checks that first.
    Nothing else lets a portal user write contacts or users.
    """

    _inherit = "res.partner"

    # === BUSINESS METHODS - PEOPLE === #
    def _kh_get_people(self):
        """Return the people of this dealer who have or had a login, in a few queries.

        :rtype: list[Person]
        """
        self.ensure_one()
        # sudo: colleagues' roles and logins; the page shows each reader what is his to see
        users_sudo = (
            self.env["res.users"]
            .sudo()
            .with_context(active_test=False)
            .search(
                [("partner_id.commercial_partner_id", "=", self.id), ("share", "=", True)],
                order="active desc, id",
            )
        )
        logins = users_sudo._kh_get_last_logins()
        labels = dict(self._fields["kh_dealer_role"]._description_selection(self.env))
        people = []
        for user in users_sudo:
            role = user.partner_id.kh_dealer_role or "buyer"
            last_login = logins.get(user, False)
            status = "active" if last_login else "invited"
            people.append(
                Person(
                    contact=user.partner_id,
                    user=user,
                    role=role,
                    role_label=labels[role],
                    status=status if user.active else "off",
                    last_login=last_login,
                    is_me=user == self.env.user,
                    currency=user.partner_id._kh_get_limit_currency(),
                )
            )
        return people

    def _kh_manages_people(self):
        """Answer whether the current user manages the colleagues of this dealer."""
        self.ensure_one()
        user = self.env.user
        return bool(self.kh_is_dealer and user.has_group(ADMIN_GROUP)) and (
            # sudo: only the ids are compared
            user.sudo().partner_id.commercial_partner_id == self.sudo()
        )

    def _kh_ensure_manages(self, contact=None):
        """Raise unless the current user manages this dealer, and `contact` is a colleague.

        :return: the user of the contact, as superuser; archived users too
        """
        self.ensure_one()
        if not self._kh_manages_people():
            raise AccessError(self.env._("Only an administrator of your company may do this."))
        if contact is None:
            return self.env["res.users"]
        # sudo: users are not readable for portal users; the company was checked above
        contact_sudo = contact.sudo().with_context(active_test=False)
        users_sudo = contact_sudo.user_ids
        if contact_sudo.commercial_partner_id.id != self.id or len(users_sudo) != 1:
            raise AccessError(self.env._("This person is not a colleague of yours."))
        if not users_sudo.share:
            raise AccessError(self.env._("This person is not a colleague of yours."))
        if users_sudo == self.env.user:
            raise UserError(
                self.env._("Another administrator must do this for you: nobody changes their own.")
            )
        return users_sudo

    def _kh_lock_people(self):
        """Let changes of one dealer's people wait for each other.

        The row is written, so that who waited is repeated and sees what the first one did:
        two administrators cannot take the role from each other at once.
        """
        self.flush_recordset(["write_date"])
        self.env.execute_query(
            SQL(
                "UPDATE res_partner SET write_date = write_date WHERE id = %s RETURNING id", self.id
            )
        )

    # === BUSINESS METHODS - INVITE === #
    def _kh_may_invite(self):
        """Count one more invitation of this dealer; answer whether it may be sent."""
        # sudo: the counter is written by nobody but its own method
        limits_sudo = self.env["kh.rate.limit"].sudo()
        return limits_sudo._hit("invite", f"dealer {self.id}", INVITATIONS_PER_HOUR)

    def _kh_invite_colleague(self, values):
        """Make a contact and a portal user of a colleague and send the invitation.

        :param dict values: name, email, phone, role, lang, order_limit, month_limit
        :return: the contact
        :raise AccessError: the user does not manage this dealer
        :raise UserError: a value is missing, or the e-mail cannot be used
        """
        self.ensure_one()
        self._kh_ensure_manages()
        vals = self._kh_prepare_colleague_vals(values)
        self._kh_lock_people()
        contact_sudo = self._kh_find_free_contact(vals["email"])
        rights = {name: vals.pop(name) for name in list(vals) if name.startswith("kh_")}
        if contact_sudo:
            contact_sudo.write(vals)
        else:
            # sudo: portal users may not write contacts; what is written was checked above
            contact_sudo = (
                self.env["res.partner"]
                .sudo()
                .create(
                    {
                        **vals,
                        "parent_id": self.id,
                        "type": "contact",
                        "company_id": self.company_id.id,
                    }
                )
            )
        contact_sudo.write(rights)
        self._kh_create_colleague_user(contact_sudo)
        contact_sudo._kh_send_invitation()
        return contact_sudo

    def _kh_prepare_colleague_vals(self, values):
        """Check and normalise what the administrator typed."""
        name = checks.normalize(values.get("name"))[:MAX_NAME]
        if not name:
            raise UserError(self.env._("Enter the name of your colleague."))
        email = email_normalize(checks.normalize(values.get("email")))
        if not email or self._kh_is_email_taken(email):
            raise UserError(
                self.env._("This e-mail address cannot be invited. Check it, or use another one.")
            )
        vals = {"name": name, "email": email, **self._kh_prepare_rights_vals(values)}
        phone = checks.normalize(values.get("phone"))
        if phone and not checks.is_valid_phone(phone):
            raise UserError(self.env._("“%s” is not a phone number.", phone[:40]))
        if phone:
            vals["phone"] = phone
        languages = dict(self.env["res.lang"].get_installed())
        lang = values.get("lang")
        vals["lang"] = lang if lang in languages else self.env.lang or self.env.user.lang
        return vals

    def _kh_prepare_rights_vals(self, values):
        """Check role and limits; nobody gives what they do not have themselves."""
        role = values.get("role")
        if role not in dict(DEALER_ROLES):
            raise UserError(self.env._("Choose what your colleague may do."))
        if not self.env.user.has_group(f"kh_b2b_member.group_b2b_dealer_{role}"):
            raise AccessError(self.env._("You cannot give a right that you do not have."))
        limits = {}
        for name in ("order_limit", "month_limit"):
            limit = values.get(name) or 0.0
            if not 0 <= limit <= MAX_LIMIT:
                raise UserError(self.env._("A limit is an amount of money, or empty for none."))
            # an administrator has no limit
            limits[f"kh_{name}"] = 0.0 if role == "admin" else limit
        return {"kh_dealer_role": role, **limits}

    def _kh_is_email_taken(self, email):
        """Answer whether any user, active or not, of any company logs in with this e-mail."""
        escaped = email.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%")
        domain = Domain("login", "=ilike", escaped) | Domain("email_normalized", "=", email)
        # sudo: the answer is yes or no, and the refusal is the same as for a mistyped address
        users_sudo = self.env["res.users"].sudo().with_context(active_test=False)
        return bool(users_sudo.search_count(domain, limit=1))

    def _kh_find_free_contact(self, email):
        """Return the dealer's contact with this e-mail that nobody logs in with, if any."""
        # sudo: contacts of the own company, archived ones too
        contacts_sudo = self.env["res.partner"].sudo().with_context(active_test=False)
        return contacts_sudo.search(
            [
                ("parent_id", "=", self.id),
                ("type", "=", "contact"),
                ("is_company", "=", False),
                ("email_normalized", "=", email),
                ("user_ids", "=", False),
            ],
            limit=1,
        )

    def _kh_create_colleague_user(self, contact_sudo):
        me = self.env.user
        # sudo: portal users may not make users; a portal user of the own company is made
        users_sudo = self.env["res.users"].sudo().with_context(no_reset_password=True)
        try:
            users_sudo._create_user_from_template(
                {
                    "login": contact_sudo.email,
                    "email": contact_sudo.email,
                    "partner_id": contact_sudo.id,
                    "lang": contact_sudo.lang,
                    "tz": me.tz,
                    "company_id": me.company_id.id,
                    "company_ids": [Command.set(me.company_id.ids)],
                }
            )
        except SignupError as error:
            raise UserError(
                self.env._("This e-mail address cannot be invited. Check it, or use another one.")
            ) from error
        contact_sudo._kh_sync_dealer_roles()

    def _kh_send_invitation(self):
        """Queue the invitation to set a password, in the colleague's language."""
        # sudo: the link holds a token that only the mail may carry
        template_sudo = self.env.ref("kh_b2b_member.mail_template_colleague_invited").sudo()
        self.sudo().signup_prepare()
        for contact in self:
            template_sudo.send_mail(contact.id)
        # sudo: the mail is sent at once, by the scheduler
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()

    def _kh_get_invitation_url(self):
        """Return the link to set a password, for the e-mail; empty without an invitation."""
        self.ensure_one()
        return self._get_signup_url() if self.signup_type == "signup" else ""

    def _kh_resend_invitation(self, contact):
        """Send the invitation again to a colleague who never logged in."""
        user_sudo = self._kh_ensure_manages(contact)
        if not user_sudo.active or user_sudo._kh_get_last_logins():
            raise UserError(
                self.env._("%s has an account already and can log in.", contact.sudo().name)
            )
        user_sudo.partner_id._kh_send_invitation()

    # === BUSINESS METHODS - CHANGE === #
    def _kh_change_colleague(self, contact, values):
        """Set what a colleague may do; a changed role counts from the next click on."""
        self._kh_ensure_manages(contact)
        vals = self._kh_prepare_rights_vals(values)
        self._kh_lock_people()
        # sudo: portal users may not write contacts; company and values were checked above
        contact_sudo = contact.sudo()
        contact_sudo.write({k: v for k, v in vals.items() if contact_sudo[k] != v})
        contact_sudo._kh_reroute_approvals()

    def _kh_deactivate_colleague(self, contact):
        """Take all rights from a colleague at once: sessions end, what waited goes to others."""
        user_sudo = self._kh_ensure_manages(contact)
        self._kh_lock_people()
        if not user_sudo.active:
            return
        contact_sudo = contact.sudo()  # sudo: as above
        contact_sudo.signup_cancel()
        # the session token is made of this field, so that open sessions end with the next click
        user_sudo.write({"active": False, "kh_is_off_by_dealer": True})
        contact_sudo._kh_release_person()
        contact_sudo._kh_reroute_approvals()
        contact_sudo._kh_log_people(self.env._("Deactivated."))

    def _kh_reactivate_colleague(self, contact):
        """Give a colleague the account back, with the role it had.

        Only what a dealer's administrator took: who was closed by staff or the ERP stays so.
        """
        user_sudo = self._kh_ensure_manages(contact)
        self._kh_lock_people()
        if user_sudo.active:
            return
        if not (user_sudo.kh_is_off_by_dealer and user_sudo.partner_id.active):
            raise UserError(
                self.env._(
                    "The account of %s was closed by us. Ask your contact to open it again.",
                    user_sudo.name,
                )
            )
        user_sudo.write({"active": True})
        contact_sudo = contact.sudo()  # sudo: as above
        contact_sudo._kh_sync_dealer_roles()
        contact_sudo._kh_reroute_approvals()
        contact_sudo._kh_log_people(self.env._("Activated again."))

    def _kh_log_people(self, text):
        for contact in self:
            contact._message_log(body=text, author_id=self.env.user.partner_id.id)

    def _kh_update_company(self, values):
        """Change what a dealer may change of its own card; the rest was admitted."""
        self._kh_ensure_manages()
        phone = checks.normalize(values.get("phone"))
        if phone and not checks.is_valid_phone(phone):
            raise UserError(self.env._("“%s” is not a phone number.", phone[:40]))
        email = checks.normalize(values.get("email"))
        if email and not email_normalize(email):
            raise UserError(self.env._("“%s” is not an e-mail address.", email[:80]))
        vals = {
            "phone": phone or False,
            "email": email or False,
            "kh_buyers_need_approval": bool(values.get("buyers_need_approval")),
        }
        # sudo: portal users may not write contacts; these three fields of the own company only
        dealer_sudo = self.sudo()
        dealer_sudo.write({k: v for k, v in vals.items() if (dealer_sudo[k] or False) != v})

    # === HOOKS === #
    def _kh_release_person(self):
        """Give free what this person still holds (open carts); runs as superuser."""

    def _kh_reroute_approvals(self):
        """Tell the approvers anew after somebody's rights changed; runs as superuser."""
        dealers = self.commercial_partner_id
        tasks = self.env["kh.approval.task"].search(
            [("state", "=", "open"), ("step_id.is_dealer_step", "=", True)]
        )
        requests = tasks.request_id.filtered(
            lambda request: request._get_document()._approval_dealer_partner() in dealers
        )
        requests._refresh_assigned()
        requests._sync_turns()
