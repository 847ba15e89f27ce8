"""Data that several benches share: products, dealers, and a price for each pair of them.

The rows are inserted by SQL, so that a million prices take seconds; they are the rows which the
ORM would have written.
"""

from contextlib import contextmanager

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


def stock(env, products, quantity=1000.0):
    """Put so many pieces of each product into the first warehouse."""
    products.is_storable = True
    location = env["stock.warehouse"].search([], limit=1).lot_stock_id
    quants = env["stock.quant"].with_context(inventory_mode=True)
    quants.create(
        [
            {
                "product_id": product.id,
                "location_id": location.id,
                "inventory_quantity": quantity,
            }
            for product in products
        ]
    ).action_apply_inventory()


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
    _refresh_search_keys(env)


def _refresh_search_keys(env):
    """The inserted rows took over the key of their sample; absent in plain Odoo."""
    products = env["product.product"]
    if "kh_search_key" in products._fields:
        products = products.search([("default_code", "=like", "BENCH-%")])
        env.add_to_compute(products._fields["kh_search_key"], products)
        products._recompute_field(products._fields["kh_search_key"])
        env.flush_all()
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


def prepare_company(env):
    """Price lists, which core ignores without their feature; taxes as l10n_cn rounds them."""
    env["res.config.settings"].create({"group_product_pricelist": True}).execute()
    env["res.company"].search([]).tax_calculation_rounding_method = "round_per_line"


def prepare_contract_prices(env, side, scale):
    """`PRODUCTS` products and as many dealers as `scale` prices need, a price for each pair."""
    prepare_company(env)
    products = create_products(env)
    count = max(scale // len(products), 1)
    # Beyond 1,000 dealers the ORM would take longer than the prices themselves.
    dealers = create_dealers(env, min(count, 1000))
    if count > len(dealers):
        insert_dealers(env, count - len(dealers))
        names = [("name", "=like", "Bench dealer %")]
        dealers = env["res.partner"].search(names, order="id", limit=count)
    give_each_dealer_prices(env, side, dealers, products)
    if side != "peer":
        insert_shared_prices(env, dealers[0], products)


def give_each_dealer_prices(env, side, dealers, products):
    """One fixed price for each dealer and product.

    Ours: rules of the customer in one B2B pricelist. Peer: one pricelist for each dealer, which is
    how core does it.
    """
    currency = env.company.currency_id
    if side != "peer":
        pricelist = env["product.pricelist"].create(
            {"name": "Bench B2B", "currency_id": currency.id, "kh_is_b2b": True}
        )
        lists = [pricelist.id] * len(dealers)
        dealers[:1000].specific_property_product_pricelist = pricelist
    else:
        lists = (
            env["product.pricelist"]
            .create([{"name": d.name, "currency_id": currency.id} for d in dealers])
            .ids
        )
        for dealer, pricelist_id in zip(dealers, lists, strict=True):
            dealer.specific_property_product_pricelist = pricelist_id
    env.flush_all()
    with bare_table(env, "product_pricelist_item"):
        _insert_prices(env, side, dealers.ids, lists, products.ids)
    env.cr.execute("ANALYZE product_pricelist_item")
    env.invalidate_all()


@contextmanager
def bare_table(env, table):
    """Load a table without its indexes and foreign keys, and make them (and check) afterwards."""
    env.cr.execute(
        """SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
            WHERE conrelid = %s::regclass AND contype = 'f'""",
        [table],
    )
    keys = env.cr.fetchall()
    env.cr.execute(
        """SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
            WHERE indrelid = %s::regclass AND NOT indisprimary""",
        [table],
    )
    indexes = env.cr.fetchall()
    own = SQL.identifier(table)
    for name, _definition in keys:
        env.cr.execute(SQL("ALTER TABLE %s DROP CONSTRAINT %s", own, SQL.identifier(name)))
    for name, _definition in indexes:
        env.cr.execute(SQL("DROP INDEX %s", SQL.identifier(name)))
    yield
    for _name, definition in indexes:
        env.cr.execute(definition)
    for name, definition in keys:
        key = SQL("ADD CONSTRAINT %s %s", SQL.identifier(name), SQL(definition))
        env.cr.execute(SQL("ALTER TABLE %s %s", own, key))


def _insert_prices(env, side, dealer_ids, list_ids, product_ids):
    own_columns = ", kh_partner_id, kh_is_pending" if side != "peer" else ""
    own_values = ", d.id, FALSE" if side != "peer" else ""
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
         ORDER BY d.id, p.id
        """,
        (dealer_ids, list_ids, product_ids),
    )


def insert_shared_prices(env, dealer, products):
    """Behind the dealers' own prices: for each product a market price and one of each level.

    The first dealer has the first level. As many products again, numbered `SHARED-…`, have no
    other price than these.
    """
    levels = env["res.partner.grade"].create([{"name": f"Bench {n}"} for n in range(5)])
    dealer.grade_id = levels[0]
    others = products.create(
        [
            {"name": f"Contactor {n:05d}", "default_code": f"SHARED-{n:05d}", "list_price": 99}
            for n in range(len(products))
        ]
    )
    env.flush_all()
    env.cr.execute(
        """
        INSERT INTO product_pricelist_item
               (pricelist_id, company_id, currency_id, product_tmpl_id, product_id, applied_on,
                display_applied_on, base, compute_price, min_quantity, fixed_price, kh_grade_id)
        SELECT l.id, l.company_id, l.currency_id, p.product_tmpl_id, p.id, '0_product_variant',
               '1_product', 'list_price', 'fixed', 0, 10 + p.id %% 90, g.id
          FROM product_pricelist l
         CROSS JOIN unnest(%s || ARRAY[NULL::int]) AS g(id)
         CROSS JOIN product_product p
         WHERE l.id = %s AND p.id = ANY(%s)
        """,
        (levels.ids, dealer.specific_property_product_pricelist.id, (products + others).ids),
    )
    env.cr.execute("ANALYZE product_pricelist_item")
    env.invalidate_all()


def first_dealer(env):
    return env["res.users"].search([("login", "=", LOGIN)]).partner_id.commercial_partner_id


def bench_products(env, count, prefix="BENCH"):
    return env["product.product"].search(
        [("default_code", "=like", f"{prefix}-%")], order="default_code", limit=count
    )
