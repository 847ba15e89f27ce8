"""What the parts of a quick order hand to each other."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Buyer(NamedTuple):
    """For whom rows are matched: who orders, where, and what the order holds already.

    `dealer` is the commercial partner; `website` and `order` may be empty.
    """

    dealer: Any
    website: Any
    company: Any
    order: Any


@dataclass
class Match:
    """What became of one row.

    `state`: "ok" may be ordered; "fix" has its product, but something to correct; "choose"
    fits several products; "none" fits none. `quantity` is in `uom` (uom.uom). `reason` says
    what is wrong; `proposals` what would help: ``("product", product)``,
    ``("quantity", number)`` or ``("uom", uom)``. `price` and `subtotal` are as the buyer sees
    prices, for one `uom`; `own_uom` is the product's unit. `usual_uom` and `factor` come with
    a learnt code or the bar code of a pack: what a number without a known unit counts.
    """

    row: Any
    state: str = "none"
    product: Any = None
    quantity: float = 0.0
    uom: Any = None
    reason: str = ""
    proposals: list = field(default_factory=list)
    price: float = 0.0
    subtotal: float = 0.0
    stock: Any = None
    own_uom: Any = None
    usual_uom: Any = None
    factor: float = 1.0
    is_learnt: bool = False
