"""Which quantity may be ordered: plain rules, without a database."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

EPSILON = 1e-6


class OrderLimits(NamedTuple):
    """What one dealer may order of one product, in the product's unit.

    ``0`` for `minimum`, `multiple` and `maximum`, and ``None`` for the others, say that there
    is no such limit. `stock_cap` is what one order may take of the stock; `is_exact` tells
    whether the dealer may read that number.
    """

    minimum: float = 0.0
    multiple: float = 0.0
    maximum: float = 0.0
    period_left: float | None = None
    stock_cap: float | None = None
    is_exact: bool = True
    period_maximum: float = 0.0
    period_label: str = ""

    @property
    def is_free(self):
        """Whether every quantity may be ordered."""
        return (
            not (self.minimum or self.multiple or self.maximum)
            and self.period_left is None
            and self.stock_cap is None
        )

    @property
    def highest(self):
        """The largest quantity one order may hold now; None: as much as one likes."""
        caps = [
            cap
            for cap in (self.maximum or None, self.period_left, self.stock_cap)
            if cap is not None
        ]
        return max(min(caps), 0.0) if caps else None

    @property
    def told_highest(self):
        """`highest` as far as the dealer may know it: a hidden stock is left out."""
        return (self if self.is_exact else self._replace(stock_cap=None)).highest


@dataclass(frozen=True)
class QuantityIssue:
    """Why a quantity may not be ordered, and the nearest that may (None: there is none).

    `kind` is "minimum", "multiple", "maximum", "period" or "stock".
    """

    kind: str
    suggested: float | None
    limit: Any = None


def _is_multiple(quantity, multiple):
    rest = math.fmod(quantity, multiple)
    return min(rest, multiple - rest) < EPSILON


def round_up(quantity, limits):
    """The smallest allowed quantity that is at least `quantity`, caps aside."""
    quantity = max(quantity, limits.minimum)
    if limits.multiple and not _is_multiple(quantity, limits.multiple):
        quantity = math.ceil(quantity / limits.multiple - EPSILON) * limits.multiple
    return quantity


def round_down(quantity, limits):
    """The largest allowed quantity that is at most `quantity`; None: there is none."""
    if limits.multiple and not _is_multiple(quantity, limits.multiple):
        quantity = math.floor(quantity / limits.multiple + EPSILON) * limits.multiple
    return quantity if quantity > EPSILON and quantity >= limits.minimum - EPSILON else None


def suggest(quantity, limits):
    """The quantity to offer in place of one that may not be ordered: up, else down."""
    wanted = round_up(quantity, limits)
    highest = limits.highest
    if highest is None or wanted <= highest + EPSILON:
        return wanted
    return round_down(highest, limits)


def check_quantity(quantity, limits):
    """Say why `quantity` of one product may not be in one order.

    :param float quantity: all that the order holds of the product, in the product's unit
    :param OrderLimits limits: what applies
    :rtype: QuantityIssue | None
    """
    if quantity < limits.minimum - EPSILON:
        kind, limit = "minimum", limits.minimum
    elif limits.multiple and not _is_multiple(quantity, limits.multiple):
        kind, limit = "multiple", limits.multiple
    else:
        caps = (
            ("maximum", limits.maximum or None),
            ("period", limits.period_left),
            ("stock", limits.stock_cap),
        )
        broken = [(cap, kind) for kind, cap in caps if cap is not None and quantity > cap + EPSILON]
        if not broken:
            return None
        limit, kind = min(broken)
    return QuantityIssue(kind, suggest(quantity, limits), limit)
