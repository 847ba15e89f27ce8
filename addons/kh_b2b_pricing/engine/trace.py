"""What a price leaves behind on its order line: enough to replay and to explain it (价格透视).

Pure: no database, no ``env``. A trace is a small dictionary for a ``jsonb`` column. It names
everything by value, because rules, contracts, products and units may be gone when it is read.

======= ==============================================================================
key     what it holds
======= ==============================================================================
``v``   version of this format
``d``   moment at which the rules were asked, UTC, ``YYYY-MM-DD HH:MM:SS``
``q``   quantity asked, in the product's unit; ``n`` names that unit
``c``   currency of the price
``k``   how the price came about, see :class:`Kind`
``w``   the winning rule as a row, see :class:`RuleRow`; absent: no rule, the sales price
``l``   losers ``[row, reason]``, nearest first, at most ``MAX_LOSERS``; ``x``: how many more
``s``   further steps above ``q``, ascending, at most ``MAX_STEPS``: rows, or the number of the
        loser that it is
``p``   contracts named by rows, ``[number, version, first day, last day]`` each
``u``   units ``[product's, line's, line's factor, product's factor]`` where they differ
``b``   base of a ratio ``[amount per line unit, source, currency, rate]``
``r``   digits to which a ratio is rounded
``z``   price before the discount that the line shows in a column of its own
``t``   tax mapping ``[factor, taxes before, taxes after]``
``a``   the price itself, for :attr:`Kind.GIVEN`
``o``   the quote that gave it ``[number, last day]``, for :attr:`Kind.GIVEN`
``m``   changed by hand ``[who, when, price]``
======= ==============================================================================
"""

from enum import Enum
from typing import Any, NamedTuple

from odoo.tools import float_compare, float_round

from .amounts import LIST_PRICE, MARKET
from .rules import accepts

VERSION = 1
MAX_LOSERS = 3
MAX_STEPS = 2


class Kind(str, Enum):
    """How a price is made from what a rule says."""

    FIXED = "f"
    PERCENT = "p"
    FORMULA = "x"
    LIST = "l"
    GIVEN = "g"


class Reason(str, Enum):
    """Why a rule lost against the winner."""

    MINIMUM = "m"
    OWNER = "o"
    BRANCH = "b"
    SCOPE = "s"
    CATEGORY = "c"
    STEP = "q"
    START = "d"
    NEWER = "i"


class RuleRow(NamedTuple):
    """One rule as it was. In JSON a list without its empty tail; a price of zero is no tail.

    ``value``: price in the pricelist's currency per product unit (fixed), discount in percent,
    or ``[discount in percent, rounding, surcharge, lowest margin, highest margin]`` (formula;
    amounts per product unit). ``contract``: ``[number, version, first day, last day]``.
    ``level`` and ``category`` are names. ``base``: of what a ratio is one, 0 for the sales
    price. ``agreed``: ``[unit, price per it, product units in it]`` where a fixed price was
    agreed per another unit.
    """

    id: int
    owner: int
    scope: int
    target_id: int
    min_quantity: float
    kind: str
    value: Any
    start: Any = 0
    contract: Any = 0
    level: Any = 0
    category: Any = 0
    base: Any = 0
    agreed: Any = 0

    def packed(self, contracts):
        """Return the row as a list; its contract is the place (from 1) in ``contracts``."""
        row = list(self)
        if self.contract:
            if self.contract not in contracts:
                contracts.append(self.contract)
            row[self._fields.index("contract")] = contracts.index(self.contract) + 1
        while len(row) > REQUIRED and not row[-1]:
            row.pop()
        return row

    @classmethod
    def unpacked(cls, values, trace):
        row = cls(*values)
        return row._replace(contract=trace["p"][row.contract - 1]) if row.contract else row


#: Fields of a row that it always has.
REQUIRED = len(RuleRow._fields) - len(RuleRow._field_defaults)


