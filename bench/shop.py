"""The first page of the shop for a dealer with contract prices: ours against plain Odoo."""

from bench import data
from bench.browser import Visitor

TITLE = "shop: first page for a dealer with 1,000 contract prices"
SIDES = {"ours": ["kh_b2b_portal"], "peer": None}
SCALE = 10_000


def prepare(env, side, scale):
    data.prepare_company(env)
    products = data.create_products(env)
    data.stock(env, products)
    dealers = data.create_dealers(env, max(scale // len(products), 1))
    if side == "ours":
        data.give_each_dealer_prices(env, side, dealers, products)
        env["website"].search([]).kh_is_b2b = True
        env["kh.stock.policy"].create({"name": "Bench: exact", "display": "exact"})
    else:
        # plain Odoo with one pricelist for everybody
        data.give_each_dealer_prices(env, side, dealers[:1], products)
    env.cr.execute("ANALYZE")


def open_page(env, side, login, path, expect):
    visitor = Visitor(env, login)

    def run():
        visitor.get(path, expect)

    return run


def open_own_price_page(env, side, **paths):
    return open_page(env, side, data.LOGIN, paths[side], "Circuit breaker")


def open_product_page(env, side, login):
    product = data.bench_products(env, 500)[-1]
    return open_page(env, side, login, product.website_url, product.name)


def open_long_table(env, side):
    """A table of 200 rows with price and stock; of the peer the page it has, of 20 cards."""
    if side == "peer":
        return open_page(env, side, data.LOGIN, "/shop?ppg=20", "Circuit breaker")
    visitor = Visitor(env, data.LOGIN)

    def run():
        body = visitor.get("/shop?rows=200", "Circuit breaker")
        if body.count("data-kh-product=") < 200 or "1,000" not in body:
            raise ValueError("no 200 rows, or no stock")

    return run


# "At most 1.0 times plain website_sale with one pricelist" for a dealer; a stranger likewise.
# "Product page: 1.0 times; a 200-row table page with price and stock at most 1.5 times core's
# 20-card page".
CASES = [
    {
        "case": "product page, dealer",
        "start": open_product_page,
        "args": {"login": data.LOGIN},
        "bar": 1.0,
        "rounds": 9,
    },
    {
        "case": "product page, stranger",
        "start": open_product_page,
        "args": {"login": None},
        "bar": 1.0,
        "rounds": 9,
    },
    {
        "case": "table of 200 rows against 20 cards, dealer",
        "start": open_long_table,
        "bar": 1.5,
        "rounds": 9,
    },
    {
        "case": "first page, dealer",
        "start": open_page,
        "args": {"login": data.LOGIN, "path": "/shop", "expect": "Circuit breaker"},
        "bar": 1.0,
        "rounds": 9,
    },
    {
        "case": "first page, stranger",
        "start": open_page,
        "args": {"login": None, "path": "/shop", "expect": "Circuit breaker"},
        "bar": 1.0,
        "rounds": 9,
    },
    {
        "case": "search, dealer",
        "start": open_page,
        "args": {"login": data.LOGIN, "path": "/shop?search=breaker", "expect": "Circuit breaker"},
        "bar": 1.0,
        "rounds": 9,
    },
    # The peer sorts and filters by the sales price, which is what core's parameters mean.
    {
        "case": "sorted by own price, dealer",
        "start": open_own_price_page,
        "args": {"ours": "/shop?order=price", "peer": "/shop?order=list_price+asc"},
        "bar": 1.0,
        "rounds": 9,
    },
    {
        "case": "own price from 20 to 60, dealer",
        "start": open_own_price_page,
        "args": {
            "ours": "/shop?order=price&min_price=20&max_price=60",
            "peer": "/shop?order=list_price+asc&min_price=20&max_price=60",
        },
        "bar": 1.0,
        "rounds": 9,
    },
]
