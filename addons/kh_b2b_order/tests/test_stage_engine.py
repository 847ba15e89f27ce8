from odoo.tests import BaseCase, tagged

from ..engine.stage import STAGES, OrderFacts, decide_stage

SOLD = OrderFacts(
    state="sale",
    was_confirmed=True,
    has_goods=True,
    has_shipments=True,
    has_open_shipments=True,
    qty_ordered=10.0,
)
SHIPPED = SOLD._replace(has_open_shipments=False, qty_delivered=10.0, is_all_delivered=True)
SERVICE = OrderFacts(state="sale", was_confirmed=True, qty_ordered=2.0)

CASES = [
    ("cart", OrderFacts(), "draft"),
    ("transfer announced", OrderFacts(has_pending_payment=True), "to_pay"),
    ("sent", OrderFacts(state="sent"), "to_pay"),
    ("sent, announced", OrderFacts(state="sent", has_pending_payment=True), "to_pay"),
    ("draft under review", OrderFacts(is_under_review=True), "review"),
    ("sent under review", OrderFacts(state="sent", is_under_review=True), "review"),
    ("confirmed under review", SOLD._replace(is_under_review=True), "review"),
    ("held", OrderFacts(state="sent", is_on_hold=True), "hold"),
    ("held beats review", OrderFacts(is_on_hold=True, is_under_review=True), "hold"),
    ("held after confirmation", SOLD._replace(is_on_hold=True), "hold"),
    ("given up", OrderFacts(state="cancel"), "cancel"),
    ("given up although held", OrderFacts(state="cancel", is_on_hold=True), "cancel"),
    ("cancelled after confirmation", OrderFacts(state="cancel", was_confirmed=True), "closed"),
    ("confirmed", SOLD, "to_ship"),
    (
        "confirmed, no shipment yet",
        SOLD._replace(has_shipments=False, has_open_shipments=False),
        "to_ship",
    ),
    ("part shipped", SOLD._replace(qty_delivered=4.0), "to_ship"),
    ("all shipped", SHIPPED, "to_receive"),
    ("rest cancelled", SHIPPED._replace(qty_delivered=4.0, is_all_delivered=False), "to_receive"),
    ("received", SHIPPED._replace(is_received=True), "done"),
    ("part shipped, received", SOLD._replace(qty_delivered=4.0, is_received=True), "to_ship"),
    ("more ordered", SHIPPED._replace(has_open_shipments=True, is_all_delivered=False), "to_ship"),
    ("all returned", SHIPPED._replace(qty_delivered=0.0, is_all_delivered=False), "closed"),
    (
        "all returned, received",
        SHIPPED._replace(qty_delivered=0.0, is_all_delivered=False, is_received=True),
        "closed",
    ),
    (
        "all shipments cancelled",
        SOLD._replace(has_shipments=True, has_open_shipments=False),
        "closed",
    ),
    (
        "part returned",
        SHIPPED._replace(qty_delivered=7.0, is_all_delivered=False, is_received=True),
        "done",
    ),
    ("exchange on its way", SOLD._replace(qty_delivered=0.0), "to_ship"),
    ("service to do", SERVICE, "to_ship"),
    ("service done", SERVICE._replace(qty_delivered=2.0, is_all_delivered=True), "to_receive"),
    (
        "service accepted",
        SERVICE._replace(qty_delivered=2.0, is_all_delivered=True, is_received=True),
        "done",
    ),
    ("nothing to hand over", OrderFacts(state="sale", is_all_delivered=True), "to_ship"),
]


@tagged("post_install", "-at_install")
class TestStageEngine(BaseCase):
    def test_stage_of_each_case(self):
        for name, facts, stage in CASES:
            with self.subTest(name):
                self.assertEqual(decide_stage(facts), stage)

    def test_every_stage_is_reached(self):
        self.assertEqual({stage for _name, _facts, stage in CASES}, set(dict(STAGES)))
