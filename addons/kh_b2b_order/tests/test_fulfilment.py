import runpy
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import freeze_time, tagged

from .express_common import ExpressCommon


@tagged("post_install", "-at_install")
class TestFulfilment(ExpressCommon):
    """Timeline, parcels, and the receipt that confirms itself."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "lang": "en_US"})
        cls.order = cls.order.with_env(cls.env)
        cls.tracking = cls._parcels(cls.order)

    def _nodes(self, order):
        return {node.key: node for node in order._kh_get_timeline()}

    def _run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("kh_b2b_order.ir_cron_confirm_receipt").method_direct_trigger()

    # === TIMELINE === #
    def test_shipped_names_courier_and_number(self):
        self.assertEqual(self._nodes(self.order)["shipped"].who, "ZTO ZT12345678")

    def test_warehouse_steps_are_nodes(self):
        self.warehouse.delivery_steps = "pick_pack_ship"
        order = self._create_order()
        order.action_confirm()
        nodes = self._nodes(order)
        self.assertEqual(
            " ".join(nodes), "placed reviewed paid picked packed shipped received done"
        )
        self.assertEqual([nodes[k].state for k in ("picked", "packed", "shipped")][0], "now")
        self.assertEqual(nodes["shipped"].state, "todo")
        self._ship(order)
        nodes = self._nodes(order)
        self.assertEqual((nodes["picked"].state, nodes["packed"].state), ("done", "now"))
        self.assertTrue(nodes["picked"].when)

    def test_one_step_warehouses_have_no_such_nodes(self):
        self.assertNotIn("picked", self._nodes(self.order))

    def test_parcels_tell_their_way(self):
        self._receive(self._push_param(events=2, state="5"))
        [shipment] = self.order._kh_get_shipments()
        [parcel] = shipment.parcels
        self.assertEqual((parcel.number, parcel.key), ("ZT12345678", "delivering"))
        self.assertEqual([what for _when, what in parcel.events][0], "Arrived in Shanghai")

    def test_staff_sees_it_on_the_order(self):
        staff = self._create_staff(
            "kh_o_staff",
            "kh_b2b_member.group_b2b_user",
            "sales_team.group_sale_salesman_all_leads",
        )
        html = self.order.with_user(staff).kh_fulfilment_html
        self.assertIn("ZT12345678", html)
        outsider = self._create_staff("kh_o_out", "sales_team.group_sale_salesman_all_leads")
        with self.assertRaises(AccessError):
            self.order.with_user(outsider).read(["kh_fulfilment_html"])

    def test_many_orders_cost_as_many_queries_as_two(self):
        self.company.kh_receipt_days = 7
        numbers = [f"ZT55{n:05d}" for n in range(6)]
        orders = self.order.union(*(self._create_shipped(number) for number in numbers))
        self._receive(*(self._push_param(number, 3, "3") for number in numbers))
        few, many = orders[:2], orders[2:]
        for what in ("show", "follow", "confirm"):
            with self.subTest(what):
                self._count(what, orders)  # fills the caches of rights and templates
                self.assertEqual(self._count(what, many), self._count(what, few))
        self.assertEqual(set(orders.mapped("kh_stage")), {"done"})

    def _count(self, what, orders):
        """Return how many queries one thing takes for these orders."""
        if what == "follow":
            self._parcels(orders).unlink()
        elif what == "confirm":
            orders.sudo().kh_received_date = False
            orders.picking_ids.date_done = "2026-01-01"
            self._parcels(orders).state = "stopped"
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        getattr(self, f"_do_{what}")(orders)
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def _do_show(self, orders):
        rows = orders._kh_portal_rows()
        for order in orders:
            order.sudo()._kh_get_timeline()
            order.sudo()._kh_get_shipments()
        self.assertEqual(rows[-1].parcel.courier, "ZTO")

    def _do_follow(self, orders):
        orders.picking_ids._kh_follow_parcels()
        self.assertEqual(len(self._parcels(orders)), len(orders))

    def _do_confirm(self, orders):
        self.assertEqual(orders._kh_confirm_overdue_receipt(), orders)

    # === RECEIPT === #
    def test_no_deadline_by_default(self):
        self.tracking.state = "failed"
        self.assertEqual(self.order._kh_get_receipt_deadlines(), {})
        self._run_cron()
        self.assertEqual(self.order.kh_stage, "to_receive")

    def test_deadline_counts_from_shipment_where_nobody_follows(self):
        self.company.kh_receipt_days = 7
        self.tracking.unlink()
        left = self.order.picking_ids.date_done
        deadline = self.order._kh_get_receipt_deadlines()[self.order.id]
        self.assertEqual(deadline, left + timedelta(days=7))
        text = self.order._kh_whose_turn()
        self.assertIn("automatically", text)
        self.assertIn(self.order._kh_format_date(deadline), text)
        self.assertTrue(self._nodes(self.order)["received"].note)

    def test_deadline_counts_from_the_signature(self):
        self.company.kh_receipt_days = 7
        self.assertEqual(self.order._kh_get_receipt_deadlines(), {}, "it is under way")
        self._receive(self._push_param(events=3, state="3"))
        deadline = self.order._kh_get_receipt_deadlines()[self.order.id]
        self.assertEqual(deadline, self.tracking.signed_date + timedelta(days=7))

    def test_parcels_in_trouble_stop_the_clock(self):
        self.company.kh_receipt_days = 7
        for state in ("problem", "refused", "returning"):
            self.tracking.write({"state": "failed", "courier_state": state})
            self.assertEqual(self.order._kh_get_receipt_deadlines(), {}, state)

    def test_a_lost_parcel_stops_the_clock(self):
        self.company.kh_receipt_days = 7
        for reason, is_set in (("refused", True), ("given_up", False)):
            self.tracking.write({"state": "failed", "reason": reason})
            with self.subTest(reason):
                self.assertEqual(bool(self.order._kh_get_receipt_deadlines()), is_set)

    def test_open_complaints_stop_the_clock(self):
        self.company.kh_receipt_days = 7
        self.tracking.state = "failed"
        ticket = self.env["kh.order.ticket"].create(
            {
                "kind": "complaint",
                "subject": "One box is missing",
                "text": "Two of three came.",
                "order_id": self.order.id,
                "partner_id": self.buyer.partner_id.id,
            }
        )
        for kind, state, is_set in (
            ("complaint", "new", False),
            ("complaint", "waiting", False),
            ("complaint", "solved", True),
            ("question", "new", True),
        ):
            ticket.sudo().write({"kind": kind, "state": state})
            with self.subTest(kind=kind, state=state):
                self.assertEqual(bool(self.order._kh_get_receipt_deadlines()), is_set)

    def test_receipt_confirms_itself_after_the_deadline(self):
        self.company.kh_receipt_days = 7
        self.tracking.state = "failed"
        self._run_cron()
        self.assertEqual(self.order.kh_stage, "to_receive", "not yet")
        now = fields.Datetime.now()
        self.order.picking_ids.date_done = now - timedelta(days=6, hours=23)
        self._run_cron()
        self.assertEqual(self.order.kh_stage, "to_receive", "an hour before")
        self.order.picking_ids.date_done = now - timedelta(days=7, hours=1)
        self._run_cron()
        self.assertEqual(self.order.kh_stage, "done")
        self.assertFalse(self.order.kh_received_by_id)
        self.assertEqual(self._nodes(self.order)["received"].who, "automatically")
        received = self.order.kh_received_date
        self._run_cron()
        self.assertEqual(self.order.kh_received_date, received, "once")

    def test_services_count_from_when_they_were_handed_over(self):
        self.company.kh_receipt_days = 7
        start = fields.Datetime.now() - timedelta(days=6, hours=23)
        with freeze_time(start):
            order = self._create_order({self.service: 2.0})
            order.action_confirm()
            self.assertFalse(order.picking_ids)
            order.order_line.qty_delivered = 1.0
            self.env.flush_all()
            self.assertEqual((order.kh_stage, order.kh_to_receive_date), ("to_ship", False))
            order.order_line.qty_delivered = 2.0
            self.env.flush_all()
        self.assertEqual(order.kh_stage, "to_receive")
        deadline = order._kh_get_receipt_deadlines()[order.id]
        self.assertEqual(deadline, start.replace(microsecond=0) + timedelta(days=7))
        self._run_cron()
        self.assertEqual(order.kh_stage, "to_receive", "an hour before")
        order.kh_to_receive_date -= timedelta(hours=2)
        self._run_cron()
        self.assertEqual(order.kh_stage, "done")
        self.assertFalse(order.kh_to_receive_date)

    def test_orders_of_before_count_from_the_upgrade(self):
        order = self._create_order({self.service: 1.0})
        order.action_confirm()
        order.order_line.qty_delivered = 1.0
        self.env.flush_all()
        self.env.cr.execute("UPDATE sale_order SET kh_to_receive_date = NULL")
        path = Path(__file__).parents[1] / "migrations" / "19.0.3.3.0" / "post-receipt.py"
        runpy.run_path(str(path))["migrate"](self.env.cr, "19.0.3.2.1")
        self.env.invalidate_all()
        self.assertTrue(order.kh_to_receive_date)

    def test_a_receipt_that_fails_stops_no_other(self):
        self.company.kh_receipt_days = 7
        other = self._create_shipped("ZT7654321")
        self._parcels(self.order | other).state = "failed"
        (self.order | other).picking_ids.date_done = fields.Datetime.now() - timedelta(days=8)
        log = self.env.registry["sale.order"]._message_log_batch

        def fail(orders, *args, **kwargs):
            if self.order in orders:
                raise ValueError("broken")
            return log(orders, *args, **kwargs)

        with (
            patch.object(self.env.registry["sale.order"], "_message_log_batch", fail),
            self.assertLogs("odoo.addons.kh_b2b_order", "ERROR"),
        ):
            self._run_cron()
        (self.order | other).invalidate_recordset()
        self.assertEqual((self.order.kh_stage, other.kh_stage), ("to_receive", "done"))

    def test_the_last_delivery_counts(self):
        self.company.kh_receipt_days = 7
        order = self._create_order({self.product: 10.0})
        order.action_confirm()
        self._ship(order, {self.product: 4.0})
        order.picking_ids.filtered(lambda p: p.state == "done").date_done = "2020-01-01"
        self._run_cron()
        self.assertEqual(order.kh_stage, "to_ship")
        self._ship(order)
        self.assertEqual(order.kh_stage, "to_receive")
        self._run_cron()
        self.assertEqual(order.kh_stage, "to_receive", "the rest has left just now")
