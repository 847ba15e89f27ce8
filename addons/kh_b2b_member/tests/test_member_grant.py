import base64

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from ..models.member_grant import GrantSource
from .common import MemberCommon, make_image


@tagged("post_install", "-at_install")
class TestMemberGrant(MemberCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.silver = cls.env["res.partner.grade"].create({"name": "T silver", "company_id": False})
        cls.provider = cls.env["payment.provider"].create({"name": "T", "code": "none"})
        cls.method, cls.other_method = cls.env["payment.method"].create(
            [
                {
                    "name": f"T way {number}", "code": f"kh_t_way_{number}",
                    "image": base64.b64encode(make_image()),
                    "provider_ids": [Command.set(cls.provider.ids)],
                }
                for number in (1, 2)
            ]
        )  # fmt: skip
        cls.salesperson.group_ids += cls.env.ref("base.group_partner_manager")
        cls.director.group_ids += cls.env.ref("base.group_partner_manager")
        cls.dealer, cls.dealer2 = cls.env["res.partner"].create(
            [
                {
                    "name": f"T dealer {number}", "is_company": True, "kh_is_dealer": True,
                    "grade_id": cls.grade.id, "user_id": cls.salesperson.id,
                }
                for number in (1, 2)
            ]
        )  # fmt: skip

    def _get_rows(self, partner=None, **values):
        domain = [("partner_id", "=", (partner or self.dealer).id)]
        domain += [(name, "=", value) for name, value in values.items()]
        return self.env["kh.member.grant"].search(domain)

    # --- the admission
    def test_approval_grants_all_at_once_and_says_who(self):
        application = self._submit()
        application.with_user(self.clerk).write(
            self._prepare_grant(
                payment_method_ids=[Command.set(self.method.ids)],
                credit_granted_amount=50000,
                credit_note="30 days",
            )
        )
        self._fill_required_grant(application)
        application.with_user(self.clerk).action_approve()
        dealer = application.partner_id
        self.assertEqual(dealer.kh_payment_method_ids, self.method)
        rows = application.kh_grant_ids
        self.assertEqual(rows.user_id, self.clerk)
        self.assertEqual(set(rows.mapped("source")), {"admission"})
        self.assertEqual(rows.partner_id, dealer)
        self.assertEqual(rows.company_id, application.company_id)
        granted = {row.what: row.new_value for row in rows}
        self.assertEqual(granted["grade_id"], self.grade.display_name)
        self.assertEqual(granted["user_id"], self.salesperson.name)
        self.assertEqual(granted["kh_sales_area_ids"], self.area.display_name)
        self.assertEqual(granted["kh_payment_method_ids"], self.method.display_name)
        self.assertIn("50,000", granted["credit"])
        # one row for each, also where the card was written several times
        self.assertEqual(len(rows), len(set(rows.mapped("what"))))

    def test_bulk_admission_logs_each_dealer(self):
        applications = self._submit(1) | self._submit(2)
        applications.with_user(self.clerk).write(self._prepare_grant())
        for application in applications:
            self._fill_required_grant(application)
        applications.with_user(self.clerk).action_approve()
        for application in applications:
            self.assertEqual(application.kh_grant_ids.partner_id, application.partner_id)
            self.assertIn("grade_id", application.kh_grant_ids.mapped("what"))

    def test_existing_customer_fills_the_page(self):
        self.dealer.kh_payment_method_ids = self.method
        application = self.env["kh.member.application"].new({"partner_id": self.dealer.id})
        application._onchange_partner_id()
        self.assertEqual(application.grade_id, self.grade)
        self.assertEqual(application.payment_method_ids._origin, self.method)

    # --- later changes
    def test_later_changes_are_logged_with_before_and_after(self):
        self.dealer.with_user(self.director).write(
            {"grade_id": self.silver.id, "kh_sales_area_ids": [Command.link(self.area.id)]}
        )
        row = self._get_rows(what="grade_id")[0]
        self.assertEqual(
            (row.old_value, row.new_value, row.user_id, row.source),
            (self.grade.display_name, "T silver", self.director, "manual"),
        )
        self.assertFalse(self._get_rows(what="kh_sales_area_ids").old_value)
        self.assertFalse(self._get_rows(self.dealer2, what="kh_sales_area_ids"))

    def test_contacts_of_dealers_are_watched_too(self):
        contact = self.env["res.partner"].create({"name": "T contact", "parent_id": self.dealer.id})
        self.env["product.pricelist"].create({"name": "T default", "sequence": 0})
        pricelist = self.env["product.pricelist"].create({"name": "T cheap", "sequence": 9})
        for vals in (
            {"specific_property_product_pricelist": pricelist.id},
            {"property_product_pricelist": pricelist.id},
            {"grade_id": self.silver.id},
        ):
            with self.subTest(vals=vals), self.assertRaises(AccessError), self.env.cr.savepoint():
                contact.with_user(self.salesperson).write(vals)
        contact.with_user(self.salesperson).name = "T renamed"
        contact.with_user(self.director).specific_property_product_pricelist = pricelist
        self.assertEqual(self._get_rows(contact).new_value, pricelist.display_name)
        # what a contact takes over from its company is logged there alone
        self.dealer.grade_id = self.silver
        self.assertEqual(len(self._get_rows(what="grade_id")), 2)
        self.assertEqual(len(self._get_rows(contact)), 1)

    def test_card_made_by_mistake_is_deleted_and_stays_in_the_log(self):
        rows = self._get_rows(self.dealer2)
        self.assertEqual(set(rows.mapped("partner_name")), {"T dealer 2"})
        self.dealer2.unlink()
        self.env.invalidate_all()
        self.assertTrue(rows.exists())
        self.assertFalse(rows.partner_id)
        self.assertEqual(set(rows.mapped("partner_name")), {"T dealer 2"})

    def test_unchanged_values_are_not_logged(self):
        before = self._get_rows()
        self.dealer.write({"grade_id": self.grade.id, "name": "Other name"})
        self.assertEqual(self._get_rows(), before)

    def test_pricelist_of_the_level_is_logged_once(self):
        self.silver.default_pricelist_id = self.env["product.pricelist"].create({"name": "T list"})
        self.dealer.grade_id = self.silver
        row = self._get_rows(what="specific_property_product_pricelist")
        self.assertEqual(row.mapped("new_value"), [self.silver.default_pricelist_id.display_name])

    def test_pricelist_by_the_form_field_is_logged_once(self):
        self.env["product.pricelist"].create({"name": "T default", "sequence": 0})
        pricelist = self.env["product.pricelist"].create({"name": "T list", "sequence": 9})
        self.dealer.write(
            {"property_product_pricelist": pricelist.id, "kh_sales_area_ids": self.area.ids}
        )
        self.assertEqual(len(self._get_rows(what="specific_property_product_pricelist")), 1)

    def test_customers_are_not_logged(self):
        partner = self.env["res.partner"].create({"name": "T", "grade_id": self.grade.id})
        partner.with_user(self.salesperson).grade_id = self.silver
        self.assertFalse(self._get_rows(partner))

    # --- the right
    def test_salesperson_may_not_change_entitlements(self):
        pricelist = self.env["product.pricelist"].create({"name": "T list"})
        values = {
            "grade_id": self.silver.id,
            "kh_sales_area_ids": [Command.link(self.area.id)],
            "user_id": self.salesperson2.id,
            "kh_payment_method_ids": [Command.link(self.method.id)],
            "specific_property_product_pricelist": pricelist.id,
            "kh_member_type": "vip",
            "kh_grade_locked": True,
            "parent_id": self.dealer2.id,
        }
        record = self.dealer.with_user(self.salesperson)
        for name, value in values.items():
            with (
                self.subTest(field=name),
                self.assertRaises(AccessError),
                self.env.cr.savepoint(),
            ):
                record.write({name: value})
        # neither through the level's own card, nor by a key of the context
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            record.with_context(kh_entitlement_watch=[record.id], kh_grant_source="rule").write(
                {"grade_id": self.silver.id}
            )
        record.write({"phone": "0571 88888888", "grade_id": self.grade.id})
        self.assertEqual(self.dealer.grade_id, self.grade)

    def test_who_may_change_them(self):
        for user in (self.director, self.clerk):
            record = self.dealer.with_user(user)
            record.kh_sales_area_ids = [Command.link(self.area.id)]
            record.kh_sales_area_ids = [Command.clear()]
        self.assertEqual(len(self._get_rows(what="kh_sales_area_ids")), 4)

    def test_source_is_not_taken_from_a_caller(self):
        self.dealer.with_context(kh_grant_source="admission").grade_id = self.silver
        self.assertEqual(self._get_rows(what="grade_id")[0].source, "manual")
        self.dealer._kh_with_grant_source("sync", {self.dealer.id: "run 7"}).grade_id = self.grade
        row = self._get_rows(what="grade_id")[0]
        self.assertEqual((row.source, row.reason), ("sync", "run 7"))
        self.assertIsNone(GrantSource("manual").rows)

    def test_bought_level_is_applied_by_any_seller(self):
        product = self.env["product.product"].create(
            {
                "name": "T membership", "type": "service", "service_tracking": "partnership",
                "grade_id": self.silver.id,
            }
        )  # fmt: skip
        order = self.env["sale.order"].create(
            {
                "partner_id": self.dealer.id,
                "user_id": self.salesperson.id,
                "order_line": [Command.create({"product_id": product.id})],
            }
        )
        order.with_user(self.salesperson)._add_partnership()
        self.assertEqual(self.dealer.grade_id, self.silver)
        row = self._get_rows(what="grade_id")[0]
        self.assertEqual((row.source, row.reason), ("order", order.name))
        self.assertEqual(row.user_id, self.salesperson)

    # --- the log itself
    def test_log_is_only_added_to(self):
        row = self._get_rows()[0]
        administrator = self._create_staff("kh_it", "role_it")
        for user in (administrator, self.director, self.clerk, self.salesperson, self.env.user):
            record = row.with_user(user)
            for call in (lambda r=record: r.write({"new_value": "x"}), record.unlink):
                with self.subTest(user=user.login), self.assertRaises(AccessError):
                    call()
        with self.assertRaises(AccessError):
            row.sudo().write({"new_value": "x"})
        with self.assertRaises(AccessError):
            row.sudo().unlink()
        vals = {"partner_id": self.dealer.id, "company_id": self.company.id, "what": "grade_id"}
        for user in (administrator, self.director, self.salesperson):
            with self.assertRaises(AccessError):
                row.with_user(user).create(vals)

    def test_who_reads_the_log(self):
        row = self._get_rows()[0]
        for user, may in (
            (self.salesperson, True),
            (self.salesperson2, False),
            (self.director, True),
            (self.clerk, True),
            (self.finance, False),
            (self.employee, False),
            (self.portal_user, False),
        ):
            with self.subTest(user=user.login):
                self.assertEqual(row.with_user(user).has_access("read"), may)
        company2 = self.env["res.company"].create({"name": "KH second company"})
        foreign = self._create_staff(
            "kh_foreign", "role_director",
            company_id=company2.id, company_ids=[Command.set(company2.ids)],
        )  # fmt: skip
        self.assertFalse(row.with_user(foreign).has_access("read"))

    def test_log_of_the_dealer(self):
        action = self.dealer.with_user(self.director).action_open_kh_grants()
        rows = self.env["kh.member.grant"].search(action["domain"])
        self.assertEqual(rows, self._get_rows())
        self.assertEqual(self.dealer.kh_grant_count, len(rows))

    def test_cost_of_ordinary_writes(self):
        """Neutral: partners who are no dealers cost at most one query more."""
        partners = self.env["res.partner"].create([{"name": f"T {i}"} for i in range(50)])
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(1):
            self.assertFalse(partners._kh_get_watched({"user_id": self.salesperson.id}))
        with self.assertQueryCount(0):
            self.assertFalse(partners._kh_get_watched({"name": "x"}))

    # --- ways to pay
    def _get_methods(self, partner):
        return self.env["payment.method"]._get_compatible_payment_methods(
            self.provider.ids, partner.id
        )

    def test_only_granted_ways_to_pay_are_offered(self):
        contact = self.env["res.partner"].create({"name": "Buyer", "parent_id": self.dealer.id})
        self.assertEqual(self._get_methods(self.dealer), self.method | self.other_method)
        self.dealer.kh_payment_method_ids = self.method
        for payer in (self.dealer, contact):
            self.assertEqual(self._get_methods(payer), self.method)
        self.assertEqual(self._get_methods(self.dealer2), self.method | self.other_method)

    def test_archived_way_to_pay_does_not_open_the_others(self):
        self.dealer.kh_payment_method_ids = self.method
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_method SET active = FALSE WHERE id = %s", [self.method.id]
        )
        self.env.invalidate_all()
        self.assertFalse(self._get_methods(self.dealer) & self.other_method)

    def _prepare_transaction(self, method, operation="online_redirect"):
        return {
            "provider_id": self.provider.id, "payment_method_id": method.id, "amount": 1,
            "currency_id": self.company.currency_id.id, "partner_id": self.dealer.id,
            "reference": f"KH-T-{method.id}-{operation}", "operation": operation,
        }  # fmt: skip

    def test_other_ways_to_pay_are_refused_by_the_server(self):
        create = self.env["payment.transaction"].create
        self.dealer.kh_payment_method_ids = self.method
        create(self._prepare_transaction(self.method))
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            create(self._prepare_transaction(self.other_method))
        # what staff book by hand is theirs
        create(self._prepare_transaction(self.other_method, "offline"))
