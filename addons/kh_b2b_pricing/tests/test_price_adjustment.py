from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, freeze_time, tagged

from .common import PricingCommon


@tagged("post_install", "-at_install")
class TestPriceAdjustment(PricingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.today()
        cls.staff = cls._create_staff()
        cls.dealer_a.user_id = cls.staff["salesperson"]
        cls.contract = cls._create_contract(
            lines=[(cls.product, 80.0, 0), (cls.product, 75.0, 10), (cls.product_2, 60.0, 0)],
            user_id=cls.staff["salesperson"].id,
            date_start=cls.today - timedelta(days=30),
        )
        cls.contract.action_submit()
        cls.first, cls.ladder, cls.second = cls.contract.item_ids.sorted("id")

    def _create_flow(self, approver):
        return self.env["kh.approval.flow"].create(
            {
                "name": "Adjustments",
                "model_id": self.env["ir.model"]._get("kh.price.adjustment").id,
                "step_ids": [Command.create({"name": "Product", "user_ids": approver.ids})],
            }
        )

    def _adjust(self, lines, **vals):
        return self.env["kh.price.adjustment"].create(
            {
                "contract_id": self.contract.id,
                "reason": "Copper has become dearer",
                "line_ids": [
                    Command.create({"item_id": item.id, "new_price": price, **more})
                    for item, price, more in lines
                ],
                **vals,
            }
        )

    # --- what it does

    def test_old_price_ends_a_second_before_the_new_one(self):
        adjustment = self._adjust([(self.first, 82.0, {})])
        self.assertEqual(adjustment.line_ids.old_price, 80.0)
        self.assertEqual(self._price(partner=self.dealer_a), 80.0)
        adjustment.action_submit()
        self.assertEqual(adjustment.state, "applied")
        new = adjustment.line_ids.new_item_id
        self.assertEqual(self._price(partner=self.dealer_a), 82.0)
        self.assertEqual(self._price(partner=self.dealer_a, quantity=10), 75.0)
        self.assertEqual(self.first.fixed_price, 80.0)
        self.assertEqual(self.first.date_end + timedelta(seconds=1), new.date_start)
        self.assertTrue(self.first.kh_is_past)
        self.assertEqual(new.kh_adjustment_id, adjustment)
        self.assertEqual(self.contract.item_count, 3)
        self.assertNotIn(self.first, self.contract.item_ids)
        self.assertIn(new, self.contract.item_ids)
        yesterday = fields.Datetime.now() - timedelta(days=1)
        self.assertEqual(self._price(partner=self.dealer_a, date=yesterday), 80.0)
        adjustment.action_submit()
        self.assertEqual(len(new.kh_contract_id.item_ids), 3, "a second click changes nothing")

    def test_later_day_minimum_and_end(self):
        self.company.partner_id.tz = "Asia/Shanghai"
        start, end = self.today + timedelta(days=10), self.today + timedelta(days=20)
        adjustment = self._adjust(
            [(self.ladder, 70.0, {"min_quantity": 20, "date_end": end})], date_start=start
        )
        adjustment.action_submit()
        new = adjustment.line_ids.new_item_id
        self.assertEqual(
            str(new.date_start), f"{start - timedelta(days=1)} 16:00:00", "local midnight in UTC"
        )
        self.assertEqual(str(new.date_end), f"{end} 15:59:59")
        self.assertFalse(self.ladder.kh_is_past, "in force until then")
        later = fields.Datetime.now() + timedelta(days=15)
        for quantity, now, then in ((10, 75.0, 80.0), (20, 75.0, 70.0)):
            self.assertEqual(self._price(partner=self.dealer_a, quantity=quantity), now)
            self.assertEqual(
                self._price(partner=self.dealer_a, quantity=quantity, date=later), then
            )
        after = fields.Datetime.now() + timedelta(days=25)
        self.assertEqual(
            [self._price(partner=self.dealer_a, quantity=q, date=after) for q in (10, 20)],
            [75.0, 75.0],
            "then the former price holds again",
        )
        with freeze_time(start + timedelta(days=1)):
            self.env["kh.price.contract"]._cron_expire()
        self.assertTrue(self.ladder.kh_is_past)

    def test_statements_do_not_grow_with_lines(self):
        contract = self._create_contract(
            partner=self.dealer_b,
            lines=[(self.product, 90.0 - n / 100, n) for n in range(60)],
            date_start=self.today - timedelta(days=3),
        )
        contract.action_submit()
        items = contract.item_ids.sorted("id")
        counts = []
        for chosen in (items[:1], items[1:51]):
            adjustment = self._adjust(
                [(item, 50.0, {}) for item in chosen], contract_id=contract.id
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            adjustment.action_submit()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 3)

    # --- its own approval

    def test_refused_returned_withdrawn_change_nothing(self):
        approver = self.staff["product_manager"]
        self._create_flow(approver)
        sales = self.staff["salesperson"]
        adjustment = self._adjust([(self.first, 70.0, {})]).with_user(sales)
        adjustment.sudo().write({"user_id": sales.id})
        for step, state in (
            (lambda a: a.with_user(approver).action_approval_return("Why?"), "draft"),
            (lambda a: a.action_approval_withdraw(), "draft"),
            (lambda a: a.with_user(approver).action_approval_refuse("No"), "refused"),
        ):
            adjustment.action_submit()
            self.assertEqual(adjustment.state, "review")
            with self.assertRaises(UserError):
                adjustment.line_ids.new_price = 1.0
            with self.assertRaises(UserError):
                adjustment.reason = "x"
            with self.assertRaises(UserError):
                adjustment.line_ids.unlink()
            step(adjustment)
            self.assertEqual(adjustment.state, state)
            self.assertEqual(self._price(partner=self.dealer_a), 80.0)
            self.assertFalse(self.first.kh_is_past)
        adjustment.action_draft()
        adjustment.action_submit()
        adjustment.with_user(approver).action_approval_approve()
        self.assertEqual(adjustment.state, "applied")
        self.assertEqual(self._price(partner=self.dealer_a), 70.0)
        self.assertEqual(adjustment.line_ids.new_item_id.kh_changed_uid, sales)

    def test_asking_for_approval_needs_submission(self):
        self._create_flow(self.staff["product_manager"])
        adjustment = self._adjust([(self.first, 70.0, {})])
        with self.assertRaises(UserError):
            adjustment.action_request_approval()
        contract = self._create_contract(partner=self.dealer_b, lines=[(self.product, 1.0, 0)])
        with self.assertRaises(UserError):
            contract.action_request_approval()

    def test_refused_moves(self):
        adjustment = self._adjust([(self.first, 82.0, {})])
        with self.assertRaises(UserError):
            adjustment.state = "applied"
        with self.assertRaises(UserError):
            adjustment._apply()
        adjustment.action_cancel()
        with self.assertRaises(UserError):
            adjustment.line_ids.new_price = 3.0
        adjustment.action_draft()
        adjustment.action_submit()
        for step in (adjustment.action_cancel, adjustment.action_draft, adjustment.unlink):
            with self.assertRaises(UserError):
                step()
        created = self.env["kh.price.adjustment"].create(
            {"contract_id": self.contract.id, "reason": "x", "state": "applied"}
        )
        self.assertEqual(created.state, "draft")
        with self.assertRaises(UserError):
            created.action_submit()

    def test_what_cannot_be_adjusted(self):
        with self.assertRaises(UserError):
            self._adjust([(self.first, 80.0, {})]).action_submit()
        with self.assertRaises(ValidationError):
            other = self._create_contract(partner=self.dealer_b, lines=[(self.product, 9.0, 0)])
            self._adjust([(other.item_ids, 8.0, {})])
        ended = self._adjust([(self.second, 61.0, {"date_end": self.today - timedelta(days=9)})])
        with self.assertRaisesRegex(UserError, "ends before"):
            ended.action_submit()
        stale = self._adjust([(self.second, 59.0, {})])
        self._adjust([(self.second, 58.0, {})]).action_submit()
        with self.assertRaises(UserError):
            stale.action_submit()
        self.assertEqual(self._price(self.product_2, self.dealer_a), 58.0)
        self.contract.action_terminate()
        with self.assertRaisesRegex(UserError, "not in force"):
            self._adjust([(self.first, 70.0, {})]).action_submit()

    def test_two_under_review_for_one_line(self):
        self._create_flow(self.staff["product_manager"])
        self._adjust([(self.first, 70.0, {})]).action_submit()
        with self.assertRaisesRegex(UserError, "under review already"):
            self._adjust([(self.first, 71.0, {})]).action_submit()

    def test_price_that_changed_meanwhile(self):
        approver = self.staff["product_manager"]
        self._create_flow(approver)
        adjustment = self._adjust([(self.first, 70.0, {})])
        adjustment.action_submit()
        self.first.fixed_price = 79.0
        with self.assertRaisesRegex(UserError, "changed meanwhile"):
            adjustment.with_user(approver).action_approval_approve()
        self.assertEqual(self._price(partner=self.dealer_a), 79.0)

    # --- who may

    def test_access_matrix(self):
        values = {
            "contract_id": self.contract.id,
            "reason": "x",
            "line_ids": [Command.create({"item_id": self.first.id, "new_price": 70.0})],
        }
        for role, allowed in (
            ("salesperson", True),
            ("supervisor", True),
            ("product_manager", True),
            ("order_clerk", False),
        ):
            adjustments = self.env["kh.price.adjustment"].with_user(self.staff[role])
            if allowed:
                adjustment = adjustments.create(dict(values))
                self.assertEqual(adjustment.user_id, self.staff[role])
                adjustment.reason = "better"
                continue
            with self.assertRaises(AccessError):
                adjustments.create(dict(values))
            self.assertTrue(adjustments.search([]), "reads")
            with self.assertRaises(AccessError):
                self.contract.with_user(self.staff[role]).action_adjust()

    def test_salesperson_proposes_but_does_not_decide(self):
        sales = self.staff["salesperson"]
        adjustment = self._adjust([(self.first, 70.0, {})]).with_user(sales)
        with self.assertRaises(AccessError):
            adjustment.action_submit()
        self.assertEqual(self._price(partner=self.dealer_a), 80.0)
        foreign = self._create_contract(
            partner=self.dealer_b, lines=[(self.product, 9.0, 0)], user_id=self.env.user.id
        )
        foreign.action_submit()
        with self.assertRaises(AccessError):
            self.env["kh.price.adjustment"].with_user(sales).create(
                {"contract_id": foreign.id, "reason": "x"}
            )
        with self.assertRaises(AccessError):
            foreign.with_user(sales).action_adjust()

    def test_dealer_sees_nothing(self):
        adjustment = self._adjust([(self.first, 70.0, {})])
        portal = self._create_portal_user(self.dealer_a, "kh_adjust_a")
        for name in ("kh.price.adjustment", "kh.price.adjustment.line", "kh.price.history"):
            with self.assertRaises(AccessError):
                self.env[name].with_user(portal).search([])
        for method in ("action_submit", "action_cancel", "action_draft"):
            with self.assertRaises(AccessError):
                getattr(adjustment.with_user(portal), method)()
        with self.assertRaises(AccessError):
            self.first.with_user(portal).action_kh_adjust()

    def test_second_company(self):
        adjustment = self._adjust([(self.first, 70.0, {})])
        other = self.env["res.company"].create({"name": "Other"})
        user = self.staff["product_manager"]
        user.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        for record in (adjustment, adjustment.line_ids):
            with self.assertRaises(AccessError):
                record.with_user(user).with_company(other).read(["company_id"])
        history = self.env["kh.price.history"].with_user(user).with_company(other)
        self.assertFalse(history.search([("partner_id", "=", self.dealer_a.id)]))

    def test_form_from_lines(self):
        action = (self.first | self.second).action_kh_adjust()
        with Form(self.env["kh.price.adjustment"].with_context(**action["context"])) as form:
            form.reason = "Both"
            with form.line_ids.edit(0) as line:
                self.assertEqual(line.old_price, 80.0)
                self.assertEqual(line.new_price, 80.0)
                line.new_price = 81.0
                self.assertAlmostEqual(line.change_rate, 0.0125)
        adjustment = form.save()
        self.assertEqual(adjustment.line_ids.item_id, self.first | self.second)
        mixed = (
            self.first
            | self._create_contract(partner=self.dealer_b, lines=[(self.product, 9.0, 0)]).item_ids
        )
        with self.assertRaises(UserError):
            mixed.action_kh_adjust()


@tagged("post_install", "-at_install")
class TestPriceHistory(PricingCommon):
    """No price that was in force is ever overwritten."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.today()
        cls.contract = cls._create_contract(
            lines=[(cls.product, 80.0, 0)], date_start=cls.today - timedelta(days=30)
        )
        cls.contract.action_submit()
        cls.item = cls.contract.item_ids

    def _history(self):
        return self.env["kh.price.history"].search(
            [("partner_id", "=", self.dealer_a.id), ("product_id", "=", self.product.id)],
            order="date_start, id",
        )

    def test_direct_change_leaves_the_former_price(self):
        self.item.fixed_price = 79.0
        rows = self._history().sorted("is_current")
        self.assertEqual(rows.mapped("fixed_price"), [80.0, 79.0])
        self.assertEqual(rows.mapped("is_current"), [False, True])
        self.assertEqual(rows.mapped("source"), ["contract", "direct"])
        self.assertEqual(rows[0].date_end + timedelta(seconds=1), rows[1].date_start)
        self.assertEqual(rows[1].user_id, self.env.user)
        self.assertEqual(self.contract.item_ids, self.item)
        former = rows[0].item_id
        for step in (
            lambda: former.write({"fixed_price": 1.0}),
            lambda: former.write({"date_end": False}),
            former.unlink,
        ):
            with self.assertRaises(UserError):
                step()
        yesterday = fields.Datetime.now() - timedelta(days=1)
        self.assertEqual(self._price(partner=self.dealer_a, date=yesterday), 80.0)
        self.assertEqual(self._price(partner=self.dealer_a), 79.0)

    def test_same_value_is_no_change(self):
        self.item.fixed_price = 80.0
        self.assertEqual(len(self._history()), 1)

    def test_change_for_a_later_day_leaves_no_gap(self):
        start = fields.Datetime.now() + timedelta(days=9)
        self.item.write({"fixed_price": 90.0, "date_start": start})
        self.assertEqual(self._price(partner=self.dealer_a), 80.0)
        later = start + timedelta(days=1)
        self.assertEqual(self._price(partner=self.dealer_a, date=later), 90.0)

    def test_deleted_line_leaves_its_price(self):
        self.item.unlink()
        rows = self._history()
        self.assertEqual(rows.mapped("fixed_price"), [80.0])
        self.assertFalse(rows.is_current)
        self.assertEqual(self._price(partner=self.dealer_a), 100.0)

    def test_price_that_is_over_is_not_rewritten(self):
        self.item.date_end = fields.Datetime.now() - timedelta(days=1)
        with self.assertRaises(UserError):
            self.item.fixed_price = 10.0

    def test_nobody_writes_history_fields(self):
        for vals in (
            {"kh_is_past": True},
            {"kh_changed_uid": False},
            {"kh_adjustment_id": False},
        ):
            with self.assertRaises(AccessError):
                self.item.write(vals)
        item = self.env["product.pricelist.item"].create(
            {
                "kh_contract_id": self.contract.id,
                "product_id": self.product_2.id,
                "fixed_price": 5.0,
                "kh_is_past": True,
            }
        )
        self.assertFalse(item.kh_is_past)

    def test_drafts_are_no_history(self):
        draft = self._create_contract(partner=self.dealer_b, lines=[(self.product, 9.0, 0)])
        history = self.env["kh.price.history"]
        domain = [("partner_id", "=", self.dealer_b.id)]
        self.assertFalse(history.search(domain))
        draft.item_ids.fixed_price = 8.0
        draft.action_submit()
        self.assertEqual(history.search(domain).fixed_price, 8.0)
        draft.action_terminate()
        history.invalidate_model()
        row = history.search(domain)
        last = draft.date_ended - timedelta(seconds=1)
        self.assertIn(row.date_end, (last, draft.date_ended))  # begun and ended in one second
        self.assertFalse(row.is_current)

    def test_versions_and_reasons(self):
        adjustment = self.env["kh.price.adjustment"].create(
            {
                "contract_id": self.contract.id,
                "reason": "Competitor",
                "line_ids": [Command.create({"item_id": self.item.id, "new_price": 77.0})],
            }
        )
        adjustment.action_submit()
        version = self.env["kh.price.contract"].browse(self.contract.action_new_version()["res_id"])
        version.item_ids.fixed_price = 76.0
        version.action_submit()
        rows = self._history().sorted("id")
        self.assertEqual(rows.mapped("fixed_price"), [80.0, 77.0, 76.0])
        self.assertEqual(rows.mapped("version"), [1, 1, 2])
        self.assertEqual(rows.mapped("reason"), [False, "Competitor", False])
        self.assertEqual(rows.mapped("is_current"), [False, False, True])
