"""Orders in every stage of the lifecycle, through the real steps (订货单).

Orders are made in the order of their dates. The steps run today; afterwards the dates of
orders, shipments and moves are set to when they would have happened.
"""

import random
from datetime import timedelta

from odoo import Command, fields

from .base import Book
from .members import dealer, staff

SEED = 20260903
# scenario, number of orders, oldest and newest in days
PLAN = (
    ("done", 24, 88, 14),
    ("done_unpaid", 4, 60, 20),
    ("cancel", 3, 70, 4),
    ("closed", 2, 45, 8),
    ("to_receive", 5, 9, 4),
    ("partial", 4, 7, 3),
    ("to_ship", 6, 4, 1),
    ("hold", 2, 3, 1),
    ("review", 2, 2, 1),
    ("to_pay", 5, 2, 0),
    ("draft", 4, 1, 0),
)
# dealer: weight
BUYERS = {
    "huarui": 9, "yuehua": 7, "mingzhou": 5, "hudong": 5, "pengcheng": 4, "jinghe": 4,
    "sulian": 3, "jinling": 3, "minnan": 2, "wanbei": 2, "guilan": 2, "haihe": 2,
    "yanzhao": 2, "qilu": 1,
}  # fmt: skip
# Scenarios that the dealers of the short logins must have at least once.
SHOWCASE = ("done", "to_receive", "partial", "to_ship", "to_pay", "cancel")
SHIPPED = ("done", "done_unpaid", "to_receive", "partial")
RECEIVED = ("done", "done_unpaid")
ANNOUNCED = ("done", "to_receive", "partial", "to_ship", "closed", "hold", "to_pay")
PAID = ("done", "to_receive", "partial", "to_ship")
HOLD_REASON = "收货地址与合同约定区域不一致，请业务员与客户确认。"


def load(env):
    if Book(env).get("order_1"):
        return
    env = env(context=dict(env.context, tracking_disable=True))
    plan = _plan()
    orders = _create_orders(env, plan)
    by_scenario = {}
    for order, (scenario, _moment, _ref) in zip(orders, plan, strict=True):
        by_scenario[scenario] = by_scenario.get(scenario, env["sale.order"]) | order
    days = {
        order: fields.Datetime.context_timestamp(order, moment).date()
        for order, (_scenario, moment, _ref) in zip(orders, plan, strict=True)
    }

    def some(*scenarios):
        return env["sale.order"].union(*(by_scenario[scenario] for scenario in scenarios))

    clerk, finance = staff(env, "order"), staff(env, "finance")
    _announce_transfers(env, some(*ANNOUNCED))
    paid_on = {order.id: day for order, day in days.items()}
    some(*PAID).with_user(finance).with_context(
        kh_demo_paid_on=paid_on
    ).action_kh_confirm_transfer()
    some("done_unpaid", "closed").with_user(clerk).action_confirm()
    _ship(some(*SHIPPED), some("partial"))
    _invoice(env, some(*RECEIVED), days)
    some(*RECEIVED).action_confirm_receipt()
    some("cancel", "closed").with_context(disable_cancel_warning=True).action_cancel()
    some("hold").with_user(clerk).action_kh_hold(HOLD_REASON)
    _ask_approval(env, some("review"))
    _backdate(orders, plan)


def _plan():
    """Return `[(scenario, moment, dealer)]`, oldest first."""
    chance = random.Random(SEED)
    names, weights = list(BUYERS), list(BUYERS.values())
    rows = []
    for scenario, count, oldest, newest in PLAN:
        for index in range(count):
            days = oldest - (oldest - newest) * index / max(count - 1, 1)
            ref = chance.choices(names, weights)[0]
            if scenario in SHOWCASE and index < 2:
                ref = ("huarui", "yuehua")[index]
            rows.append((scenario, _moment(days, chance), ref))
    return sorted(rows, key=lambda row: row[1])


def _moment(days, chance):
    """Return a moment in office hours of Shanghai, `days` ago; never in the future."""
    now = fields.Datetime.now()
    if days < 0.5:
        return now - timedelta(minutes=chance.randint(20, 200))
    day = (now - timedelta(days=days)).replace(hour=1, minute=0, second=0, microsecond=0)
    return min(day + timedelta(minutes=chance.randint(0, 500)), now - timedelta(hours=1))


