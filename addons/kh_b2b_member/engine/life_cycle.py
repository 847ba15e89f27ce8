"""Where a dealer stands between first contact and goodbye (客户全过程). Plain Python.

===========  =================================================================
stage        while …
===========  =================================================================
lead         staff want to win the company, and it has not applied
applied      an application of it is on its way
admitted     it is a dealer and has not ordered
first_order  it has one order
active       it has more, the last one not long ago
dormant      its last order is longer ago than the company's days allow
lost         staff gave it up, with a reason; the next order brings it back
===========  =================================================================
"""

from datetime import date, datetime, timedelta
from typing import NamedTuple

LIFE_STAGES = [
    ("lead", "Lead"),
    ("applied", "Applied"),
    ("admitted", "Admitted"),
    ("first_order", "First Order"),
    ("active", "Active"),
    ("dormant", "Dormant"),
    ("lost", "Lost"),
]


class LifeFacts(NamedTuple):
    """What decides the stage; `dormant_days` 0 means that nobody becomes dormant.

    Moments are UTC, as stored; `last_date` is the last order's day in the company's zone.
    """

    is_dealer: bool = False
    is_lead: bool = False
    has_application: bool = False
    lost_on: datetime | None = None
    order_count: int = 0
    last_order: datetime | None = None
    last_date: date | None = None
    dormant_days: int = 0


def decide_life_stage(facts, today):
    """Return the stage of a company with these facts; "" for who is in none.

    :param LifeFacts facts:
    :param date today:
    """
    if facts.lost_on and (not facts.last_order or facts.last_order <= facts.lost_on):
        return "lost"
    if facts.is_dealer:
        return _decide_dealer(facts, today)
    if facts.has_application:
        return "applied"
    return "lead" if facts.is_lead else ""


def _decide_dealer(facts, today):
    if not facts.order_count:
        return "admitted"
    if facts.dormant_days and facts.last_date < today - timedelta(days=facts.dormant_days):
        return "dormant"
    return "first_order" if facts.order_count == 1 else "active"
