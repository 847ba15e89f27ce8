"""Who works under whom, what dealers' people may do, levels that are earned (人员与等级规则)."""

from odoo import Command

from . import members
from .base import Book, translate

TEAM = {"sales1": "supervisor", "sales2": "supervisor", "supervisor": "director", "director": "gm"}
# login: role at the dealer, limit of one order in yuan
COLLEAGUES = {"buyer1": ("buyer", 5000.0), "approver1": ("approver", 0.0)}
# referred dealer: referring dealer
REFERRED = {"mingzhou": "huarui", "sulian": "huarui", "pengcheng": "yuehua"}
# level, turnover and orders of twelve months
LEVEL_RULES = (("diamond", 60000, 6), ("gold", 30000, 4), ("silver", 10000, 2), ("standard", 0, 0))
CREDIT_ABOVE = 100000
# what a buyer orders above the limit: product, quantity
LARGE_ORDER = (("GX1-63C2P32A", 200.0), ("UK-5N", 500.0))


def load(env):
    book = Book(env)
    if book.get("grade_rule_diamond"):
        return
    for login, above in TEAM.items():
        members.staff(env, login).kh_supervisor_id = members.staff(env, above)
    for login, (role, limit) in COLLEAGUES.items():
        contact = book.get(f"user_{login}").partner_id
        contact.write({"kh_dealer_role": role, "kh_order_limit": limit})
    for dealer, referrer in REFERRED.items():
        members.dealer(env, dealer).kh_referrer_id = members.dealer(env, referrer)
    _load_level_rules(env)
    _load_second_step(env)
    _load_large_order(env)
    env["res.partner"].search([("kh_is_dealer", "=", True)])._kh_refresh_life_cycle()


def _load_level_rules(env):
    Book(env).make(
        "kh.grade.rule",
        {
            f"grade_rule_{level}": {
                "sequence": 10 * (1 + index),
                "company_id": env.company.id,
                "grade_id": Book(env).get(f"level_{level}").id,
                "turnover_min": turnover,
                "order_count_min": orders,
            }
            for index, (level, turnover, orders) in enumerate(LEVEL_RULES)
        },
    )


def _load_second_step(env):
    """A great credit is also decided by the sales director."""
    flow = env.ref("kh_b2b_member.kh_approval_flow_admission")
    flow.step_ids = [
        Command.create(
            {
                "name": "Sales director",
                "sequence": 20,
                "domain": f"[('credit_granted_amount', '>', {CREDIT_ABOVE})]",
                "role_ids": [Command.set(env.ref("kh_b2b_member.role_director").ids)],
                "time_limit": 24.0,
            }
        )
    ]
    current = env["kh.approval.flow"].search([("model_name", "=", "kh.member.application")])
    translate(current.step_ids.filtered(lambda s: s.sequence == 20), "name", ["销售总监"])


def _load_large_order(env):
    """A buyer's order above the limit waits for the approver in the dealer's company."""
    book = Book(env)
    buyer, head = book.get("user_buyer1"), members.dealer(env, "huarui")
    products = env["product.product"].search([("default_code", "in", [c for c, _q in LARGE_ORDER])])
    quantities = dict(LARGE_ORDER)
    order = env["sale.order"].create(
        {
            "partner_id": buyer.partner_id.id,
            "partner_invoice_id": head.id,
            "partner_shipping_id": book.get("delivery_huarui").id,
            "pricelist_id": head.property_product_pricelist.id,
            "website_id": env["website"].search([], limit=1).id,
            "kh_source": "shop",
            "order_line": [
                Command.create(
                    {
                        "product_id": product.id,
                        "product_uom_qty": quantities[product.default_code],
                    }
                )
                for product in products
            ],
        }
    )
    # sudo: as the checkout does it, for the buyer
    order.with_user(buyer).sudo()._kh_send_for_approval()
    book.remember({"order_buyer1": order})
