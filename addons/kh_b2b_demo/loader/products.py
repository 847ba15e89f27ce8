"""Categories, attributes, products, variants, pictures and stock (商品)."""

import base64
import random
import re
from collections import defaultdict

from odoo import Command

from .base import NAMESPACE, Book, make_ean13, read_bytes, read_csv, translate

SEED = 20260901
# unit: external id of core, or English and Chinese name of a new one
UNITS = {
    "set": ("Set", "套"),
    "roll": ("Roll", "卷"),
    "box": ("Box", "盒"),
    "pair": ("Pair", "双"),
}


def load(env):
    if Book(env).get("product_" + read_csv("catalog")[0]["ref"].replace(".", "_")):
        return
    rows = read_csv("catalog")
    units = _load_units(env)
    categories = _load_categories(env)
    attributes = _load_attributes(env, rows)
    templates = _load_templates(env, rows, units, categories, attributes)
    _load_variants(env, rows, templates, categories)
    _load_stock(env, templates)


def product_ref(code):
    """Return the external id of a series."""
    return "product_" + re.sub(r"[^A-Za-z0-9_-]", "_", code)


def parse_spec(spec):
    """Return `{attribute: {value: surcharge}}` of the specification column."""
    result = {}
    for part in filter(None, spec.split(";")):
        attribute, values = part.split(":", 1)
        pairs = (value.split("=") for value in values.split("|"))
        result[attribute] = {name: float(extra) for name, extra in pairs}
    return result


def _load_units(env):
    piece = env.ref("uom.product_uom_unit")
    translate(piece, "name", ["个"])
    units = Book(env).make(
        "uom.uom",
        {
            f"uom_{key}": {"name": english, "relative_factor": 1.0, "relative_uom_id": piece.id}
            for key, (english, _chinese) in UNITS.items()
        },
    )
    for key, (_english, chinese) in UNITS.items():
        translate(units[f"uom_{key}"], "name", [chinese])
    return {"unit": piece, **{key: units[f"uom_{key}"] for key in UNITS}}


def _load_categories(env):
    """Return `{ref: (shop category, internal category, margin)}`."""
    book = Book(env)
    rows = read_csv("categories")
    goods = env.ref("product.product_category_goods", raise_if_not_found=False)
    for level in (False, True):
        some = {row["ref"]: row for row in rows if bool(row["parent"]) is level}
        for model, kind, top in (
            ("product.public.category", "public", None),
            ("product.category", "internal", goods),
        ):
            made = book.make(
                model,
                {
                    f"{kind}_{ref}": {
                        # an internal category has one name for all languages: the company's
                        "name": row["name_en" if kind == "public" else "name_zh"],
                        "parent_id": book.get(f"{kind}_{row['parent']}").id
                        if level
                        else top and top.id,
                        **({"sequence": 10 * (1 + rows.index(row))} if kind == "public" else {}),
                    }
                    for ref, row in some.items()
                },
            )
            if kind == "public":
                records = env[model].browse([record.id for record in made.values()])
                translate(records, "name", [row["name_zh"] for row in some.values()])
    return {
        row["ref"]: (
            book.get(f"public_{row['ref']}"),
            book.get(f"internal_{row['ref']}"),
            float(row["margin"] or 0.3),
        )
        for row in rows
    }


def _load_attributes(env, rows):
    """Return `({attribute: record}, {(attribute, value): record})`."""
    book = Book(env)
    heads = read_csv("attributes")
    names = {row["ref"]: row for row in heads}
    made = book.make(
        "product.attribute",
        {
            f"attribute_{ref}": {
                "name": row["name_en"],
                "sequence": 10 + index,
                "create_variant": "always",
                "display_type": "pills",
            }
            for index, (ref, row) in enumerate(names.items())
        },
    )
    translate(
        env["product.attribute"].browse([r.id for r in made.values()]),
        "name",
        [row["name_zh"] for row in heads],
    )
    wanted = {}
    for row in rows:
        for attribute, values in parse_spec(row["spec"]).items():
            wanted.setdefault(attribute, {}).update(dict.fromkeys(values))
    values = {}
    for attribute, texts in wanted.items():
        chinese = dict(
            pair.split("=") for pair in filter(None, names[attribute]["values_zh"].split("|"))
        )
        records = env["product.attribute.value"].create(
            [
                {"attribute_id": made[f"attribute_{attribute}"].id, "name": text, "sequence": index}
                for index, text in enumerate(sorted(texts, key=_natural_key))
            ]
        )
        by_text = dict(zip(sorted(texts, key=_natural_key), records, strict=True))
        for text, record in by_text.items():
            values[attribute, text] = record
            if text in chinese:
                translate(record, "name", [chinese[text]])
    return {ref: made[f"attribute_{ref}"] for ref in names}, values


