"""What stage an order is in, decided from facts (订单阶段).

The one place that knows the lifecycle; it is plain Python and knows no database.

===============  ============================================================================
stage            the order is there while …
===============  ============================================================================
``draft``        it is a cart or a quotation nobody has sent yet
``review``       somebody has to approve it, before or after confirmation
``hold``         it was stopped on purpose, with a reason
``to_pay``       it was sent and waits for the money (or for the customer's yes)
``to_ship``      it is confirmed and goods are still to be handed over
``to_receive``   nothing is left to ship, and the dealer has not said that it arrived
``done``         the dealer (or staff for him) confirmed the receipt
``cancel``       it was given up before it was ever confirmed
``closed``       it was confirmed and came to nothing: cancelled, or everything returned
===============  ============================================================================

=============  ===================================================================
from           to, by
=============  ===================================================================
draft          to_pay (sent, transfer announced) · review (approval asked) ·
               to_ship (confirmed at once) · hold (stopped by a rule) · cancel
review         the stage it came from (approved, returned, withdrawn) ·
               hold (refused) · to_ship (approved and paid)
hold           the stage it came from (released) · to_ship (released and paid) ·
               cancel · closed
to_pay         to_ship (paid, confirmed) · review · hold · cancel
to_ship        to_receive (all shipped, or the rest cancelled) · hold · closed
               (cancelled, or all shipments cancelled)
to_receive     done (receipt confirmed) · to_ship (more ordered) · closed (all returned)
done           to_ship (more ordered) · to_receive (that was shipped) ·
               closed (all returned)
cancel         draft (taken up again)
closed         draft (taken up again, if it was cancelled) · to_ship (shipped anew)
=============  ===================================================================
"""

from typing import NamedTuple

STAGES = [
    ("draft", "Draft"),
    ("review", "Under review"),
    ("to_pay", "Awaiting payment"),
    ("to_ship", "Awaiting shipment"),
    ("to_receive", "Awaiting receipt"),
    ("done", "Done"),
    ("hold", "On hold"),
    ("cancel", "Cancelled"),
    ("closed", "Closed"),
]


class OrderFacts(NamedTuple):
    """What `decide_stage` needs to know of one order.

    Quantities are sums over what has to be handed over: the goods, or the services where
    an order has no goods. `is_all_delivered` compares line by line.
    """

    state: str = "draft"
    is_under_review: bool = False
    is_on_hold: bool = False
    was_confirmed: bool = False
    has_pending_payment: bool = False
    has_goods: bool = False
    has_shipments: bool = False
    has_open_shipments: bool = False
    qty_ordered: float = 0.0
    qty_delivered: float = 0.0
    is_all_delivered: bool = False
    is_received: bool = False


def decide_stage(facts):
    """Return the stage of an order with these facts.

    :param OrderFacts facts:
    :rtype: str
    """
    if facts.state == "cancel":
        return "closed" if facts.was_confirmed else "cancel"
    if facts.is_on_hold:
        return "hold"
    if facts.is_under_review:
        return "review"
    if facts.state == "draft":
        return "to_pay" if facts.has_pending_payment else "draft"
    if facts.state != "sale":
        return "to_pay"
    return _decide_fulfilment(facts)


def _decide_fulfilment(facts):
    """Return the stage of a confirmed order."""
    is_nothing_coming = not facts.has_open_shipments and (
        facts.has_shipments or not facts.has_goods
    )
    if facts.has_goods and is_nothing_coming and facts.qty_delivered <= 0:
        return "closed"
    is_shipped = facts.is_all_delivered and facts.qty_ordered > 0
    if facts.has_goods:
        # What was shipped less than ordered is not coming any more, or has come back.
        is_shipped = not facts.has_open_shipments and (is_shipped or is_nothing_coming)
    if not is_shipped:
        return "to_ship"
    return "done" if facts.is_received else "to_receive"
