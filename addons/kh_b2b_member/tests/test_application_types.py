from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..engine import checks
from .common import MemberCommon

IDENTITY = "E12345678"


def make_identity(serial=2):
    """Return a valid number of an identity card that belongs to nobody."""
    body = f"11010119900307{serial:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True))
    return body + "10X98765432"[total % 11]


@tagged("post_install", "-at_install")
class TestApplicationTypes(MemberCommon):
    def _create_person(self, number=1, member_type="personal", **values):
        return self._create_application(
            number,
            **{
                "member_type": member_type, "vat": False, "license_file": False,
                "license_filename": False, "bank_name": False, "bank_account": False,
                "identity_number": make_identity(), **values,
            },
        )  # fmt: skip

    def test_person_needs_an_identity_and_no_licence(self):
        application = self._create_person()
        self.assertFalse(application._get_problems())
        application.action_submit()
        nobody = self._create_person(2, identity_number=False)
        self.assertEqual(set(nobody._get_problems()), {"identity_number"})
        with self.assertRaises(UserError):
            nobody.action_submit()

    def test_vip_needs_bank_data_too(self):
        application = self._create_person(member_type="vip")
        self.assertEqual(set(application._get_problems()), {"bank_name", "bank_account"})
        application.write({"bank_name": "Bank", "bank_account": "6222 0200 0000 0000 005"})
        self.assertEqual(set(application._get_problems()), {"bank_account"})

    def test_company_needs_code_licence_and_bank(self):
        application = self._create_application(
            1, vat=False, license_file=False, license_filename=False, bank_name=False,
            bank_account=False,
        )  # fmt: skip
        self.assertEqual(
            set(application._get_problems()), {"vat", "license_file", "bank_name", "bank_account"}
        )

    def test_card_of_a_person_has_a_check_digit(self):
        good, bad = "6222021234567890123", "6222021234567890124"
        if not checks.is_valid_account(good, is_person=True):
            good, bad = next(
                (f"622202123456789012{d}", f"622202123456789012{(d + 1) % 10}")
                for d in range(10)
                if checks.is_valid_account(f"622202123456789012{d}", is_person=True)
            )
        application = self._create_person(bank_name="Bank", bank_account=bad)
        self.assertIn("bank_account", application._get_problems())
        application.bank_account = good
        self.assertFalse(application._get_problems())
        # accounts of companies have no check digit
        company = self._create_application(2, bank_account=bad)
        self.assertFalse(company._get_problems())

    def test_type_is_admitted_as_such(self):
        application = self._create_person()
        application.write(self._prepare_grant())
        self._fill_required_grant(application)
        application.action_submit()
        application.with_user(self.clerk).action_approve()
        self.assertEqual(application.partner_id.kh_member_type, "personal")
        self.assertFalse(application.partner_id.bank_ids)

    def test_identity_is_for_reviewers(self):
        application = self._create_person(**self._prepare_grant())
        application.action_submit()
        number = application.identity_number
        self.assertEqual(application.with_user(self.clerk).identity_number, number)
        record = application.with_user(self.salesperson)
        self.assertTrue(record.has_access("read"))
        with self.assertRaises(AccessError):
            record.read(["identity_number"])
        self.assertNotIn(number, record.check_html)
        self.assertIn(number[-4:], record.check_html)

    def test_what_is_typed_is_completed(self):
        model = self.env["kh.member.application"].sudo()
        vals = model._prepare_applicant_vals(
            {"member_type": "personal", "name": "Wang", "vat": "x", "credit_request_amount": "10万"}
        )
        self.assertEqual(
            (vals["manager_name"], vals["vat"], vals["credit_request_amount"]),
            ("Wang", False, 100000),
        )
        vals = model._prepare_applicant_vals(
            {"member_type": "company", "name": "Co", "identity_number": IDENTITY}
        )
        self.assertFalse(vals["identity_number"])

    def test_duplicate_login_is_found(self):
        self.portal_user.write({"login": "manager7@kh-test.example.com", "email": "x@example.com"})
        application = self._create_application(7)
        self.assertTrue(application._find_duplicates()[application]["email"])
        self.assertIn("manager_email", application._get_problems())

    def test_same_phone_may_be_sent(self):
        self._admit(1)
        application = self._create_application(2, manager_phone="13800000001")
        self.assertTrue(application._find_duplicates()[application]["phone"])
        application.action_submit()
        self.assertEqual(application.state, "submitted")

    # --- review in two steps
    def _add_director_step(self):
        self.director.role_line_ids.role_id.invalidate_recordset()
        self.env["kh.approval.step"].create(
            {
                "flow_id": self.flow.id,
                "name": "Director",
                "sequence": 99,
                "role_ids": [Command.link(self.env.ref("kh_b2b_member.role_director").id)],
            }
        )

    def _submit_complete(self, number=1):
        application = self._submit(number, **self._prepare_grant())
        self._fill_required_grant(application)
        return application

    def test_clerk_then_director(self):
        self._add_director_step()
        application = self._submit_complete()
        with self.assertRaises(AccessError):
            application.with_user(self.director).action_approve()
        application.with_user(self.clerk).action_approve()
        self.assertFalse(application.partner_id)
        self.assertEqual((application.state, application.reviewer_id), ("review", self.clerk))
        with self.assertRaises(AccessError):
            application.with_user(self.clerk).action_approve()
        application.with_user(self.director).action_approve()
        self.assertEqual(application.state, "approved")
        self.assertTrue(application.partner_id.kh_is_dealer)

    def test_director_refuses_and_the_applicant_sends_again(self):
        self._add_director_step()
        application = self._submit_complete()
        application.with_user(self.clerk).action_approve()
        application.with_user(self.director).action_reject("Area is taken")
        self.assertEqual(
            (application.state, application.kh_approval_state), ("rejected", "refused")
        )
        self.assertEqual(application.decision_reason, "Area is taken")
        application.action_submit()
        self.assertEqual(application.review_history_html.count("<tr>"), 2)
        self.assertIn("Area is taken", application.review_history_html)
        # from the first step again
        with self.assertRaises(AccessError):
            application.with_user(self.director).action_approve()
        application.with_user(self.clerk).action_approve()
        application.with_user(self.director).action_approve()
        self.assertEqual(application.state, "approved")

    def test_returned_is_a_draft_again_with_the_reason(self):
        application = self._submit_complete()
        application.with_user(self.clerk).action_return("Licence unreadable")
        self.assertEqual((application.state, application.kh_approval_state), ("draft", "returned"))
        self.assertEqual(application.decision_reason, "Licence unreadable")
        application.write({"street": "Corrected"})
        application.action_submit()
        self.assertEqual(
            (application.kh_approval_state, application.decision_reason), ("pending", False)
        )

    def test_history_escapes_and_summary_is_complete(self):
        application = self._submit_complete()
        self.assertIs(application.review_history_html, False)
        application.with_user(self.clerk).action_return("<script>alert(1)</script>")
        self.assertNotIn("<script>", application.review_history_html)
        labels = dict(application.sudo()._approval_summary())
        self.assertIn(self.grade.name, labels.values())
        self.assertIn(application.vat, labels.values())