class Contest(NamedTuple):
    """Outcome for one product and quantity: rules of the engine, none of them changed."""

    winner: Any
    losers: tuple
    more: int
    steps: tuple


class Asked(NamedTuple):
    """What was asked. ``units``: see key ``u`` of a trace, ``None`` where they are the same."""

    date: str
    quantity: float
    unit: str
    currency: str
    units: list | None
    digits: int


class Price(NamedTuple):
    """What the pricelist answered: ``amount`` per line unit, and how it came there.

    ``base``: see key ``b``; ``before_discount`` see ``z``; ``taxes`` see ``t``; ``None`` where
    there is none. ``unit_price`` is the outcome after all steps.
    """

    amount: float
    unit_price: float
    base: list | None = None
    before_discount: float | None = None
    taxes: list | None = None


# --- which rules met ---------------------------------------------------------------


def contest(book, facts, quantity):
    """Say who wins for ``facts`` at ``quantity`` (product unit), who loses, what comes next."""
    candidates = book.candidates(facts)
    winner, losers, has_step = None, [], False
    for rule in candidates:
        reached = accepts(rule, quantity)
        if winner is None and reached:
            winner = rule
            continue
        losers.append(rule)
        has_step = has_step or not reached
    steps = book.steps(facts, quantity)[:MAX_STEPS] if has_step else ()
    if winner is not None and len(losers) > 1:
        # what was closest to winning stands first; a step not reached never hides a rival
        losers.sort(key=lambda rule: not accepts(rule, quantity))
    kept = losers[:MAX_LOSERS]
    return Contest(winner, tuple(kept), len(losers) - len(kept), tuple(rule for _m, rule in steps))


def reason_of(loser, winner, quantity):
    """Say why ``loser`` lost; the order of questions is the order of ``engine.rules``.

    Without a winner, all have lost because of their minimum.
    """
    if winner is None or not accepts(loser, quantity):
        return Reason.MINIMUM
    if loser.owner != winner.owner:
        return Reason.OWNER
    # rules of the head office stand behind those of the dealer itself
    if loser.depth != winner.depth:
        return Reason.BRANCH
    for field, reason in (
        ("scope", Reason.SCOPE),
        ("target_id", Reason.CATEGORY),
        ("min_quantity", Reason.STEP),
        ("date_start", Reason.START),
    ):
        if getattr(loser, field) != getattr(winner, field):
            return reason
    return Reason.NEWER


# --- pack --------------------------------------------------------------------------


def pack(asked, met, price, rows):
    """Make the trace of one price.

    :param Asked asked: the question
    :param Contest met: which rules met
    :param Price price: the answer
    :param dict rows: ``{rule id: RuleRow}`` of all rules in ``met``
    :return: the trace; where its steps do not lead to the price (an add-on computes it in
        another way), it holds the price itself, as :attr:`Kind.GIVEN`
    """
    trace = {"v": VERSION, "d": asked.date, "q": asked.quantity, "n": asked.unit}
    trace.update(c=asked.currency, k=Kind.LIST.value)
    if met.winner is not None or met.losers:
        _pack_rules(trace, met, rows)
    if asked.units:
        trace["u"] = asked.units
    if price.base is not None:
        trace["b"] = price.base
        if met.winner is not None:
            trace["r"] = asked.digits
    if price.before_discount is not None:
        trace["z"] = price.before_discount
    if price.taxes is not None:
        trace["t"] = price.taxes
    return trace if _leads_to(trace, price) else _give(trace, price)


def _pack_rules(trace, met, rows):
    """Add winner, losers and steps to ``trace``; what several of them share stands once."""
    contracts = []
    if met.winner is not None:
        row = rows[met.winner.id]
        trace.update(w=row.packed(contracts), k=row.kind)
    if met.losers:
        reasons = [reason_of(rule, met.winner, trace["q"]).value for rule in met.losers]
        packed = [rows[rule.id].packed(contracts) for rule in met.losers]
        trace["l"] = [list(pair) for pair in zip(packed, reasons, strict=True)]
    if met.more:
        trace["x"] = met.more
    if met.steps:
        places = {rule.id: place for place, rule in enumerate(met.losers)}
        trace["s"] = [places.get(rule.id, rows[rule.id].packed(contracts)) for rule in met.steps]
    if contracts:
        trace["p"] = contracts


