"""Who sees what, since when, how much of it, and what is packed with it (商品目录与限购)."""

from datetime import timedelta

from odoo import Command, fields

from . import members
from .base import Book, translate
from .products import product_ref

# assortment: English and Chinese name, categories, levels, single dealers, is a zone
ASSORTMENTS = {
    "powertool": (
        "Authorised power tools",
        "电动工具授权目录",
        ("powertool",),
        ("diamond", "gold"),
        ("qilu",),
        False,
    ),
    "office": (
        "Company zone: office supplies",
        "企业采购专区：办公用品",
        ("device",),
        (),
        ("huarui", "yuehua", "yanzhao"),
        True,
    ),
}
# category: areas that may buy, areas that may not
AREAS = {"wire": (("east", "south"), ()), "spd": ((), ("FJ",))}
# name in English and Chinese, for whom, levels, what is shown
POLICIES = (
    ("Visitors: in stock or not", "访客：有货/无货", "visitor", (), "yes_no"),
    ("Dealers: number of pieces", "钻石与金牌：显示数量", "level", ("diamond", "gold"), "exact"),
    ("Everybody else: enough or few", "其他：充足/紧张", "all", (), "band"),
)
# category: what one order may take
LIMITS = {
    "glove": {"minimum": 12, "multiple": 12},
    "paper": {"minimum": 5, "multiple": 5},
    "socket": {"maximum": 500},
    "router": {"period_maximum": 200, "period_count": 1, "period_unit": "month"},
}
WARNING_QUANTITIES = {"mccb": 20, "powertool": 10}


def load(env):
    book = Book(env)
    if book.get("assortment_office"):
        return
    _load_assortments(env)
    _load_areas(env)
    _load_listings(env)
    _load_policies(env)
    _load_limits(env)
    _load_attribute_template(env)
    _load_auxiliary(env)


def _products_of(env, ref):
    """Products of a category of the demo company."""
    category = Book(env).get(f"internal_{ref}")
    return env["product.template"].search([("categ_id", "=", category.id)], order="id")


def _levels(env, refs):
    return env["res.partner.grade"].union(*(Book(env).get(f"level_{ref}") for ref in refs))


def _load_assortments(env):
    made = Book(env).make(
        "kh.catalog.assortment",
        {
            f"assortment_{ref}": {
                "name": english,
                "company_id": env.company.id,
                "is_zone": is_zone,
                "grade_ids": [Command.set(_levels(env, levels).ids)],
                "partner_ids": [Command.set([members.dealer(env, d).id for d in dealers])],
                "product_tmpl_ids": [
                    Command.set([p.id for c in categories for p in _products_of(env, c)])
                ],
            }
            for ref, (english, _zh, categories, levels, dealers, is_zone) in ASSORTMENTS.items()
        },
    )
    records = env["kh.catalog.assortment"].browse([record.id for record in made.values()])
    translate(records, "name", [row[1] for row in ASSORTMENTS.values()])


def _load_areas(env):
    book = Book(env)
    for ref, (include, exclude) in AREAS.items():
        book.get(f"internal_{ref}").write(
            {
                "kh_area_include_ids": [Command.set([book.get(f"area_{a}").id for a in include])],
                "kh_area_exclude_ids": [Command.set([book.get(f"area_{a}").id for a in exclude])],
            }
        )


def _load_listings(env):
    """One series starts next Monday, one has gone, one is a promotion of this month."""
    now = fields.Datetime.now().replace(minute=0, second=0)
    first, second, third = _products_of(env, "toolbox")[:3]
    Book(env).make(
        "kh.product.listing",
        {
            "listing_next": {
                "product_tmpl_id": first.id,
                "date_from": now + timedelta(days=7 - now.weekday()),
            },
            "listing_gone": {"product_tmpl_id": second.id, "date_to": now - timedelta(days=3)},
            "listing_now": {
                "product_tmpl_id": third.id,
                "date_from": now - timedelta(days=10),
                "date_to": now + timedelta(days=20),
            },
        },
    )


def _load_policies(env):
    made = Book(env).make(
        "kh.stock.policy",
        {
            f"stock_policy_{audience}": {
                "name": english,
                "company_id": env.company.id,
                "sequence": 10 * (index + 1),
                "audience": audience,
                "grade_ids": [Command.set(_levels(env, levels).ids)],
                "display": display,
                "quantity_cap": 1000,
            }
            for index, (english, _zh, audience, levels, display) in enumerate(POLICIES)
        },
    )
    records = env["kh.stock.policy"].browse([record.id for record in made.values()])
    translate(records, "name", [row[1] for row in POLICIES])


def _load_limits(env):
    Book(env).make(
        "kh.order.limit",
        {
            f"order_limit_{product.id}": {
                "product_tmpl_id": product.id,
                "company_id": env.company.id,
                **limit,
            }
            for ref, limit in LIMITS.items()
            for product in _products_of(env, ref)
        },
    )
    for ref, quantity in WARNING_QUANTITIES.items():
        Book(env).get(f"internal_{ref}").kh_warning_quantity = quantity


def _load_attribute_template(env):
    """New breakers get poles and currents as the first series has them."""
    book = Book(env)
    series = book.get(product_ref("GX1-63C"))
    template = book.make(
        "kh.attribute.template",
        {
            "attribute_template_mcb": {
                "name": "Miniature breakers: poles and current",
                "company_id": env.company.id,
                "line_ids": [
                    Command.create(
                        {
                            "attribute_id": line.attribute_id.id,
                            "value_ids": [Command.set(line.value_ids.ids)],
                        }
                    )
                    for line in series.attribute_line_ids
                ],
            }
        },
    )["attribute_template_mcb"]
    translate(template, "name", ["微型断路器：极数与电流"])
    for ref in ("mcb", "dcmcb"):
        book.get(f"internal_{ref}").kh_attribute_template_id = template


def _load_auxiliary(env):
    """Cabinets leave in a wooden crate, one for each."""
    book = Book(env)
    crate = book.make(
        "product.template",
        {
            "product_crate": {
                "name": "Wooden crate",
                "default_code": "PACK-CRATE",
                "kh_kind": "auxiliary",
                "type": "consu",
                "is_storable": True,
                "list_price": 0.0,
                "sale_ok": True,
            }
        },
    )["product_crate"]
    translate(crate, "name", ["木箱包装"])
    env["stock.quant"]._update_available_quantity(
        crate.product_variant_id,
        env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1).lot_stock_id,
        400,
    )
    book.make(
        "kh.product.auxiliary",
        {
            f"auxiliary_{product.id}": {
                "product_tmpl_id": product.id,
                "auxiliary_id": crate.product_variant_id.id,
                "quantity": 1.0,
                "per_quantity": 1.0,
            }
            for product in _products_of(env, "cabinet")[:4]
        },
    )
