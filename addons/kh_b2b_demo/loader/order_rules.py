"""Interception rules, and what they stopped today (拦截规则, 审单台)."""

from datetime import timedelta

from odoo import Command, fields

from .base import Book, translate
from .members import dealer, staff

# reference: English and Chinese name, values
RULES = {
    "rule_large": (("Very large order", "特大订单"), {"kind": "amount", "amount": 300_000.0}),
    "rule_quantity": (
        ("Unusual quantity", "数量异常"),
        {"kind": "quantity", "factor": 5.0, "days": 180, "quantity": 100.0},
    ),
    "rule_duplicate": (
        ("Probably a duplicate", "疑似重复下单"),
        {"kind": "duplicate", "hours": 1, "share": 80.0},
    ),
    "rule_address": (("New delivery address", "新收货地址"), {"kind": "address", "days": 0}),
    "rule_margin": (("Margin too low", "毛利过低"), {"kind": "margin", "margin": 3.0}),
}
SITE = {
    "name": "萧山工地（临时）",
    "city": "杭州市",
    "street": "萧山区市心北路 1688 号",
    "phone": "13800571688",
}


def load(env):
    book = Book(env)
    if book.get("rule_large"):
        return
    rules = book.make(
        "kh.order.rule",
        {
            ref: {"name": name[0], "company_id": env.company.id, "sequence": sequence, **vals}
            for sequence, (ref, (name, vals)) in enumerate(RULES.items())
        },
    )
    made = env["kh.order.rule"].union(*rules.values())
    translate(made, "name", [name[1] for name, _vals in RULES.values()])
    orders = _make_orders(env, book)
    now = fields.Datetime.now()
    orders["order_rule_first"].action_quotation_sent()
    orders["order_rule_first"].kh_placed_date = now - timedelta(minutes=27)
    clerk = staff(env, "order")
    held = env["sale.order"].union(
        *(orders[f"order_rule_{ref}"] for ref in ("twin", "many", "site", "waiting"))
    )
    held.with_user(clerk).action_confirm()
    for order, minutes in zip(held, (4, 18, 95, 41), strict=True):
        order.kh_hold_date = order.kh_placed_date = now - timedelta(minutes=minutes)
    orders["order_rule_site"].with_user(clerk).action_kh_release("已与客户电话核实")
    orders["order_rule_waiting"].with_user(clerk).action_kh_return("请核对数量后回复我们")


def _make_orders(env, book):
    """Orders of dealers who ordered before; what they bought is known to the rules."""
    bought = {ref: _find_bought(env, dealer(env, ref)) for ref in ("huarui", "yuehua", "mingzhou")}
    site = book.make(
        "res.partner",
        {"delivery_site": {**SITE, "type": "delivery", "parent_id": dealer(env, "yuehua").id}},
    )["delivery_site"]
    twin = [(product, 10.0) for product in bought["mingzhou"][:4]]
    wanted = {
        "order_rule_first": ("mingzhou", twin, {}),
        "order_rule_twin": ("mingzhou", twin, {}),
        "order_rule_many": ("huarui", [(bought["huarui"][:1], 400.0)], {}),
        "order_rule_site": (
            "yuehua",
            [(product, 10.0) for product in bought["yuehua"][:2]],
            {"partner_shipping_id": site.id},
        ),
        "order_rule_waiting": ("yuehua", [(bought["yuehua"][:1], 600.0)], {}),
    }
    return book.make(
        "sale.order", {ref: _prepare_order_vals(env, *order) for ref, order in wanted.items()}
    )


def _prepare_order_vals(env, ref, lines, more):
    partner = dealer(env, ref)
    return {
        "partner_id": Book(env).get(f"application_{ref}").partner_user_id.partner_id.id,
        "partner_invoice_id": partner.id,
        "partner_shipping_id": Book(env).get(f"delivery_{ref}").id,
        "pricelist_id": partner.property_product_pricelist.id,
        "user_id": partner.user_id.id,
        "kh_source": "phone",
        "order_line": [
            Command.create({"product_id": product.id, "product_uom_qty": quantity})
            for product, quantity in lines
        ],
        **more,
    }


def _find_bought(env, partner):
    """Return the goods of the dealer's confirmed orders, cheapest first."""
    lines = env["sale.order.line"].search(
        [
            ("order_id.partner_id.commercial_partner_id", "=", partner.id),
            ("order_id.state", "=", "sale"),
            ("product_id.sale_ok", "=", True),
        ]
    )
    return lines.product_id.sorted(lambda product: (product.lst_price, product.id))
