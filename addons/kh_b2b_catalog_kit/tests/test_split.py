from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..engine.split import split_amount


@tagged("post_install", "-at_install")
class TestSplit(BaseCase):
    def test_table_of_cases(self):
        for amount, weights, expected in (
            (100.0, [30, 70], [30.0, 70.0]),
            (10.0, [1, 1, 1], [3.34, 3.33, 3.33]),
            (10.0, [0, 0], [5.0, 5.0]),
            (0.01, [1, 2], [0.0, 0.01]),
            (-9.0, [1, 2], [-3.0, -6.0]),
            (5.0, [], []),
        ):
            with self.subTest(amount=amount, weights=weights):
                self.assertEqual(split_amount(amount, weights), expected)

    @settings(max_examples=200, deadline=None)
    @given(
        cents=st.integers(0, 10_000_000),
        weights=st.lists(st.floats(0, 10_000), min_size=1, max_size=12),
    )
    def test_parts_add_up(self, cents, weights):
        parts = split_amount(cents / 100, weights)
        self.assertEqual(round(sum(round(part * 100) for part in parts)), cents)
