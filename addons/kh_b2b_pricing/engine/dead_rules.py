"""Price rules that can never win: pure logic over plain values.

A rule is dead when its time is over, when nothing can be sold by it, or when one other rule
stands before it at every quantity and at every moment that is left to it. Only a rule for
exactly the same owner and target is compared; rules of variants stand before those of their
product, which is dead where each variant has one.
"""

from bisect import bisect_right
from collections import defaultdict
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from .rules import Scope


class Reason(StrEnum):
    """Why a rule cannot win."""

    EXPIRED = "expired"
    ARCHIVED = "archived"
    EMPTY = "empty"
    SHADOWED = "shadowed"


class Candidate(NamedTuple):
    """One rule as the check sees it; moments are naive UTC, ``None`` where open.

    ``family`` is what rules that can meet have in common: owner and product or category.
    ``target_id`` is the id of what the scope names. ``variant_ids`` tells, for a rule of a
    template, all its variants (empty where others may come). ``is_gone``: its product is archived;
    ``is_empty``: no product is in its category. ``company_id`` is 0 for all companies.
    """

    id: int
    family: tuple
    scope: int
    target_id: int
    min_quantity: float
    date_start: datetime | None
    date_end: datetime | None
    with_branches: bool
    company_id: int
    variant_ids: tuple[int, ...]
    is_gone: bool
    is_empty: bool


class DeadRule(NamedTuple):
    """A rule that can never win; ``by_id`` names the rule that beats it, 0 for other reasons."""

    id: int
    reason: Reason
    by_id: int = 0


def find_dead_rules(candidates, now):
    """Yield every dead rule, in n log n.

    :param candidates: iterable of :class:`Candidate`, those of one family adjacent
    :param datetime now: what is past does not count any more
    """
    for members in _families(candidates):
        alive = []
        for candidate in members:
            if reason := _own_fault(candidate, now):
                yield DeadRule(candidate.id, reason)
            else:
                alive.append(candidate)
        if len(alive) > 1:
            shadowed = _shadowed_by_variant(alive, now) | _shadowed_by_twin(alive, now)
            for candidate_id, by_id in sorted(shadowed.items()):
                # Whoever beats the rival beats this one, too: name one that is alive.
                while by_id in shadowed:
                    by_id = shadowed[by_id]
                yield DeadRule(candidate_id, Reason.SHADOWED, by_id)


def _families(candidates):
    """Yield the candidates of one family after the other, each as a list."""
    members = []
    for candidate in candidates:
        if members and members[0].family != candidate.family:
            yield members
            members = []
        members.append(candidate)
    if members:
        yield members


def _own_fault(candidate, now):
    if candidate.date_end and candidate.date_end < now:
        return Reason.EXPIRED
    if candidate.is_gone:
        return Reason.ARCHIVED
    return Reason.EMPTY if candidate.is_empty else None


def _begin(candidate, now):
    """The first moment that is left to a rule."""
    return max(candidate.date_start or now, now)


def _end(candidate):
    return candidate.date_end or datetime.max


def _reaches(candidate):
    """Whom a rule serves at least: a rival must serve at least as many."""
    return candidate.with_branches, candidate.company_id


def _rivals_reach(candidate):
    """What a rival's :func:`_reaches` may be to serve all whom ``candidate`` serves."""
    branches = {True, bool(candidate.with_branches)}
    return [(flag, company) for flag in branches for company in {0, candidate.company_id}]


def _shadowed_by_twin(alive, now):
    """Rules beaten by a newer one of the same target and minimum.

    :return: ``{id: id of the rule that beats it}``
    """
    twins = defaultdict(list)
    for one in alive:
        twins[one.scope, one.target_id, one.min_quantity, _begin(one, now)].append(one)
    found = {}
    for group in twins.values():
        if len(group) == 1:
            continue
        group.sort(key=lambda one: (one.date_start or datetime.min, one.id), reverse=True)
        longest = {}
        for one in group:
            for reach in _rivals_reach(one):
                rival = longest.get(reach)
                if rival and _end(rival) >= _end(one):
                    found[one.id] = rival.id
            best = longest.get(_reaches(one))
            if not best or _end(one) > _end(best):
                longest[_reaches(one)] = one
    return found


def _shadowed_by_variant(alive, now):
    """Rules of a product, beaten by rules of its variants, of each by one.

    :return: ``{id: id of the rule that beats it}``, for several variants that of the first
    """
    products = [one for one in alive if one.scope == Scope.TEMPLATE and one.variant_ids]
    variants = [one for one in alive if one.scope == Scope.VARIANT]
    if not products or not variants:
        return {}
    products.sort(key=lambda one: one.min_quantity)
    variants.sort(key=lambda one: one.min_quantity)
    found, stairs, position = {}, defaultdict(Staircase), 0
    for product in products:
        while position < len(variants) and (
            variants[position].min_quantity <= product.min_quantity
        ):
            rival = variants[position]
            stairs[rival.target_id, _reaches(rival)].add(_begin(rival, now), _end(rival), rival.id)
            position += 1
        rivals = []
        for variant_id in product.variant_ids:
            rival_id = _longest_id(stairs, variant_id, product, now)
            if not rival_id:
                break
            rivals.append(rival_id)
        else:
            found[product.id] = rivals[0]
    return found


def _longest_id(stairs, variant_id, product, now):
    """Return the rule of one variant that holds as long as that of its product, 0 for none."""
    for reach in _rivals_reach(product):
        step = stairs[variant_id, reach].longest(_begin(product, now))
        if step and step[0] >= _end(product):
            return step[1]
    return 0


class Staircase:
    """Terms of rules, kept so that "begun by then, which lasts longest?" is one bisection."""

    def __init__(self):
        self._begins, self._ends = [], []

    def add(self, begin, end, rule_id):
        position = bisect_right(self._begins, begin)
        if position and self._ends[position - 1][0] >= end:
            return
        last = position
        while last < len(self._ends) and self._ends[last][0] <= end:
            last += 1
        self._begins[position:last] = [begin]
        self._ends[position:last] = [(end, rule_id)]

    def longest(self, begin):
        """Return ``(end, rule id)`` of the longest term begun at ``begin``, or ``None``."""
        position = bisect_right(self._begins, begin)
        return self._ends[position - 1] if position else None
