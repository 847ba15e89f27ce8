from odoo.tests import freeze_time, tagged

from .common import OrderCommon


@tagged("post_install", "-at_install")
class TestTimeline(OrderCommon):
    """The dates and people of an order's life."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls._create_staff(
            "kh_q_clerk",
            "kh_b2b_member.group_b2b_order_clerk",
            "sales_team.group_sale_salesman_all_leads",
        )
        cls.clerk.write({"lang": "en_US", "tz": "Asia/Shanghai"})

    def _node(self, order, key):
        order = order.with_context(lang="en_US", tz="Asia/Shanghai").sudo()
        return next(node for node in order._kh_get_timeline() if node.key == key)

    def test_cancelled_node_says_who_and_when(self):
        order = self._create_order(state="sent")
        with freeze_time("2026-03-01 08:00:00"):
            order.with_user(self.clerk)._action_cancel()
        node = self._node(order, "cancel")
        self.assertEqual((node.state, node.who), ("stopped", self.clerk.name))
        self.assertIn("03-01 16:00", node.when)
        order.action_draft()
        self.assertFalse(order.kh_ended_date)

    def test_closed_node_says_who_and_when(self):
        order = self._create_order()
        order.action_confirm()
        order.picking_ids.with_user(self.clerk).action_cancel()
        order.with_user(self.clerk).mapped("kh_ended_date")
        node = self._node(order, "closed")
        self.assertTrue(node.when)
        self.assertEqual(node.who, self.clerk.name)

    def test_reviewed_by_who_released(self):
        order = self._create_order(state="sent")
        order.action_kh_hold("call first")
        with freeze_time("2026-03-01 08:00:00"):
            order.with_user(self.clerk).action_kh_release()
        self.assertEqual(self._node(order, "reviewed").who, self.clerk.name)
        order.action_confirm()
        node = self._node(order, "reviewed")
        self.assertEqual(node.who, self.clerk.name)
        self.assertIn("03-01 16:00", node.when)
        plain = self._create_order()
        plain.action_confirm()
        self.assertEqual(self._node(plain, "reviewed").who, plain.kh_confirmed_by_id.name or "")


@tagged("post_install", "-at_install")
class TestOrderQuery(OrderCommon):
    """What staff look up of orders (M-105)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_staff(
            "kh_q_seller",
            "kh_b2b_member.group_b2b_salesperson",
            "sales_team.group_sale_salesman_all_leads",
        )

    def _shipped(self, number="SF1234567890"):
        order = self._create_order({self.product: 10.0, self.service: 2.0})
        order.action_confirm()
        picking = order.picking_ids
        self._ship(order, {self.product: 4.0})
        picking.carrier_tracking_ref = number
        return order

    def test_columns(self):
        order = self._shipped()
        draft = self._create_order()
        short = self._create_order({self.product: 1500.0})
        short.action_confirm()
        self.env.flush_all()
        orders = (order | draft | short).with_user(self.seller)
        self.assertEqual(orders.mapped("kh_shipped_text"), ["4 / 10", False, "0 / 1,500"])
        self.assertIn("SF1234567890", orders[0].kh_parcel_text)
        self.assertFalse(orders[1].kh_parcel_text)
        self.assertEqual([bool(one.kh_short_now) for one in orders], [False, False, True])
        Order = self.env["sale.order"].with_user(self.seller)
        domain = [("id", "in", orders.ids)]
        self.assertEqual(Order.search([("kh_short_now", ">", 0), *domain]).ids, short.ids)

    def test_no_query_for_each_order(self):
        orders = self.env["sale.order"]
        for number in range(12):
            orders |= self._shipped(f"SF{number:010}")
        names = ["kh_shipped_text", "kh_parcel_text", "kh_short_now"]
        counts = []
        for some in (orders[:1], orders[:2], orders):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            rows = some.with_user(self.seller).read(names)
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual({row["kh_shipped_text"] for row in rows}, {"4 / 10"})
        self.assertEqual(counts[1], counts[2])
        self.env.invalidate_all()
        with self.assertQueryCount(counts[1]):
            orders.with_user(self.seller).read(names)

    def test_phone_shows_the_same_orders(self):
        action = self.env["ir.actions.act_window"]._for_xml_id("kh_b2b_order.sale_order_action_kh")
        self.assertEqual([mode for _view, mode in action["views"]], ["list", "kanban", "form"])
        view = self.env["sale.order"].get_view(dict(map(reversed, action["views"]))["kanban"])
        for name in ("kh_stage", "amount_total", "partner_id", "kh_shipped_text"):
            self.assertIn(f'name="{name}"', view["arch"])
