"""A dealer's list to an order: rows matched and checked at once, then lines in one batch.

The peer of the draft order is core's own way from a sheet to lines, `base_import`.
"""

from odoo.addons.kh_b2b_order.engine.quick_rows import read_table, split_text

from bench import data

TITLE = "quick_order: rows of a dealer's list matched, checked and ordered"
SIDES = {"ours": ["kh_b2b_portal"], "peer": None}
SCALE = 10_000
MANY = 5000


def prepare(env, side, scale):
    data.prepare_contract_prices(env, side, scale)
    # as many products as the longest list has rows; those beyond `PRODUCTS` at market price
    env["product.product"].create(
        [
            {
                "name": f"Terminal block {number:05d}",
                "default_code": f"BENCH-T{number:05d}",
                "list_price": 10 + number % 90,
                "is_published": True,
            }
            for number in range(MANY - data.PRODUCTS)
        ]
    )
    if side == "ours":
        env["website"].search([]).kh_is_b2b = True


def codes(env, count):
    products = data.bench_products(env, count)
    if len(products) < count:
        raise ValueError(f"{len(products)} of {count} products")
    return products.mapped("default_code")


def match(env, side, rows):
    """Rows as pasted from Excel, a fiftieth of the codes mistyped by one letter."""
    user = env["res.users"].search([("login", "=", data.LOGIN)])
    website = env["website"].search([], limit=1)
    lines = [
        f"{code[:-1] + 'X' if number % 50 == 7 else code}\tBreaker\t{1 + number % 9}个"
        for number, code in enumerate(codes(env, rows))
    ]
    # what a request of the shop has read before it comes to the rows
    _known = (website.name, website.company_id.name, user.partner_id.commercial_partner_id.name)
    text = "货号\t名称\t数量\n" + "\n".join(lines)

    def run():
        quick = env["kh.quick.order"].with_user(user).with_context(website_id=website.id)
        buyer = quick._make_buyer(user.partner_id, website=website.with_user(user))
        matches = quick._match_rows(read_table(split_text(text)).rows, buyer)
        good = sum(found.state == "ok" for found in matches)
        if len(matches) != rows or good != rows - len(range(7, rows, 50)):
            raise ValueError(f"{good} good of {len(matches)} rows")

    return run


def draft_order(env, side, rows):
    """A draft order of so many lines: ours by the engine's batch, core by its importer."""
    dealer = data.first_dealer(env)
    wanted = [(code, 1 + number % 9) for number, code in enumerate(codes(env, rows))]
    run = _import_ours if side == "ours" else _import_core

    def measured():
        order = run(env, dealer, wanted)
        env.flush_all()
        if len(order.order_line) != rows or order.amount_untaxed <= 0:
            raise ValueError(f"{len(order.order_line)} of {rows} lines, {order.amount_untaxed}")

    return measured


def _import_ours(env, dealer, wanted):
    order = env["sale.order"].create({"partner_id": dealer.id})
    quick = env["kh.quick.order"]
    buyer = quick._make_buyer(dealer, order=order)
    text = "\n".join(f"{code}\t{quantity}" for code, quantity in wanted)
    matches = quick._match_rows(read_table(split_text(text), ["code", "quantity"]).rows, buyer)
    order._kh_add_products(
        [(found.product.id, found.quantity, found.uom.id) for found in matches], source="import"
    )
    return order


def _import_core(env, dealer, wanted):
    """One order with its lines from a csv, as core's import screen does."""
    head = f"Import {len(wanted)}"
    lines = [
        f"{head if not number else ''},{dealer.id if not number else ''},{code},{quantity}"
        for number, (code, quantity) in enumerate(wanted)
    ]
    wizard = env["base_import.import"].create(
        {
            "res_model": "sale.order",
            "file": "\n".join(["name,partner,product,quantity", *lines]).encode(),
            "file_type": "text/csv",
            "file_name": "order.csv",
        }
    )
    fields = [
        "client_order_ref",
        "partner_id/.id",
        "order_line/product_id",
        "order_line/product_uom_qty",
    ]
    options = {"quoting": '"', "separator": ",", "has_headers": True}
    result = wizard.execute_import(fields, [], options)
    if result["messages"]:
        raise ValueError(str(result["messages"])[:500])
    return env["sale.order"].browse(result["ids"])


