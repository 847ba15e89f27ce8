from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import BaseCase, Form, new_test_user, tagged

from ..engine import Candidate, Reason, Scope, find_dead_rules
from .common import PricingCommon

NOW = datetime(2026, 6, 15, 12, 0, 0)
DAY = timedelta(days=1)
SPECS = st.lists(
    st.tuples(
        st.sampled_from([Scope.VARIANT, Scope.TEMPLATE]),
        st.sampled_from([0.0, 5.0, 10.0]),
        st.sampled_from([None, -20, -10, 0, 10, 20]),
        st.sampled_from([None, 5, 15, 25, -5]),
        st.booleans(),
        st.sampled_from([0, 0, 1, 2]),
        st.sampled_from([7, 7, 8]),
    ),
    max_size=12,
)


def candidate(rule_id, scope=Scope.VARIANT, minimum=0.0, start=None, end=None, **values):
    defaults = {
        "family": ("dealer", None, 1, None),
        "target_id": 7 if scope == Scope.VARIANT else 1,
        "with_branches": False,
        "company_id": 0,
        "variant_ids": (7,) if scope == Scope.TEMPLATE else (),
        "is_gone": False,
        "is_empty": False,
    }
    return Candidate(
        id=rule_id,
        scope=scope,
        min_quantity=minimum,
        date_start=None if start is None else NOW + start * DAY,
        date_end=None if end is None else NOW + end * DAY,
        **{**defaults, **values},
    )


# === The reference: every moment and quantity at which anything can change === #

MOMENTS = [
    NOW + day * DAY + timedelta(seconds=second)
    for day in (0, 5, 10, 15, 20, 25)
    for second in (-1, 0, 1)
    if day or second >= 0
] + [NOW + 99 * DAY]


def in_term(one, moment):
    begun = not one.date_start or one.date_start <= moment
    return begun and (not one.date_end or moment <= one.date_end)


def asks(one):
    """Return the (variant, moment, quantity, in a branch, company) at which a rule applies."""
    return {
        (variant, moment, quantity, branch, company)
        for variant in (one.variant_ids or (one.target_id,))
        for moment in MOMENTS
        if in_term(one, moment)
        for quantity in (1.0, 5.0, 10.0)
        if quantity >= one.min_quantity
        for branch in ((False, True) if one.with_branches else (False,))
        for company in ([one.company_id] if one.company_id else [1, 2, 3])
    }


def order(one):
    start = (one.date_start - datetime.min).total_seconds() if one.date_start else 0.0
    return one.scope, -one.min_quantity, -start, -one.id


def naive(candidates):
    """Compare all with all: ``{id: (applies at all?, ids of the rules that beat it)}``."""
    applies = {one.id: asks(one) for one in candidates}
    return {
        one.id: (
            bool(applies[one.id]),
            find_rivals(one, candidates, applies),
        )
        for one in candidates
    }


def find_rivals(one, candidates, applies):
    """Return the rules that beat ``one``; for none of its variants may there be none."""
    found = set()
    for variant in one.variant_ids or (one.target_id,):
        asked = {ask for ask in applies[one.id] if ask[0] == variant}
        rivals = {
            rival.id
            for rival in candidates
            if order(rival) < order(one) and asked <= applies[rival.id]
        }
        if not rivals:
            return set()
        found |= rivals
    return found


