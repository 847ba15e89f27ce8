from datetime import date, timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time, tagged

from .common import PricingCommon


@tagged("post_install", "-at_install")
class TestContract(PricingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.today()
        cls.staff = cls._create_staff()
        cls.flow_model = cls.env["ir.model"]._get("kh.price.contract")

    def _create_flow(self, approver):
        return self.env["kh.approval.flow"].create(
            {
                "name": "Prices",
                "model_id": self.flow_model.id,
                "step_ids": [(0, 0, {"name": "Director", "user_ids": [(6, 0, approver.ids)]})],
            }
        )

    def _active(self, **vals):
        vals.setdefault("lines", [(self.product, 80.0, 0)])
        contract = self._create_contract(**vals)
        contract.action_submit()
        return contract

    # --- life cycle

    def test_without_flow_submitting_puts_it_into_force(self):
        contract = self._create_contract(lines=[(self.product, 80.0, 0), (self.product, 75.0, 10)])
        self.assertRegex(contract.name, r"^PC\d{4}-\d+")
        self.assertEqual(contract.item_count, 2)
        contract.action_submit()
        self.assertEqual(contract.state, "active")
        self.assertFalse(any(contract.item_ids.mapped("kh_is_pending")))
        self.assertEqual(self._price(partner=self.dealer_a), 80.0)
        self.assertEqual(self._price(partner=self.dealer_a, quantity=10), 75.0)
        self.assertEqual(self._price(partner=self.dealer_b), 100.0)
        contract.action_submit()
        self.assertEqual(contract.state, "active", "a second click changes nothing")

    def test_with_flow_it_waits_for_the_approver(self):
        approver = self.staff["product_manager"]
        self._create_flow(approver)
        contract = self._create_contract(
            lines=[(self.product, 80.0, 0)], user_id=self.staff["salesperson"].id
        )
        contract = contract.with_user(self.staff["salesperson"])
        contract.action_submit()
        self.assertEqual(contract.state, "review")
        self.assertEqual(self._price(partner=self.dealer_a), 100.0)
        with self.assertRaises(UserError):
            contract.item_ids.write({"fixed_price": 1.0})
        with self.assertRaises(UserError):
            contract.action_activate()
        with self.assertRaises(UserError):
            contract.sudo().date_end = self.today
        contract.with_user(approver).action_approval_approve()
        self.assertEqual(contract.state, "active")
        self.assertEqual(self._price(partner=self.dealer_a), 80.0)

    def test_returned_contract_is_a_draft_again(self):
        approver = self.staff["product_manager"]
        self._create_flow(approver)
        contract = self._create_contract(
            lines=[(self.product, 80.0, 0)], user_id=self.staff["salesperson"].id
        ).with_user(self.staff["salesperson"])
        contract.action_submit()
        contract.with_user(approver).action_approval_return("Too cheap")
        self.assertEqual(contract.state, "draft")
        contract.item_ids.fixed_price = 85.0
        contract.action_submit()
        contract.with_user(approver).action_approval_refuse("No")
        self.assertEqual(contract.state, "draft")
        contract.action_submit()
        contract.action_approval_withdraw()
        self.assertEqual(contract.state, "draft")

    def test_refused_transitions(self):
        draft = self._create_contract(lines=[(self.product, 80.0, 0)])
        with self.assertRaises(UserError):
            draft.action_terminate()
        with self.assertRaises(UserError):
            draft.state = "active"
        with self.assertRaises(UserError):
            draft.with_context(kh_contract_transition=True).write({"state": "active"})
        empty = self._create_contract(partner=self.dealer_b)
        with self.assertRaises(UserError):
            empty.action_submit()
        draft.action_submit()
        with self.assertRaises(UserError):
            draft.unlink()
        with self.assertRaises(UserError):
            draft.date_end = self.today + timedelta(days=9)
        draft.action_terminate()
        self.assertEqual(draft.state, "terminated")
        self.assertEqual(self._price(partner=self.dealer_a), 100.0)
        draft.action_terminate()
        for step in (draft._activate, lambda: draft.item_ids.write({"fixed_price": 1})):
            with self.assertRaises(UserError):
                step()
        created = self.env["kh.price.contract"].create(
            {"partner_id": self.dealer_a.id, "pricelist_id": self.pricelist.id, "state": "active"}
        )
        self.assertEqual(created.state, "draft")

    def test_activation_takes_one_statement_for_all_lines(self):
        many = self._create_contract(
            partner=self.dealer_b,
            lines=[(self.product, 80.0 - n / 100, n) for n in range(200)],
        )
        few = self._create_contract(lines=[(self.product, 80.0, 0)])
        counts = []
        for contract in (few, many):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            contract.action_submit()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 2)

    # --- term

    def test_contract_that_ended_under_review_is_not_activated(self):
        approver = self.staff["product_manager"]
        self._create_flow(approver)
        contract = self._create_contract(
            lines=[(self.product, 80.0, 0)],
            user_id=self.staff["salesperson"].id,
            date_end=self.today + timedelta(days=1),
        ).with_user(self.staff["salesperson"])
        contract.action_submit()
        with freeze_time(self.today + timedelta(days=3)), self.assertRaises(UserError):
            contract.with_user(approver).action_approval_approve()

    def test_year_9999_means_no_end(self):
        self.company.partner_id.tz = "America/New_York"
        contract = self._active(date_end=date(9999, 12, 31))
        self.assertTrue(contract.item_ids.date_start)
        self.assertFalse(contract.item_ids.date_end)

    def test_cron_expires_archived_contracts_too(self):
        contract = self._active(date_end=self.today)
        contract.active = False
        with freeze_time(self.today + timedelta(days=3)):
            self.env["kh.price.contract"]._cron_expire()
        self.assertEqual(contract.state, "expired")

    def test_term_is_kept_by_the_lines_and_the_cron_only_names_it(self):
        self.company.partner_id.tz = "Asia/Shanghai"
        with freeze_time("2026-03-10 02:00:00"):
            contract = self._active(date_start=date(2026, 3, 1), date_end=date(2026, 3, 31))
            item = contract.item_ids
            self.assertEqual(str(item.date_start), "2026-02-28 16:00:00")
            self.assertEqual(str(item.date_end), "2026-03-31 15:59:59")
            self.env["kh.price.contract"]._cron_expire()
            self.assertEqual(contract.state, "active")
        with freeze_time("2026-03-31 16:30:00"):
            self.assertEqual(self._price(partner=self.dealer_a), 100.0)
            self.env["kh.price.contract"]._cron_expire()
            self.assertEqual(contract.state, "expired")
            with self.assertRaises(UserError):
                contract.action_terminate()

    def test_line_keeps_a_shorter_term_of_its_own(self):
        contract = self._create_contract(
            lines=[(self.product, 80.0, 0)],
            date_start=self.today,
            date_end=self.today + timedelta(days=30),
        )
        inside = fields.Datetime.now() + timedelta(days=5)
        contract.item_ids.date_end = inside
        contract.action_submit()
        self.assertEqual(contract.item_ids.date_end, inside.replace(microsecond=0))

    def test_overlap_needs_replacement(self):
        first = self._active()
        second = self._create_contract(lines=[(self.product, 70.0, 0)])
        with self.assertRaises(UserError):
            second.action_submit()
        self.assertEqual(second.state, "draft")
        second.supersedes_id = first
        second.action_submit()
        self.assertEqual((first.state, second.state), ("terminated", "active"))
        self.assertEqual(self._price(partner=self.dealer_a), 70.0)

    def test_later_replacement_shortens_the_older(self):
        first = self._active(date_start=self.today - timedelta(days=30))
        start = self.today + timedelta(days=40)
        second = self._create_contract(
            lines=[(self.product, 70.0, 0)], date_start=start, supersedes_id=first.id
        )
        second.action_submit()
        self.assertEqual((first.state, second.state), ("active", "active"))
        self.assertEqual(first.date_end, start - timedelta(days=1))
        self.assertEqual(self._price(partner=self.dealer_a), 80.0)
        later = fields.Datetime.now() + timedelta(days=45)
        self.assertEqual(self._price(partner=self.dealer_a, date=later), 70.0)

    def test_terms_one_after_the_other_do_not_overlap(self):
        self._active(date_end=self.today + timedelta(days=5))
        self._active(date_start=self.today + timedelta(days=6))
        self._active(partner=self.dealer_b)

    def test_contracts_of_two_companies_do_not_overlap(self):
        shared = self.env["product.pricelist"].create({"name": "Shared", "kh_is_b2b": True})
        shared.company_id = False
        other = self.env["res.company"].create({"name": "Other"})
        for company in (self.company, other):
            contract = self._active(pricelist_id=shared.id, company_id=company.id)
            self.assertEqual(contract.state, "active")
        with self.assertRaises(UserError):
            self._active(pricelist_id=shared.id, company_id=other.id)

    def test_activation_locks_the_dealer(self):
        version = self.dealer_a.kh_price_version
        self._active()
        self.assertEqual(self.dealer_a.kh_price_version, version + 1)

    # --- lines

    def test_lines_follow_dealer_of_a_draft(self):
        contract = self._create_contract(lines=[(self.product, 80.0, 0)])
        contract.partner_id = self.dealer_b
        self.assertEqual(contract.item_ids.kh_partner_id, self.dealer_b)
        with self.assertRaises(UserError):
            contract.item_ids.kh_partner_id = self.dealer_a

    def test_daily_change_of_a_line_has_a_history(self):
        contract = self._active()
        contract = contract.with_context(tracking_disable=False)
        contract.item_ids.fixed_price = 79.0
        self.assertIn("79", contract.message_ids[0].body)
        self.assertIn("80", contract.message_ids[0].body)
        self.assertEqual(self._price(partner=self.dealer_a), 79.0)
        self.env["product.pricelist.item"].create(
            {
                "kh_contract_id": contract.id,
                "product_id": self.product_2.id,
                "fixed_price": 33.0,
                "kh_is_pending": True,
            }
        )
        self.assertEqual(self._price(self.product_2, self.dealer_a), 33.0)
        self.assertTrue(contract.item_ids[-1].date_start)

    def test_history_tells_terms_products_and_deletions(self):
        contract = self._active(lines=[(self.product, 80.0, 0), (self.product, 75.0, 10)])
        first, second = contract.item_ids.sorted("min_quantity")
        known = contract.message_ids
        first.product_id = self.product_2
        self.assertIn("Breaker 6A", contract.message_ids[0].body)
        self.assertIn("Breaker 10A", contract.message_ids[0].body)
        end = fields.Datetime.now() + timedelta(days=5)
        contract.item_ids.date_end = end
        self.assertEqual(contract.message_ids[0].body.count("→"), 2, "one message, two lines")
        contract.item_ids.date_end = end
        self.assertEqual(len(contract.message_ids - known), 2, "what stays is not told")
        (first | second).unlink()
        self.assertEqual(contract.message_ids[0].body.count("(deleted)"), 2)
        self.assertEqual(len(contract.message_ids - known), 3)

    def test_fixed_price_of_zero_is_refused(self):
        draft = self._create_contract(lines=[(self.product, 80.0, 0), (self.product, 0.0, 10)])
        with self.assertRaisesRegex(UserError, "Breaker 6A must be above zero"):
            draft.action_submit()
        self.assertEqual(draft.state, "draft")
        draft.item_ids.filtered("min_quantity").write(
            {"compute_price": "percentage", "percent_price": 5.0}
        )
        draft.action_submit()
        with self.assertRaises(ValidationError):
            draft.item_ids[0].write({"compute_price": "fixed", "fixed_price": 0.0})
        with self.assertRaises(ValidationError):
            self.env["product.pricelist.item"].create(
                {"kh_contract_id": draft.id, "product_id": self.product_2.id}
            )

    def test_salesperson_does_not_change_lines_in_force(self):
        contract = self._active(user_id=self.staff["salesperson"].id)
        with self.assertRaises(AccessError):
            contract.with_user(self.staff["salesperson"]).item_ids.fixed_price = 1.0

    def test_copy_is_a_draft_with_the_same_lines(self):
        contract = self._active(date_end=self.today + timedelta(days=10))
        copy = contract.copy()
        self.assertEqual(copy.state, "draft")
        self.assertNotEqual(copy.name, contract.name)
        self.assertEqual(copy.item_ids.fixed_price, 80.0)
        self.assertTrue(copy.item_ids.kh_is_pending)
        self.assertFalse(copy.item_ids.date_end)
        self.assertEqual(contract.item_count, 1)

    def test_checks_of_the_head(self):
        plain = self.env["product.pricelist"].create({"name": "Plain"})
        with self.assertRaises(ValidationError):
            self._create_contract(pricelist_id=plain.id)
        with self.assertRaises(ValidationError):
            self._create_contract(partner=self.buyer_a)
        with self.assertRaises(UserError):
            self._active(
                date_start=self.today - timedelta(days=9), date_end=self.today - timedelta(days=1)
            )

    def test_form(self):
        with Form(self.env["kh.price.contract"]) as form:
            form.partner_id = self.dealer_a
            self.assertEqual(form.pricelist_id, self.pricelist)
            with form.item_ids.new() as line:
                line.product_id = self.product
                line.fixed_price = 81.0
        contract = form.save()
        self.assertEqual(contract.item_ids.product_tmpl_id, self.product.product_tmpl_id)
        self.assertEqual(contract.item_ids.kh_partner_id, self.dealer_a)
        contract.action_submit()
        self.assertEqual(self._price(partner=self.dealer_a), 81.0)
