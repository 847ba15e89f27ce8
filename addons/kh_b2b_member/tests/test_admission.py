from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common import MemberCommon


@tagged("post_install", "-at_install")
class TestAdmission(MemberCommon):
    def test_grant_must_be_complete(self):
        application = self._submit()
        missing = application._check_admission_complete()
        self.assertGreaterEqual(len(missing), 3)
        with self.assertRaisesRegex(UserError, "Salesperson"):
            application.with_user(self.clerk).action_approve()
        # nor through the list of approvals
        request = application.kh_approval_request_id.with_user(self.clerk)
        with self.assertRaises(UserError):
            request.action_approve()
        self.assertFalse(application.partner_id)

    def test_approval_makes_a_dealer(self):
        application = self._admit()
        dealer = application.partner_id
        self.assertTrue(dealer.kh_is_dealer and dealer.is_company)
        self.assertEqual(dealer.vat, application.vat)
        self.assertEqual(dealer.grade_id, self.grade)
        self.assertEqual(dealer.user_id, self.salesperson)
        self.assertEqual(dealer.kh_sales_area_ids, self.area)
        self.assertEqual(dealer.state_id, self.province)
        self.assertEqual(dealer.kh_invoice_title, application.name)
        self.assertEqual(dealer.bank_ids.sanitized_acc_number, application.bank_account)
        self.assertEqual(dealer.bank_ids.bank_id.name, application.bank_name)
        self.assertEqual(dealer.child_ids.name, "Manager 1")

    def test_manager_gets_an_account_and_an_invitation(self):
        application = self._admit()
        user = application.partner_user_id
        self.assertEqual(user.login, application.manager_email)
        self.assertEqual(user.partner_id.parent_id, application.partner_id)
        self.assertTrue(user._is_portal())
        self.assertTrue(user.has_group("kh_b2b_member.group_b2b_dealer"))
        self.assertTrue(user.has_group("kh_b2b_member.group_b2b_dealer_buyer"))
        mail = self.env["mail.mail"].search(
            [("email_to", "=", user.login)], order="id desc", limit=1
        )
        self.assertIn("/web/signup?", mail.body_html)
        self.assertIn("token=", mail.body_html)

    def _add_step(self, role):
        return self.env["kh.approval.step"].create(
            {
                "flow_id": self.flow.id,
                "name": "Second look",
                "sequence": 90,
                "role_ids": [Command.set(self.env.ref(f"kh_b2b_member.{role}").ids)],
            }
        )

    def test_what_was_approved_is_what_is_granted(self):
        """The clerk fills in and approves, the director approves just that."""
        self._add_step("role_director")
        application = self._submit()
        vals = self._prepare_grant()
        application.with_user(self.clerk).write(vals)
        self._fill_required_grant(application)
        application.with_user(self.clerk).action_approve()
        self.assertEqual(application.state, "review")
        other = self.env["res.partner.grade"].create({"name": "T other", "company_id": False})
        for user in (self.clerk, self.clerk2):
            for change in ({"grade_id": other.id}, {"credit_granted_amount": 1e6}):
                with (
                    self.subTest(user=user.login, change=change),
                    self.assertRaisesRegex(UserError, "correction"),
                ):
                    application.with_user(user).write(change)
        application.kh_approval_request_id.with_user(self.director)._decide("approve")
        self.assertEqual(application.partner_id.grade_id, self.grade)
        self.assertEqual(application.state, "approved")

    def test_returned_applications_are_granted_anew(self):
        self._add_step("role_director")
        application = self._submit(**self._prepare_grant())
        self._fill_required_grant(application)
        application.with_user(self.clerk).action_approve()
        application.with_user(self.director).action_return("Wrong level")
        application.with_user(self.clerk).write({"credit_granted_amount": 5.0})
        application.action_submit()
        application.with_user(self.clerk2).write({"credit_granted_amount": 6.0})
        self.assertEqual(application.credit_granted_amount, 6.0)

    def test_grant_is_filled_in_by_whose_turn_it_is(self):
        self.flow.step_ids.role_ids = self.env.ref("kh_b2b_member.role_director")
        application = self._submit()
        with self.assertRaises(AccessError):
            application.with_user(self.clerk).write({"grade_id": self.grade.id})
        self.assertFalse(application.grade_id)

    def test_step_of_finance(self):
        """Whoever a step names reads what they decide, then and after, and nothing else."""
        self._add_step("role_finance")
        application = self._submit(**self._prepare_grant())
        other = self._submit(2)
        self._fill_required_grant(application)
        record = application.with_user(self.finance)
        self.assertFalse(record.has_access("read"))
        application.with_user(self.clerk).action_approve()
        self.assertTrue(record.has_access("read"))
        self.assertFalse(record.has_access("write"))
        found = self.env["kh.member.application"].with_user(self.finance).search([])
        self.assertEqual(found, record)
        self.assertFalse(other.with_user(self.finance).has_access("read"))
        record.read(["name", "state", "grade_id"])
        record.action_approve()
        self.assertEqual(application.state, "approved")
        self.env.invalidate_all()
        self.assertTrue(record.has_access("read"))
        self.assertFalse(application.with_user(self.order_clerk()).has_access("read"))

    def order_clerk(self):
        return self._create_staff("kh_adm_order", "role_order_clerk")

    def test_mail_in_the_language_of_the_applicant(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env["ir.module.module"].search([("name", "=", "kh_b2b_member")])._update_translations(
            ["zh_CN"]
        )
        application = self._admit(lang="zh_CN")
        self.assertEqual(application.partner_user_id.lang, "zh_CN")
        mails = self.env["mail.mail"].search([("email_to", "=", application.manager_email)])
        self.assertEqual(len(mails), 2)
        for mail in mails:
            self.assertRegex(mail.subject, "[\u4e00-\u9fff]")

    def test_existing_customer_is_admitted(self):
        customer = self.env["res.partner"].create(
            {"name": "Old name", "is_company": True, "website": "https://kh-test.example.com"}
        )
        application = self._submit()
        application.with_user(self.clerk).write(self._prepare_grant(partner_id=customer.id))
        self._fill_required_grant(application)
        application.with_user(self.clerk).action_approve()
        self.assertEqual(application.partner_id, customer)
        self.assertTrue(customer.kh_is_dealer)
        self.assertEqual(customer.name, "Test dealer 1")
        self.assertEqual(customer.website, "https://kh-test.example.com")

    def test_login_of_a_stranger_is_not_taken_over(self):
        application = self._submit(1)
        application.with_user(self.clerk).write(self._prepare_grant())
        self._fill_required_grant(application)
        self.portal_user.login = application.manager_email
        with self.assertRaises(UserError), self.env.cr.savepoint():
            application.with_user(self.clerk).action_approve()
        self.assertEqual(application.state, "submitted")

    def test_approving_twice_admits_once(self):
        application = self._admit()
        dealer, user = application.partner_id, application.partner_user_id
        with self.assertRaises(UserError):
            application.with_user(self.clerk2).action_approve()
        self.assertEqual((application.partner_id, application.partner_user_id), (dealer, user))
        self.assertEqual(len(dealer.child_ids), 1)

    def test_defaults_of_the_reviewer_reach_nobody(self):
        it_role = self.env.ref("kh_b2b_member.role_it")
        attack = {"default_role_line_ids": [Command.create({"role_id": it_role.id})]}
        for number, has_flow in enumerate((True, False), 1):
            self.flow.active = has_flow
            application = self._submit(number, **self._prepare_grant())
            self._fill_required_grant(application)
            application.with_user(self.clerk).with_context(**attack).action_approve()
            user = application.partner_user_id
            with self.subTest(has_flow=has_flow):
                self.assertNotIn(it_role, user.role_line_ids.role_id)
                self.assertTrue(user.has_group("kh_b2b_member.group_b2b_dealer_buyer"))
                self.assertTrue(user._is_portal())

    def test_only_customers_are_admitted(self):
        application = self._submit().with_user(self.clerk)
        create = self.env["res.partner"].create
        customer = create({"name": "Customer", "is_company": True})
        contact = create({"name": "Contact", "parent_id": customer.id})
        staff = self.employee.partner_id
        for partner in (staff, contact, self.company.partner_id, self.env.user.partner_id):
            with self.subTest(partner=partner.name), self.assertRaises(ValidationError):
                application.partner_id = partner
        for partner in (customer, self.portal_user.partner_id):
            application.partner_id = partner
            self.assertEqual(application.partner_id, partner)

    def test_customer_of_another_company_is_not_admitted(self):
        company2 = self.env["res.company"].create({"name": "KH second company"})
        foreign = self.env["res.partner"].create(
            {"name": "Foreign", "is_company": True, "company_id": company2.id}
        )
        with self.assertRaises(UserError):
            self._submit().partner_id = foreign

    def test_links_of_the_applicant_are_not_in_the_chatter(self):
        application = self._admit()
        self.assertEqual(
            self.env["mail.mail"].search_count([("email_to", "=", application.manager_email)]), 2
        )
        messages = self.env["mail.message"].search(
            [("model", "=", application._name), ("res_id", "=", application.id)]
        )
        self.assertTrue(messages)
        self.assertFalse(messages.filtered(lambda m: "token=" in (m.body or "")))

    def test_archived_account_is_brought_back(self):
        first = self._admit(1)
        user, dealer = first.partner_user_id, first.partner_id
        user.role_line_ids.write({"date_from": "2020-01-01", "date_to": "2020-12-31"})
        user.set_groups_from_roles()
        user.action_archive()
        grant = self._prepare_grant(partner_id=dealer.id)
        second = self._submit(2, manager_email=user.login, **grant)
        self._fill_required_grant(second)
        second.with_user(self.clerk).action_approve()
        self.assertEqual(second.partner_user_id, user)
        self.assertTrue(user.active)
        self.assertIn(True, user.role_line_ids.mapped("is_enabled"))
        self.assertTrue(user.has_group("kh_b2b_member.group_b2b_dealer_buyer"))

    def test_bulk_approval(self):
        applications = self.env["kh.member.application"]
        for number in range(1, 4):
            applications |= self._submit(number)
        applications.with_user(self.clerk).write(self._prepare_grant())
        for application in applications:
            self._fill_required_grant(application)
        applications.kh_approval_request_id.with_user(self.clerk).action_approve()
        self.assertEqual(set(applications.mapped("state")), {"approved"})
        self.assertEqual(len(applications.partner_id), 3)
        # one bank, not three
        self.assertEqual(len(applications.partner_id.bank_ids.bank_id), 1)

    def test_later_changes_are_tracked(self):
        dealer = self._admit().partner_id
        self.env.flush_all()
        self.cr.precommit.run()
        before = dealer.message_ids
        grade = self.env["res.partner.grade"].create({"name": "Test silver", "company_id": False})
        area = self.env["kh.sales.area"].create({"name": "Test west"})
        dealer.write(
            {
                "grade_id": grade.id,
                "kh_sales_area_ids": [(6, 0, area.ids)],
                "user_id": self.salesperson2.id,
            }
        )
        self.env.flush_all()
        self.cr.precommit.run()
        tracked = (dealer.message_ids - before).sudo().tracking_value_ids.field_id.mapped("name")
        self.assertEqual(set(tracked) & {"grade_id", "kh_sales_area_ids", "user_id"}, {
            "grade_id", "kh_sales_area_ids", "user_id"})  # fmt: skip

    def test_form_of_the_review(self):
        application = self._submit().with_user(self.clerk)
        with Form(application) as form:
            form.grade_id = self.grade
            form.sales_area_ids.add(self.area)
            form.salesperson_id = self.salesperson
        self.assertEqual(application.salesperson_id, self.salesperson)

    def test_role_survives_a_write_of_the_user(self):
        user = self._admit().partner_user_id
        user.write({"name": "Renamed"})
        self.assertTrue(user.has_group("kh_b2b_member.group_b2b_dealer"))