@tagged("post_install", "-at_install")
class TestDeadRules(BaseCase):
    def _dead(self, *candidates):
        return {one.id: (one.reason, one.by_id) for one in find_dead_rules(candidates, NOW)}

    def test_newer_rule_of_the_same_term(self):
        self.assertEqual(self._dead(candidate(1), candidate(2)), {1: (Reason.SHADOWED, 2)})
        self.assertEqual(self._dead(candidate(1), candidate(2, minimum=5)), {})
        self.assertEqual(self._dead(candidate(1), candidate(2, end=9)), {})

    def test_newest_start_wins_only_where_it_lasts(self):
        old, new = candidate(1, start=-20, end=5), candidate(2, start=-10)
        self.assertEqual(self._dead(old, new), {1: (Reason.SHADOWED, 2)})
        self.assertEqual(self._dead(old, candidate(2, start=1)), {}, "alive until tomorrow")
        self.assertEqual(self._dead(candidate(1, start=-20), candidate(2, start=-1, end=3)), {})

    def test_only_variant_before_its_product(self):
        product = candidate(9, Scope.TEMPLATE, minimum=10)
        self.assertEqual(self._dead(product, candidate(1)), {9: (Reason.SHADOWED, 1)})
        self.assertEqual(self._dead(product, candidate(1, minimum=11)), {})
        self.assertEqual(self._dead(product._replace(variant_ids=()), candidate(1)), {})

    def test_a_rule_of_each_variant_before_their_product(self):
        product = candidate(9, Scope.TEMPLATE, minimum=10, variant_ids=(7, 8))
        first, second = candidate(1), candidate(2, minimum=10, target_id=8)
        self.assertEqual(self._dead(product, first, second), {9: (Reason.SHADOWED, 1)})
        self.assertEqual(self._dead(product, first), {})
        self.assertEqual(self._dead(product, first, second._replace(min_quantity=11)), {})
        self.assertEqual(self._dead(product, first, candidate(2, end=9, target_id=8)), {})

    def test_a_rival_serves_all_whom_the_rule_serves(self):
        wide = candidate(1, with_branches=True)
        self.assertEqual(self._dead(wide, candidate(2)), {})
        self.assertEqual(self._dead(candidate(1), wide._replace(id=2)), {1: (Reason.SHADOWED, 2)})
        self.assertEqual(self._dead(candidate(1), candidate(2, company_id=3)), {})
        self.assertEqual(
            self._dead(candidate(1, company_id=3), candidate(2)), {1: (Reason.SHADOWED, 2)}
        )

    def test_own_faults(self):
        self.assertEqual(
            self._dead(
                candidate(1, end=-1),
                candidate(2, is_gone=True),
                candidate(3, Scope.CATEGORY, is_empty=True),
            ),
            {1: (Reason.EXPIRED, 0), 2: (Reason.ARCHIVED, 0), 3: (Reason.EMPTY, 0)},
        )

    def test_agrees_with_trying_every_moment_and_quantity(self):
        """The reference tries the quantities and moments at which anything can change."""

        @settings(max_examples=400, deadline=None, derandomize=True, database=None)
        @given(specs=SPECS, has_two=st.booleans())
        def check(specs, has_two):
            candidates = [
                candidate(
                    number,
                    *spec[:4],
                    with_branches=spec[4],
                    company_id=spec[5],
                    **(
                        {"target_id": spec[6]}
                        if spec[0] == Scope.VARIANT
                        else {"variant_ids": (7, 8) if has_two else (7,)}
                    ),
                )
                for number, spec in enumerate(specs, start=1)
                if None in spec[2:4] or spec[3] > spec[2]
            ]
            found = self._dead(*candidates)
            for rule_id, (applies, beaten_by) in naive(candidates).items():
                reason, by_id = found.get(rule_id, (None, 0))
                if not applies:
                    self.assertEqual(reason, Reason.EXPIRED)
                elif beaten_by:
                    self.assertEqual(reason, Reason.SHADOWED)
                    self.assertIn(by_id, beaten_by)
                else:
                    self.assertIsNone(reason)

        check()

    def test_many_rules_of_one_target_take_no_square_time(self):
        """200,000 rules of one product; compared in pairs they would take hours."""
        crowd = [
            candidate(number, Scope(number % 2), float(number % 3), -(number % 997), number % 1009)
            for number in range(1, 200_001)
        ]
        self.assertGreater(sum(1 for _dead in find_dead_rules(crowd, NOW)), 190_000)


