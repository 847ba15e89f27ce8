"""Pricing for one dealer, asked the way core asks: ours against one core pricelist per dealer."""

from bench import data

TITLE = "price: contract prices of one dealer, through core's own call"
SIDES = {"ours": ["kh_b2b_portal"], "peer": None}
#: customer prices in the database: dealers x products
SCALE = 10_000


def prepare(env, side, scale):
    data.prepare_contract_prices(env, side, scale)


def price_products(env, side, count):
    """`_get_products_price` of `count` products for the first dealer, records in."""
    dealer = data.first_dealer(env)
    products = data.bench_products(env, count)
    pricelist = dealer.property_product_pricelist
    products.mapped("list_price")
    dealer_key = {"kh_partner": dealer} if side == "ours" else {}

    def run():
        prices = pricelist._get_products_price(products, 1.0, **dealer_key)
        if len(prices) != count or not all(prices.values()):
            raise ValueError(f"{len(prices)} of {count} products have a price")

    return run


# Ratios of the price issue, measured there at a million prices: at least 2, 10 and 100 times
# faster than core for 20, 200 and 1,000 products; at most 3 queries, under 2 MB.
CASES = [
    {
        "case": "price 20 products",
        "start": price_products,
        "args": {"count": 20},
        "bar": 0.5,
        "limits": {"queries": 3},
    },
    {
        "case": "price 200 products",
        "start": price_products,
        "args": {"count": 200},
        "bar": 0.1,
        "limits": {"queries": 3},
    },
    {
        "case": "price 1,000 products",
        "start": price_products,
        "args": {"count": 1000},
        "bar": 0.01,
        "limits": {"queries": 3, "memory": 2.0},
    },
]
