"""What has changed since goods were ordered last: plain rules, without a database (M-65)."""

from typing import NamedTuple


class AskedRow(NamedTuple):
    """Goods that somebody wants again.

    `price` is what they cost then, per unit `uom_id` and as the reader is shown prices;
    ``None``: not known, nothing is compared.
    """

    product_id: int
    quantity: float
    uom_id: int
    price: float | None = None


class RowFacts(NamedTuple):
    """What is true of one row now; `quantity` is what would be ordered."""

    asked: float
    quantity: float
    price_before: float | None
    price: float
    is_refused: bool = False
    is_short: bool = False


def merge_rows(rows):
    """Sum rows of one product and unit; the latest known price counts.

    :param list rows: :class:`AskedRow`
    :rtype: list[AskedRow] in the order of first appearance
    """
    merged = {}
    for row in rows:
        key = (row.product_id, row.uom_id)
        known = merged.get(key)
        if known is None:
            merged[key] = row
            continue
        price = known.price if row.price is None else row.price
        merged[key] = known._replace(quantity=known.quantity + row.quantity, price=price)
    return list(merged.values())


def list_changes(facts, digits=2):
    """Name what differs from then: "gone", "price", "quantity", "short".

    :param RowFacts facts:
    :param int digits: to which prices are told
    :rtype: tuple[str, ...]
    """
    if facts.is_refused:
        return ("gone",)
    changes = []
    before = facts.price_before
    if before is not None and round(before - facts.price, digits):
        changes.append("price")
    if abs(facts.quantity - facts.asked) > 1e-6:
        changes.append("quantity")
    if facts.is_short:
        changes.append("short")
    return tuple(changes)
