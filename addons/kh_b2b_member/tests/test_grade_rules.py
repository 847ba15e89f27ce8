from datetime import date, timedelta

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import BaseCase, tagged

from ..engine.grade_rules import Figures, Proposal, Rule, propose
from .common import MemberCommon

TODAY = date(2026, 11, 22)


@tagged("post_install", "-at_install")
class TestGradeEngine(BaseCase):
    RULES = [Rule(1, 10, True), Rule(2, 20, True), Rule(3, 30, True)]
    MET = Figures(True, True, 100.0, 1)
    LOST = Figures(False, False, 1.0, 1)
    LATELY = Figures(False, True, 1.0, 1)

    def test_table(self):
        up, down = "promote", "demote"
        cases = [
            # figures, present level, in grace -> proposal
            ({1: self.MET, 2: self.MET}, 30, False, Proposal(10, 1, up)),
            ({2: self.MET}, 30, False, Proposal(20, 2, up)),
            ({2: self.MET}, 0, False, Proposal(20, 2, up)),
            ({2: self.MET}, 30, True, Proposal(20, 2, up)),
            ({}, 0, False, Proposal(30, 3, up)),
            ({2: self.MET}, 20, False, None),
            ({2: self.MET}, 10, False, Proposal(20, 1, down)),
            ({1: self.LOST}, 10, False, Proposal(30, 1, down)),
            ({1: self.LOST}, 10, True, None),
            ({1: self.LATELY}, 10, False, None),
            ({}, 30, False, None),
            ({1: self.MET}, 99, False, None),
        ]
        for figures, grade, is_in_grace, expected in cases:
            with self.subTest(figures=figures, grade=grade, is_in_grace=is_in_grace):
                self.assertEqual(propose(self.RULES, figures, grade, is_in_grace), expected)

    def test_level_that_is_never_lost(self):
        rules = [Rule(1, 10, False), Rule(2, 20, True)]
        self.assertIsNone(propose(rules, {1: self.LOST}, 10, False))
        self.assertIsNone(propose([], {1: self.MET}, 10, False))


