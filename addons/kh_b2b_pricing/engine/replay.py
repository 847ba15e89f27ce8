"""Order lines priced twice, by present rules and by those of a scenario: no database here.

A line which the scenario does not touch keeps the amount it was ordered at, to the cent, in
every total. A line is touched where its price under the scenario differs from its price under
the present rules; both prices come from the rules and the order of :mod:`.rules`.
"""

from datetime import datetime
from typing import NamedTuple

from .rules import Rule, accepts


class Period(NamedTuple):
    """First and last moment (naive UTC) at which rules may be in force."""

    start: datetime
    end: datetime


class Draft(NamedTuple):
    """A contract whose rules are asked for although it is not in force."""

    contract_id: int


class Sold(NamedTuple):
    """One order line as it was ordered.

    ``quantity`` is in ``uom_id``; ``discount`` in percent; ``rate`` is company currency to
    currency of the order; ``amount`` is untaxed, in company currency; ``tax_ids`` are set
    only where a tax may be part of the price.
    """

    dealer_id: int
    product_id: int
    uom_id: int
    currency_id: int
    quantity: float
    discount: float
    rate: float
    moment: datetime
    amount: float
    tax_ids: tuple[int, ...]


class Option(NamedTuple):
    """A rule and the time it is in force (naive UTC, both included, ``None``: open)."""

    rule: Rule
    start: datetime | None
    end: datetime | None


def choose(options, quantity, moment):
    """Return the first rule in force at ``moment`` that accepts ``quantity``, or ``None``.

    :param options: :class:`Option` in the order of the engine
    :param float quantity: in the product's unit
    """
    for rule, start, end in options:
        if start is not None and moment < start:
            continue
        if end is not None and moment > end:
            continue
        if accepts(rule, quantity):
            return rule
    return None


class Totals:
    """What the touched lines of one dealer, or of one product, come to; company currency."""

    __slots__ = ("actual", "lines", "present", "scenario")

    def __init__(self):
        self.lines = 0
        self.actual = self.present = self.scenario = 0.0

    def add(self, actual, present, scenario):
        self.lines += 1
        self.actual += actual
        self.present += present
        self.scenario += scenario


class Replay:
    """Prices lines and sums up those which the scenario touches.

    :param price: ``f(rule or None, Sold, quantity in product unit, is_scenario)``: price per
        unit of the line, in the currency of the order
    :param amount: ``f(Sold, price, discount in percent)``: untaxed amount of the line, in
        company currency
    :param is_relative: ``f(rule or None)``: whether the rule may give another price in the
        scenario although it is the same rule (a ratio of the market price)
    :param is_shown: ``f(rule or None)``: whether the discount on the line is the rule's own
    :param rounded: ``f(price)``: price in the precision of prices
    """

    def __init__(self, *, price, amount, is_relative, is_shown, rounded):
        self._price = price
        self._amount = amount
        self._is_relative = is_relative
        self._is_shown = is_shown
        self._rounded = rounded
        self.by_dealer = {}
        self.by_product = {}

    def add(self, pairs, present, scenario, change_rate=0.0):
        """Replay the lines of one dealer and one product.

        :param pairs: ``[(Sold, quantity in the product's unit, moment)]``; the moment is the
            one at which rules must be in force
        :param present: :class:`Option` under present rules, in the order of the engine
        :param scenario: the same with the scenario
        :param float change_rate: fraction by which the scenario changes the price found
        """
        if present == scenario and not change_rate:
            return
        for sold, quantity, moment in pairs:
            before = choose(present, quantity, moment)
            after = choose(scenario, quantity, moment)
            if before == after and not change_rate and not self._is_relative(after):
                continue
            old_price = self._price(before, sold, quantity, False)
            new_price = self._price(after, sold, quantity, True)
            if change_rate:
                new_price = self._rounded(new_price * (1 + change_rate))
            if old_price != new_price:
                discount = 0.0 if self._is_shown(before) else sold.discount
                self._count(
                    sold,
                    self._amount(sold, old_price, discount),
                    self._amount(sold, new_price, discount),
                )

    def _count(self, sold, present, scenario):
        for totals_by_id, key in (
            (self.by_dealer, sold.dealer_id),
            (self.by_product, sold.product_id),
        ):
            totals = totals_by_id.get(key)
            if totals is None:
                totals = totals_by_id[key] = Totals()
            totals.add(sold.amount, present, scenario)
