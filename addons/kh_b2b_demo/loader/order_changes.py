"""What happens to orders after they were placed: one in parts, one to be changed, deadlines."""

from datetime import timedelta

from odoo import fields

from odoo.addons.kh_b2b_order.models.sale_order_split import SplitPart

from .base import Book
from .members import dealer, staff

REASON = "工地追加一台配电箱，请一并发货。"
DAYS_TO_PAY = 30  # long enough that a demo database keeps its unpaid orders for a while


def load(env):
    if Book(env).get("order_change_1"):
        return
    hours = DAYS_TO_PAY * 24
    env.company.write(
        {
            "kh_dealers_may_change": True,
            "kh_unpaid_hours": hours,
            "kh_unpaid_transfer_hours": hours,
            "kh_unpaid_reminder_hours": 24,
        }
    )
    unpaid = env["sale.order"].search([("kh_stage", "=", "to_pay")])
    unpaid._compute_kh_payment_deadline()
    _let_one_expire(unpaid.filtered("kh_payment_deadline"), dealer(env, "huarui"))
    _split_one(env, _find_orders(env, "huarui"))
    _ask_for_change(env, _find_orders(env, "yuehua") or _find_orders(env, "huarui"))


def _let_one_expire(unpaid, customer):
    """Let the oldest unpaid order of a dealer, else of anybody, have two days left."""
    own = unpaid.filtered(lambda order: order.partner_id.commercial_partner_id == customer)
    order = (own or unpaid).sorted("id")[:1]
    # three hours more, so that the pages say "2 days" for a while
    left = timedelta(days=2, hours=3)
    order.kh_to_pay_date = fields.Datetime.now() + left - timedelta(days=DAYS_TO_PAY)
    order._compute_kh_payment_deadline()


def _find_orders(env, ref):
    domain = [("partner_id", "child_of", dealer(env, ref).id), ("kh_stage", "=", "to_ship")]
    orders = env["sale.order"].search(domain, order="id")
    return orders.filtered(lambda order: order._kh_get_changeable_lines() and not order.locked)


def _split_one(env, orders):
    """Let the order desk send half of the first product later."""
    order = orders[:1].with_user(staff(env, "order"))
    line = order._kh_get_changeable_lines().filtered(
        lambda line: line._kh_get_movable_quantity() >= 2
    )[:1]
    if line:
        order._kh_split([SplitPart({line: line._kh_get_movable_quantity() // 2}, {})])


def _ask_for_change(env, orders):
    """Let the dealer ask for more; the desk has to decide."""
    order = orders[-1:]
    buyer = (
        order.partner_id.user_ids[:1]
        or order.partner_id.commercial_partner_id.child_ids.user_ids[:1]
    )
    # in the dealer's name and as superuser, as the dealer's page does it
    order = order.with_user(buyer or env.user).sudo()
    line = order._kh_get_changeable_lines()[:1]
    change = order.kh_change_ids.create(
        order._kh_prepare_change_vals({line.id: line.product_uom_qty + 10}, reason=REASON)
    )
    change.action_submit()
    Book(env).remember({"order_change_1": change})
