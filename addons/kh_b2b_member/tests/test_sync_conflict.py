from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import make_code
from .sync_common import SyncCommon


@tagged("post_install", "-at_install")
class TestSyncConflict(SyncCommon):
    def _clash(self):
        """A field changed here and in the ERP."""
        self._push(self._row())
        dealer = self._dealer("K00001")
        dealer.city = "Shaoxing"
        answer = self._push(self._row(city="Ningbo", street="New road"))
        return dealer, answer

    def test_changed_on_both_sides_is_listed_not_overwritten(self):
        dealer, answer = self._clash()
        self.assertEqual(self._status(answer), ["conflict"])
        self.assertEqual(dealer.city, "Shaoxing")
        self.assertEqual(dealer.street, "New road", "the rest of the row is taken")
        conflict = self._conflicts("K00001")
        self.assertEqual(
            (conflict.base_text, conflict.ours_text, conflict.theirs_text),
            ("Hangzhou", "Shaoxing", "Ningbo"),
        )
        self._push(self._row(city="Ningbo"))
        self.assertEqual(len(self._conflicts("K00001")), 1, "listed once")

    def test_changed_here_only_stays(self):
        self._push(self._row())
        dealer = self._dealer("K00001")
        dealer.city = "Shaoxing"
        self.assertEqual(self._status(self._push(self._row(zip="310000"))), ["updated"])
        self.assertEqual(dealer.city, "Shaoxing")
        self.assertFalse(self._conflicts("K00001"))

    def test_references_are_shown_by_name(self):
        self._push(self._row())
        dealer = self._dealer("K00001")
        dealer.kh_sales_area_ids = self.area + self.area2
        dealer.grade_id = False
        self._push(self._row(level="Test silver", areas=["KH-TEST-W"]))
        texts = {
            c.target: (c.base_text, c.ours_text, c.theirs_text) for c in self._conflicts("K00001")
        }
        self.assertEqual(texts["level"], ("Test gold", "", "Test silver"))
        self.assertEqual(texts["areas"], ("Test east", "Test east, Test west", "Test west"))

    def test_take_ours(self):
        dealer, _answer = self._clash()
        self._decide(self._conflicts("K00001")).action_take_ours()
        answer = self._push(self._row(city="Ningbo", street="New road"))
        self.assertEqual(self._status(answer), ["unchanged"])
        self.assertEqual(dealer.city, "Shaoxing")
        self.assertEqual(self._status(self._push(self._row(city="Wenzhou"))), ["conflict"])

    def test_take_theirs(self):
        dealer, _answer = self._clash()
        conflict = self._conflicts("K00001")
        self._decide(conflict).action_take_theirs()
        self.assertEqual(dealer.city, "Ningbo")
        self.assertEqual(conflict.decided_uid, self.administrator)
        self.assertEqual(self._status(self._push(self._row(city="Ningbo"))), ["unchanged"])
        self.assertEqual(self._status(self._push(self._row(city="Wenzhou"))), ["updated"])

    def test_take_theirs_opens_a_dealer_as_a_row_does(self):
        dealer = self.env["res.partner"].create(
            {"name": "Dealer 1", "is_company": True, "vat": make_code(1), "active": False}
        )
        self._push(self._row(active=True))
        conflict = self._conflicts("K00001")
        self.assertEqual(conflict.target, "active")
        record = self.env["kh.sync.record"].search([("code", "=", "K00001")])
        user = new_test_user(self.env, "kh_closed", "base.group_portal")
        user.partner_id.parent_id = dealer
        user.active = False
        record.blocked_user_ids = user.ids
        self._decide(conflict).action_take_theirs()
        self.assertTrue(dealer.active and user.active)
        self.assertFalse(record.blocked_user_ids)

    def test_take_theirs_closes_a_dealer_as_a_row_does(self):
        self.source.create_portal = True
        self._push(self._row(portal=True))
        dealer = self._dealer("K00001")
        user = dealer.child_ids.user_ids
        record = self.env["kh.sync.record"].search([("code", "=", "K00001")])
        engine = self.env["kh.sync.engine"]._with_company_env(self.company)
        engine._write_targets(record.with_env(engine.env), {"active": False, "city": "Ningbo"})
        self.assertEqual((dealer.active, user.active, dealer.city), (False, False, "Ningbo"))
        self.assertEqual(record.blocked_user_ids, user.ids)

    def test_take_theirs_makes_the_manager_anew(self):
        self._push(self._row(manager_phone="0571-1"))
        dealer = self._dealer("K00001")
        dealer.child_ids.unlink()
        self._push(self._row(manager_phone="0571-2"))
        conflict = self._conflicts("K00001")
        self.assertEqual(conflict.mapped("target"), ["manager_phone"])
        self._decide(conflict).action_take_theirs()
        manager = dealer.child_ids
        self.assertEqual((manager.name, manager.phone), ("Manager 1", "0571-2"))
        self.assertEqual(self._status(self._push(self._row(manager_phone="0571-3"))), ["updated"])
        self.assertEqual(manager.phone, "0571-3")

    def test_take_theirs_finds_the_manager_made_by_hand(self):
        self._push(self._row(manager_phone="0571-1"))
        dealer = self._dealer("K00001")
        dealer.child_ids.unlink()
        self._push(self._row(manager_phone="0571-2"))
        manager = self.env["res.partner"].create(
            {"name": "By hand", "email": "m1@kh-sync.example.com", "parent_id": dealer.id}
        )
        self._decide(self._conflicts("K00001")).action_take_theirs()
        self.assertEqual(dealer.child_ids, manager)
        self.assertEqual((manager.name, manager.phone), ("By hand", "0571-2"))

    def test_value_without_a_manager_is_not_lost(self):
        nobody = {"manager_name": None, "manager_email": None}
        self._push(self._row(**nobody))
        record = self.env["kh.sync.record"].search([("code", "=", "K00001")])
        record.base = {**record.base, "manager_phone": "0571-1"}
        self._push(self._row(**nobody, manager_phone="0571-2"))
        conflict = self._conflicts("K00001")
        with self.assertRaisesRegex(UserError, "no manager any more"):
            self._decide(conflict).action_take_theirs()

    def test_ignore_does_not_ask_again_for_this_value(self):
        dealer, _answer = self._clash()
        self._decide(self._conflicts("K00001")).action_ignore()
        self.assertEqual(self._status(self._push(self._row(city="Ningbo"))), ["unchanged"])
        self.assertFalse(self._conflicts("K00001"))
        self.assertEqual(self._status(self._push(self._row(city="Wenzhou"))), ["conflict"])
        self.assertEqual(dealer.city, "Shaoxing")

    def test_conflict_ends_by_itself(self):
        dealer, _answer = self._clash()
        dealer.city = "Ningbo"
        self._push(self._row(city="Ningbo"))
        self.assertFalse(self._conflicts("K00001"))
        self.assertTrue(self._conflicts("K00001", state="obsolete"))

    def test_policy_of_a_field(self):
        self._map(self.source, code="code", name="name", city="city", street="street")
        line = self.source.mapping_ids.filtered(lambda line: line.target == "city")
        line.policy = "theirs"
        self._push(self._row(street="A"))
        dealer = self._dealer("K00001")
        dealer.write({"city": "Shaoxing", "street": "B"})
        self._push(self._row(city="Ningbo", street="C"))
        self.assertEqual((dealer.city, dealer.street), ("Ningbo", "B"))
        self.assertEqual(self._conflicts("K00001").target, "street")

    # === TAX NUMBERS === #
    def test_known_customer_is_found_by_tax_number(self):
        customer = self.env["res.partner"].create(
            {"name": "Known here", "is_company": True, "vat": make_code(1)}
        )
        answer = self._push(self._row())
        self.assertEqual(answer["results"][0]["id"], customer.id)
        self.assertTrue(customer.kh_is_dealer)
        self.assertEqual(customer.kh_erp_code, "K00001")
        self.assertEqual(customer.name, "Known here", "not overwritten silently")
        self.assertEqual(self._conflicts("K00001").mapped("target"), ["name"])
        self.assertEqual(customer.city, "Hangzhou", "what was empty is filled")

    def test_two_codes_with_one_tax_number(self):
        answer = self._push(self._row(1), self._row(2, vat=make_code(1)))
        self.assertEqual(self._status(answer), ["created", "conflict"])
        self.assertIn("K00001", answer["results"][1]["message"])
        self.assertFalse(self._dealer("K00002"))
        self.assertEqual(self._status(self._push(self._row(2, vat=make_code(1)))), ["conflict"])
        conflict = self._conflicts("K00002")
        self.assertEqual(conflict.kind, "same_tax")
        self.assertEqual(conflict.other_partner_id, self._dealer("K00001"))

    def test_link_the_second_code(self):
        self._push(self._row(1), self._row(2, vat=make_code(1)))
        first = self._dealer("K00001")
        self._push(self._row(2, vat=make_code(1), zip="310000"))
        self._decide(self._conflicts("K00002")).action_link()
        self.assertEqual(first.zip, "310000")
        self.assertEqual(first.name, "Dealer 1")
        self.assertIn("name", self._conflicts("K00002").mapped("target"))
        answer = self._push(self._row(2, vat=make_code(1), zip="310001"))
        self.assertEqual(answer["results"][0]["id"], first.id)
        self.assertEqual(first.zip, "310001")

    def test_second_code_is_a_dealer_of_its_own(self):
        self._push(self._row(1), self._row(2, vat=make_code(1)))
        self._decide(self._conflicts("K00002")).action_take_theirs()
        self.assertEqual(self._dealer("K00002").vat, make_code(1))
        self.assertNotEqual(self._dealer("K00002"), self._dealer("K00001"))
        answer = self._push(self._row(2, vat=make_code(1), city="Ningbo"))
        self.assertEqual(self._status(answer), ["updated"])

    def test_ignored_code_stays_out(self):
        self._push(self._row(1), self._row(2, vat=make_code(1)))
        self._decide(self._conflicts("K00002")).action_ignore()
        answer = self._push(self._row(2, vat=make_code(1)))
        self.assertEqual(self._status(answer), ["unchanged"])
        self.assertFalse(self._dealer("K00002"))

    def test_known_dealer_gets_the_tax_number_of_another(self):
        self._push(self._row(1), self._row(2))
        answer = self._push(self._row(2, vat=make_code(1), city="Ningbo"))
        self.assertEqual(self._status(answer), ["conflict"])
        dealer = self._dealer("K00002")
        self.assertEqual((dealer.vat, dealer.city), (make_code(2), "Ningbo"))
        self._decide(self._conflicts("K00002")).action_take_theirs()
        self.assertEqual(dealer.vat, make_code(1))

    def test_several_customers_with_the_tax_number(self):
        partners = self.env["res.partner"].create(
            [{"name": name, "is_company": True, "vat": make_code(1)} for name in ("A", "B")]
        )
        self.assertEqual(self._status(self._push(self._row())), ["conflict"])
        conflict = self._conflicts("K00001")
        with self.assertRaises(UserError):
            self._decide(conflict).action_link()
        self._decide(conflict).other_partner_id = partners[1]
        self._decide(conflict).action_link()
        self.assertEqual(partners.mapped("kh_is_dealer"), [False, True])

    # === UNKNOWN WORDS === #
    def test_unknown_words_are_listed_and_the_rest_is_taken(self):
        answer = self._push(self._row(level="Diamond", areas=["X9"], salesperson="nobody"))
        self.assertEqual(self._status(answer), ["conflict"])
        dealer = self._dealer("K00001")
        self.assertEqual(dealer.city, "Hangzhou")
        self.assertFalse(dealer.grade_id or dealer.kh_sales_area_ids or dealer.user_id)
        words = {conflict.target: conflict.word for conflict in self._conflicts("K00001")}
        self.assertEqual(words, {"level": "Diamond", "areas": "X9", "salesperson": "nobody"})

    def test_word_is_linked_for_all_dealers(self):
        self._push(self._row(1, level="Diamond"), self._row(2, level="Diamond"))
        conflict = self._conflicts("K00001")
        with self.assertRaises(UserError):
            self._decide(conflict).action_link()
        self._decide(conflict).meaning_ref = self.grade
        self._decide(conflict).action_link()
        for code in ("K00001", "K00002"):
            self.assertEqual(self._dealer(code).grade_id, self.grade)
        self.assertFalse(self._conflicts("K00001", "K00002"))
        self.assertEqual(self._status(self._push(self._row(3, level="Diamond"))), ["created"])

    def test_try_again_when_the_area_exists(self):
        self._push(self._row(areas=["X9", "KH-TEST-E"]))
        conflict = self._conflicts("K00001")
        with self.assertRaisesRegex(UserError, "X9"):
            self._decide(conflict).action_take_theirs()
        area = self.env["kh.sales.area"].create({"name": "Nine", "code": "X9"})
        self._decide(conflict).action_take_theirs()
        self.assertEqual(self._dealer("K00001").kh_sales_area_ids, self.area + area)

    # === REPLAY === #
    def test_replay_finishes_what_failed(self):
        answer = self._push(self._row(1), self._row(2, areas=["X9"]))
        run = self.env["kh.sync.run"].search([("name", "=", answer["run"])])
        area = self.env["kh.sales.area"].create({"name": "Nine", "code": "X9"})
        action = run.with_user(self.administrator).action_replay()
        replay = self.env["kh.sync.run"].browse(action["res_id"])
        self.assertEqual(replay.replay_of_id, run)
        self.assertEqual((replay.unchanged_count, replay.updated_count), (1, 1))
        self.assertEqual(self._dealer("K00002").kh_sales_area_ids, area)

    def test_replay_does_not_bring_back_the_past(self):
        answer = self._push(self._row(1), self._row(2))
        run = self.env["kh.sync.run"].search([("name", "=", answer["run"])])
        run.stamp = "2026-01-01"
        self.env["kh.sync.record"].search([("run_id", "=", run.id)]).stamp = "2026-01-01"
        self._push(self._row(1, city="Ningbo"))
        action = run.with_user(self.administrator).action_replay()
        replay = self.env["kh.sync.run"].browse(action["res_id"])
        self.assertEqual((replay.stale_count, replay.unchanged_count), (1, 1))
        self.assertEqual(self._dealer("K00001").city, "Ningbo")
        self.assertEqual(replay.line_ids.code, "K00001")

    # === RIGHTS === #
    def test_only_administrators_decide_and_only_by_buttons(self):
        self._clash()
        conflict = self._conflicts("K00001")
        for user in (self.erp_user, self.clerk, self.director, self.portal_user):
            for action in (
                "action_take_ours",
                "action_take_theirs",
                "action_ignore",
                "action_link",
            ):
                with self.assertRaises(AccessError):
                    getattr(conflict.with_user(user), action)()
        with self.assertRaises(AccessError):
            self._decide(conflict).write({"state": "theirs"})
        self._decide(conflict).action_take_ours()
        with self.assertRaisesRegex(UserError, "decided already"):
            self._decide(conflict).action_take_theirs()
        with self.assertRaises(AccessError):
            self.env["kh.sync.run"].search([], limit=1).with_user(self.director).action_replay()