def pack_given(asked, price):
    """Make the trace of a price that no rule decides (part of a set, a delivery fee)."""
    trace = {"v": VERSION, "d": asked.date, "q": asked.quantity, "n": asked.unit}
    return {**trace, "c": asked.currency, "k": Kind.GIVEN.value, "a": price}


def _leads_to(trace, price):
    if trace["k"] in (Kind.PERCENT, Kind.FORMULA, Kind.LIST) and "b" not in trace:
        return False
    return abs(replay(trace) - price.unit_price) <= 1e-9 * max(1.0, abs(price.unit_price))


def _give(trace, price):
    trace = {key: value for key, value in trace.items() if key not in "bruzt"}
    return {**trace, "k": Kind.GIVEN.value, "a": price.unit_price}


# --- replay ------------------------------------------------------------------------


def replay(trace):
    """Return the unit price that the rules gave, from the trace alone.

    What somebody entered by hand afterwards is not part of it (see key ``m``).
    """
    if trace["k"] == Kind.GIVEN:
        return trace["a"]
    price = rule_price(trace, winner_of(trace))
    if "z" in trace:
        price = max(trace["z"], price)
    if "t" in trace:
        price *= trace["t"][0]
    return price


def rule_price(trace, row):
    """Return what the rule ``row`` says per line unit; ``None`` where its base is unknown.

    :param RuleRow row: ``None`` stands for no rule: the base itself
    """
    if row is not None and row.kind == Kind.FIXED:
        return _fixed_price(trace, row)
    base = trace["b"][0] if "b" in trace else None
    if row is None or base is None:
        return base
    if row.kind == Kind.PERCENT:
        price = (base - (base * (row.value / 100))) or 0.0
    else:
        price = _formula(trace, base, row.value)
    return float_round(price, precision_digits=trace["r"]) if "r" in trace else price


def _fixed_price(trace, row):
    if row.agreed and "u" in trace:
        _unit, price, pieces = row.agreed
        return in_line_unit(trace, price) / pieces
    return in_line_unit(trace, row.value)


def _formula(trace, base, value):
    discount, rounding, surcharge, lowest, highest = value
    price = base - (base * (discount / 100))
    if rounding:
        price = float_round(price, precision_rounding=rounding)
    if surcharge:
        price += in_line_unit(trace, surcharge)
    if lowest:
        price = max(price, base + in_line_unit(trace, lowest))
    if highest:
        price = min(price, base + in_line_unit(trace, highest))
    return price


def in_line_unit(trace, amount):
    """Convert an amount per product unit to one per line unit."""
    if "u" not in trace:
        return amount
    _product_unit, _line_unit, line_factor, product_factor = trace["u"]
    return amount * line_factor / product_factor


def is_changed(trace, price_unit, digits):
    """Say whether ``price_unit`` is another than the rules gave."""
    return float_compare(replay(trace), price_unit, precision_digits=digits) != 0


# --- explain -----------------------------------------------------------------------


def winner_of(trace):
    """Return the winning :class:`RuleRow`, ``None`` where no rule applied."""
    return RuleRow.unpacked(trace["w"], trace) if "w" in trace else None


def losers_of(trace):
    """Return ``[(RuleRow, Reason, price per line unit or None)]``."""
    rows = [(RuleRow.unpacked(row, trace), Reason(reason)) for row, reason in trace.get("l", ())]
    return [
        (row, reason, _told_price(trace, row, is_further=reason == Reason.MINIMUM))
        for row, reason in rows
    ]


