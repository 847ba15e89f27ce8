"""The shop of a large catalogue for a dealer: saleable areas and assortments against plain Odoo.

Both sides hold the same products, categories and dealers, and one pricelist without rules. Ours
has, besides, a tree of sales areas and assortments that hide four products in five from the dealer
who looks.
"""

from odoo import Command
from odoo.tools import SQL

from bench import data
from bench.browser import Visitor

TITLE = "catalogue: shop pages for a dealer, areas and assortments in force"
SIDES = {"ours": ["kh_b2b_portal"], "peer": None}
#: products in the database; a tenth as many dealers
SCALE = 100_000
PUBLIC_CATEGORIES = 50
AREAS = 3_000
ASSORTMENTS = 50
#: of the products in assortments the dealer who looks sees one in ...
SHARE = 10


def prepare(env, side, scale):
    data.prepare_company(env)
    categories = data.create_public_categories(env, PUBLIC_CATEGORIES)
    data.insert_products(env, scale, categories)
    dealers = data.create_dealers(env, 1)
    data.insert_dealers(env, scale // 10 - 1)
    pricelist = env["product.pricelist"].create(
        {
            "name": "Bench",
            "sequence": 0,
            "selectable": True,
            "currency_id": env.company.currency_id.id,
            **({"kh_is_b2b": True} if side == "ours" else {}),
        }
    )
    dealers.specific_property_product_pricelist = pricelist
    if side == "ours":
        env["website"].search([]).kh_is_b2b = True
        areas = data.create_areas(env, AREAS)
        _restrict(env, dealers, areas)
    env.cr.execute("ANALYZE")


def _restrict(env, dealer, areas):
    """Nine products in ten go to assortments, one in five to an area; the dealer has some of each.

    Strangers see what is in no assortment and in no area.
    """
    assortments = env["kh.catalog.assortment"].create(
        [{"name": f"Assortment {number:02d}"} for number in range(ASSORTMENTS)]
    )
    field = assortments._fields["product_tmpl_ids"]
    env.cr.execute(
        SQL(
            """
            INSERT INTO %s (%s, %s)
            SELECT a.id, t.id
              FROM product_template t
              JOIN unnest(%s::int[]) WITH ORDINALITY AS a(id, number)
                ON a.number = 1 + t.id %% %s
             WHERE t.default_code LIKE 'BENCH-%%' AND t.id %% 10 <> 0
            """,
            SQL.identifier(field.relation),
            SQL.identifier(field.column1),
            SQL.identifier(field.column2),
            assortments.ids,
            ASSORTMENTS,
        )
    )
    field = env["product.template"]._fields["kh_area_include_ids"]
    env.cr.execute(
        SQL(
            """
            INSERT INTO %s (%s, %s)
            SELECT t.id, a.id
              FROM product_template t
              JOIN unnest(%s::int[]) WITH ORDINALITY AS a(id, number)
                ON a.number = 1 + t.id %% %s
             WHERE t.default_code LIKE 'BENCH-%%' AND t.id %% 5 = 1
            """,
            SQL.identifier(field.relation),
            SQL.identifier(field.column1),
            SQL.identifier(field.column2),
            areas.ids,
            len(areas),
        )
    )
    dealer.kh_sales_area_ids = [Command.set(areas[-1:].ids)]
    dealer.kh_assortment_ids = [Command.set(assortments[: ASSORTMENTS // SHARE].ids)]
    env["product.template"]._kh_refresh_keys()


def open_page(env, side, login, path, expect):
    visitor = Visitor(env, login)
    if "%(category)s" in path:
        category = env["product.public.category"].search(
            [("name", "=like", "Bench category%")], order="id", limit=1
        )
        path %= {"category": env["ir.http"]._slug(category)}

    def run():
        visitor.get(path, expect)

    return run


def assign(env, side, count):
    """Give `count` products to one more assortment, as the assistant does it."""
    assortment = env["kh.catalog.assortment"].create({"name": "Bench group"})
    first = env["product.template"].search([("default_code", "=like", "BENCH-%")], limit=count)
    chosen = {"active_model": "product.template", "active_ids": first.ids}
    wizard = (
        env["kh.catalog.assign"]
        .with_context(**chosen)
        .create({"add_assortment_ids": [Command.set(assortment.ids)]})
    )
    env.flush_all()
    env.invalidate_all()

    def run():
        wizard.action_apply()
        env.flush_all()
        if len(assortment.product_tmpl_ids) != count:
            raise ValueError(f"{len(assortment.product_tmpl_ids)} of {count} products")

    return run


# "At most 0.5 times the same page of plain website_sale on the same data in the same run".
CASES = [
    {
        "case": f"{name}, {who}",
        "start": open_page,
        "args": {"login": login, "path": path, "expect": "Circuit breaker"},
        "bar": 0.5,
        "rounds": 5,
    }
    for who, login in (("dealer", data.LOGIN), ("stranger", None))
    for name, path in (
        ("first page", "/shop"),
        ("search", "/shop?search=breaker+000"),
        ("category", "/shop/category/%(category)s"),
    )
]
# "70,000 products to a dealer group in under 10 seconds"
CASES.append(
    {
        "case": "70,000 products to an assortment",
        "start": assign,
        "args": {"count": 70_000},
        "peer": None,
        "limits": {"seconds": 10.0},
        "rounds": 3,
    }
)
