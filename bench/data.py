"""Data that several benches share: products, dealers, and a price for each pair of them.

The rows are inserted by SQL, so that a million prices take seconds; they are the rows which the
ORM would have written.
"""

from odoo.tools import SQL

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


def create_public_categories(env, count):
    """`count` categories of the shop."""
    return env["product.public.category"].create(
        [{"name": f"Bench category {number:02d}"} for number in range(count)]
    )


def insert_products(env, count, categories):
    """`count` published products, spread over categories of the shop, by SQL.

    Each row is the row of one product that the ORM created, with another name and number.
    """
    sample = create_products(env, 1)
    env.flush_all()
    env.cr.execute(
        SQL(
            """
            WITH template AS (
                INSERT INTO product_template
                SELECT r.*
                  FROM product_template s,
                       generate_series(1, %(count)s) AS number,
                       jsonb_populate_record(NULL::product_template, to_jsonb(s) ||
                           jsonb_build_object(
                               'id', nextval('product_template_id_seq'),
                               'name', jsonb_build_object(
                                   'en_US', 'Circuit breaker ' || lpad(number::text, 6, '0')),
                               'default_code', 'BENCH-' || lpad(number::text, 6, '0'),
                               'list_price', 10 + number %% 90,
                               'website_sequence', number)) AS r
                 WHERE s.id = %(template)s
             RETURNING id, default_code
            ), variant AS (
                INSERT INTO product_product
                SELECT r.*
                  FROM product_product s, template t,
                       jsonb_populate_record(NULL::product_product, to_jsonb(s) ||
                           jsonb_build_object(
                               'id', nextval('product_product_id_seq'),
                               'product_tmpl_id', t.id,
                               'default_code', t.default_code)) AS r
                 WHERE s.id = %(variant)s
            )
            INSERT INTO product_public_category_product_template_rel
                   (product_public_category_id, product_template_id)
            SELECT c.id, t.id
              FROM template t
              JOIN unnest(%(categories)s::int[]) WITH ORDINALITY AS c(id, number)
                ON c.number = 1 + t.id %% %(spread)s
            """,
            count=count,
            template=sample.product_tmpl_id.id,
            variant=sample.id,
            categories=categories.ids,
            spread=len(categories),
        )
    )
    env.invalidate_all()


def insert_dealers(env, count):
    """`count` more companies, each the row of one that the ORM created, with another name."""
    sample = env["res.partner"].create({"name": "Bench dealer", "is_company": True})
    env.flush_all()
    env.cr.execute(
        SQL(
            """
            INSERT INTO res_partner
            SELECT r.*
              FROM (SELECT nextval('res_partner_id_seq') AS id, number
                      FROM generate_series(1, %(count)s) AS number) AS n,
                   res_partner s,
                   jsonb_populate_record(NULL::res_partner, to_jsonb(s) ||
                       jsonb_build_object(
                           'id', n.id, 'name', 'Bench dealer ' || n.number,
                           'complete_name', 'Bench dealer ' || n.number,
                           'commercial_partner_id', n.id)) AS r
             WHERE s.id = %(sample)s
            """,
            count=count,
            sample=sample.id,
        )
    )
    env.invalidate_all()


def create_areas(env, count):
    """A tree of `count` sales areas: 30 provinces, the rest cities in them."""
    area = env["kh.sales.area"]
    provinces = area.create(
        [{"name": f"Province {number:02d}", "code": f"BP{number:02d}"} for number in range(30)]
    )
    return provinces + area.create(
        [
            {
                "name": f"City {number:04d}",
                "code": f"BC{number:04d}",
                "parent_id": provinces[number % 30].id,
            }
            for number in range(count - 30)
        ]
    )


def turn_pricelists_on(env):
    """Without this feature core ignores every pricelist."""
    env["res.config.settings"].create({"group_product_pricelist": True}).execute()


def prepare_contract_prices(env, side, scale):
    """`PRODUCTS` products and as many dealers as `scale` prices need, a price for each pair."""
    turn_pricelists_on(env)
    products = create_products(env)
    dealers = create_dealers(env, max(scale // len(products), 1))
    give_each_dealer_prices(env, side, dealers, products)


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
