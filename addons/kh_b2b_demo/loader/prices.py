"""Level prices and price contracts (会员等级价, 一客一价)."""

import random
from datetime import timedelta

from odoo import Command, fields

from .base import Book, read_csv
from .members import dealer
from .products import product_ref

SEED = 20260902
# The first series of the catalogue are in every contract.
BEST_SELLERS = 3
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
    _load_contracts(env)


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
        contract = Book(env).make(
            "kh.price.contract",
            {
                f"contract_{ref}": {
                    "partner_id": dealer(env, ref).id,
                    "pricelist_id": Book(env).get("pricelist_b2b").id,
                    "reference": f"YX-JXS-2026-{number:03d}",
                    "date_start": today - timedelta(days=since),
                    "date_end": ends,
                    "item_ids": [
                        Command.create(vals) for vals in _prepare_lines(chance, chosen, discount)
                    ],
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
