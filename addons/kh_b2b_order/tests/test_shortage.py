from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import OrderCommon


@tagged("post_install", "-at_install")
class TestShortage(OrderCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.website.warehouse_id = cls.warehouse
        cls.scarce = cls._create_goods("Scarce", "KH-O-X")
        cls.env["stock.quant"]._update_available_quantity(
            cls.scarce, cls.warehouse.lot_stock_id, -990.0
        )
        cls.scarce.sale_delay = 4

    def _confirm(self, quantities, **vals):
        vals = {"website_id": self.website.id, "warehouse_id": self.warehouse.id, **vals}
        order = self._create_order(quantities, **vals)
        order.action_confirm()
        return order

    def test_what_is_missing_is_kept_with_its_date(self):
        order = self._confirm({self.scarce: 25, self.product: 5})
        scarce, plenty = order.order_line
        self.assertEqual((scarce.kh_short_quantity, plenty.kh_short_quantity), (15, 0))
        expected = fields.Date.context_today(order) + timedelta(days=4)
        self.assertEqual((scarce.kh_promised_date, plenty.kh_promised_date), (expected, False))

    def test_orders_are_served_one_after_the_other(self):
        orders = self.env["sale.order"].union(
            *(
                self._create_order(
                    {self.scarce: 8}, website_id=self.website.id, warehouse_id=self.warehouse.id
                )
                for _n in range(2)
            )
        )
        orders.action_confirm()
        self.assertEqual(orders.order_line.mapped("kh_short_quantity"), [0, 6])

    def test_the_list_shows_what_is_still_short(self):
        order = self._confirm({self.scarce: 25, self.product: 5})
        Line = self.env["sale.order.line"]
        found = Line.search([("kh_short_now", ">", 0), ("order_id", "=", order.id)])
        self.assertEqual(found.product_id, self.scarce)
        self.assertEqual(found.kh_short_now, 15)
        self.env["stock.quant"]._update_available_quantity(
            self.scarce, self.warehouse.lot_stock_id, 50.0
        )
        order.picking_ids.action_assign()
        self.env.invalidate_all()
        self.assertFalse(Line.search([("kh_short_now", ">", 0), ("order_id", "=", order.id)]))
        self.assertEqual(found.kh_short_now, 0)
        self.assertEqual(found.kh_short_quantity, 15)

    def test_orders_that_are_nobodys_are_left_to_core(self):
        order = self._confirm({self.scarce: 25}, website_id=False)
        self.assertFalse(order.order_line.kh_short_quantity)
        self.dealer.sudo().kh_is_dealer = True
        order = self._confirm({self.scarce: 25}, website_id=False)
        self.assertTrue(order.order_line.kh_short_quantity)

    def test_no_dealer_reads_what_was_missing(self):
        order = self._confirm({self.scarce: 25})
        line = order.order_line.with_user(self.buyer)
        self.assertEqual(line.product_uom_qty, 25)
        for name, value in (
            ("kh_short_quantity", 0),
            ("kh_short_now", 0),
            ("kh_promised_date", "2026-01-01"),
        ):
            with self.subTest(name=name):
                with self.assertRaises(AccessError):
                    line.read([name])
                with self.assertRaises(AccessError):
                    line.search([(name, ">", value)])

    def test_a_dealer_who_confirms_is_promised_a_date(self):
        order = self._create_order(
            {self.scarce: 25}, website_id=self.website.id, warehouse_id=self.warehouse.id
        )
        order.with_user(self.buyer).sudo().action_confirm()
        self.assertEqual(order.order_line.kh_short_quantity, 15)
