from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..engine.order_limits import OrderLimits, check_quantity, round_up


@tagged("post_install", "-at_install")
class TestOrderLimitsEngine(BaseCase):
    def test_table_of_cases(self):
        limits = OrderLimits(minimum=10, multiple=6, maximum=60)
        for quantity, kind, suggested in (
            (12, None, None),
            (60, None, None),
            (6, "minimum", 12),
            (1, "minimum", 12),
            (13, "multiple", 18),
            (66, "maximum", 60),
            (61, "multiple", 60),
        ):
            with self.subTest(quantity=quantity):
                issue = check_quantity(quantity, limits)
                self.assertEqual(issue and issue.kind, kind)
                self.assertEqual(issue and issue.suggested, suggested)

    def test_the_tightest_cap_is_named(self):
        limits = OrderLimits(maximum=50, period_left=20, stock_cap=30)
        issue = check_quantity(60, limits)
        self.assertEqual((issue.kind, issue.limit, issue.suggested), ("period", 20, 20))
        issue = check_quantity(60, limits._replace(stock_cap=7, multiple=5))
        self.assertEqual((issue.kind, issue.suggested), ("stock", 5))

    def test_nothing_can_be_offered_when_nothing_is_left(self):
        issue = check_quantity(10, OrderLimits(minimum=10, multiple=10, period_left=4))
        self.assertEqual((issue.kind, issue.suggested), ("period", None))
        self.assertIsNone(check_quantity(5, OrderLimits(stock_cap=0)).suggested)

    def test_decimals_are_multiples_too(self):
        self.assertIsNone(check_quantity(0.3, OrderLimits(multiple=0.1)))
        self.assertEqual(check_quantity(0.35, OrderLimits(multiple=0.1)).kind, "multiple")

    def test_hidden_stock_is_not_told(self):
        limits = OrderLimits(maximum=50, stock_cap=7, is_exact=False)
        self.assertEqual((limits.highest, limits.told_highest), (7, 50))

    @settings(max_examples=200, deadline=None)
    @given(
        quantity=st.integers(1, 500),
        minimum=st.integers(0, 50),
        multiple=st.integers(0, 24),
        caps=st.lists(st.none() | st.integers(0, 300), min_size=3, max_size=3),
    )
    def test_what_is_offered_may_be_ordered(self, quantity, minimum, multiple, caps):
        maximum, period, stock = caps
        limits = OrderLimits(minimum, multiple, maximum or 0, period, stock)
        issue = check_quantity(quantity, limits)
        allowed = [
            number
            for number in range(1, 600)
            if number >= minimum
            and (not multiple or number % multiple == 0)
            and all(cap is None or number <= cap for cap in (maximum or None, period, stock))
        ]
        self.assertEqual(issue is None, quantity in allowed)
        if issue and issue.suggested is not None:
            self.assertIn(issue.suggested, allowed)
        if issue and issue.suggested is None:
            self.assertFalse(allowed)
        self.assertGreaterEqual(round_up(quantity, limits), quantity)