@tagged("post_install", "-at_install")
class TestGradeRules(MemberCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["kh.grade.rule"].search([]).active = False
        grades = cls.env["res.partner.grade"].create(
            [{"name": f"T level {number}", "company_id": False} for number in (1, 2, 3)]
        )
        cls.gold, cls.silver, cls.entry = grades
        cls.rules = cls.env["kh.grade.rule"].create(
            [
                cls._prepare_rule(cls.gold, 1, turnover_min=1000, order_count_min=2),
                cls._prepare_rule(cls.silver, 2, turnover_min=500),
                cls._prepare_rule(cls.entry, 3),
            ]
        )
        cls.dealer, cls.dealer2 = cls.env["res.partner"].create(
            [cls._prepare_dealer(number) for number in (1, 2)]
        )
        # long ago: no grace of the level that they begin with
        cls.env.flush_all()
        cls.env.cr.execute("UPDATE kh_member_grant SET date = '2020-01-01'")
        cls.product = cls.env["product.product"].create(
            {"name": "T goods", "list_price": 100, "type": "service", "taxes_id": False}
        )

    @classmethod
    def _prepare_rule(cls, grade, sequence, **values):
        return {
            "grade_id": grade.id, "sequence": sequence, "company_id": cls.company.id,
            "basis": "order", "months": 12, "grace_months": 0, **values,
        }  # fmt: skip

    @classmethod
    def _prepare_dealer(cls, number, **values):
        return {
            "name": f"T dealer {number}", "is_company": True, "kh_is_dealer": True,
            "grade_id": cls.entry.id, "company_id": cls.company.id, **values,
        }  # fmt: skip

    def _order(self, amount, partner=None, day=TODAY, state="sale", company=None):
        order = (
            self.env["sale.order"]
            .with_company(company or self.company)
            .create(
                {
                    "partner_id": (partner or self.dealer).id,
                    "company_id": (company or self.company).id,
                    "order_line": [
                        Command.create({"product_id": self.product.id, "price_unit": amount})
                    ],
                }
            )
        )
        order.write({"state": state, "date_order": f"{day} 04:00:00"})
        return order

    def _get_changes(self, company=None, day=TODAY):
        changes = self.env["kh.grade.rule"]._get_changes(company or self.company, day)
        mine = (self.dealer | self.dealer2).ids
        return {c.partner_id: c for c in changes if c.partner_id in mine}

    def test_neutral_without_rules(self):
        self._order(5000)
        self.rules.active = False
        self.assertEqual(self.env["kh.grade.rule"]._get_changes(self.company), [])
        self.assertFalse(self.env.ref("kh_b2b_member.ir_cron_apply_grade_rules").active)

    def test_turnover_and_count_of_orders(self):
        self._order(1500)
        change = self._get_changes()[self.dealer.id]
        # enough turnover for gold, too few orders
        self.assertEqual(change.new_grade_id, self.silver.id)
        self._order(10)
        change = self._get_changes()[self.dealer.id]
        self.assertEqual(
            (change.new_grade_id, change.kind, change.turnover, change.orders),
            (self.gold.id, "promote", 1510, 2),
        )
        self.assertNotIn(self.dealer2.id, self._get_changes())

    def test_what_counts(self):
        contact = self.env["res.partner"].create({"name": "Shop", "parent_id": self.dealer.id})
        self._order(300, contact)
        self._order(9000, state="draft")
        self._order(9000, state="cancel")
        self._order(9000, day=TODAY + timedelta(days=1))
        self._order(9000, day=date(2025, 11, 22))
        self.assertFalse(self._get_changes())
        # the first day of the period counts
        self._order(300, day=date(2025, 11, 23))
        self.assertEqual(self._get_changes()[self.dealer.id].turnover, 600)

    def test_turnover_of_invoices_less_credit_notes(self):
        self.rules[1].basis = "invoice"
        for move_type, amount in (("out_invoice", 900), ("out_refund", 300)):
            move = self.env["account.move"].create(
                {
                    "move_type": move_type, "partner_id": self.dealer.id,
                    "invoice_date": TODAY, "date": TODAY,
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "product_id": self.product.id, "price_unit": amount,
                                "tax_ids": [Command.clear()],
                            }
                        )
                    ],
                }
            )  # fmt: skip
            move.action_post()
            expected = {"out_invoice": 900, "out_refund": 600}[move_type]
            self.assertEqual(self._get_changes()[self.dealer.id].turnover, expected)
        self.rules[1].turnover_min = 601
        self.assertFalse(self._get_changes())

    def test_level_is_lost_after_the_grace(self):
        self.dealer.grade_id = self.silver
        self.env.flush_all()
        self.env.cr.execute("UPDATE kh_member_grant SET date = '2020-01-01'")
        self._order(600, day=date(2025, 10, 30))
        self.assertEqual(self._get_changes()[self.dealer.id].kind, "demote")
        self.rules[1].grace_months = 1
        # met on 22 October, when the order was eleven months old
        self.assertFalse(self._get_changes())
        self.assertTrue(self._get_changes(day=date(2026, 12, 1)))
        self.rules[1].write({"grace_months": 0, "is_demoted": False})
        self.assertFalse(self._get_changes())

    def test_new_level_is_not_lost_at_once(self):
        self.rules[1].grace_months = 3
        with freeze_time("2026-10-01 02:00:00"):
            self.dealer.grade_id = self.silver
            self.env.flush_all()
        self.assertFalse(self._get_changes())
        change = self._get_changes(day=date(2027, 1, 5))[self.dealer.id]
        self.assertEqual((change.kind, change.new_grade_id), ("demote", self.entry.id))

    def test_levels_by_hand_stay(self):
        self._order(600)
        self.dealer.kh_grade_locked = True
        self.assertFalse(self._get_changes())
        self.dealer.write({"kh_grade_locked": False, "grade_id": self.grade.id})
        self.assertFalse(self._get_changes())
        self.dealer.grade_id = False
        self.assertEqual(self._get_changes()[self.dealer.id].new_grade_id, self.silver.id)

    def test_companies_do_not_mix(self):
        company2 = self.env["res.company"].create(
            {"name": "KH second company", "currency_id": self.company.currency_id.id}
        )
        self.env["kh.grade.rule"].create(
            [
                self._prepare_rule(self.gold, 1, company_id=company2.id, turnover_min=100),
                self._prepare_rule(self.entry, 2, company_id=company2.id),
            ]
        )
        self.dealer.company_id = False
        self._order(200, company=company2)
        self.assertFalse(self._get_changes())
        # a shared dealer whom nobody admitted follows the first company only
        self.assertFalse(self._get_changes(company2))
        self.dealer.company_id = company2
        self.assertEqual(self._get_changes(company2)[self.dealer.id].new_grade_id, self.gold.id)

    # --- preview and application
    def test_preview_changes_nothing_and_apply_logs(self):
        self._order(600)
        proposals = self.env["kh.grade.proposal"].with_user(self.director)
        action = proposals.action_refresh()
        self.assertEqual(action["res_model"], "kh.grade.proposal")
        mine = proposals.search([("partner_id", "=", self.dealer.id)])
        self.assertEqual(
            (mine.old_grade_id, mine.new_grade_id, mine.kind), (self.entry, self.silver, "promote")
        )
        self.assertIn("600", mine.evidence)
        self.assertEqual(self.dealer.grade_id, self.entry)
        evidence = mine.evidence
        mine.action_apply()
        self.assertEqual(self.dealer.grade_id, self.silver)
        row = self.env["kh.member.grant"].search(
            [("partner_id", "=", self.dealer.id)], order="id desc", limit=1
        )
        self.assertEqual(
            (row.what, row.source, row.user_id, row.reason),
            ("grade_id", "rule", self.director, evidence),
        )
        self.assertFalse(mine.exists())

    def test_changed_meanwhile_is_left_alone(self):
        self._order(600)
        proposals = self.env["kh.grade.proposal"].with_user(self.director)
        proposals.action_refresh()
        mine = proposals.search([("partner_id", "=", self.dealer.id)])
        self.dealer.grade_id = self.gold
        mine.action_apply()
        self.assertEqual(self.dealer.grade_id, self.gold)

    def test_what_no_longer_follows_from_the_rules_is_left_alone(self):
        order = self._order(600)
        proposals = self.env["kh.grade.proposal"].with_user(self.director)
        proposals.action_refresh()
        mine = proposals.search([("partner_id", "=", self.dealer.id)])
        order._action_cancel()
        result = mine.action_apply()
        self.assertEqual(self.dealer.grade_id, self.entry)
        self.assertEqual(result["params"]["type"], "warning")

    def test_preview_is_for_directors(self):
        for user in (self.salesperson, self.clerk, self.finance, self.employee, self.portal_user):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.env["kh.grade.proposal"].with_user(user).action_refresh()
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.rules.with_user(user).write({"turnover_min": 1})
        vals = {
            "partner_id": self.dealer.id, "company_id": self.company.id, "kind": "promote",
            "rule_id": self.rules[0].id, "new_grade_id": self.gold.id,
        }  # fmt: skip
        with self.assertRaises(AccessError):
            self.env["kh.grade.proposal"].with_user(self.director).create(vals)

    def test_without_rules_the_preview_says_so(self):
        self.rules.active = False
        with self.assertRaises(UserError):
            self.env["kh.grade.proposal"].with_user(self.director).action_refresh()

    def test_scheduled_action_applies(self):
        self._order(600)
        with self.enter_registry_test_mode():
            self.env.ref("kh_b2b_member.ir_cron_apply_grade_rules").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(self.dealer.grade_id, self.silver)

    def test_queries_do_not_grow_with_dealers(self):
        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            changes = self.env["kh.grade.rule"]._get_changes(self.company, TODAY)
            return self.env.cr.sql_log_count - before, len(changes)

        self._order(600)
        count()
        queries, changes = count()
        dealers = self.env["res.partner"].create(
            [self._prepare_dealer(number, grade_id=False) for number in range(3, 53)]
        )
        queries_of_many, changes_of_many = count()
        self.assertEqual(changes_of_many, changes + len(dealers))
        self.assertLessEqual(queries_of_many, queries)
