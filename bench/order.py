"""Creating a large order with contract prices: ours against core with the same prices."""

from bench import data

TITLE = "order: one order with many lines, prices from the dealer's contract"
SIDES = {"ours": ["kh_b2b_portal"], "peer": None}
SCALE = 10_000


def prepare(env, side, scale):
    data.prepare_contract_prices(env, side, scale)


def create_order(env, side, lines, given=None):
    """:param dict given: values that each line brings with it, such as its price"""
    dealer = data.first_dealer(env)
    products = data.bench_products(env, lines)
    more = given or {}

    def run():
        order = env["sale.order"].create(
            {
                "partner_id": dealer.id,
                "order_line": [
                    (0, 0, {"product_id": product.id, "product_uom_qty": 1 + number % 9, **more})
                    for number, product in enumerate(products)
                ],
            }
        )
        env.flush_all()
        if len(order.order_line) != lines or order.amount_untaxed <= 0:
            raise ValueError(f"{len(order.order_line)} of {lines} lines, {order.amount_untaxed}")

    return run


def add_to_cart(env, side, lines):
    """Twenty lines at once: ours in one batch, core one by one, as its shop does."""
    dealer = data.first_dealer(env)
    products = data.bench_products(env, lines)
    order = env["sale.order"].create(
        {"partner_id": dealer.id, "website_id": env["website"].search([], limit=1).id}
    )

    def run():
        if side == "ours":
            order._kh_add_products([(product.id, 5.0, None) for product in products])
        else:
            for product in products:
                order._cart_add(product.id, 5.0)
        env.flush_all()
        if len(order.order_line) != lines:
            raise ValueError(f"{len(order.order_line)} of {lines} lines")

    return run


def confirm_order(env, side, lines):
    """Confirm an order with interception rules of every kind on, none of which it breaks.

    The peer, in the same database, confirms the same order without rules.
    """
    products = data.bench_products(env, lines)
    order = env["sale.order"].create(
        {
            "partner_id": data.first_dealer(env).id,
            "order_line": [
                (0, 0, {"product_id": product.id, "product_uom_qty": 1 + number % 9})
                for number, product in enumerate(products)
            ],
        }
    )
    if side == "ours":
        kinds = [kind for kind, _label in env["kh.order.rule"]._fields["kind"].selection]
        limits = {"amount": 1e9, "discount": 99.9, "margin": -99.0, "first_orders": 0}
        env["kh.order.rule"].create(
            [
                {
                    "name": kind,
                    "kind": kind,
                    "domain": "[('client_order_ref', '=', 'never')]",
                    **limits,
                }
                for kind in kinds
            ]
        )
    env.flush_all()

    def run():
        order.action_confirm()
        env.flush_all()
        if order.state != "sale":
            raise ValueError(f"{order.name} is {order.state}")

    return run


# The price issue asks for 1,000 lines at least twice as fast as core in at most 120 queries. The
# batch of the shop replaces a loop that costs core 17 ms and 10 queries for each line.
CASES = [
    {
        "case": "create an order of 200 lines",
        "start": create_order,
        "args": {"lines": 200},
        "bar": 0.5,
        "limits": {"queries": 120},
    },
    {
        "case": "create an order of 1,000 lines",
        "start": create_order,
        "args": {"lines": 1000},
        "bar": 0.5,
        "limits": {"queries": 120},
        "rounds": 3,
    },
    {
        "case": "add 20 lines to the cart",
        "start": add_to_cart,
        "args": {"lines": 20},
        "bar": 0.5,
    },
    {
        "case": "confirm 1,000 lines with all rules on, against none",
        "start": confirm_order,
        "args": {"lines": 1000},
        "peer": ("ours", "without rules"),
        "bar": 1.03,
        "rounds": 3,
    },
]
