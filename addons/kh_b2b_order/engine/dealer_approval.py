"""Does a dealer's own person need a colleague's approval for an order? (经销商内部审批)

Plain Python, no database. All amounts are in the currency of the limits, tax included.

=========  ======================================================================
answer     the order needs the approval of a colleague because …
=========  ======================================================================
``every``  the dealer wants every order of a buyer approved
``order``  it is above the person's limit for one order
``month``  with the person's other orders of the month it is above the month's limit
``""``     it needs none
=========  ======================================================================

Administrators have no limit. What was approved stays approved up to that amount.
"""

from typing import NamedTuple

HALF_A_CENT = 0.005


class BuyerFacts(NamedTuple):
    """What `decide_dealer_approval` needs to know of one order and who sends it.

    A limit of 0 is none; `month_total` are the other orders of the month.
    """

    role: str = ""
    amount: float = 0.0
    order_limit: float = 0.0
    month_limit: float = 0.0
    month_total: float = 0.0
    is_every_order: bool = False
    approved_amount: float = 0.0


def decide_dealer_approval(facts):
    """Return why an order with these facts needs a colleague's approval, "" if it needs none.

    :param BuyerFacts facts:
    :rtype: str
    """
    if facts.role == "admin" or facts.amount <= 0:
        return ""
    if facts.approved_amount and not _is_above(facts.amount, facts.approved_amount):
        return ""
    if facts.is_every_order and facts.role == "buyer":
        return "every"
    if facts.order_limit and _is_above(facts.amount, facts.order_limit):
        return "order"
    if facts.month_limit and _is_above(facts.amount + facts.month_total, facts.month_limit):
        return "month"
    return ""


def _is_above(amount, limit):
    return amount - limit > HALF_A_CENT
