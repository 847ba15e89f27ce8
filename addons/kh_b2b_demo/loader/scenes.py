"""Sets of products for one purpose, as the company would publish them (场景采购)."""

from odoo import Command

from . import members
from .base import Book, translate
from .products import product_ref

# scene: name, industry and purpose in English and Chinese; series: quantity, optional
SCENES = {
    "hospital": (
        ("Distribution box of a small hospital", "小型医院配电箱"),
        ("Hospitals", "医疗"),
        (
            "Protection for one floor with up to 100 points: breakers, surge arrester, wire.",
            "一层楼 100 点以内的配电保护：断路器、浪涌保护器与电线一次配齐。",
        ),
        (("GX1-63C", 20, False), ("GM1-125", 2, False), ("GU1-20", 1, False), ("BV", 5, True)),
    ),
    "workshop": (
        ("Main switch of a workshop", "车间总配电"),
        ("Manufacturing", "制造业"),
        (
            "Main and branch breakers for a workshop of medium size.",
            "中型车间的总开关与分路保护。",
        ),
        (("GM1-400", 1, False), ("GM1-160", 4, False), ("GX3-63B", 12, True)),
    ),
}


def load(env):
    book = Book(env)
    if book.get("scene_hospital"):
        return
    scenes = book.make(
        "kh.scene",
        {
            f"scene_{ref}": {
                "name": name[0],
                "industry": industry[0],
                "purpose": purpose[0],
                "is_published": True,
                "expert_id": members.staff(env, "sales1").id,
                "line_ids": [
                    Command.create(_prepare_line_vals(book, *line, sequence))
                    for sequence, line in enumerate(lines)
                ],
            }
            for ref, (name, industry, purpose, lines) in SCENES.items()
        },
    )
    records = env["kh.scene"].union(*scenes.values())
    for number, field in enumerate(("name", "industry", "purpose")):
        translate(records, field, [texts[number][1] for texts in SCENES.values()])


def _prepare_line_vals(book, code, quantity, is_optional, sequence):
    template = book.get(product_ref(code))
    return {
        "sequence": sequence,
        "product_id": template.product_variant_ids[:1].id,
        "quantity": quantity,
        "minimum": 0 if is_optional else 1,
        "is_optional": is_optional,
    }