def _natural_key(text):
    number = re.search(r"\d+(\.\d+)?", text)
    return (float(number.group()) if number else 0.0, text)


def _load_templates(env, rows, units, categories, attributes):
    by_attribute, by_value = attributes
    pictures = {}
    vals_by_ref = {}
    for row in rows:
        public, internal, _margin = categories[row["category"]]
        if row["category"] not in pictures:
            picture = read_bytes("img", "category", f"{row['category']}.png")
            pictures[row["category"]] = base64.b64encode(picture)
        vals_by_ref[product_ref(row["ref"])] = {
            "name": row["name_en"],
            "type": "consu",
            "is_storable": True,
            "list_price": float(row["price"]),
            "weight": float(row["weight"]),
            "uom_id": units[row["uom"]].id,
            "categ_id": internal.id,
            "public_categ_ids": [Command.set(public.ids)],
            "website_sequence": 10 + len(vals_by_ref) * 5,
            "is_published": True,
            "sale_ok": True,
            "invoice_policy": "delivery",
            "allow_out_of_stock_order": True,
            "show_availability": True,
            "image_1920": pictures[row["category"]],
            "attribute_line_ids": [
                Command.create(
                    {
                        "attribute_id": by_attribute[attribute].id,
                        "value_ids": [Command.set([by_value[attribute, v].id for v in values])],
                    }
                )
                for attribute, values in parse_spec(row["spec"]).items()
            ],
        }
    made = Book(env).make("product.template", vals_by_ref)
    templates = env["product.template"].browse([record.id for record in made.values()])
    translate(templates, "name", [row["name_zh"] for row in rows])
    return templates


def _load_variants(env, rows, templates, categories):
    """Surcharges, item numbers, bar codes and costs of all specifications."""
    by_extra = defaultdict(env["product.template.attribute.value"].browse)
    variant_refs = {}
    for row, template in zip(rows, templates, strict=True):
        spec = parse_spec(row["spec"])
        names = {env.ref(f"{NAMESPACE}.attribute_{ref}").id: ref for ref in spec}
        for value in template.attribute_line_ids.product_template_value_ids:
            extra = spec[names[value.attribute_id.id]][value.name]
            if extra:
                by_extra[extra] |= value
        margin = categories[row["category"]][2]
        for variant in template.product_variant_ids:
            texts = {
                names[value.attribute_id.id]: value.name
                for value in variant.product_template_attribute_value_ids
            }
            price = float(row["price"]) + sum(spec[ref][text] for ref, text in texts.items())
            code = row["code"].format(**texts).replace("mm²", "")
            variant_refs[f"variant_{len(variant_refs) + 1}"] = variant
            # first cost of a new product: nothing to revalue
            variant.with_context(disable_auto_revaluation=True).write(
                {
                    "default_code": code,
                    "barcode": make_ean13(len(variant_refs)),
                    "standard_price": round(price / 1.13 * (1 - margin), 2),
                }
            )
    for extra, values in by_extra.items():
        values.write({"price_extra": extra})
    Book(env).remember(variant_refs)


def _load_stock(env, templates):
    """One in twelve is out of stock, one in six scarce, the rest plenty."""
    chance = random.Random(SEED)
    location = env["stock.warehouse"].search([("company_id", "=", env.company.id)]).lot_stock_id[:1]
    vals_list = []
    for variant in templates.product_variant_ids:
        dice = chance.random()
        if dice < 0.08:
            continue
        low, high = (1, 9) if dice < 0.25 else (40, 900)
        if variant.lst_price > 1000:
            low, high = max(1, low // 4), max(3, high // 12)
        vals_list.append(
            {
                "product_id": variant.id,
                "location_id": location.id,
                "inventory_quantity": chance.randint(low, high),
            }
        )
    quants = env["stock.quant"].with_context(inventory_mode=True).create(vals_list)
    quants.action_apply_inventory()
