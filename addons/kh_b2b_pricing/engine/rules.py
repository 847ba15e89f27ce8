"""Which price rule wins: pure choice logic, no database, no ``env``.

The order is total. Most specific owner first (customer, level, market), a dealer's own
rules before its head office's, inside it the narrowest scope (variant, template, nearest
category, all products), inside that the larger minimum quantity, then the newest start
date, then the newest rule. A level price of a product therefore always stands before a
global level price, and two rules never tie: the id decides last (M-42, M-44).
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
    ``category_ids`` holds the own category first, then its parents. ``list_price`` (with
    the extras of a variant's attributes) and ``cost`` are per unit of the product;
    ``cost`` is ``None`` where it was not read. ``currency_id`` is the currency
    of the company that the product belongs to, ``None`` for products of all companies.
    """

    key: int
    variant_id: int
    template_id: int
    uom_id: int
    category_ids: tuple[int, ...]
    list_price: float = 0.0
    cost: float | None = None
    currency_id: int | None = None


class Rule(NamedTuple):
    """One candidate, valid at the date asked for. Quantities are in the product's unit.

    ``percent`` is the discount of a ratio in percent of its ``base`` (see
    :mod:`.amounts`); ``base`` is ``None`` for fixed prices and for rules that only their
    record can price. ``depth`` counts the companies between the dealer and the owner of
    a customer rule: 0 the dealer itself, 1 the company above it.

    ``fixed_price`` is per unit of the product. Where the price was agreed per another unit,
    ``uom_id`` names that and ``uom_price`` is what was agreed; ``fixed_price`` follows from it.
    """

    id: int
    owner: int
    scope: int
    target_id: int
    min_quantity: float
    date_start: datetime | None
    is_fixed: bool
    fixed_price: float
    percent: float = 0.0
    base: str | None = None
    depth: int = 0
    uom_id: int | None = None
    uom_price: float | None = None


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


def _buckets(tier, facts):
    """Return the non-empty buckets of ``facts`` in one tier, narrowest scope first."""
    variants, templates, categories, everything = tier
    found = []
    if bucket := variants.get(facts.variant_id):
        found.append(bucket)
    if bucket := templates.get(facts.template_id):
        found.append(bucket)
    if categories:
        found += [categories[key] for key in facts.category_ids if key in categories]
    if everything:
        found.append(everything[0])
    return found


def _winner(tiers, facts, quantity):
    for tier in tiers:
        for bucket in _buckets(tier, facts):
            for rule in bucket:
                if accepts(rule, quantity):
                    return rule
    return None


class RuleBook:
    """The candidates of one price list and one dealer, ready to be asked.

    A tier is what one owner says at one distance: four dictionaries, one for each
    :class:`Scope`, from the target to its rules in the order of :func:`rank`.

    :param rules: iterable of :class:`Rule`
    """

    def __init__(self, rules=()):
        tiers = defaultdict(lambda: ({}, {}, {}, {}))
        crowded = []
        for rule in rules:
            buckets = tiers[rule.owner, rule.depth][rule.scope]
            bucket = buckets.get(rule.target_id)
            if bucket is None:
                buckets[rule.target_id] = [rule]
            else:
                bucket.append(rule)
                if len(bucket) == 2:
                    crowded.append(bucket)
        for bucket in crowded:
            bucket.sort(key=rank)
        self._tiers = {
            owner: [tiers[key] for key in sorted(tiers) if key[0] == owner] for owner in OWNERS
        }

    def _tiers_of(self, owners):
        return [tier for owner in owners for tier in self._tiers[owner]]

    def choose(self, facts, quantity, owners=OWNERS):
        """Return the winning :class:`Rule` at ``quantity`` (product unit), or ``None``."""
        return _winner(self._tiers_of(owners), facts, quantity)

    def choose_all(self, asked, owners=OWNERS):
        """Choose for many at once.

        :param asked: ``[(Facts, quantity in the product's unit)]``
        :return: list of :class:`Rule` or ``None``, in the order of ``asked``
        """
        tiers = self._tiers_of(owners)
        if not tiers:
            return [None] * len(asked)
        # Mostly the first rule of the variant in the first tier: no call for that one.
        variants = tiers[0][0]
        winners = []
        for facts, quantity in asked:
            bucket = variants.get(facts.variant_id)
            if bucket and not bucket[0].min_quantity:
                winners.append(bucket[0])
            else:
                winners.append(_winner(tiers, facts, quantity))
        return winners

    def candidates(self, facts, owners=OWNERS):
        """Return every rule that applies to the product at some quantity, winner order."""
        return [
            rule
            for tier in self._tiers_of(owners)
            for bucket in _buckets(tier, facts)
            for rule in bucket
        ]

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
