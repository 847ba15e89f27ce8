"""Which price rule wins: pure choice logic, no database, no ``env``.

The order is total. Most specific owner first (customer, level, market), inside it the
narrowest scope (variant, template, nearest category, all products), inside that the
larger minimum quantity, then the newest start date, then the newest rule. A level price
of a product therefore always stands before a global level price.
"""

from collections import defaultdict
from datetime import datetime
from enum import IntEnum
from typing import NamedTuple


class Owner(IntEnum):
    """For whom a rule was made, most specific first."""

    CUSTOMER = 0
    LEVEL = 1
    MARKET = 2


class Scope(IntEnum):
    """What a rule applies to; the value is the first character of ``applied_on``."""

    VARIANT = 0
    TEMPLATE = 1
    CATEGORY = 2
    ALL = 3


class Facts(NamedTuple):
    """What the engine knows of one product (or template).

    ``variant_id`` is 0 for a template that has not exactly one variant;
    ``category_ids`` holds the own category first, then its parents.
    """

    key: int
    variant_id: int
    template_id: int
    uom_id: int
    category_ids: tuple[int, ...]


class Rule(NamedTuple):
    """One candidate, valid at the date asked for. Quantities are in the product's unit."""

    id: int
    owner: int
    scope: int
    target_id: int
    min_quantity: float
    date_start: datetime | None
    is_fixed: bool
    fixed_price: float


OWNERS = tuple(Owner)


def rank(rule):
    """Sort key inside one owner and one target: the smallest wins."""
    start = rule.date_start
    return (
        -rule.min_quantity,
        -(start - datetime.min).total_seconds() if start else 0.0,
        -rule.id,
    )


def accepts(rule, quantity):
    """Say whether ``quantity`` (product unit) reaches the rule's minimum."""
    return not rule.min_quantity or quantity >= rule.min_quantity


class RuleBook:
    """The candidates of one price list and one dealer, ready to be asked.

    :param rules: iterable of :class:`Rule`
    """

    def __init__(self, rules=()):
        buckets = defaultdict(list)
        for rule in rules:
            buckets[rule.owner, rule.scope, rule.target_id].append(rule)
        for bucket in buckets.values():
            if len(bucket) > 1:
                bucket.sort(key=rank)
        self._buckets = dict(buckets)
        self._with_category = {
            owner for owner, scope, _target in buckets if scope == Scope.CATEGORY
        }

    def _slots(self, facts, owner):
        """Give the non-empty buckets of ``facts`` for one owner, narrowest scope first."""
        get = self._buckets.get
        yield get((owner, 0, facts.variant_id), ())
        yield get((owner, 1, facts.template_id), ())
        if owner in self._with_category:
            for category_id in facts.category_ids:
                yield get((owner, 2, category_id), ())
        yield get((owner, 3, 0), ())

    def choose(self, facts, quantity, owners=OWNERS):
        """Return the winning :class:`Rule` at ``quantity`` (product unit), or ``None``."""
        for owner in owners:
            for bucket in self._slots(facts, owner):
                for rule in bucket:
                    if accepts(rule, quantity):
                        return rule
        return None

    def candidates(self, facts, owners=OWNERS):
        """Return every rule that applies to the product at some quantity, winner order."""
        return [rule for owner in owners for bucket in self._slots(facts, owner) for rule in bucket]

    def steps(self, facts, quantity, owners=OWNERS):
        """Return the further price steps above ``quantity``.

        :return: ``[(minimum quantity, winning rule)]``, ascending; only steps at which the
            winner changes
        """
        breaks = {
            rule.min_quantity
            for rule in self.candidates(facts, owners)
            if rule.min_quantity > quantity
        }
        steps, current = [], self.choose(facts, quantity, owners)
        for minimum in sorted(breaks):
            winner = self.choose(facts, minimum, owners)
            if winner != current:
                steps.append((minimum, winner))
                current = winner
        return steps
