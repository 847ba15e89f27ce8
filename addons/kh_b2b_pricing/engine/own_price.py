"""The price of every product for one viewer, as one SQL expression.

The shop sorts and filters by it; what a page shows is computed by the engine itself
(``engine.rules``). Both must agree to the cent, which a property test holds: the order of
precedence, the arithmetic and the rounding below are those of the engine, in the same order
of operations on the same double precision numbers.
"""

from enum import IntEnum
from typing import NamedTuple

from odoo.tools import SQL

from .rules import rank


class Kind(IntEnum):
    """How a rule makes its price. ``ENGINE``: what SQL cannot say, left to the engine."""

    NONE = -1
    FIXED = 0
    LIST = 1  # percentage of the sales price
    COST = 2  # percentage of the cost
    FORMULA = 3  # core's formula on sales price or cost
    MARKET = 4  # percentage of what the pricelist gives to nobody in particular
    ENGINE = 9


# Where a rule stands in the order of precedence: the dealer's own rules at 0, then those of
# its head offices by distance (1, 2, …), then level, then market.
PLACE_LEVEL = 1000
PLACE_MARKET = 1001

KIND = SQL(
    """CASE WHEN compute_price = 'fixed' THEN 0
            WHEN base = 'kh_market' AND compute_price = 'percentage'
                 AND (kh_partner_id IS NOT NULL OR kh_grade_id IS NOT NULL) THEN 4
            WHEN COALESCE(base, 'list_price') NOT IN ('list_price', 'standard_price') THEN 9
            WHEN compute_price = 'formula' THEN 3
            WHEN compute_price <> 'percentage' THEN 9
            WHEN base = 'standard_price' THEN 2
            ELSE 1 END"""
)
VALUE = SQL(
    """(CASE compute_price WHEN 'fixed' THEN fixed_price
                           WHEN 'percentage' THEN percent_price ELSE 0 END)::float8"""
)
# The same slack for what double precision loses as `odoo.tools.float_round`: 2 ** -50.
SLACK = SQL("8.881784197001252e-16::float8")


class GeneralRule(NamedTuple):
    """A rule for a category or for all products (``categ_id`` ``None``)."""

    place: int
    categ_id: int | None
    id: int
    min_quantity: float
    date_start: object
    kind: int
    value: float


def choose_general(rules, paths):
    """Say which rule holds in each category for products without one of their own.

    :param rules: iterable of :class:`GeneralRule`, valid and within quantity 1
    :param dict paths: ``{category id: (own id, parent id, …)}``
    :return: ``{category id: GeneralRule}``; key 0 stands for products without category;
        categories in which no rule holds are absent
    """
    best = {}
    for rule in rules:
        key = rule.place, rule.categ_id
        if key not in best or rank(rule) < rank(best[key]):
            best[key] = rule
    places = sorted({place for place, _categ_id in best})
    chosen = {}
    for categ_id, path in {0: (), **paths}.items():
        for place in places:
            found = next(
                (best[place, step] for step in (*path, None) if (place, step) in best), None
            )
            if found:
                chosen[categ_id] = found
                break
    return chosen


def sql_round(amount, digits):
    """Round like ``odoo.tools.float_round(amount, precision_digits=digits)``."""
    factor = SQL("%s::float8", 10.0**digits)
    return SQL(
        "(round((%(amount)s) * %(factor)s + (%(amount)s) * %(factor)s * %(slack)s) / %(factor)s)",
        amount=amount,
        factor=factor,
        slack=SLACK,
    )


def sql_formula(item, base):
    """Core's ``product.pricelist.item._compute_price`` for formulas, per product unit.

    :param SQL item: alias of the rule
    :param SQL base: alias.column of the base price
    """
    discounted = SQL(
        "%(base)s - %(base)s * (CASE WHEN %(item)s.base = 'standard_price'"
        " THEN -%(item)s.price_markup ELSE %(item)s.price_discount END::float8 / 100)",
        base=base,
        item=item,
    )
    step = SQL("NULLIF(%s.price_round::float8, 0)", item)
    normal = SQL(
        "(CASE WHEN %(step)s < 1 THEN (%(price)s) * (1 / %(step)s)"
        " ELSE (%(price)s) / %(step)s END)",
        step=step,
        price=discounted,
    )
    whole = SQL("round(%(normal)s + %(normal)s * %(slack)s)", normal=normal, slack=SLACK)
    rounded = SQL(
        "COALESCE(CASE WHEN %(step)s < 1 THEN %(whole)s / (1 / %(step)s)"
        " ELSE %(whole)s * %(step)s END, %(price)s)",
        step=step,
        whole=whole,
        price=discounted,
    )
    price = SQL("(%s + COALESCE(%s.price_surcharge, 0)::float8)", rounded, item)
    lowest = SQL("%s + NULLIF(%s.price_min_margin, 0)::float8", base, item)
    highest = SQL("%s + NULLIF(%s.price_max_margin, 0)::float8", base, item)
    # GREATEST and LEAST pass over NULL: a margin of 0 is none, as in core
    return SQL("LEAST(GREATEST(%s, %s), %s)", price, lowest, highest)
