"""Level prices and price contracts (会员等级价, 一客一价)."""

import random
from datetime import timedelta

from odoo import Command, fields

from .base import Book, make_uscc, read_csv, translate
from .members import dealer
from .products import product_ref

SEED = 20260902
# The first series of the catalogue are in every contract.
BEST_SELLERS = 3
# Whose contract also holds for its branch, which has none of its own.
HEAD_OFFICE = "huarui"
BRANCH = ("浙江华睿达机电设备有限公司绍兴分公司", "绍兴市", "330602", 619999)
# Whose first price of a product sold by the piece is agreed per carton.
PER_CARTON = "hudong"
CARTON = ("Carton of 12", "箱(12个)", 12)
# Whose next version waits for an approval, and whose single prices do.
NEXT_VERSION, ADJUSTED = "yuehua", "mingzhou"
FLOWS = ("kh_approval_flow_price_contract", "kh_approval_flow_price_adjustment")
# dealer, lines, discount on the market price, days from start to today, days to the end, state
CONTRACTS = (
    ("huarui", 260, 0.22, 120, 245, "active"),
    ("yuehua", 220, 0.21, 60, 305, "active"),
    ("mingzhou", 140, 0.17, 95, 270, "active"),
    ("hudong", 160, 0.18, 30, 335, "active"),
    ("pengcheng", 120, 0.17, 150, 215, "active"),
    ("jinghe", 130, 0.16, 10, 355, "active"),
    ("minnan", 110, 0.12, 400, -5, "expired"),
    ("jinling", 105, 0.13, -7, 358, "draft"),
)


def load(env):
    if Book(env).get("contract_huarui"):
        return
    _load_level_prices(env)
    _load_branch(env)
    _load_contracts(env)
    _load_flows(env)
    _load_next_version(env)
    _load_adjustment(env)


def _load_level_prices(env):
    """A ratio for each level, and special prices of twelve series for the two best levels."""
    book = Book(env)
    pricelist = book.get("pricelist_b2b")
    vals_list = [
        {
            "pricelist_id": pricelist.id,
            "applied_on": "3_global",
            "compute_price": "percentage",
            "percent_price": float(row["discount"]),
            "kh_grade_id": book.get(f"level_{row['ref']}").id,
        }
        for row in read_csv("levels")
    ]
    chance = random.Random(SEED)
    catalog = read_csv("catalog")
    series = [row["ref"] for row in catalog if not row["spec"]]
    for ref in chance.sample(series, 12):
        template = Book(env).get(product_ref(ref))
        for level, ratio in (("gold", 0.85), ("diamond", 0.8)):
            vals_list.append(
                {
                    "pricelist_id": pricelist.id,
                    "applied_on": "1_product",
                    "product_tmpl_id": template.id,
                    "compute_price": "fixed",
                    "fixed_price": round(template.list_price * ratio, 2),
                    "kh_grade_id": book.get(f"level_{level}").id,
                }
            )
    env["product.pricelist.item"].create(vals_list)


def _load_contracts(env):
    chance = random.Random(SEED)
    variants = env["product.product"].search([("barcode", "=like", "697099%")], order="barcode")
    today = fields.Date.context_today(env.user)
    for number, (ref, count, discount, since, until, state) in enumerate(CONTRACTS, 1):
        chosen = _choose(chance, variants, count)
        ends = today + timedelta(days=max(until, 0))
        lines = list(_prepare_lines(chance, chosen, discount))
        if ref == PER_CARTON:
            _agree_per_carton(env, lines)
        contract = Book(env).make(
            "kh.price.contract",
            {
                f"contract_{ref}": {
                    "partner_id": dealer(env, ref).id,
                    "pricelist_id": Book(env).get("pricelist_b2b").id,
                    "reference": f"YX-JXS-2026-{number:03d}",
                    "date_start": today - timedelta(days=since),
                    "date_end": ends,
                    "with_branches": ref == HEAD_OFFICE,
                    "item_ids": [Command.create(vals) for vals in lines],
                }
            },
        )[f"contract_{ref}"]
        if state != "draft":
            contract.action_activate()
        if state == "expired":
            # The term of a contract in force is fixed; its last day lies in the past here,
            # as if the contract had been made a year ago.
            contract._move({"date_end": today + timedelta(days=until)})
    env["kh.price.contract"]._cron_expire()


def _choose(chance, variants, count):
    """Take whole series, the best sellers first, until `count` lines are there."""
    templates = list(variants.product_tmpl_id)
    best, others = templates[:BEST_SELLERS], templates[BEST_SELLERS:]
    chance.shuffle(others)
    templates = best + others
    chosen = variants.browse()
    for template in templates:
        chosen |= template.product_variant_ids
        if len(chosen) >= count:
            break
    return chosen


