"""Promotion zones, banners of zones, a discount for a whole set (促销专区, 场景优惠)."""

from datetime import timedelta

from odoo import Command, fields

from .base import Book, translate

# zone: name, banner title and text in English and Chinese; categories, days it runs, discount in
# percent, how many proposals staff has accepted (None: not started yet)
PROMOTIONS = {
    "promotion_clearance": (
        ("Year-end clearance", "年底清仓"),
        ("Year-end clearance: while stocks last", "年底清仓：售完即止"),
        ("Selected contactors and relays at a special price.", "精选接触器、继电器特价供应。"),
        ("contactor", "relay"),
        30,
        21.0,
        12,
    ),
    "promotion_spring": (
        ("Spring offers", "开春特惠"),
        ("Spring offers", "开春特惠"),
        ("Prepared for the season.", "为新一年备货准备。"),
        ("pilot",),
        90,
        30.0,
        None,
    ),
}
SET_DISCOUNT = 5.0


def load(env):
    book = Book(env)
    if book.get("promotion_clearance"):
        return
    now = fields.Datetime.now().replace(minute=0, second=0, microsecond=0)
    levels = env["res.partner.grade"].search([])
    promotions = book.make(
        "kh.promotion",
        {
            ref: {
                "name": name[0],
                "banner_title": title[0],
                "banner_text": text[0],
                "category_ids": [
                    Command.link(book.get(f"internal_{category}").id) for category in categories
                ],
                "minimum_stock": 20,
                "max_products": 20,
                "zone_to": now + timedelta(days=days),
                "discount": discount,
                "pricelist_id": book.get("pricelist_b2b").id,
                "grade_ids": [Command.set(levels.ids)],
            }
            for ref, (name, title, text, categories, days, discount, _n) in PROMOTIONS.items()
        },
    )
    records = env["kh.promotion"].union(*promotions.values())
    for number, field in enumerate(("name", "banner_title", "banner_text")):
        translate(records, field, [texts[number][1] for texts in PROMOTIONS.values()])
    records.action_propose()
    for ref, (*_texts, accepted) in PROMOTIONS.items():
        if accepted:
            promotions[ref].line_ids[:accepted].action_accept()
            promotions[ref].action_start()
    scene = book.get("scene_hospital")
    scene.write({"discount": SET_DISCOUNT, "is_discount_on_contract": True})
    _load_zone_banner(env)


def _load_zone_banner(env):
    """The company zone says for whom it is."""
    zone = env["kh.catalog.assortment"].search([("is_zone", "=", True)], limit=1)
    zone.write(
        {"banner_title": zone.name, "banner_text": "Office supplies at agreed terms, for you only."}
    )
    chinese = zone.with_context(lang="zh_CN")
    chinese.write(
        {"banner_title": chinese.name, "banner_text": "为贵司专供的办公用品，按约定条款供货。"}
    )
