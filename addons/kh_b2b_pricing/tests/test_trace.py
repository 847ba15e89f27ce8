"""The trace engine without a database: what is packed is what is replayed."""

import json
from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged
from odoo.tools import float_round

from ..engine import Facts, Owner, Rule, RuleBook, Scope
from ..engine.trace import (
    MAX_LOSERS,
    Asked,
    Kind,
    Price,
    Reason,
    RuleRow,
    contest,
    explain,
    is_changed,
    losers_of,
    pack,
    pack_given,
    replay,
    steps_of,
    winner_of,
)

FACTS = Facts(7, 7, 3, 1, (20, 10))


def rule(rule_id, owner=Owner.CUSTOMER, scope=Scope.VARIANT, target=7, **vals):
    values = {"min_quantity": 0.0, "date_start": None, "is_fixed": True, "fixed_price": 10.0}
    return Rule(rule_id, owner, scope, target, **{**values, **vals})


def row_of(one, kind=Kind.FIXED, value=None, **vals):
    value = one.fixed_price if value is None else value
    return RuleRow(
        one.id, one.owner, one.scope, one.target_id, one.min_quantity, kind.value, value, **vals
    )


def asked(quantity=1.0, units=None, digits=2):
    return Asked("2026-11-28 01:02:03", quantity, "Units", "CNY", units, digits)


def trace_of(rules, quantity=1.0, unit_price=None, rows=None, units=None, **price):
    met = contest(RuleBook(rules), FACTS, quantity)
    rows = rows or {one.id: row_of(one) for one in rules}
    if unit_price is None:
        unit_price = met.winner.fixed_price
    return pack(asked(quantity, units), met, Price(unit_price, unit_price, **price), rows)


