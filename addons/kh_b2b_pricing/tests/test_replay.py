from datetime import datetime, timedelta

from odoo.tests import BaseCase, tagged

from ..engine import Owner, Rule, Scope
from ..engine.replay import Option, Replay, Sold, choose

NOON = datetime(2026, 6, 15, 12)


def rule(rule_id, price, minimum=0):
    return Rule(rule_id, int(Owner.LEVEL), int(Scope.ALL), 0, minimum, None, True, price)


def sold(**vals):
    line = {
        "dealer_id": 1,
        "product_id": 2,
        "uom_id": 3,
        "currency_id": 4,
        "quantity": 10.0,
        "discount": 0.0,
        "rate": 1.0,
        "moment": NOON,
        "amount": 95.0,
        "tax_ids": (),
    }
    return Sold(**{**line, **vals})


@tagged("post_install", "-at_install")
class TestReplay(BaseCase):
    """The pure part: which lines count, and what they come to."""

    def _replay(self, shown=()):
        return Replay(
            price=lambda winner, line, pieces, is_scenario: winner.fixed_price if winner else 10.0,
            amount=lambda line, price, discount: line.quantity * price * (1 - discount / 100),
            is_relative=lambda winner: False,
            is_shown=lambda winner: bool(winner and winner.id in shown),
            rounded=lambda price: round(price, 2),
        )

    def test_rules_hold_from_their_start_to_their_end(self):
        day = timedelta(days=1)
        options = [
            Option(rule(1, 5, minimum=20), None, None),
            Option(rule(2, 6), NOON, NOON + day),
            Option(rule(3, 7), None, None),
        ]
        cases = [
            (20, NOON, 1),
            (19, NOON, 2),
            (19, NOON + day, 2),
            (19, NOON + day + timedelta(microseconds=1), 3),
            (19, NOON - timedelta(microseconds=1), 3),
        ]
        for quantity, moment, expected in cases:
            with self.subTest(quantity=quantity, moment=moment):
                self.assertEqual(choose(options, quantity, moment).id, expected)
        self.assertIsNone(choose(options[:1], 1, NOON))

    def test_lines_at_the_same_price_are_not_touched(self):
        replay = self._replay()
        pairs = [(sold(), 10.0, NOON)]
        same = [Option(rule(1, 9), None, None)]
        replay.add(pairs, same, same)
        replay.add(pairs, same, [Option(rule(2, 9), None, None), *same])
        self.assertFalse(replay.by_dealer)
        self.assertFalse(replay.by_product)

    def test_touched_lines_are_counted_once_for_dealer_and_product(self):
        replay = self._replay()
        pairs = [(sold(), 10.0, NOON), (sold(product_id=5, amount=50.0, discount=10.0), 1.0, NOON)]
        replay.add(pairs, [], [Option(rule(2, 8), None, None)])
        totals = replay.by_dealer[1]
        self.assertEqual(
            (totals.lines, totals.actual, totals.present, totals.scenario), (2, 145, 190, 152)
        )
        self.assertEqual(replay.by_product[5].scenario, 72)

    def test_change_applies_to_the_price_found(self):
        replay = self._replay()
        same = [Option(rule(1, 9.99), None, None)]
        replay.add([(sold(), 10.0, NOON)], same, same, change_rate=0.1)
        self.assertAlmostEqual(replay.by_dealer[1].scenario, 109.9)

    def test_discount_of_the_rule_itself_is_not_given_twice(self):
        replay = self._replay(shown={1})
        pairs = [(sold(discount=10.0), 10.0, NOON)]
        before, after = Option(rule(1, 9), None, None), Option(rule(2, 8), None, None)
        replay.add(pairs, [before], [after])
        self.assertEqual(replay.by_dealer[1].present, 90)
        self.assertEqual(replay.by_dealer[1].scenario, 80)
