from datetime import date, datetime, timedelta

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import BaseCase, new_test_user, tagged

from ..engine.life_cycle import LifeFacts, decide_life_stage
from .common import MemberCommon

TODAY = date(2026, 6, 30)


@tagged("post_install", "-at_install")
class TestLifeStageEngine(BaseCase):
    def test_table(self):
        lost = datetime(2026, 6, 1)
        old, new = datetime(2026, 3, 1), datetime(2026, 6, 20)
        dealer = {"is_dealer": True, "dormant_days": 60}
        cases = [
            ("", {}),
            ("lead", {"is_lead": True}),
            ("applied", {"is_lead": True, "has_application": True}),
            ("admitted", {**dealer, "is_lead": True, "has_application": True}),
            ("first_order", {**dealer, "order_count": 1, "last_order": new}),
            ("active", {**dealer, "order_count": 2, "last_order": new}),
            ("dormant", {**dealer, "order_count": 2, "last_order": old}),
            ("dormant", {**dealer, "order_count": 1, "last_order": old}),
            ("active", {"is_dealer": True, "order_count": 2, "last_order": old}),
            ("lost", {**dealer, "lost_on": lost}),
            ("lost", {"is_lead": True, "lost_on": lost}),
            ("lost", {**dealer, "order_count": 2, "last_order": old, "lost_on": lost}),
            ("active", {**dealer, "order_count": 2, "last_order": new, "lost_on": lost}),
        ]
        for expected, facts in cases:
            with self.subTest(facts=facts):
                last = facts.get("last_order")
                facts = LifeFacts(**facts, last_date=last and last.date())
                self.assertEqual(decide_life_stage(facts, TODAY), expected)
        edge = LifeFacts(True, order_count=2, last_date=date(2026, 5, 1), dormant_days=60)
        self.assertEqual(decide_life_stage(edge, TODAY), "active")
        self.assertEqual(decide_life_stage(edge, TODAY + timedelta(days=1)), "dormant")