def steps_of(trace):
    """Return the further steps, ``[(minimum in the product's unit, price per line unit)]``.

    A step whose price the trace cannot tell is left out.
    """
    packed = [trace["l"][row][0] if isinstance(row, int) else row for row in trace.get("s", ())]
    rows = [RuleRow.unpacked(row, trace) for row in packed]
    steps = [(row.min_quantity, _told_price(trace, row, is_further=True)) for row in rows]
    return [(minimum, price) for minimum, price in steps if price is not None]


def _told_price(trace, row, *, is_further):
    """Price of a rule that did not apply, ``None`` where the trace cannot tell its base.

    A fixed price needs none, a ratio may have that of the winner. What the market price is at
    a further step is not known: it may have steps of its own.
    """
    if row.kind == Kind.FIXED:
        return _fixed_price(trace, row)
    winner = winner_of(trace)
    if row.kind != Kind.PERCENT or winner is None or winner.kind != Kind.PERCENT:
        return None
    source = row.base or LIST_PRICE
    is_same = source == (winner.base or LIST_PRICE) and source != "pricelist"
    return rule_price(trace, row) if is_same and not (is_further and source == MARKET) else None


class Step(NamedTuple):
    """One step from the rule to the price: what happened, its numbers, the price after it."""

    code: str
    values: tuple
    price: float | None


def explain(trace):
    """Return the steps from the winning rule to the unit price, in order.

    Codes: ``fixed`` (price per product unit), ``agreed`` (unit), ``base`` (amount, source,
    currency, rate), ``percent`` (discount), ``formula`` (its five numbers), ``round`` (digits),
    ``unit`` (smaller unit, larger unit, how many of the one make the other), ``discount`` (price
    before it), ``tax`` (before, after), ``given`` (), ``hand`` (who, when).
    """
    if trace["k"] == Kind.GIVEN:
        steps = [Step("given", (), trace["a"])]
    else:
        steps = _explain_rule(trace)
        price = rule_price(trace, winner_of(trace))
        if "z" in trace and trace["z"] > price:
            price = trace["z"]
            steps.append(Step("discount", (price,), price))
        if "t" in trace:
            price *= trace["t"][0]
            steps.append(Step("tax", tuple(trace["t"][1:]), price))
    if "m" in trace:
        who, when, price = trace["m"]
        steps.append(Step("hand", (who, when), price))
    return steps


def _explain_rule(trace):
    winner = winner_of(trace)
    price = rule_price(trace, winner)
    if winner is not None and winner.kind == Kind.FIXED:
        if winner.agreed:
            return _explain_agreed(trace, winner, price)
        steps = [Step("fixed", (winner.value,), winner.value)]
        if "u" in trace:
            product_unit, line_unit, line_factor, product_factor = trace["u"]
            factor = line_factor / product_factor
            steps.append(Step("unit", (product_unit, line_unit, factor), price))
        return steps
    steps = [Step("base", tuple(trace["b"]), trace["b"][0])]
    if winner is not None:
        code = "percent" if winner.kind == Kind.PERCENT else "formula"
        values = (winner.value,) if code == "percent" else tuple(winner.value)
        exact = rule_price({key: value for key, value in trace.items() if key != "r"}, winner)
        steps.append(Step(code, values, exact))
        if "r" in trace:
            steps.append(Step("round", (trace["r"],), price))
    return steps


def _explain_agreed(trace, winner, price):
    """Explain a price agreed per a unit of its own, which the line need not have."""
    unit, agreed, pieces = winner.agreed
    steps = [Step("agreed", (unit,), agreed)]
    line_unit, line_pieces = trace["n"], 1.0
    if "u" in trace:
        _product_unit, line_unit, line_factor, product_factor = trace["u"]
        line_pieces = line_factor / product_factor
    if line_pieces > pieces:
        steps.append(Step("unit", (unit, line_unit, line_pieces / pieces), price))
    elif line_pieces < pieces:
        steps.append(Step("unit", (line_unit, unit, pieces / line_pieces), price))
    return steps
