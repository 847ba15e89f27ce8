"""The dealer's list of orders: ours against core's, and with ten times as many orders.

One database holds both dealers, so that the tables are as large for the one as for the other. The
orders are inserted by SQL; they are rows of orders which the ORM created and confirmed.
"""

from contextlib import ExitStack

from odoo.tools import SQL

from bench import data
from bench.browser import Visitor

TITLE = "portal: the list of one dealer's orders"
SIDES = {"ours": ["kh_b2b_portal"], "peer": None}
SCALE = 100_000
FEW, MANY = "bench.few", "bench.many"
LINES = 2
# One order in so many still waits for its payment; the others are on their way.
UNPAID = 10


def prepare(env, side, scale):
    products = data.create_products(env, LINES)
    samples = {}
    for login, count in ((FEW, scale // 10), (MANY, scale)):
        dealer = create_dealer(env, side, login)
        samples[count] = create_samples(env, dealer, products)
    with ExitStack() as stack:
        for table in ("sale_order", "sale_order_line"):
            stack.enter_context(data.bare_table(env, table))
        for count, (unpaid, sold) in samples.items():
            insert_orders(env, unpaid, count // UNPAID - 1)
            insert_orders(env, sold, count - count // UNPAID - 1)
    if side == "ours":
        env["website"].search([]).kh_is_b2b = True
    env.cr.execute("ANALYZE")


def create_dealer(env, side, login):
    """A company whose buyer logs in as `login`."""
    dealer = env["res.partner"].create({"name": f"Dealer {login}", "is_company": True})
    buyer = env["res.partner"].create({"name": f"Buyer {login}", "parent_id": dealer.id})
    groups = ["base.group_portal"]
    if side == "ours":
        groups.append("kh_b2b_member.group_b2b_dealer_buyer")
    env["res.users"].with_context(no_reset_password=True).create(
        {
            "name": f"Buyer {login}",
            "login": login,
            "lang": "en_US",
            "partner_id": buyer.id,
            "group_ids": [(6, 0, [env.ref(group).id for group in groups])],
        }
    )
    return dealer


def create_samples(env, dealer, products):
    """One order that was sent, one that was confirmed."""
    orders = env["sale.order"].create(
        [
            {
                "partner_id": dealer.id,
                "order_line": [
                    (0, 0, {"product_id": product.id, "product_uom_qty": 3}) for product in products
                ],
            }
        ]
        * 2
    )
    orders.action_quotation_sent()
    orders[1].action_confirm()
    env.flush_all()
    return orders


def insert_orders(env, sample, count):
    """`count` more orders like `sample`, a minute apart, with its lines and its shipments."""
    env.cr.execute(
        SQL(
            """
            CREATE TEMP TABLE bench_new AS
            SELECT nextval('sale_order_id_seq') AS id, number
              FROM generate_series(1, %s) AS number;
            INSERT INTO sale_order
            SELECT r.*
              FROM bench_new n, sale_order s,
                   jsonb_populate_record(NULL::sale_order, to_jsonb(s) || jsonb_build_object(
                       'id', n.id, 'name', s.name || '-' || n.number,
                       'date_order', s.date_order - n.number * interval '1 minute')) AS r
             WHERE s.id = %s
            """,
            count,
            sample.id,
        )
    )
    for table, column in (("sale_order_line", "order_id"), ("stock_picking", "sale_id")):
        named = SQL(", 'name', s.name || '-' || n.number") if table == "stock_picking" else SQL()
        env.cr.execute(
            SQL(
                """
                INSERT INTO %(table)s
                SELECT r.*
                  FROM bench_new n, %(table)s s,
                       jsonb_populate_record(NULL::%(table)s, to_jsonb(s) || jsonb_build_object(
                           'id', nextval(%(sequence)s), %(column)s, n.id %(named)s)) AS r
                 WHERE s.%(order)s = %(sample)s
                """,
                table=SQL.identifier(table),
                sequence=f"{table}_id_seq",
                column=column,
                named=named,
                order=SQL.identifier(column),
                sample=sample.id,
            )
        )
    env.cr.execute("DROP TABLE bench_new")
    env.invalidate_all()


def open_page(env, side, path, expect="S0"):
    """Open a page as a dealer of few orders, or of many when `side` says so."""
    visitor = Visitor(env, MANY if side == "many" else FEW)

    def run():
        visitor.get(path[side] if isinstance(path, dict) else path, expect)

    return run


def many(case, path, **limits):
    """A case that compares ten times as many orders with few ones, both ours."""
    return {
        "case": case,
        "start": open_page,
        "args": {"path": path},
        "ours": ("ours", "many"),
        "peer": ("ours", "ours"),
        "bar": 1.2,
        "rounds": 9,
        **limits,
    }


# The issue asks for at most 1.1 times core at 10,000 orders, and at 100,000 for 1.2 times that.
CASES = [
    {
        "case": "10,000 orders, first page",
        "start": open_page,
        "args": {"path": "/my/orders"},
        "bar": 1.1,
        "rounds": 9,
    },
    {
        "case": "10,000 orders, a page in the middle",
        "start": open_page,
        # fifty orders a page, and core's eighty
        "args": {"path": {"ours": "/my/orders?page=96", "peer": "/my/orders/page/60"}},
        "bar": 1.1,
        "rounds": 9,
    },
    many("100,000 orders to 10,000, first page", "/my/orders"),
    many("100,000 orders to 10,000, one stage", "/my/orders?stage=to_pay"),
    many("100,000 orders to 10,000, search by number", "/my/orders?q=S0"),
]