@tagged("post_install", "-at_install")
class TestRuleCheck(PricingCommon):
    def _check(self, contract=None):
        return {
            one.id: (one.reason, one.by_id) for one in self.pricelist._kh_find_dead_rules(contract)
        }

    def test_finds_each_kind_and_leaves_the_living_alone(self):
        owner = {"kh_partner_id": self.dealer_a.id}
        empty = self.env["product.category"].create({"name": "Empty"})
        archived = self._create_product("Old", "KH-OLD")
        twin = self._create_rule(80.0, product_id=self.product.id, **owner)
        newer = self._create_rule(79.0, product_id=self.product.id, **owner)
        template = self._create_rule(
            78.0, product_tmpl_id=self.product.product_tmpl_id.id, min_quantity=10, **owner
        )
        gone = self._create_rule(77.0, product_id=archived.id, kh_grade_id=self.gold.id)
        over = self._create_rule(76.0, date_end=fields.Datetime.now() - timedelta(days=1))
        nothing = self._create_rule(75.0, categ_id=empty.id)
        archived.active = False
        # Others which are alive: another dealer, a level, a ladder, a parent category
        self._create_rule(80.0, product_id=self.product.id, kh_partner_id=self.dealer_b.id)
        self._create_rule(80.0, product_id=self.product.id, kh_grade_id=self.gold.id)
        self._create_rule(70.0, product_id=self.product.id, min_quantity=20, **owner)
        self._create_rule(90.0, categ_id=self.parent_category.id)
        self._create_rule(91.0)
        self.assertEqual(
            self._check(),
            {
                twin.id: (Reason.SHADOWED, newer.id),
                template.id: (Reason.SHADOWED, newer.id),
                gone.id: (Reason.ARCHIVED, 0),
                over.id: (Reason.EXPIRED, 0),
                nothing.id: (Reason.EMPTY, 0),
            },
        )
        # Deleting what is dead changes no price.
        asks = [
            (product, partner, quantity)
            for product in (self.product, self.product_2)
            for partner in (self.dealer_a, self.dealer_b, self.nobody)
            for quantity in (1, 10, 20)
        ]
        before = [self._price(*ask) for ask in asks]
        self.env["product.pricelist.item"].browse(self._check()).unlink()
        self.assertEqual([self._price(*ask) for ask in asks], before)
        self.assertEqual(self._check(), {})

    def test_product_of_which_each_variant_has_a_rule(self):
        owner = {"kh_partner_id": self.dealer_a.id}
        template = self._create_template_with_variants(count=2)
        rule = self._create_rule(70.0, product_tmpl_id=template.id, **owner)
        first, second = template.product_variant_ids
        winner = self._create_rule(71.0, product_id=first.id, **owner)
        self.assertEqual(self._check(), {})
        self._create_rule(72.0, product_id=second.id, **owner)
        self.assertEqual(self._check(), {rule.id: (Reason.SHADOWED, winner.id)})

    def test_product_of_which_other_variants_may_come(self):
        owner = {"kh_partner_id": self.dealer_a.id}
        template = self._create_template_with_variants(count=2, mode="dynamic")
        values = template.attribute_line_ids.product_template_value_ids
        variant = template._create_product_variant(values[0])
        self._create_rule(70.0, product_tmpl_id=template.id, **owner)
        self._create_rule(71.0, product_id=variant.id, **owner)
        self.assertEqual(self._check(), {})

    def test_lines_of_a_draft_are_checked_as_if_in_force(self):
        contract = self._create_contract(lines=[(self.product, 80.0, 0), (self.product, 81.0, 0)])
        first, second = contract.item_ids.sorted("id")
        self.assertEqual(self._check(), {}, "a draft has no price that could lose")
        self.assertEqual(self._check(contract), {first.id: (Reason.SHADOWED, second.id)})
        action = contract.action_check_kh_rules()
        check = self.env["kh.price.rule.check"].browse(action["res_id"])
        self.assertEqual((check.contract_id, check.dead_count), (contract, 1))

    def test_lines_of_the_contract_that_is_replaced_beat_nothing(self):
        now = fields.Datetime.now()
        old = self._create_contract(lines=[(self.product, 80.0, 0)])
        old.action_submit()
        new = self._create_contract(
            lines=[(self.product, 79.0, 0), (self.product_2, 50.0, 0)],
            supersedes_id=old.id,
            date_start=now.date() - timedelta(days=10),
        )
        newer = self._create_rule(
            51.0,
            kh_partner_id=self.dealer_a.id,
            product_id=self.product_2.id,
            date_start=now - timedelta(days=1),
        )
        beaten = new.item_ids.filtered(lambda line: line.product_id == self.product_2)
        self.assertEqual(self._check(new), {beaten.id: (Reason.SHADOWED, newer.id)})
        new.supersedes_id = False
        self.assertEqual(len(self._check(new)), 2, "a contract that stays stands before it")

    def test_list_for_price_managers(self):
        owner = {"kh_partner_id": self.dealer_a.id}
        self._create_rule(80.0, product_id=self.product.id, **owner)
        self._create_rule(79.0, product_id=self.product.id, **owner)
        staff = self._create_staff()
        staff["price_manager_2"] = new_test_user(
            self.env, "kh_prices_2", "base.group_user,kh_b2b_pricing.group_b2b_price_manager"
        )
        pricelist = self.pricelist.with_user(staff["product_manager"])
        action = pricelist.action_check_kh_rules()
        check = self.env[action["res_model"]].with_user(staff["product_manager"])
        check = check.browse(action["res_id"])
        with Form(check) as form:
            self.assertEqual(form.dead_count, 1)
        self.assertEqual(check.line_ids.reason, "shadowed")
        self.assertEqual(check.line_ids.winner_id.fixed_price, 79.0)
        self.assertEqual(check.line_ids.action_open_rule()["res_id"], check.line_ids.item_id.id)
        colleague = self.env[check._name].with_user(staff["price_manager_2"])
        self.assertFalse(colleague.search([]), "what a check tells is for whoever made it")
        with self.assertRaises(AccessError):
            check.line_ids.with_user(staff["price_manager_2"]).read(["item_id"])
        check.line_ids.item_id.unlink()
        again = check.action_check_again()
        self.assertEqual(self.env[again["res_model"]].browse(again["res_id"]).dead_count, 0)

    def test_refused_to_everybody_else(self):
        contract = self._create_contract(lines=[(self.product, 80.0, 0)])
        staff = self._create_staff()
        portal = self._create_portal_user(self.dealer_a, "kh_check_a")
        for user in (staff["salesperson"], staff["order_clerk"], portal):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.pricelist.with_user(user).action_check_kh_rules()
            with self.subTest(user.login), self.assertRaises(AccessError):
                contract.with_user(user).action_check_kh_rules()
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.env["kh.price.rule.check"].with_user(user).search([])
