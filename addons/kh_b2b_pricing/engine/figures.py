"""What a set of prices means: discounts, margins, changes. No database, no ``env``.

Prices are per product unit in the currency of the pricelist, with or without tax as the
products' prices are. All rates are fractions: 0.25 is 25 %.
"""

from typing import NamedTuple


class PriceLine(NamedTuple):
    """One price of a dealer, beside what it is measured by.

    ``key`` says what is priced from which quantity: ``(applied on, variant, template,
    category, minimum quantity)``. ``price`` is ``None`` for a ratio on a category or on
    everything; ``discount`` then tells its rate, on the cost where ``is_on_cost``.
    ``market`` and ``cost`` are 0 where nobody knows them; the cost is without tax, so is
    ``price * net_factor``.
    """

    id: int
    key: tuple
    price: float | None
    discount: float = 0.0
    market: float = 0.0
    cost: float = 0.0
    net_factor: float = 1.0
    is_on_cost: bool = False

    @property
    def discount_rate(self):
        """The part of the market price which the dealer saves; ``None`` if unknown."""
        if self.price is None:
            return None if self.is_on_cost else self.discount
        return 1 - self.price / self.market if self.market else None

    @property
    def margin_rate(self):
        """What is left of the price without tax after the cost; ``None`` if unknown."""
        if self.price is None and self.is_on_cost:
            share = (1 - self.discount) * self.net_factor
            return 1 - 1 / share if share > 0 else -1.0
        net = (self.price or 0.0) * self.net_factor
        return 1 - self.cost / net if self.cost and net else None


class Change(NamedTuple):
    """One price against the one it replaces; ``kind`` is one of :data:`KINDS`."""

    kind: str
    new: PriceLine | None
    old: PriceLine | None

    @property
    def rate(self):
        """How much dearer it becomes, ``None`` where there is nothing to compare."""
        if self.new is None or self.old is None:
            return None
        if self.new.price is None and self.old.price is None:
            if self.new.is_on_cost != self.old.is_on_cost:
                return None
            before = 1 - self.old.discount
            return (1 - self.new.discount) / before - 1 if before else None
        return self.new.price / self.old.price - 1 if self.new.price and self.old.price else None


KINDS = ("up", "down", "new", "gone", "same", "other")
# Smaller than any difference of prices with up to six decimals.
EPSILON = 1e-7


class Figures(NamedTuple):
    """What approvers decide by.

    ``min_margin_rate`` is 0 where no line has a cost: nobody can say then that the margin is
    enough. ``unchecked_count`` counts the lines without a margin.
    """

    line_count: int
    max_discount_rate: float
    average_discount_rate: float
    max_change_rate: float
    min_margin_rate: float
    below_cost_count: int
    unchecked_count: int


def compare(new_lines, old_lines):
    """Pair lines with the ones they replace.

    :return: list of :class:`Change`: one for each new line in order, then what is gone
    """
    old_by_key = {line.key: line for line in old_lines}
    changes = []
    for line in new_lines:
        old = old_by_key.pop(line.key, None)
        changes.append(Change(_kind(line, old), line, old))
    changes += [Change("gone", None, old) for old in old_by_key.values()]
    return changes


def _kind(new, old):
    if old is None:
        return "new"
    if (new.price is None) != (old.price is None) or new.is_on_cost != old.is_on_cost:
        return "other"
    difference = old.discount - new.discount if new.price is None else new.price - old.price
    if abs(difference) < EPSILON:
        return "same"
    return "up" if difference > 0 else "down"


def summarise(changes):
    """Return the :class:`Figures` of what is new or changed in ``changes``."""
    lines = [change.new for change in changes if change.new]
    discounts = [rate for line in lines if (rate := line.discount_rate) is not None]
    margins = [rate for line in lines if (rate := line.margin_rate) is not None]
    rates = [abs(rate) for change in changes if (rate := change.rate) is not None]
    return Figures(
        line_count=len(lines),
        max_discount_rate=max(discounts, default=0.0),
        average_discount_rate=sum(discounts) / len(discounts) if discounts else 0.0,
        max_change_rate=max(rates, default=0.0),
        min_margin_rate=min(margins, default=0.0),
        below_cost_count=sum(rate < 0 for rate in margins),
        unchecked_count=len(lines) - len(margins),
    )
