"""Parcels on their way, followed at the courier of the demonstration (物流轨迹)."""

from datetime import timedelta

from odoo import fields

from .base import Book
from .members import dealer

RECEIPT_DAYS = 15
FIRST_NUMBER = 781200100000
# Stage of the order, and how many hours ago its shipment left, to be on its way now.
ON_THE_WAY = (("to_receive", 22), ("to_ship", 6))


def load(env):
    book = Book(env)
    company = env.company
    if company.kh_express_provider:
        return
    carrier = book.get("carrier_standard")
    carrier.kh_express_code = "zhongtong"
    company.write({"kh_express_provider": "demo", "kh_receipt_days": RECEIPT_DAYS})
    pickings = env["stock.picking"].search(
        [
            ("company_id", "=", company.id),
            ("picking_type_id.code", "=", "outgoing"),
            ("state", "=", "done"),
            ("sale_id", "!=", False),
        ],
        order="id",
    )
    shown = dealer(env, "huarui")
    for stage, hours in ON_THE_WAY:
        young = pickings.filtered(
            lambda picking, stage=stage: picking.sale_id.kh_stage == stage
        ).sorted(lambda picking: (picking.partner_id.commercial_partner_id != shown, -picking.id))
        young[:1].date_done = fields.Datetime.now() - timedelta(hours=hours)
    for number, picking in enumerate(pickings):
        first = FIRST_NUMBER + 7 * number
        # every fifth shipment has two packages
        numbers = [f"ZT{first}", f"ZT{first + 1}"] if number % 5 == 0 else [f"ZT{first}"]
        picking.write({"carrier_id": carrier.id, "carrier_tracking_ref": ",".join(numbers)})
    # one that left before the courier's code was entered: the desk has to try again
    young[-1:].kh_tracking_ids.courier_code = False
    for tracking in pickings.kh_tracking_ids:
        tracking._follow()
