"""Data that several benches share: products, dealers, and a price for each pair of them.

The rows are inserted by SQL, so that a million prices take seconds; they are the rows which the
ORM would have written.
"""

PRODUCTS = 1000
LOGIN = "bench.dealer"


def create_products(env, count=PRODUCTS):
    """Create `count` published, storable products with an item number."""
    return env["product.product"].create(
        [
            {
                "name": f"Circuit breaker {number:05d}",
                "default_code": f"BENCH-{number:05d}",
                "type": "consu",
                "list_price": 10 + number % 90,
                "sale_ok": True,
                "is_published": True,
            }
            for number in range(count)
        ]
    )


def create_dealers(env, count):
    """Create `count` companies that order; the first has a portal user, `LOGIN`."""
    dealers = env["res.partner"].create(
        [{"name": f"Bench dealer {number:05d}", "is_company": True} for number in range(count)]
    )
    contact = env["res.partner"].create({"name": "Bench buyer", "parent_id": dealers[0].id})
    env["res.users"].with_context(no_reset_password=True).create(
        {
            "name": "Bench buyer",
            "login": LOGIN,
            "partner_id": contact.id,
            "group_ids": [(6, 0, [env.ref("base.group_portal").id])],
        }
    )
    return dealers


def turn_pricelists_on(env):
    """Without this feature core ignores every pricelist."""
    env["res.config.settings"].create({"group_product_pricelist": True}).execute()


def give_each_dealer_prices(env, side, dealers, products):
    """One fixed price for each dealer and product.

    Ours: rules of the customer in one B2B pricelist. Peer: one pricelist for each dealer, which is
    how core does it.
    """
    currency = env.company.currency_id
    if side == "ours":
        pricelist = env["product.pricelist"].create(
            {"name": "Bench B2B", "currency_id": currency.id, "kh_is_b2b": True}
        )
        lists = [pricelist.id] * len(dealers)
    else:
        lists = (
            env["product.pricelist"]
            .create([{"name": d.name, "currency_id": currency.id} for d in dealers])
            .ids
        )
    for dealer, pricelist_id in zip(dealers, lists, strict=True):
        dealer.specific_property_product_pricelist = pricelist_id
    env.flush_all()
    _insert_prices(env, side, dealers.ids, lists, products.ids)
    env.invalidate_all()


def _insert_prices(env, side, dealer_ids, list_ids, product_ids):
    own_columns = ", kh_partner_id, kh_is_pending" if side == "ours" else ""
    own_values = ", d.id, FALSE" if side == "ours" else ""
    env.cr.execute(
        f"""
        INSERT INTO product_pricelist_item
               (pricelist_id, company_id, currency_id, product_tmpl_id, product_id, applied_on,
                display_applied_on, base, compute_price, min_quantity, fixed_price
                {own_columns})
        SELECT d.list_id, l.company_id, l.currency_id, p.product_tmpl_id, p.id, '0_product_variant',
               '1_product', 'list_price', 'fixed', 0,
               round((5 + (d.id * 7 + p.id * 13) %% 9000 / 100.0)::numeric, 2)
               {own_values}
          FROM unnest(%s, %s) AS d(id, list_id)
          JOIN product_pricelist l ON l.id = d.list_id
         CROSS JOIN product_product p
         WHERE p.id = ANY(%s)
        """,
        (dealer_ids, list_ids, product_ids),
    )
    env.cr.execute("ANALYZE product_pricelist_item")


def first_dealer(env):
    return env["res.users"].search([("login", "=", LOGIN)]).partner_id.commercial_partner_id


def bench_products(env, count):
    return env["product.product"].search(
        [("default_code", "=like", "BENCH-%")], order="default_code", limit=count
    )
