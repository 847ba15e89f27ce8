from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import freeze_time, new_test_user, tagged

from .common import ApprovalCommon


@tagged("post_install", "-at_install")
class TestApprovalPeople(ApprovalCommon):
    # --- four eyes
    def test_who_wrote_it_decides_as_little(self):
        self._set_steps({"user_ids": self._users(self.approver | self.approver2)})
        document = self._create_document(self.approver)
        document.with_user(self.requester).action_request_approval()
        self.assertEqual(self._deciders(document), self.approver2)
        with self.assertRaisesRegex(AccessError, "wrote"):
            self._approve(document, self.approver)
        self._approve(document, self.approver2)

    # --- substitutes
    def test_substitute_decides_in_the_others_name(self):
        self._stand_in(self.approver, self.stranger)
        document = self._ask()
        self.assertEqual(self._deciders(document), self.approver | self.stranger)
        self._approve(document, self.stranger, "as agreed")
        decision = self._request(document).decision_ids
        self.assertEqual(
            (decision.user_id, decision.on_behalf_of_id), (self.stranger, self.approver)
        )
        self.assertIn(self.approver.name, decision.who)
        self.assertEqual(document.outcome, "granted")

    def test_substitute_only_between_the_days(self):
        today = fields.Date.context_today(self.env.user)
        substitute = self._stand_in(
            self.approver,
            self.stranger,
            date_from=today + timedelta(days=2),
            date_to=today + timedelta(days=3),
        )
        document = self._ask()
        for days, may in ((0, False), (1, False), (2, True), (3, True), (4, False)):
            noon = fields.Datetime.now().replace(hour=12) + timedelta(days=days)
            with self.subTest(days=days), freeze_time(noon):
                substitute.invalidate_recordset(["is_current"])
                self.assertEqual(self.stranger in self._deciders(document), may)
                self.assertEqual(substitute.is_current, may)
        with self.assertRaises(AccessError):
            self._approve(document, self.stranger)

    def test_days_are_those_of_who_is_away(self):
        self.approver.tz = "Asia/Shanghai"
        substitute = self._stand_in(
            self.approver, self.stranger, date_from="2026-10-01", date_to="2026-10-07"
        )
        self.assertEqual(str(substitute.moment_from), "2026-09-30 16:00:00")
        self.assertEqual(str(substitute.moment_to), "2026-10-07 16:00:00")

    def test_who_asked_does_not_decide_as_a_substitute(self):
        self._stand_in(self.approver, self.requester)
        document = self._ask()
        self.assertNotIn(self.requester, self._deciders(document))
        with self.assertRaises(AccessError):
            self._approve(document, self.requester)

    def test_nobody_decides_for_who_asked(self):
        self._set_steps({"user_ids": self._users(self.approver | self.approver2)})
        self._stand_in(self.approver, self.stranger)
        document = self._ask(self.approver)
        self.assertEqual(self._deciders(document), self.approver2)
        with self.assertRaises(AccessError):
            document.with_user(self.stranger)._approval_decide("approve")

    def test_substitutes_of_substitutes_do_not_count(self):
        self._stand_in(self.approver, self.approver2)
        self._stand_in(self.approver2, self.stranger)
        self.assertEqual(self._deciders(self._ask()), self.approver | self.approver2)

    def test_substitute_speaks_for_both_where_all_must(self):
        people = self.approver | self.approver2
        self._set_steps({"user_ids": self._users(people), "mode": "all"})
        self._stand_in(self.approver, self.approver2)
        document = self._ask()
        self._approve(document, self.approver2)
        decisions = self._request(document).decision_ids
        self.assertEqual(len(decisions), 2)
        self.assertEqual(decisions.user_id, self.approver2)
        self.assertEqual(decisions.on_behalf_of_id, self.approver)
        self.assertEqual(document.outcome, "granted")

    def test_substitute_gets_the_to_dos_that_wait(self):
        document = self._ask().sudo()
        self._stand_in(self.approver, self.stranger)
        self.assertEqual(document.activity_ids.user_id, self.approver | self.stranger)

    def test_one_names_ones_own_substitute_only(self):
        substitutes = self.env["kh.approval.substitute"].with_user(self.approver)
        mine = substitutes.create({"substitute_id": self.stranger.id})
        self.assertEqual(mine.user_id, self.approver)
        with self.assertRaises(AccessError):
            mine.user_id = self.approver2
        with self.assertRaises(AccessError):
            substitutes.create({"user_id": self.approver2.id, "substitute_id": self.approver.id})
        with self.assertRaises(AccessError):
            substitutes.with_context(default_user_id=self.approver2.id).create(
                {"substitute_id": self.approver.id}
            )
        # who stands in sees it and cannot change it
        named = mine.with_user(self.stranger)
        self.assertTrue(named.has_access("read"))
        with self.assertRaises(AccessError):
            named.date_to = "2030-01-01"
        with self.assertRaises(AccessError):
            named.unlink()
        self.assertFalse(mine.with_user(self.approver2).has_access("read"))
        other = substitutes.with_user(self.manager).create(
            {"user_id": self.approver2.id, "substitute_id": self.stranger.id}
        )
        self.assertEqual(other.user_id, self.approver2)
        for user in (self.portal_user,):
            with self.assertRaises(AccessError):
                substitutes.with_user(user).create({"substitute_id": self.stranger.id})

    def test_substitutes_are_colleagues(self):
        for substitute in (self.portal_user, self.foreigner):
            with self.subTest(substitute.login), self.assertRaises(ValidationError):
                self._stand_in(self.approver, substitute)

    # --- delegation
    def test_delegate(self):
        document = self._ask()
        document.with_user(self.approver).action_approval_delegate(self.stranger.id, "you know it")
        self.assertEqual(self._deciders(document), self.stranger)
        self.assertEqual(document.sudo().activity_ids.user_id, self.stranger)
        with self.assertRaises(AccessError):
            self._approve(document, self.approver)
        self._approve(document, self.stranger)
        decisions = self._request(document).decision_ids
        self.assertEqual(decisions.mapped("decision"), ["delegate", "approve"])
        self.assertEqual(decisions[0].delegate_to_id, self.stranger)
        self.assertEqual(decisions[1].on_behalf_of_id, self.approver)
        self.assertEqual(document.outcome, "granted")

    def test_delegate_again_and_back(self):
        document = self._ask()
        for giver, taker in (
            (self.approver, self.stranger),
            (self.stranger, self.approver2),
            (self.approver2, self.approver),
        ):
            document.with_user(giver).action_approval_delegate(taker.id)
            self.assertEqual(self._deciders(document), taker)
        self._approve(document, self.approver)
        self.assertEqual(document.outcome, "granted")

    def test_delegate_who_left_gives_it_back(self):
        document = self._ask()
        document.with_user(self.approver).action_approval_delegate(self.stranger.id)
        self.stranger.active = False
        self.assertEqual(self._deciders(document), self.approver)

    def test_not_everybody_can_get_it(self):
        self._set_steps({"user_ids": self._users(self.approver | self.approver2)})
        blind = new_test_user(self.env, "kh_blind", "base.group_user")
        rule = {
            "name": "not for the blind",
            "model_id": self.model.id,
            "domain_force": f"[('id', '>', 0)] if user.id != {blind.id} else [('id', '=', 0)]",
        }
        self.env["ir.rule"].create(rule)
        archived = new_test_user(self.env, "kh_gone", "base.group_user")
        archived.active = False
        document = self._ask()
        refused = (
            self.requester, self.approver, self.approver2, self.portal_user, self.foreigner,
            blind, archived, self.env.ref("base.user_root"),
        )  # fmt: skip
        for user in refused:
            with self.subTest(user=user.login), self.assertRaises(UserError):
                document.with_user(self.approver).action_approval_delegate(user.id)
        with self.assertRaises(UserError):
            self._request(document).with_user(self.approver)._decide("delegate")
        with self.assertRaises(UserError):
            self._request(document).with_user(self.approver)._decide(
                "approve", delegate_to=self.stranger
            )
        for user in (self.requester, self.stranger, self.manager):
            with self.subTest(by=user.login), self.assertRaises(AccessError):
                document.with_user(user).action_approval_delegate(blind.id)
        self.assertFalse(self._request(document).decision_ids)

    def test_absent_colleagues_turn_is_not_passed_on(self):
        self._stand_in(self.approver, self.stranger)
        document = self._ask()
        with self.assertRaises(UserError):
            document.with_user(self.stranger).action_approval_delegate(self.approver2.id)

    def test_who_asked_gets_nothing_by_delegation(self):
        self._set_steps({"user_ids": self._users(self.approver)})
        document = self._create_document(self.approver2)
        document.with_user(self.requester).action_request_approval()
        for user in (self.requester, self.approver2):
            with self.assertRaises(UserError):
                document.with_user(self.approver).action_approval_delegate(user.id)