def _prepare_lines(chance, variants, discount):
    """One price for each variant, and a second step from 50 pieces for every tenth."""
    for variant in variants:
        ratio = 1 - discount + chance.uniform(-0.03, 0.03)
        price = round(variant.lst_price * ratio, 2)
        common = {
            "applied_on": "0_product_variant",
            "product_tmpl_id": variant.product_tmpl_id.id,
            "product_id": variant.id,
            "compute_price": "fixed",
        }
        yield {**common, "fixed_price": price, "min_quantity": 0}
        if chance.random() < 0.1:
            yield {**common, "fixed_price": round(price * 0.96, 2), "min_quantity": 50}


def _agree_per_carton(env, lines):
    """Agree one price per carton, in whole yuan: no whole cents per piece."""
    name, chinese, pieces = CARTON
    piece = env.ref("uom.product_uom_unit")
    vals = {"name": name, "relative_factor": pieces, "relative_uom_id": piece.id}
    carton = Book(env).make("uom.uom", {"uom_carton": vals})["uom_carton"]
    translate(carton, "name", [chinese])
    templates = env["product.template"].browse(vals["product_tmpl_id"] for vals in lines)
    line, template = next(
        pair for pair in zip(lines, templates, strict=True) if pair[1].uom_id == piece
    )
    template.uom_ids = [Command.link(carton.id)]
    whole = round(line.pop("fixed_price") * pieces)
    line.update(kh_uom_id=carton.id, kh_uom_price=whole if whole % 3 else whole + 1)


def _load_branch(env):
    """A company below a dealer that buys at its head office's prices."""
    name, city, region, serial = BRANCH
    head = dealer(env, HEAD_OFFICE)
    branch = Book(env).make(
        "res.partner",
        {
            f"branch_{HEAD_OFFICE}": {
                "name": name,
                "is_company": True,
                "parent_id": head.id,
                "kh_is_dealer": True,
                "grade_id": head.grade_id.id,
                "user_id": head.user_id.id,
                "kh_sales_area_ids": [Command.set(head.kh_sales_area_ids.ids)],
                "vat": make_uscc(region, serial),
                "country_id": head.country_id.id,
                "state_id": head.state_id.id,
                "city": city,
                "lang": "zh_CN",
            }
        },
    )[f"branch_{HEAD_OFFICE}"]
    branch.specific_property_product_pricelist = Book(env).get("pricelist_b2b")


def _load_flows(env):
    """From now on prices need approvals: deep discounts the director's, thin margins finance's."""
    for name in FLOWS:
        env.ref(f"kh_b2b_pricing.{name}").active = True


def _load_next_version(env):
    """The next version of a contract: dearer, cheaper, dropped and new lines, under review."""
    contract = Book(env).get(f"contract_{NEXT_VERSION}")
    contract.with_user(contract.user_id).action_new_version()
    version = contract._get_next_version()
    Book(env).remember({f"contract_{NEXT_VERSION}_v2": version})
    today = fields.Date.context_today(env.user)
    version.date_start = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    items = version.item_ids.sorted("id")
    for ratio, some in ((1.03, items[:12]), (0.95, items[12:20])):
        for item in some:
            item.fixed_price = round(item.fixed_price * ratio, 2)
    variants = env["product.product"].search([("barcode", "=like", "697099%")], order="barcode")
    more = (variants - items.product_id)[:6]
    items[20:25].unlink()
    chance = random.Random(SEED)
    env["product.pricelist.item"].create(
        [{"kh_contract_id": version.id, **vals} for vals in _prepare_lines(chance, more, 0.2)]
    )
    version.with_user(version.user_id).action_submit()


def _load_adjustment(env):
    """Three prices of a contract in force that are to follow the copper price."""
    contract = Book(env).get(f"contract_{ADJUSTED}")
    items = contract.item_ids.sorted("id").filtered(lambda item: not item.min_quantity)[:3]
    adjustment = (
        env["kh.price.adjustment"]
        .with_user(contract.user_id)
        .create(
            {
                "contract_id": contract.id,
                "date_start": fields.Date.context_today(env.user) + timedelta(days=3),
                "reason": "铜价上涨，供应商已调价",
                "line_ids": [
                    Command.create(
                        {"item_id": item.id, "new_price": round(item.fixed_price * 1.04, 2)}
                    )
                    for item in items
                ],
            }
        )
    )
    adjustment.action_submit()
    Book(env).remember({f"adjustment_{ADJUSTED}": adjustment})
