from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import MemberCommon

STAFF_GROUPS = {
    "role_salesperson": {"group_b2b_salesperson"},
    "role_supervisor": {"group_b2b_salesperson", "group_b2b_supervisor"},
    "role_director": {"group_b2b_salesperson", "group_b2b_supervisor", "group_b2b_director"},
    "role_admission_clerk": {"group_b2b_admission_clerk"},
    "role_order_clerk": {"group_b2b_order_clerk"},
    "role_aftersale": {"group_b2b_aftersale_clerk"},
    "role_finance": {"group_b2b_finance"},
    "role_product_manager": {"group_b2b_product_manager"},
}
ALL_GROUPS = set().union(*STAFF_GROUPS.values())


@tagged("post_install", "-at_install")
class TestAccessRights(MemberCommon):
    def test_each_role_gives_its_groups_and_no_others(self):
        for role, expected in STAFF_GROUPS.items():
            user = self._create_staff(f"kh_{role}", role)
            with self.subTest(role=role):
                groups = {g for g in ALL_GROUPS if user.has_group(f"kh_b2b_member.{g}")}
                self.assertEqual(groups, expected)
                self.assertTrue(user.has_group("kh_b2b_member.group_b2b_user"))
                self.assertFalse(user.has_group("kh_b2b_member.group_b2b_administrator"))

    def test_general_manager_and_it(self):
        manager = self._create_staff("kh_gm", "role_general_manager")
        self.assertTrue(manager.has_group("kh_b2b_member.group_b2b_director"))
        self.assertFalse(manager.has_group("base.group_system"))
        admin = self._create_staff("kh_it", "role_it")
        self.assertTrue(all(admin.has_group(f"kh_b2b_member.{g}") for g in ALL_GROUPS))

    def test_dealer_role_is_portal_only(self):
        user = new_test_user(self.env, "kh_dealer", "base.group_portal")
        role = self.env.ref("kh_b2b_member.role_dealer")
        user.role_line_ids = [Command.create({"role_id": role.id})]
        self.assertTrue(user._is_portal())
        self.assertFalse(user._is_internal())
        self.assertFalse(any(user.has_group(f"kh_b2b_member.{g}") for g in ALL_GROUPS))

    def test_matrix_of_applications(self):
        application = self._submit(**self._prepare_grant())
        rights = {
            self.clerk: {"read", "write", "create"},
            self.salesperson: {"read"},
            self.salesperson2: set(),
            self.director: {"read"},
            self.finance: set(),
            self.employee: set(),
            self.portal_user: set(),
        }
        for user, allowed in rights.items():
            for operation in ("read", "write", "create", "unlink"):
                with self.subTest(user=user.login, operation=operation):
                    record = application.with_user(user)
                    self.assertEqual(record.has_access(operation), operation in allowed)

    def test_workflow_is_for_clerks(self):
        application = self._submit(**self._prepare_grant())
        self._fill_required_grant(application)
        for user in (self.salesperson, self.director, self.finance, self.portal_user):
            record = application.with_user(user)
            for method in ("action_approve", "action_start_review", "action_withdraw"):
                with (
                    self.subTest(user=user.login, method=method),
                    self.assertRaises(AccessError),
                ):
                    getattr(record, method)()
        self.assertEqual(application.state, "submitted")

    def test_state_is_not_written_around_the_workflow(self):
        application = self._create_application().with_user(self.clerk)
        for vals in (
            {"state": "approved"},
            {"partner_user_id": self.clerk.id},
            {"reviewer_id": self.clerk.id},
        ):
            with self.assertRaises(AccessError):
                application.write(vals)
            with self.assertRaises(AccessError):
                application.create({**self._prepare_vals(9), **vals})
        with self.assertRaises(AccessError):
            application.with_context(default_state="approved").create(self._prepare_vals(8))

    def test_files_are_for_reviewers(self):
        application = self._submit()
        attachment = self.env["ir.attachment"].search(
            [
                ("res_model", "=", application._name),
                ("res_id", "=", application.id),
                ("res_field", "=", "license_file"),
            ]
        )
        self.assertFalse(attachment.public)
        self.assertTrue(attachment.with_user(self.clerk).datas)
        for user in (self.salesperson2, self.finance, self.employee, self.portal_user):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                attachment.with_user(user).invalidate_recordset()
                attachment.with_user(user).read(["datas"])

    def test_key_of_the_applicant_is_for_clerks(self):
        application = self._submit(**self._prepare_grant())
        self.assertTrue(application.with_user(self.clerk).access_token)
        self.assertIn("access_token=", application.with_user(self.clerk).action_preview()["url"])
        record = application.with_user(self.salesperson)
        self.assertTrue(record.name)
        self.assertNotIn("access_token", record.fields_get())
        for read in (lambda: record.read(["access_token"]), record.action_preview):
            with self.assertRaises(AccessError):
                read()
        application.with_user(self.clerk).message_post(body="a note")

    def test_dealers_are_made_by_the_admission_only(self):
        self.clerk.group_ids += self.env.ref("base.group_partner_manager")
        partners = self.env["res.partner"].with_user(self.clerk)
        vals = {"name": "Shortcut", "is_company": True}
        with self.assertRaises(AccessError):
            partners.create({**vals, "kh_is_dealer": True})
        with self.assertRaises(AccessError):
            partners.with_context(default_kh_is_dealer=True).create(vals)
        partner = partners.create({**vals, "kh_is_dealer": False})
        with self.assertRaises(AccessError):
            partner.write({"kh_is_dealer": True})
        partner.write({"name": "Renamed", "kh_is_dealer": False})
        administrator = self._create_staff("kh_it", "role_it")
        administrator.group_ids += self.env.ref("base.group_partner_manager")
        partner.with_user(administrator).kh_is_dealer = True
        self.assertTrue(partner.kh_is_dealer)

    def test_second_company(self):
        application = self._submit()
        company2 = self.env["res.company"].create({"name": "KH second company"})
        foreign = self._create_staff(
            "kh_foreign", "role_admission_clerk",
            company_id=company2.id, company_ids=[Command.set(company2.ids)],
        )  # fmt: skip
        self.assertFalse(application.with_user(foreign).has_access("read"))
        self.assertFalse(application.with_user(foreign).search_count([("id", "=", application.id)]))
        self.assertNotIn(foreign, application.kh_approval_request_id._get_deciders())

    def test_matrix_of_sales_areas(self):
        self.assertTrue(self.area.with_user(self.employee).has_access("read"))
        self.assertTrue(self.area.with_user(self.director).has_access("write"))
        for user in (self.salesperson, self.clerk, self.finance):
            self.assertFalse(self.area.with_user(user).has_access("write"))
        self.assertFalse(self.area.with_user(self.portal_user).has_access("read"))