def _create_orders(env, plan):
    chance = random.Random(SEED)
    variants = env["product.product"].search([("barcode", "=like", "697099%")], order="barcode")
    in_stock = variants.filtered(lambda product: product.qty_available >= 40)
    contracts = {
        contract.partner_id: contract.item_ids.product_id & in_stock
        for contract in env["kh.price.contract"].search([("state", "=", "active")])
    }
    website = env["website"].search([("company_id", "=", env.company.id)], limit=1)
    vals_by_ref = {}
    for number, (scenario, moment, ref) in enumerate(plan, 1):
        partner = dealer(env, ref)
        goods = contracts.get(partner) if chance.random() < 0.8 else None
        goods = goods or in_stock
        sizes = (16, 20, 24) if scenario == "review" else (2, 3, 4, 6, 8, 12, 20)
        count = min(chance.choice(sizes), len(goods))
        user = Book(env).get(f"application_{ref}").partner_user_id
        vals_by_ref[f"order_{number}"] = {
            "partner_id": user.partner_id.id,
            "partner_invoice_id": partner.id,
            "partner_shipping_id": Book(env).get(f"delivery_{ref}").id,
            "pricelist_id": partner.property_product_pricelist.id,
            "user_id": partner.user_id.id,
            **_origin(chance, scenario, website),
            "date_order": moment,
            "client_order_ref": f"CG{20260000 + number * 7}" if chance.random() < 0.4 else False,
            "order_line": [
                Command.create(
                    {"product_id": goods[i].id, "product_uom_qty": _quantity(chance, goods[i])}
                )
                for i in sorted(chance.sample(range(len(goods)), count))
            ],
        }
    made = Book(env).make("sale.order", vals_by_ref)
    return env["sale.order"].browse([order.id for order in made.values()])


def _origin(chance, scenario, website):
    """Most orders come from the shop; what is still a draft was begun by a salesperson."""
    if scenario != "draft" and chance.random() < 0.8:
        return {"website_id": website.id, "kh_source": chance.choice(("shop", "shop", "import"))}
    return {"website_id": False, "kh_source": chance.choice(("sales", "phone"))}


def _quantity(chance, product):
    """Return a wholesale quantity: the cheaper, the more."""
    if product.lst_price > 500:
        return chance.choice((2, 3, 4, 5, 8))
    if product.lst_price > 100:
        return chance.choice((6, 8, 10, 12, 20))
    return chance.choice((10, 20, 24, 30, 40))


def _announce_transfers(env, orders):
    """The dealers choose bank transfer; the money is announced, not there."""
    provider = Book(env).get("provider_transfer")
    env["payment.transaction"].create(
        [
            {
                "provider_id": provider.id,
                "payment_method_id": provider.payment_method_ids[:1].id,
                "amount": order.amount_total,
                "currency_id": order.currency_id.id,
                "partner_id": order.partner_id.id,
                "reference": order.name,
                "operation": "online_direct",
                "sale_order_ids": [Command.set(order.ids)],
            }
            for order in orders
        ]
    )
    orders.transaction_ids._set_pending()
    orders.transaction_ids._post_process()


def _ship(orders, partial):
    """Pick and ship everything, or the first half of the lines."""
    for order in orders:
        moves = order.picking_ids.move_ids
        for index, move in enumerate(moves):
            half = order in partial and index >= max(len(moves) // 2, 1)
            move.quantity = 0 if half else move.product_uom_qty
            move.picked = not half
    pickings = orders.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel"))
    pickings.with_context(skip_backorder=True, skip_sms=True).button_validate()


def _invoice(env, orders, days):
    """One invoice for each order, posted in the order of dates; paid ones match by themselves."""
    moves = env["account.move"]
    for order in orders:
        invoice = order._create_invoices(grouped=True)
        day = days[order] + timedelta(days=3)
        invoice.write({"invoice_date": day, "date": day})
        moves |= invoice
    moves.action_post()
    # the first of the open invoices was paid at the bank counter, the others stay open
    late = moves.filtered(lambda move: move.amount_residual > 0)[:1]
    wizard = env["account.payment.register"].with_context(
        active_model="account.move", active_ids=late.ids
    )
    wizard.create({"payment_date": late.invoice_date + timedelta(days=6)})._create_payments()


def _ask_approval(env, orders):
    """Large orders go to the supervisor (大额订单审批)."""
    env["kh.approval.flow"].create(
        {
            "name": "大额订单审批",
            "model_id": env["ir.model"]._get_id("sale.order"),
            "company_id": env.company.id,
            "step_ids": [
                Command.create(
                    {
                        "name": "销售主管审批",
                        "role_ids": [Command.set(env.ref("kh_b2b_member.role_supervisor").ids)],
                    }
                )
            ],
        }
    )
    for order in orders:
        order.with_user(order.user_id).action_request_approval()


def _backdate(orders, plan):
    """Set the dates to when the steps would have happened."""
    now = fields.Datetime.now()
    for order, (scenario, moment, _ref) in zip(orders, plan, strict=True):
        shipped = min(moment + timedelta(days=1, hours=2), now)
        vals = {
            "date_order": moment,
            "kh_placed_date": moment,
            "kh_confirmed_date": min(moment + timedelta(hours=3), now),
            "kh_received_date": min(shipped + timedelta(days=2, hours=5), now),
        }
        if scenario == "review":  # frozen while somebody decides
            continue
        order.write({name: value for name, value in vals.items() if order[name]})
        order.transaction_ids.write({"last_state_change": moment})
        if scenario in SHIPPED:
            pickings = order.picking_ids.filtered(lambda picking: picking.state == "done")
            pickings.write({"date_done": shipped})
            pickings.move_ids.write({"date": shipped})
