from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PricingCommon


@tagged("post_install", "-at_install")
class TestContractVersion(PricingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.today()
        cls.staff = cls._create_staff()
        cls.dealer_a.user_id = cls.staff["salesperson"]
        cls.contract = cls._create_contract(
            lines=[(cls.product, 80.0, 0), (cls.product, 75.0, 10), (cls.product_2, 60.0, 0)],
            user_id=cls.staff["salesperson"].id,
            reference="YX-1",
            date_start=cls.today - timedelta(days=30),
        )
        cls.contract.action_submit()

    def _next(self, contract=None):
        action = (contract or self.contract).action_new_version()
        return self.env["kh.price.contract"].browse(action["res_id"])

    def test_next_version_is_a_draft_with_all_lines(self):
        version = self._next()
        self.assertEqual((version.state, version.version), ("draft", 2))
        self.assertEqual(version.name, f"{self.contract.name}-V2")
        self.assertEqual(version.origin_id, self.contract)
        self.assertEqual(version.supersedes_id, self.contract)
        self.assertEqual(version.reference, "YX-1")
        self.assertEqual(sorted(version.item_ids.mapped("fixed_price")), [60.0, 75.0, 80.0])
        self.assertTrue(all(version.item_ids.mapped("kh_is_pending")))
        self.assertFalse(any(version.item_ids.mapped("date_start")))
        self.assertEqual((version.version_count, self.contract.version_count), (2, 2))
        self.assertEqual(self._price(partner=self.dealer_a), 80.0)

    def test_second_click_opens_the_same_version(self):
        self.assertEqual(self._next(), self._next())

    def test_third_version_follows_the_second(self):
        second = self._next()
        second.item_ids.filtered(lambda i: i.product_id == self.product_2).fixed_price = 59.0
        second.action_submit()
        self.assertEqual((self.contract.state, second.state), ("terminated", "active"))
        self.assertTrue(self.contract.date_ended)
        self.assertEqual(self._price(self.product_2, self.dealer_a), 59.0)
        third = self._next(second)
        self.assertEqual((third.version, third.origin_id), (3, self.contract))
        domain = third.action_view_versions()["domain"]
        family = self.env["kh.price.contract"].search(domain)
        self.assertEqual(family, self.contract | second | third)
        with self.assertRaises(UserError):
            self.contract._make_next_version()

    def test_same_version_cannot_be_made_twice(self):
        version = self._next()
        other = self._create_contract(lines=[(self.product, 1.0, 0)])
        with (
            self.assertRaises(IntegrityError),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            other._move({"origin_id": self.contract.id, "version": version.version})
            other.flush_recordset()

    def test_own_term_of_a_line_is_kept_and_what_ended_is_not_copied(self):
        promotion = fields.Datetime.now() + timedelta(days=20)
        first, second, third = self.contract.item_ids
        first.date_end = promotion
        second.date_end = fields.Datetime.now() - timedelta(hours=30)
        version = self._next()
        ends = {(item.product_id, item.min_quantity): item.date_end for item in version.item_ids}
        self.assertEqual(ends[first.product_id, first.min_quantity], first.date_end)
        self.assertNotIn((second.product_id, second.min_quantity), ends)
        self.assertFalse(ends[third.product_id, third.min_quantity])

    def test_number_of_statements_does_not_grow_with_lines(self):
        counts = []
        for partner, lines in ((self.dealer_b, 1), (self.dealer_a, 200)):
            contract = self._create_contract(
                partner=partner,
                lines=[(self.product, 80.0 - n / 100, n) for n in range(lines)],
                supersedes_id=self.contract.id if partner == self.dealer_a else False,
            )
            contract.action_submit()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._next(contract)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 2)

    def test_what_the_system_keeps_is_not_written_by_users(self):
        version = self._next()
        for vals in (
            {"version": 7},
            {"origin_id": False},
            {"max_discount_rate": 0.0},
            {"date_ended": fields.Datetime.now()},
        ):
            with self.assertRaises(UserError):
                version.write(vals)
        created = self.env["kh.price.contract"].create(
            {
                "partner_id": self.dealer_b.id,
                "pricelist_id": self.pricelist.id,
                "version": 9,
                "origin_id": self.contract.id,
                "min_margin_rate": 0.9,
            }
        )
        self.assertEqual((created.version, created.min_margin_rate), (1, 0.0))
        self.assertFalse(created.origin_id)

    def test_replaces_only_a_contract_of_the_same_dealer(self):
        with self.assertRaises(ValidationError):
            self._create_contract(
                partner=self.dealer_b,
                lines=[(self.product, 1.0, 0)],
                supersedes_id=self.contract.id,
            )
        version = self._next()
        with self.assertRaises(ValidationError):
            version.write({"partner_id": self.dealer_b.id, "supersedes_id": False})

    def test_who_may_make_versions(self):
        for role, allowed in (
            ("salesperson", True),
            ("supervisor", True),
            ("product_manager", True),
            ("order_clerk", False),
        ):
            contract = self.contract.with_user(self.staff[role])
            if allowed:
                self.assertTrue(contract.action_new_version()["res_id"])
                continue
            with self.assertRaises(AccessError):
                contract.action_new_version()
        foreign = self._create_contract(
            partner=self.dealer_b, lines=[(self.product, 1.0, 0)], user_id=self.env.user.id
        )
        foreign.action_submit()
        with self.assertRaises(AccessError):
            foreign.with_user(self.staff["salesperson"]).action_new_version()
        portal = self._create_portal_user(self.dealer_a, "kh_version_a")
        for method in ("action_new_version", "action_preview", "action_view_versions"):
            with self.assertRaises(AccessError):
                getattr(self.contract.with_user(portal), method)()

    def test_head_office_and_branch_do_not_overlap(self):
        """A branch's own contract goes before its head office's: both may be in force."""
        branch = self.env["res.partner"].create(
            {"name": "Branch", "is_company": True, "parent_id": self.dealer_b.id}
        )
        head = self._create_contract(
            partner=self.dealer_b, lines=[(self.product, 70.0, 0)], with_branches=True
        )
        own = self._create_contract(partner=branch, lines=[(self.product, 65.0, 0)])
        (head | own).action_submit()
        self.assertEqual((head.state, own.state), ("active", "active"))
        self.assertTrue(head.item_ids.kh_with_branches)
        self.assertFalse(own.item_ids.kh_with_branches)
        with self.assertRaises(UserError):
            head.with_branches = False
        self.assertEqual(self._price(partner=branch), 65.0)

    def test_what_has_ended_keeps_its_prices_for_its_time(self):
        """An order of yesterday, priced again today, has yesterday's price (M-45)."""
        today = fields.Date.today()
        contract = self._create_contract(
            partner=self.dealer_b,
            lines=[(self.product, 80.0, 0)],
            date_start=today - timedelta(days=30),
        )
        contract.action_submit()
        yesterday = fields.Datetime.now() - timedelta(days=1)
        contract.action_terminate()
        self.assertEqual(self._price(partner=self.dealer_b, date=yesterday), 80.0)
        self.assertEqual(self._price(partner=self.dealer_b), 100.0)
        self.assertFalse(self.pricelist._kh_find_dead_rules(), "history is no fault")
        again = self._create_contract(partner=self.dealer_b)
        self.assertEqual(again._copy_lines_from(contract), 1)
        self.assertFalse(again.item_ids.date_end, "the end was the contract's, not the line's")

    def test_what_never_began_counts_at_no_time(self):
        start = fields.Date.today() + timedelta(days=30)
        contract = self._create_contract(
            partner=self.dealer_b, lines=[(self.product, 80.0, 0)], date_start=start
        )
        contract.action_submit()
        contract.action_terminate()
        later = fields.Datetime.now() + timedelta(days=40)
        self.assertEqual(self._price(partner=self.dealer_b, date=later), 100.0)
        self.assertTrue(contract.item_ids.kh_is_pending)
