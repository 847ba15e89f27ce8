from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from .test_order_change import ChangeCommon


@tagged("post_install", "-at_install")
class TestOrderChangeMoney(ChangeCommon):
    def _submit(self, order, quantities, state, added=None):
        change = self._change(order, quantities, added, user=self.buyer)
        change.action_submit()
        self.assertEqual(change.state, state)
        return change

    def _change(self, order, quantities=None, added=None, user=None, **vals):
        """The dealer asks, through a superuser record as on the page."""
        if user != self.buyer:
            return super()._change(order, quantities, added, user, **vals)
        lines = {
            line.id: quantities[line.product_id]
            for line in order.order_line
            if line.product_id in quantities
        }
        order = order.with_user(user).sudo()
        vals = order._kh_prepare_change_vals(lines, added, **vals)
        return order.env["kh.order.change"].create(vals)

    def test_money_off_the_order_is_decided_by_the_desk(self):
        order = self._place({self.product: 10.0, self.service: 1.0})
        order.order_line[1].write({"price_unit": -100.0})
        change = self._submit(order, {self.product: 2.0}, "submitted")
        self.assertEqual((order.amount_total, change.amount_after), (900.0, 100.0))
        change.with_user(self.clerk).action_approve()
        self.assertEqual(order.amount_total, 100.0)

    def test_rounding_of_split_orders_is_no_money_off(self):
        order = self._place({self.product: 10.0})
        order._kh_settle_rounding(-0.01)
        self._submit(order, {self.product: 2.0}, "applied")

    def test_price_by_hand_is_decided_by_the_desk(self):
        for price, before, after in ((60.0, 1000.0, 1.0), (0.0, 1.0, 1000.0)):
            order = self._place({self.product: before, self.product_2: 1.0})
            order.order_line[0].price_unit = price
            with self.subTest(price):
                self._submit(order, {self.product: after}, "submitted")
        order = self._place({self.product: 10.0, self.product_2: 1.0})
        order.order_line[1].price_unit = 60.0
        self._submit(order, {self.product: 2.0}, "applied")

    def test_discount_by_hand_is_decided_by_the_desk(self):
        order = self._place({self.product: 1000.0})
        order.order_line.discount = 40.0
        self._submit(order, {self.product: 1.0}, "submitted")

    def test_total_is_that_of_real_lines(self):
        order = self._place({self.product: 3.0})
        # packing that came after the order was placed
        self._pack(self.product, list_price=200.0)
        change = self._submit(order, {self.product: 2.0}, "submitted")
        self.assertEqual((change.amount_before, change.amount_after), (300.0, 400.0))
        self.assertEqual((order.amount_total, len(order.order_line)), (300.0, 1))
        change.with_user(self.clerk).action_approve()
        self.assertEqual(order.amount_total, 400.0)

    def test_not_dearer_than_was_shown(self):
        order = self._place()
        change = self._submit(order, {self.product: 12.0}, "submitted")
        self.product.list_price = 110.0
        refused = self.assertRaisesRegex(UserError, "more than the .*1,200.00")
        with refused, self.env.cr.savepoint():
            change.with_user(self.clerk).action_approve()
        self.product.list_price = 90.0
        change.with_user(self.clerk).action_approve()
        self.assertEqual(order.amount_total, 1080.0)

    def test_shown_price_is_that_of_the_applied_line(self):
        """The order's date decides, as where staff edit the line on the order's form."""
        pricelist = self.env["product.pricelist"].create({"name": "By date"})
        rule = {"pricelist_id": pricelist.id, "applied_on": "0_product_variant"}
        self.env["product.pricelist.item"].create(
            [
                {**rule, "product_id": product.id, "fixed_price": price, **dates}
                for product in (self.product, self.product_2)
                for price, dates in (
                    (70.0, {"date_end": "2030-01-31 16:00:00"}),
                    (90.0, {"date_start": "2030-01-31 16:00:00"}),
                )
            ]
        )
        order = self._place(
            {self.product: 10.0}, date_order="2030-01-10 04:00:00", pricelist_id=pricelist.id
        )
        with freeze_time("2030-02-15 04:00:00"):
            line = order.order_line
            self.assertEqual(line.price_unit, 70.0)
            change = self._change(order, {self.product: 20.0}, [(self.product_2, 2.0)])
            change.action_submit()
            self.assertEqual(change.amount_after, 22 * 70.0)
            change.action_approve()
            self.assertEqual(order.order_line.mapped("price_unit"), [70.0, 70.0])
            self.assertEqual((order.amount_total, change.amount_after), (1540.0, 1540.0))
            line.product_uom_qty = 21.0
            self.assertEqual(line.price_unit, 70.0)

    def test_confirmed_order_stays_within_its_buyers_limit(self):
        buyer = self.buyer.partner_id.sudo()
        limits = ({"kh_order_limit": 1100.0}, {"kh_month_limit": 1100.0, "kh_order_limit": 0.0})
        for limit in limits:
            order = self._place()
            order.action_confirm()
            buyer.write({**limit, "kh_limit_currency_id": self.company.currency_id.id})
            with self.subTest(limit):
                self._submit(order, {self.product: 11.0}, "submitted").action_withdraw()
                refused = self.assertRaisesRegex(UserError, "Place a new order for what is added")
                with refused, self.env.cr.savepoint():
                    self._submit(order, {self.product: 12.0}, "submitted")
                order.kh_change_ids.filtered(lambda c: c.state == "draft").action_withdraw()
                buyer.kh_order_limit = buyer.kh_month_limit = 0.0
                change = self._submit(order, {self.product: 12.0}, "submitted")
                buyer.write(limit)
                refused = self.assertRaisesRegex(UserError, "Place a new order for what is added")
                with refused, self.env.cr.savepoint():
                    change.with_user(self.clerk).action_approve()
                change.action_withdraw()
                order._action_cancel()
