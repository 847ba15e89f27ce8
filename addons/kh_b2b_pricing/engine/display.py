"""What a price looks like on a page."""

from typing import Any, NamedTuple

from .rules import Owner

SOURCES = {Owner.CUSTOMER: "contract", Owner.LEVEL: "level", Owner.MARKET: "market"}


class DisplayPrice(NamedTuple):
    """The prices of one product for one viewer.

    Amounts are in ``currency`` (the website's), per unit of the product, with or without
    taxes as the website shows them. ``own`` and ``source`` are ``None`` for visitors;
    ``ladder`` holds the viewer's further steps, ``((minimum quantity, price), …)``.
    """

    market: float
    own: float | None
    source: str | None
    rule_id: int | bool
    ladder: tuple[tuple[float, float], ...]
    currency: Any
    tax_included: bool

    @property
    def price(self):
        """The price the viewer pays: own, or the market price for visitors."""
        return self.market if self.own is None else self.own


def source_of(rule):
    """Name the origin of a winning rule (``None``: no rule, the sales price)."""
    return SOURCES[rule.owner] if rule else "market"
