"""What contract prices and their traces add to a large order: ours against ours, prices given."""

from bench import data, order

TITLE = "order_price: an order whose prices the engine finds, against the same with prices given"
#: both sides are ours: the peer brings its prices and asks no engine
SIDES = {"ours": ["kh_b2b_portal"], "peer": ["kh_b2b_portal"]}
SCALE = 10_000
GIVEN = {"price_unit": 8.0, "technical_price_unit": 8.0, "kh_price_trace": False}


def prepare(env, side, scale):
    data.prepare_contract_prices(env, "ours", scale)


def create_order(env, side, lines):
    return order.create_order(env, side, lines, GIVEN if side == "peer" else None)


# The price issue allows 10 % (goal 5 %) and 5 queries; the add-on's tests count the queries.
CASES = [
    {
        "case": "prices and traces of 200 lines",
        "start": create_order,
        "args": {"lines": 200},
        "bar": 1.1,
        "limits": {"queries": 120},
    },
    {
        "case": "prices and traces of 1,000 lines",
        "start": create_order,
        "args": {"lines": 1000},
        "bar": 1.1,
        "limits": {"queries": 120},
    },
]