@tagged("post_install", "-at_install")
class TestTrace(BaseCase):
    def test_one_fixed_price_is_a_small_trace(self):
        trace = trace_of([rule(1, fixed_price=80.5)])
        self.assertEqual(replay(trace), 80.5)
        self.assertEqual(trace["w"], [1, 0, 0, 7, 0.0, "f", 80.5])
        self.assertNotIn("l", trace)
        self.assertLess(len(json.dumps(trace)), 150)

    def test_a_price_of_zero_is_a_price(self):
        trace = trace_of([rule(1, fixed_price=0.0), rule(2, Owner.MARKET, fixed_price=0.0)])
        self.assertEqual(replay(trace), 0.0)
        self.assertEqual(winner_of(trace).value, 0.0)
        self.assertEqual([row.value for row, _reason, _price in losers_of(trace)], [0.0])

    def test_losers_say_why(self):
        rules = [
            rule(1, min_quantity=12, fixed_price=70.0),
            rule(2, fixed_price=80.0),
            rule(3, fixed_price=81.0, scope=Scope.TEMPLATE, target=3),
            rule(4, owner=Owner.MARKET, scope=Scope.ALL, target=0, fixed_price=90.0),
        ]
        trace = trace_of(rules, 2.0)
        self.assertEqual(winner_of(trace).id, 2)
        reasons = {row.id: reason for row, reason, _price in losers_of(trace)}
        self.assertEqual(reasons, {1: Reason.MINIMUM, 3: Reason.SCOPE, 4: Reason.OWNER})
        self.assertEqual(steps_of(trace), [(12, 70.0)])

    def test_losers_of_the_same_target(self):
        early, late = datetime(2026, 1, 1), datetime(2026, 6, 1)
        rules = [
            rule(1, date_start=late),
            rule(2, date_start=early),
            rule(3, date_start=late, min_quantity=5),
            rule(4, scope=Scope.CATEGORY, target=20, date_start=late),
        ]
        reasons = {r.id: why for r, why, _price in losers_of(trace_of(rules, 1.0))}
        self.assertEqual(reasons, {2: Reason.START, 3: Reason.MINIMUM, 4: Reason.SCOPE})
        reasons = {r.id: why for r, why, _price in losers_of(trace_of(rules, 9.0))}
        self.assertEqual(reasons, {1: Reason.STEP, 2: Reason.STEP, 4: Reason.SCOPE})
        twins = [rule(1, date_start=late), rule(5, date_start=late)]
        self.assertEqual(losers_of(trace_of(twins))[0][1], Reason.NEWER)
        nearer = [
            rule(1, scope=Scope.CATEGORY, target=20),
            rule(2, scope=Scope.CATEGORY, target=10),
        ]
        self.assertEqual(losers_of(trace_of(nearer))[0][1], Reason.CATEGORY)

    def test_the_number_of_losers_is_capped_and_told(self):
        trace = trace_of([rule(n, date_start=datetime(2026, 1, n)) for n in range(1, 10)])
        self.assertEqual(len(trace["l"]), MAX_LOSERS)
        self.assertEqual(trace["x"], 8 - MAX_LOSERS)

    def test_units(self):
        trace = trace_of(
            [rule(1, fixed_price=7.0)], 12.0, 84.0, units=["Units", "Dozen", 12.0, 1.0]
        )
        self.assertEqual(replay(trace), 84.0)
        self.assertEqual([step.code for step in explain(trace)], ["fixed", "unit"])

    def test_ratio_discount_column_and_taxes(self):
        one = rule(1, is_fixed=False)
        rows = {1: row_of(one, Kind.PERCENT, 6.0)}
        trace = trace_of([one], 1.0, 13.91, rows, base=[14.8, "list_price"])
        self.assertEqual(replay(trace), 13.91)
        self.assertEqual([step.code for step in explain(trace)], ["base", "percent", "round"])
        trace = trace_of([one], 1.0, 14.8, rows, base=[14.8, "list_price"], before_discount=14.8)
        self.assertEqual(replay(trace), 14.8)
        self.assertEqual(explain(trace)[-1].code, "discount")
        met = contest(RuleBook([one]), FACTS, 1.0)
        taxed = Price(13.91, 13.91 * 1.13, [14.8, "list_price"], None, [1.13, "0%", "13%"])
        trace = pack(asked(), met, taxed, rows)
        self.assertAlmostEqual(replay(trace), 13.91 * 1.13)
        self.assertEqual(explain(trace)[-1].code, "tax")

    def test_a_price_that_its_steps_do_not_give_is_kept_itself(self):
        one = rule(1, is_fixed=False)
        rows = {1: row_of(one, Kind.PERCENT, 6.0)}
        for base in (None, [14.8, "list_price"]):
            trace = trace_of([one], 1.0, 12.34, rows, base=base)
            self.assertEqual(trace["k"], Kind.GIVEN)
            self.assertEqual(replay(trace), 12.34)
            self.assertEqual(winner_of(trace).id, 1)
        self.assertEqual(replay(pack_given(asked(), 5.5)), 5.5)

    def test_no_rule_at_all(self):
        met = contest(RuleBook([]), FACTS, 1.0)
        trace = pack(asked(), met, Price(100.005, 100.005, [100.005, "list_price"]), {})
        self.assertEqual(replay(trace), 100.005)
        self.assertIsNone(winner_of(trace))

    def test_a_changed_price_is_seen(self):
        trace = trace_of([rule(1, fixed_price=80.0)])
        self.assertFalse(is_changed(trace, 80.0, 2))
        self.assertTrue(is_changed(trace, 80.01, 2))
        trace["m"] = ["Li", "2026-11-28 02:00:00", 80.01]
        self.assertEqual(replay(trace), 80.0)
        self.assertEqual(explain(trace)[-1], ("hand", ("Li", "2026-11-28 02:00:00"), 80.01))

    @settings(max_examples=1000, deadline=None)
    @given(
        base=st.floats(0.01, 1e6),
        discount=st.floats(-50, 90),
        numbers=st.tuples(
            st.sampled_from([0.0, 0.01, 0.05, 1.0]),
            st.floats(-5, 5),
            st.floats(0, 50),
            st.sampled_from([0.0, 10.0, 1000.0]),
        ),
        factor=st.sampled_from([1.0, 12.0, 0.001, 7.5]),
    )
    def test_a_formula_replays(self, base, discount, numbers, factor):
        """Against the formula of core, written down once more."""
        rounding, surcharge, lowest, highest = numbers
        price = base - (base * (discount / 100))
        if rounding:
            price = float_round(price, precision_rounding=rounding)
        price += surcharge * factor
        if lowest:
            price = max(price, base + lowest * factor)
        if highest:
            price = min(price, base + highest * factor)
        price = float_round(price, precision_digits=2)
        one = rule(1, is_fixed=False)
        rows = {1: row_of(one, Kind.FORMULA, [discount, *numbers])}
        units = None if factor == 1.0 else ["Units", "Pack", factor, 1.0]
        trace = trace_of([one], 1.0, price, rows, units, base=[base, "list_price"])
        self.assertEqual(trace["k"], Kind.FORMULA)
        self.assertEqual(replay(json.loads(json.dumps(trace))), price)

    def test_a_step_on_another_base_has_no_price_in_the_trace(self):
        """A ratio of the cost is not a ratio of what the winner is a ratio of."""
        rules = [rule(1), *(rule(number, min_quantity=24 * number) for number in (2, 3, 4))]
        rows = {
            1: row_of(rules[0], Kind.PERCENT, 10.0),
            2: row_of(rules[1], Kind.PERCENT, 20.0),
            3: row_of(rules[2], Kind.PERCENT, -5.0, base="standard_price"),
            4: row_of(rules[3], Kind.PERCENT, 30.0, base="kh_market"),
        }
        trace = trace_of(rules, 1.0, 90.0, rows, base=[100.0, "list_price"])
        self.assertEqual(replay(trace), 90.0)
        self.assertEqual(steps_of(trace), [(48, 80.0)])
        market = {key: row._replace(base="kh_market") for key, row in rows.items()}
        trace = trace_of(rules, 1.0, 90.0, market, base=[100.0, "kh_market"])
        self.assertEqual(steps_of(trace), [], "the market price may have steps of its own")