def change_quantity(env, side, lines):
    """One quantity of a long order, as the back office saves it."""
    dealer = data.first_dealer(env)
    order = env["sale.order"].create(
        {
            "partner_id": dealer.id,
            "order_line": [
                (0, 0, {"product_id": product.id, "product_uom_qty": 2})
                for product in data.bench_products(env, lines)
            ],
        }
    )
    env.flush_all()
    env.invalidate_all()
    line = order.order_line[lines // 2]
    names = ["amount_total", "amount_untaxed", "tax_totals"]
    wanted = dict.fromkeys(names, {})

    def run():
        order.web_save({"order_line": [(1, line.id, {"product_uom_qty": 7})]}, wanted)
        env.flush_all()

    return run


def add_to_long_cart(env, side, lines, more):
    """Two hundred lines at once into a cart that is long already."""
    dealer = data.first_dealer(env)
    products = data.bench_products(env, lines + more)
    cart = env["sale.order"].create(
        {"partner_id": dealer.id, "website_id": env["website"].search([], limit=1).id}
    )
    if side == "ours":
        cart._kh_add_products([(product.id, 2.0, None) for product in products[:lines]])
    else:
        cart.write(
            {
                "order_line": [
                    (0, 0, {"product_id": product.id, "product_uom_qty": 2})
                    for product in products[:lines]
                ]
            }
        )
    env.flush_all()
    env.invalidate_all()

    def run():
        if side == "ours":
            cart._kh_add_products([(product.id, 1.0, None) for product in products[lines:]])
        else:
            for product in products[lines:]:
                cart._cart_add(product.id, 1.0)
        env.flush_all()
        if len(cart.order_line) != lines + more:
            raise ValueError(f"{len(cart.order_line)} of {lines + more} lines")

    return run


def change_cart_quantity(env, side, lines):
    """One quantity in a cart of many lines, as the cart's page sends it."""
    dealer = data.first_dealer(env)
    cart = env["sale.order"].create(
        {"partner_id": dealer.id, "website_id": env["website"].search([], limit=1).id}
    )
    products = data.bench_products(env, lines)
    cart.write(
        {
            "order_line": [
                (0, 0, {"product_id": product.id, "product_uom_qty": 2}) for product in products
            ]
        }
    )
    env.flush_all()
    env.invalidate_all()
    line = cart.order_line[lines // 2]

    def run():
        cart._cart_update_line_quantity(line.id, 5)
        env.flush_all()

    return run


# The bars of the orders' issue. Matching has no peer in core: absolute figures count.
CASES = [
    {
        "case": "match 1,000 rows",
        "start": match,
        "args": {"rows": 1000},
        "peer": None,
        "limits": {"queries": 20, "seconds": 0.3},
    },
    {
        "case": "match 5,000 rows",
        "start": match,
        "args": {"rows": MANY},
        "peer": None,
        "limits": {"queries": 20, "seconds": 1.5},
        "rounds": 3,
    },
    {
        "case": "1,000 rows to a draft order",
        "start": draft_order,
        "args": {"rows": 1000},
        "bar": 0.4,
        "rounds": 3,
    },
    {
        "case": "5,000 rows to a draft order",
        "start": draft_order,
        "args": {"rows": MANY},
        "peer": None,
        "limits": {"seconds": 20},
        "rounds": 1,
    },
    {
        "case": "change one quantity of 1,000 lines",
        "start": change_quantity,
        "args": {"lines": 1000},
        "limits": {"seconds": 1.0},
        "rounds": 3,
    },
    {
        "case": "add 200 lines to a cart of 500",
        "start": add_to_long_cart,
        "args": {"lines": 500, "more": 200},
        "limits": {"seconds": 1.0},
        "rounds": 3,
    },
    {
        "case": "change one quantity in a cart of 500 lines",
        "start": change_cart_quantity,
        "args": {"lines": 500},
        "limits": {"seconds": 0.3},
        "rounds": 3,
    },
]
