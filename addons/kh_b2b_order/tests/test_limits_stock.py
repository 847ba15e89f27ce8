from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common_races import ConfirmRaceCase
from .test_limits import LimitCommon


@tagged("post_install", "-at_install")
class TestStockAtConfirmation(LimitCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.website.warehouse_id = cls.warehouse

    def _shop_orders(self, *quantities, **vals):
        vals = {"website_id": self.website.id, "warehouse_id": self.warehouse.id, **vals}
        return self.env["sale.order"].union(
            *(self._create_order({self.product: quantity}, **vals) for quantity in quantities)
        )

    def test_the_warning_line_holds_at_confirmation(self):
        self.product.kh_warning_quantity = 950  # of 1000
        order = self._shop_orders(60)
        with self.assertRaisesRegex(UserError, "in stock"):
            order.action_confirm()
        order.order_line.product_uom_qty = 50
        order.action_confirm()
        self.assertEqual(order.state, "sale")
        staff = self._create_order({self.product: 60})
        staff.action_confirm()
        self.assertEqual(staff.state, "sale")

    def test_only_what_is_there_holds_at_confirmation(self):
        order = self._shop_orders(1001)
        self.env["kh.stock.policy"].create(
            {
                "name": "K",
                "display": "exact",
                "website_id": self.website.id,
                "can_order_short": False,
            }
        )
        with self.assertRaisesRegex(UserError, "1,000"):
            order.action_confirm()

    def test_orders_of_one_batch_share_the_stock(self):
        self.product.kh_warning_quantity = 950
        orders = self._shop_orders(30) | self._shop_orders(
            30, partner_id=self.foreigner.partner_id.id
        )
        with self.assertRaisesRegex(UserError, orders[1].name) as caught:
            orders.action_confirm()
        self.assertNotIn(orders[0].name, str(caught.exception))
        orders[0].action_confirm()
        orders[1].kh_is_limit_waived = True
        orders[1].action_confirm()
        self.assertEqual(orders.mapped("state"), ["sale", "sale"])

    def test_a_paid_order_waits_for_a_person(self):
        self.product.kh_warning_quantity = 950
        order = self._shop_orders(60)
        self._announce_transfer(order).state = "done"
        order.action_confirm()
        self.assertTrue(order.kh_is_on_hold)
        self.assertNotEqual(order.state, "sale")

    def test_no_context_waives(self):
        Order = self.env["sale.order"].with_user(self.seller)
        with self.assertRaises(AccessError):
            Order.with_context(default_kh_is_limit_waived=True).create(
                {"partner_id": self.dealer.id}
            )
        Order = self.env["sale.order"].with_user(self.clerk)
        order = Order.with_context(default_kh_is_limit_waived=True).create(
            {"partner_id": self.dealer.id}
        )
        self.assertTrue(order.kh_is_limit_waived)


@tagged("post_install", "-at_install")
class TestLimitsAfterConfirmation(LimitCommon):
    def _confirmed(self, quantity, **vals):
        order = self._create_order({self.product: quantity}, **vals)
        order.action_confirm()
        return order

    def test_a_confirmed_order_is_not_raised_beyond_its_limits(self):
        self._limit(maximum=8)
        order = self._confirmed(6)
        with self.assertRaises(UserError):
            order.order_line.product_uom_qty = 9
        with self.assertRaises(UserError):
            order.order_line = [
                Command.create({"product_id": self.product.id, "product_uom_qty": 3})
            ]
        order.order_line.product_uom_qty = 8
        order.order_line.product_uom_qty = 5
        order.kh_is_limit_waived = True
        order.order_line.product_uom_qty = 20

    def test_the_period_counts_what_is_added(self):
        self._limit(period_maximum=20)
        self._confirmed(10)
        order = self._confirmed(6)
        order.order_line.product_uom_qty = 10
        with self.assertRaises(UserError):
            order.order_line.product_uom_qty = 11

    def test_the_stock_counts_what_is_added(self):
        self.website.warehouse_id = self.warehouse
        self.product.kh_warning_quantity = 950  # of 1000
        vals = {"website_id": self.website.id, "warehouse_id": self.warehouse.id}
        order = self._confirmed(30, **vals)
        order.order_line.product_uom_qty = 50
        with self.assertRaises(UserError):
            order.order_line.product_uom_qty = 51

    def test_the_system_adds_what_it_has_to(self):
        self._limit(maximum=8)
        order = self._confirmed(6)
        order.sudo().order_line.product_uom_qty = 9
        self.assertEqual(order.order_line.product_uom_qty, 9)


@tagged("post_install", "-at_install")
class TestStockInParallel(ConfirmRaceCase):
    """Real cursors: two dealers confirm the last pieces at the same time."""

    def _prepare(self, env):
        website = env["website"].search([], limit=1)
        warehouse = website.warehouse_id or env["stock.warehouse"].search(
            [("company_id", "=", website.company_id.id)], limit=1
        )
        dealers = env["res.partner"].create(
            [{"name": f"K parallel {n}", "is_company": True} for n in range(2)]
        )
        product = env["product.product"].create(
            {"name": "K last", "is_storable": True, "kh_warning_quantity": 4}
        )
        env["stock.quant"]._update_available_quantity(product, warehouse.lot_stock_id, 10)
        orders = env["sale.order"].create(
            [
                {
                    "partner_id": dealer.id,
                    "website_id": website.id,
                    "warehouse_id": warehouse.id,
                    "company_id": website.company_id.id,
                    "order_line": [
                        Command.create({"product_id": product.id, "product_uom_qty": 6})
                    ],
                }
                for dealer in dealers
            ]
        )
        self.dealer_ids, self.product_id = dealers.ids, product.id
        self.order_ids = orders.ids

    def _clean_up(self, orders):
        env = orders.env
        pickings = orders.picking_ids
        orders.unlink()
        pickings.move_ids.unlink()
        pickings.unlink()
        product = env["product.product"].browse(self.product_id)
        env["stock.quant"].search([("product_id", "=", product.id)]).unlink()
        product.product_tmpl_id.unlink()
        env["res.partner"].browse(self.dealer_ids).unlink()

    def test_the_last_pieces_are_sold_once(self):
        self._assert_one_is_confirmed()
