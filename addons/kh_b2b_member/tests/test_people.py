from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged, users

from .common import MemberCommon
from .people_common import PeopleMixin

GROUPS = {
    "buyer": {"buyer"},
    "approver": {"buyer", "approver"},
    "finance": {"finance"},
    "admin": {"buyer", "approver", "finance", "admin"},
}


@tagged("post_install", "-at_install")
class TestPeople(PeopleMixin, MemberCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_people()

    def _groups_of(self, user):
        return {
            right for right in GROUPS["admin"]
            if user.has_group(f"kh_b2b_member.group_b2b_dealer_{right}")
        }  # fmt: skip

    def _rights(self, **values):
        return {"role": "buyer", "order_limit": 0.0, "month_limit": 0.0, **values}

    # === FAMILY === #
    def test_family_is_what_child_of_finds(self):
        branch = self.env["res.partner"].create(
            {"name": "Branch", "is_company": True, "parent_id": self.buyer.partner_id.parent_id.id}
        )
        self.env["res.partner"].create([
            {"name": "Clerk of the branch", "parent_id": branch.id},
            {"name": "Left long ago", "parent_id": branch.id, "active": False},
        ])  # fmt: skip
        partners = self.env["res.partner"].with_context(active_test=False)
        for top in (branch, branch.parent_id, branch + self.env.company.partner_id):
            found = partners.search([("id", "child_of", top.ids)])
            self.assertGreater(len(found), len(top))
            self.assertCountEqual(top._kh_family_ids(), found.ids)
        self.assertFalse(partners.browse()._kh_family_ids())

    def test_invoices_name_the_company_or_the_invoice_contact(self):
        company = self.env["res.partner"].create({"name": "Huarui", "is_company": True})
        person, accounts = self.env["res.partner"].create(
            [
                {"name": "Wang Fang", "parent_id": company.id},
                {"name": "Huarui, accounts", "parent_id": company.id, "type": "invoice"},
            ]
        )
        self.assertEqual(
            (company | person).mapped(lambda p: p._kh_get_invoice_title()), ["Huarui"] * 2
        )
        company.kh_invoice_title = "Huarui Electric Ltd."
        self.assertEqual(person._kh_get_invoice_title(), "Huarui Electric Ltd.")
        self.assertEqual(accounts._kh_get_invoice_title(), "Huarui, accounts")

    # === ROLES === #
    def test_role_of_the_contact_gives_the_groups(self):
        for role, expected in GROUPS.items():
            with self.subTest(role=role):
                self.accountant.partner_id.kh_dealer_role = role
                self.assertEqual(self._groups_of(self.accountant), expected)
                self.assertTrue(self.accountant._is_portal())
                self.assertEqual(len(self.accountant.role_line_ids), 1)

    def test_roles_in_batch(self):
        contacts = (self.buyer | self.approver | self.accountant).partner_id
        contacts.write({"kh_dealer_role": "approver"})
        for user in contacts.user_ids:
            self.assertEqual(self._groups_of(user), GROUPS["approver"])

    def test_role_never_changes_staff(self):
        staff = new_test_user(self.env, "kh_staff_at_dealer", "base.group_user")
        staff.partner_id.write({"parent_id": self.dealer.id, "kh_dealer_role": "admin"})
        self.assertTrue(staff._is_internal())
        self.assertFalse(self._groups_of(staff))
        self.assertNotIn(staff, self.dealer._kh_get_administrators())

    def test_user_made_later_gets_the_role_of_the_contact(self):
        contact = self.env["res.partner"].create(
            {"name": "Later", "parent_id": self.dealer.id, "kh_dealer_role": "approver"}
        )
        user = new_test_user(self.env, "kh_later", "base.group_portal", partner_id=contact.id)
        self.assertEqual(self._groups_of(user), GROUPS["approver"])

    def test_role_does_not_move_to_another_company(self):
        self.approver.partner_id.parent_id = self.other_dealer
        self.assertFalse(self.approver.partner_id.kh_dealer_role)
        self.assertEqual(self._groups_of(self.approver), GROUPS["buyer"])

    def test_last_administrator_stays(self):
        with self.assertRaises(ValidationError):
            self.boss.partner_id.kh_dealer_role = "buyer"
        self.approver.partner_id.kh_dealer_role = "admin"
        self.boss.partner_id.kh_dealer_role = "buyer"
        self.assertEqual(self.dealer._kh_get_administrators(), self.approver)

    def test_first_person_of_an_admitted_dealer_is_administrator(self):
        application = self._admit(7)
        user = application.partner_user_id
        self.assertEqual(user.partner_id.kh_dealer_role, "admin")
        self.assertEqual(self._groups_of(user), GROUPS["admin"])
        second = self._create_person("kh_second", application.partner_id, "buyer")
        self.assertEqual(self._groups_of(second), GROUPS["buyer"])

    def test_who_of_our_staff_sets_roles(self):
        contact = self.buyer.partner_id
        self.clerk.group_ids += self.env.ref("base.group_partner_manager")
        contact.with_user(self.clerk).kh_dealer_role = "approver"
        self.assertEqual(self._groups_of(self.buyer), GROUPS["approver"])
        manager = new_test_user(
            self.env, "kh_contacts", "base.group_user,base.group_partner_manager"
        )
        for vals in ({"kh_dealer_role": "admin"}, {"kh_order_limit": 5.0}):
            with self.assertRaises(AccessError):
                contact.with_user(manager).write(vals)
        partners = self.env["res.partner"].with_user(manager)
        with self.assertRaises(AccessError):
            partners.create({"name": "X", "parent_id": self.dealer.id, "kh_dealer_role": "admin"})
        with self.assertRaises(AccessError):
            partners.with_context(default_kh_dealer_role="admin").create({"name": "X"})
        contact.with_user(manager).function = "Head of purchasing"

    # === NOTHING BY RPC === #
    def test_portal_users_write_neither_contacts_nor_users(self):
        for user in (self.boss, self.buyer, self.foreign_boss):
            env = self.env(user=user)
            contact = env["res.partner"].browse(self.buyer.partner_id.id)
            with self.subTest(user=user.login):
                for vals in ({"kh_dealer_role": "admin"}, {"name": "X"}, {"kh_order_limit": 0}):
                    with self.assertRaises(AccessError):
                        contact.write(vals)
                with self.assertRaises(AccessError):
                    env["res.users"].browse(self.approver.id).write({"active": False})
                with self.assertRaises(AccessError):
                    env["res.users"].create({"login": "x", "name": "x"})
                with self.assertRaises(AccessError):
                    contact.read(["kh_dealer_role"])
                self.assertNotIn("kh_order_limit", contact.fields_get())

    def test_address_forms_do_not_take_our_fields(self):
        writable = self.env["ir.model"]._get("res.partner")._get_form_writable_fields({})
        self.assertFalse([name for name in writable if name.startswith("kh_")])

    def test_colleagues_see_their_own_company_only(self):
        people = self._as(self.buyer).sudo()._kh_get_people()
        self.assertEqual(
            {person.user.id for person in people},
            set((self.boss | self.buyer | self.approver | self.accountant).ids),
        )
        foreign = self.env["res.partner"].with_user(self.buyer)
        self.assertFalse(foreign.search([("id", "=", self.foreign_boss.partner_id.id)]))

    # === INVITE === #
    def test_administrator_invites(self):
        mails = self.env["mail.mail"].search_count([])
        contact = self._as(self.boss)._kh_invite_colleague(self._prepare_invitation())
        user = contact.user_ids
        self.assertEqual(user.login, "new@kh-people.example.com")
        self.assertEqual(contact.commercial_partner_id, self.dealer)
        self.assertEqual(self._groups_of(user), GROUPS["buyer"])
        self.assertEqual(contact.kh_order_limit, 5000.0)
        self.assertEqual(contact.kh_limit_currency_id, self.env.company.currency_id)
        self.assertEqual(self.env["mail.mail"].search_count([]), mails + 1)
        mail = self.env["mail.mail"].search([], limit=1, order="id desc")
        self.assertIn("new@kh-people.example.com", mail.email_to)
        self.assertIn("/web/signup?", mail.body_html)
        person = next(p for p in self._as(self.boss).sudo()._kh_get_people() if p.user == user)
        self.assertEqual(person.status, "invited")

    def test_only_the_administrator_invites(self):
        for user in (self.buyer, self.approver, self.accountant, self.portal_user, self.clerk):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.dealer.with_user(user)._kh_invite_colleague(self._prepare_invitation())
        with self.assertRaises(AccessError):
            self.dealer.with_user(self.foreign_boss)._kh_invite_colleague(
                self._prepare_invitation()
            )

    def test_taken_email_is_refused_like_a_mistyped_one(self):
        archived = new_test_user(self.env, "kh_gone@kh-people.example.com", "base.group_portal")
        archived.active = False
        messages = set()
        for email in (
            "not an address",
            "KH_GONE@kh-people.example.com",
            self.clerk.login,  # no address at all
            self.foreign_boss.email,
            f"KH_{self.foreign_boss.email[3:]}",
        ):
            with self.subTest(email=email), self.assertRaises(UserError) as caught:
                self._as(self.boss)._kh_invite_colleague(self._prepare_invitation(email=email))
            messages.add(str(caught.exception))
        self.assertEqual(len(messages), 1)
        # "_" in an address stands for itself
        new_test_user(self.env, "kh.x@kh-people.example.com", "base.group_portal")
        self._as(self.boss)._kh_invite_colleague(
            self._prepare_invitation(email="kh_x@kh-people.example.com")
        )

    def test_contact_without_login_is_used(self):
        contact = self.env["res.partner"].create(
            {"name": "Known", "parent_id": self.dealer.id, "email": "new@kh-people.example.com"}
        )
        invited = self._as(self.boss)._kh_invite_colleague(self._prepare_invitation())
        self.assertEqual(invited, contact)
        self.assertEqual(contact.name, "New Colleague")

    def test_refused_values(self):
        for values in (
            {"name": " "},
            {"role": "boss"},
            {"role": ""},
            {"phone": "12"},
            {"order_limit": -1.0},
            {"month_limit": 1e15},
        ):
            with self.subTest(values=values), self.assertRaises(UserError):
                self._as(self.boss)._kh_invite_colleague(self._prepare_invitation(**values))

    def test_invitation_again_only_before_the_first_login(self):
        dealer = self._as(self.boss)
        contact = dealer._kh_invite_colleague(self._prepare_invitation())
        mails = self.env["mail.mail"].search_count([])
        dealer._kh_resend_invitation(contact)
        self.assertEqual(self.env["mail.mail"].search_count([]), mails + 1)
        self.env["res.users.log"].with_user(contact.user_ids).sudo().create({})
        with self.assertRaises(UserError):
            dealer._kh_resend_invitation(contact)

    # === CHANGE === #
    def test_administrator_changes_rights(self):
        contact = self.buyer.partner_id
        self._as(self.boss)._kh_change_colleague(
            contact, self._rights(role="approver", order_limit=800.0)
        )
        self.assertEqual(self._groups_of(self.buyer), GROUPS["approver"])
        self.assertEqual(contact.kh_order_limit, 800.0)
        self._as(self.boss)._kh_change_colleague(
            contact, self._rights(role="admin", order_limit=800.0)
        )
        self.assertEqual(contact.kh_order_limit, 0.0, "an administrator has no limit")

    def test_nobody_changes_whom_they_may_not(self):
        contact = self.buyer.partner_id
        for user in (self.buyer, self.approver, self.accountant, self.foreign_boss):
            for method, args in (
                ("_kh_change_colleague", [self._rights(role="admin")]),
                ("_kh_deactivate_colleague", []),
                ("_kh_reactivate_colleague", []),
                ("_kh_resend_invitation", []),
            ):
                with (
                    self.subTest(user=user.login, method=method),
                    self.assertRaises(AccessError),
                ):
                    getattr(self._as(user), method)(contact, *args)
        staff_contact = self.clerk.partner_id
        staff_contact.parent_id = self.dealer
        with self.assertRaises(AccessError):
            self._as(self.boss)._kh_deactivate_colleague(staff_contact)
        self.assertTrue(self.clerk.active)

    def test_nobody_edits_themselves_out(self):
        dealer, me = self._as(self.boss), self.boss.partner_id
        for call in (
            lambda: dealer._kh_change_colleague(me, self._rights(role="buyer")),
            lambda: dealer._kh_deactivate_colleague(me),
        ):
            with self.assertRaises(UserError):
                call()
        self.assertTrue(self.boss.active)

    def test_deactivation_ends_sessions_and_invitations(self):
        dealer = self._as(self.boss)
        contact = dealer._kh_invite_colleague(self._prepare_invitation())
        user = contact.user_ids
        token = contact._generate_signup_token()
        before = user._compute_session_token("kh-session")
        dealer._kh_deactivate_colleague(contact)
        self.assertFalse(user.active)
        self.env.flush_all()
        self.assertNotEqual(user._compute_session_token("kh-session"), before)
        self.assertFalse(self.env["res.partner"]._get_partner_from_token(token))
        self.assertTrue(contact.active, "orders keep their contact")
        self.assertNotIn(user, self.dealer._kh_get_people_with("buyer"))
        dealer._kh_deactivate_colleague(contact)  # again: nothing

    def test_reactivation_gives_the_role_back(self):
        dealer, contact = self._as(self.boss), self.approver.partner_id
        dealer._kh_deactivate_colleague(contact)
        self.assertFalse(self.dealer._kh_get_people_with("approver") - self.boss)
        dealer._kh_reactivate_colleague(contact)
        self.assertTrue(self.approver.active)
        self.assertEqual(self._groups_of(self.approver), GROUPS["approver"])

    def test_only_what_a_dealer_closed_is_opened_by_one(self):
        dealer, contact = self._as(self.boss), self.approver.partner_id
        self.approver.active = False  # by staff or the ERP
        with self.assertRaises(UserError):
            dealer._kh_reactivate_colleague(contact)
        self.assertFalse(self.approver.active)
        self.approver.active = True
        dealer._kh_deactivate_colleague(contact)
        self.assertTrue(self.approver.kh_is_off_by_dealer)
        contact.active = False  # staff: not this person any more
        with self.assertRaises(UserError):
            dealer._kh_reactivate_colleague(contact)
        contact.active = True
        dealer._kh_reactivate_colleague(contact)
        self.assertTrue(self.approver.active)
        self.assertFalse(self.approver.kh_is_off_by_dealer)

    def test_limits_keep_their_currency(self):
        contact, currency = self.buyer.partner_id, self.env.company.currency_id
        other = self.env["res.currency"].create({"name": "KHL", "symbol": "L"})
        contact.write({"kh_order_limit": 5.0, "kh_limit_currency_id": other.id})
        rights = self._rights(order_limit=6.0, month_limit=60.0)
        self._as(self.boss)._kh_change_colleague(contact, rights)
        self.assertEqual(contact.kh_limit_currency_id, other)
        contact.kh_month_limit = 70.0
        self.assertEqual(contact.kh_limit_currency_id, other)
        person = next(
            p for p in self._as(self.boss).sudo()._kh_get_people() if p.contact == contact
        )
        self.assertEqual(person.currency, other)
        # without any limit it starts anew
        self._as(self.boss)._kh_change_colleague(contact, self._rights())
        (contact | self.approver.partner_id).write({"kh_order_limit": 9.0})
        self.assertEqual((contact | self.approver.partner_id).kh_limit_currency_id, currency)

    def test_company_data(self):
        self._as(self.boss)._kh_update_company(
            {"phone": "0571-88881111", "email": "a@b.example.com", "buyers_need_approval": "1",
             "name": "Renamed", "vat": "1", "grade_id": 1}
        )  # fmt: skip
        self.assertEqual(self.dealer.phone, "0571-88881111")
        self.assertTrue(self.dealer.kh_buyers_need_approval)
        self.assertEqual(self.dealer.name, "KH people Huarui")
        with self.assertRaises(UserError):
            self._as(self.boss)._kh_update_company({"phone": "12"})
        with self.assertRaises(AccessError):
            self._as(self.buyer)._kh_update_company({"phone": ""})

    # === APPROVERS, QUERIES === #
    def test_approvers_of_a_dealer(self):
        self.assertEqual(self.dealer._kh_get_people_with("approver"), self.boss | self.approver)
        self.assertEqual(self.other_dealer._kh_get_people_with("approver"), self.foreign_boss)

    @users("kh_boss")
    def test_people_cost_a_constant_number_of_queries(self):
        dealer = self.env.user.partner_id.commercial_partner_id.sudo()

        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            self.assertTrue(dealer.kh_is_dealer)  # read the card itself
            before = self.cr.sql_log_count
            list(dealer._kh_get_people())
            return self.cr.sql_log_count - before

        few = count()
        for number in range(4):
            self._create_person(f"kh_many_{number}", self.dealer, "buyer")
        self.assertLessEqual(count(), few)
