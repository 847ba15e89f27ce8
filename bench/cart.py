"""A dealer's long cart as the browser asks for it: the page, one quantity, many lines at once.

The requests commit, as they do in the shop; each round first makes the cart what it was.
"""

import uuid

from bench import data
from bench.browser import Visitor

TITLE = "cart: pages and writes of a dealer's cart of 500 lines"
SIDES = {"ours": ["kh_b2b_portal"], "peer": None}
SCALE = 10_000
LINES = 500
MORE = 200


def prepare(env, side, scale):
    data.prepare_contract_prices(env, side, scale)
    website = env["website"].search([], limit=1)
    if side == "ours":
        website.kh_is_b2b = True
    user = env["res.users"].search([("login", "=", data.LOGIN)])
    env["sale.order"].create(
        {
            "partner_id": user.partner_id.id,
            "website_id": website.id,
            "pricelist_id": user.partner_id.property_product_pricelist.id,
            "order_line": [
                (0, 0, {"product_id": product.id, "product_uom_qty": 2})
                for product in data.bench_products(env, LINES)
            ],
        }
    )
    env.cr.execute("ANALYZE")


def reset(env):
    """Take what an earlier round added out of the cart, in a transaction of its own."""
    with env.registry.cursor() as cr:
        env = env(cr=cr)
        kept = data.bench_products(env, LINES)
        lines = find_cart(env).order_line
        lines.filtered(lambda line: line.product_id not in kept).unlink()
        middle = find_cart(env).order_line[LINES // 2]
        middle.product_uom_qty = 2
        return middle.id


def find_cart(env):
    cart = env["sale.order"].search([("website_id", "!=", False), ("state", "=", "draft")])
    if len(cart) != 1:
        raise ValueError(f"{len(cart)} carts")
    return cart


def open_cart(env, side):
    reset(env)
    visitor = Visitor(env, data.LOGIN)
    last = data.bench_products(env, LINES)[-1]

    def run():
        visitor.get("/shop/cart", last.name)

    return run


def enter_cart(env):
    """Who changes a cart has opened it: the first request of a login reprices the cart."""
    visitor = Visitor(env, data.LOGIN)
    visitor.get("/shop/cart", "data-kh-cart")
    return visitor


def change_quantity(env, side):
    line_id = reset(env)
    visitor = enter_cart(env)
    params = {"line_id": line_id, "quantity": 7, "key": uuid.uuid4().hex}

    def run():
        answer = visitor.call("/shop/kh/cart/update", params)
        if answer["row"]["quantity"] != 7 or answer["totals"]["kinds"] != LINES:
            raise ValueError(f"answered {answer}")

    return run


def add_lines(env, side):
    reset(env)
    visitor = enter_cart(env)
    products = data.bench_products(env, LINES + MORE)[LINES:]
    lines = [{"product_id": product.id, "qty": 3} for product in products]
    params = {"lines": lines, "key": uuid.uuid4().hex}

    def run():
        answer = visitor.call("/shop/kh/cart/add", params)
        if len(answer["added"]) != MORE or answer["totals"]["kinds"] != LINES + MORE:
            raise ValueError(f"{len(answer['added'])} added, {answer['refused'][:2]}")

    return run


# The bars of the shop's issue; core has no single request for the last two.
CASES = [
    {
        "case": "page of 500 lines",
        "start": open_cart,
        "bar": 1.0,
        "limits": {"seconds": 1.0},
        "rounds": 5,
    },
    {
        "case": "one quantity of 500 lines",
        "start": change_quantity,
        "peer": None,
        "limits": {"seconds": 0.3},
        "rounds": 5,
    },
    {
        "case": "200 lines at once to 500",
        "start": add_lines,
        "peer": None,
        "limits": {"seconds": 1.0},
        "rounds": 5,
    },
]
