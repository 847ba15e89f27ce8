from datetime import datetime

from odoo.tests import BaseCase, tagged

from ..engine import Facts, Owner, Rule, RuleBook, Scope

FACTS = Facts(key=7, variant_id=7, template_id=3, uom_id=1, category_ids=(12, 11))


def rule(rule_id, owner, scope, target=0, minimum=0.0, start=None, price=1.0):
    return Rule(rule_id, owner, scope, target, minimum, start, True, price)


@tagged("post_install", "-at_install")
class TestRules(BaseCase):
    def _winner(self, *rules, quantity=1.0):
        winner = RuleBook(rules).choose(FACTS, quantity)
        return winner and winner.id

    def test_owner_before_scope(self):
        self.assertEqual(
            self._winner(
                rule(1, Owner.MARKET, Scope.VARIANT, 7),
                rule(2, Owner.LEVEL, Scope.VARIANT, 7),
                rule(3, Owner.CUSTOMER, Scope.ALL),
            ),
            3,
        )

    def test_level_price_of_product_before_global_level_price(self):
        self.assertEqual(
            self._winner(
                rule(1, Owner.LEVEL, Scope.ALL),
                rule(2, Owner.LEVEL, Scope.CATEGORY, 12),
                rule(3, Owner.LEVEL, Scope.TEMPLATE, 3),
            ),
            3,
        )

    def test_nearest_category_first(self):
        rules = [
            rule(1, Owner.MARKET, Scope.CATEGORY, 11),
            rule(2, Owner.MARKET, Scope.CATEGORY, 12),
        ]
        self.assertEqual(self._winner(*rules), 2)
        self.assertEqual(self._winner(rules[0]), 1)

    def test_larger_minimum_then_newest_start_then_newest_rule(self):
        jan, feb = datetime(2026, 1, 1), datetime(2026, 2, 1)
        rules = [
            rule(1, Owner.CUSTOMER, Scope.VARIANT, 7, 10.0),
            rule(2, Owner.CUSTOMER, Scope.VARIANT, 7, 0.0, jan),
            rule(3, Owner.CUSTOMER, Scope.VARIANT, 7, 0.0, feb),
            rule(4, Owner.CUSTOMER, Scope.VARIANT, 7, 0.0),
            rule(5, Owner.CUSTOMER, Scope.VARIANT, 7, 0.0, feb),
        ]
        self.assertEqual(self._winner(*rules, quantity=10), 1)
        self.assertEqual(self._winner(*rules, quantity=9), 5)
        self.assertEqual(self._winner(*rules[:4], quantity=9), 3)

    def test_nothing_fits(self):
        self.assertIsNone(self._winner(rule(1, Owner.CUSTOMER, Scope.VARIANT, 8)))
        self.assertIsNone(self._winner(rule(1, Owner.CUSTOMER, Scope.VARIANT, 7, 5.0)))

    def test_steps_name_each_change_once(self):
        rules = [
            rule(1, Owner.MARKET, Scope.ALL),
            rule(2, Owner.MARKET, Scope.ALL, 0, 100.0),
            rule(3, Owner.CUSTOMER, Scope.VARIANT, 7, 10.0),
            rule(4, Owner.CUSTOMER, Scope.VARIANT, 7, 50.0),
        ]
        steps = RuleBook(rules).steps(FACTS, 1.0)
        self.assertEqual([(minimum, step.id) for minimum, step in steps], [(10.0, 3), (50.0, 4)])
        self.assertEqual(RuleBook(rules).steps(FACTS, 60.0), [])

    def test_template_without_single_variant_ignores_variant_rules(self):
        facts = FACTS._replace(variant_id=0)
        book = RuleBook([rule(1, Owner.CUSTOMER, Scope.VARIANT, 7)])
        self.assertIsNone(book.choose(facts, 1.0))