@tagged("post_install", "-at_install")
class TestLifeCycle(MemberCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.kh_dormant_days = 60
        cls.company.partner_id.tz = "Asia/Shanghai"
        cls.dealer = cls._create_dealer("KH life")
        cls.product = cls.env["product.product"].create({"name": "KH life", "type": "service"})

    @classmethod
    def _create_dealer(cls, name, **vals):
        vals = {"kh_is_dealer": True, "user_id": cls.salesperson.id, **vals}
        dealer = cls.env["res.partner"].create({"name": name, "is_company": True, **vals})
        cls.env["res.partner"].create({"name": f"{name} buyer", "parent_id": dealer.id})
        return dealer

    def _order(self, moment, dealer=None):
        contact = (dealer or self.dealer).child_ids[:1]
        line = Command.create({"product_id": self.product.id, "price_unit": 1.0})
        with freeze_time(moment):
            order = self.env["sale.order"].create({"partner_id": contact.id, "order_line": [line]})
            order.action_confirm()
        return order

    def test_stages_follow_the_orders(self):
        self.assertEqual(self.dealer.kh_life_stage, "admitted")
        order = self._order("2026-05-01 17:30:00")  # the next day in Shanghai
        self.assertEqual(self.dealer.kh_life_stage, "first_order")
        self.assertEqual(self.dealer.kh_first_order_date, date(2026, 5, 2))
        self._order("2026-05-20 10:00:00")
        self.assertEqual(self.dealer.kh_life_stage, "active")
        self.assertEqual(self.dealer.kh_last_order_date, date(2026, 5, 20))
        with freeze_time("2026-05-21 10:00:00"):
            order._action_cancel()
            self.assertEqual(self.dealer.kh_life_stage, "first_order")
            self.assertEqual(self.dealer.kh_first_order_date, date(2026, 5, 20))
        with freeze_time("2026-08-30 10:00:00"), self.enter_registry_test_mode():
            self.env.ref("kh_b2b_member.ir_cron_follow_life_cycle").method_direct_trigger()
        self.dealer.invalidate_recordset()
        self.assertEqual(self.dealer.kh_life_stage, "dormant")
        self._order("2026-09-01 10:00:00")
        self.assertEqual(self.dealer.kh_life_stage, "active")

    def test_days_are_those_of_the_dealers_company(self):
        """Whoever refreshes, wherever they are."""
        self.dealer.company_id = self.company
        self._order("2026-05-01 17:00:00")  # past midnight in Shanghai
        self.assertEqual(self.dealer.kh_first_order_date, date(2026, 5, 2))
        far = self.dealer.with_context(tz="America/New_York")
        far._kh_refresh_life_cycle()
        self.assertEqual(self.dealer.kh_first_order_date, date(2026, 5, 2))
        with freeze_time("2026-06-30 17:00:00"):  # the first of July there: day 60
            self.assertEqual(far._kh_get_life_today(), date(2026, 7, 1))
            far._kh_refresh_life_cycle()
            self.assertNotEqual(self.dealer.kh_life_stage, "dormant")
        with freeze_time("2026-07-01 17:00:00"):
            far._kh_refresh_life_cycle()
            self.assertEqual(self.dealer.kh_life_stage, "dormant")

    def test_customers_who_are_no_dealers_have_no_stage(self):
        plain = self._create_dealer("KH plain", kh_is_dealer=False)
        self._order("2026-05-01 10:00:00", plain)
        self.assertFalse(plain.kh_life_stage)
        self.assertFalse(plain.kh_last_order_date)
        self.env["res.partner"]._cron_life_cycle()
        self.assertFalse(plain.kh_life_stage)

    def test_from_lead_to_admitted(self):
        lead = self.env["res.partner"].create({"name": "KH lead", "is_company": True})
        self.assertFalse(lead.kh_life_stage)
        lead.kh_is_lead = True
        self.assertEqual(lead.kh_life_stage, "lead")
        application = self._submit(3, partner_id=lead.id)
        self.assertEqual(lead.kh_life_stage, "applied")
        application.with_user(self.clerk).write(self._prepare_grant())
        self._fill_required_grant(application)
        application.with_user(self.clerk).action_approve()
        self.assertEqual(lead.kh_life_stage, "admitted")

    def test_lost_by_hand_with_a_reason_until_the_next_order(self):
        self._order("2026-05-01 10:00:00")
        self.salesperson.group_ids += self.env.ref("base.group_partner_manager")
        dealer = self.dealer.with_user(self.salesperson)
        with self.assertRaises(UserError):
            dealer.action_kh_mark_lost()
        self.dealer.kh_lost_reason = "Shop closed"
        with freeze_time("2026-05-10 10:00:00"):
            dealer.action_kh_mark_lost()
        self.assertEqual(self.dealer.kh_life_stage, "lost")
        self._order("2026-05-12 10:00:00")
        self.assertEqual(self.dealer.kh_life_stage, "active")
        with freeze_time("2026-05-13 10:00:00"):
            dealer.action_kh_mark_lost()
            self.assertEqual(self.dealer.kh_life_stage, "lost")
            dealer.action_kh_win_back()
            self.assertEqual(self.dealer.kh_life_stage, "active")

    def test_nobody_writes_the_stage_by_hand(self):
        manager = new_test_user(
            self.env, "kh_life_contacts", "base.group_user,base.group_partner_manager"
        )
        dealer = self.dealer.with_user(manager)
        for vals in ({"kh_life_stage": "active"}, {"kh_last_order_date": fields.Date.today()}):
            with self.assertRaises(AccessError):
                dealer.write(vals)
            with self.assertRaises(AccessError):
                dealer.create({"name": "X", **vals})
        with self.assertRaises(AccessError):
            dealer.with_context(default_kh_life_stage="active").create({"name": "X"})
        self.dealer.kh_lost_reason = "?"
        for user in (manager, self.employee, self.portal_user):
            for method in ("action_kh_mark_lost", "action_kh_win_back"):
                with self.subTest(user=user.login), self.assertRaises(AccessError):
                    getattr(self.dealer.with_user(user), method)()
        with self.assertRaises(AccessError):
            self.portal_user.with_user(self.portal_user).partner_id.read(["kh_life_stage"])

    def test_referrer(self):
        other = self._create_dealer("KH referred", kh_referrer_id=self.dealer.id)
        self.assertEqual(self.dealer.kh_referred_count, 1)
        with self.assertRaises(ValidationError):
            other.kh_referrer_id = other.child_ids[:1]

    def test_care_is_planned_when_configured(self):
        self._order("2026-05-01 10:00:00")
        partners = self.env["res.partner"]

        def planned(moment):
            with freeze_time(moment):
                self.dealer._kh_refresh_life_cycle()
                partners.invalidate_model()
                partners._kh_find_to_care().filtered(lambda d: d == self.dealer)._kh_plan_care()
            return self.dealer.activity_ids

        self.assertFalse(planned("2026-08-01 10:00:00"), "not configured")
        self.company.kh_plan_care = True
        activity = planned("2026-08-02 10:00:00")
        self.assertEqual(activity.user_id, self.salesperson)
        self.assertEqual(self.dealer.kh_next_care_date, date(2026, 8, 2))
        self.assertEqual(planned("2026-12-01 10:00:00"), activity, "one at a time")
        activity.action_done()
        self.assertFalse(planned("2026-09-30 10:00:00"), "not at once again")
        self.assertTrue(planned("2026-10-02 10:00:00"))

    def test_cost_does_not_grow_and_nothing_unchanged_is_written(self):
        dealers = self.dealer.union(*(self._create_dealer(f"KH life {n}") for n in range(10)))

        def count(records):
            self.env.flush_all()
            records.mapped("commercial_partner_id")
            before = self.cr.sql_log_count
            records._kh_refresh_life_cycle()
            return self.cr.sql_log_count - before

        one = count(self.dealer)
        self.assertEqual(count(dealers), one)
        self.env.cr.execute("UPDATE res_partner SET kh_life_stage = NULL WHERE id IN %s",
            (tuple(dealers.ids),))  # fmt: skip
        self.assertEqual(count(dealers), one + 1)
        dealers.invalidate_recordset()
        self.assertEqual(set(dealers.mapped("kh_life_stage")), {"admitted"})
