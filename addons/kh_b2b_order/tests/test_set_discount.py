from odoo import Command
from odoo.tests import tagged

from .test_split import SplitCommon


@tagged("post_install", "-at_install")
class TestSetDiscount(SplitCommon):
    """What a whole set earned while its goods move between orders, or are ordered again."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.goods = cls.product | cls.product_2
        cls.goods.taxes_id = cls.tax
        cls.scene = cls.env["kh.scene"].create(
            {
                "name": "KH set",
                "discount": 10,
                "line_ids": [
                    Command.create({"product_id": product.id, "quantity": 10})
                    for product in cls.goods
                ],
            }
        )
        cls.order = cls._create_order(dict.fromkeys(cls.goods, 10.0))
        cls.order._kh_set_scene(cls.scene, cls.goods.ids)

    def test_an_order_that_is_split_keeps_its_prices(self):
        order = self.order
        self.assertEqual(order.amount_total, 2034.0)
        child = self._split(order, dict.fromkeys(order.order_line, 5.0))
        for part in (order, child):
            self.assertEqual((len(part.order_line), part.amount_total), (2, 1017.0))
        child.with_user(self.clerk).action_kh_undo_split()
        self.assertEqual((len(order.order_line), order.amount_total), (2, 2034.0))
        order.order_line[0].product_uom_qty = 9.0
        self.assertEqual(order.order_line.mapped("discount"), [0.0, 0.0])

    def test_a_product_that_goes_wholly_takes_no_price_along(self):
        child = self._split(self.order, {self.order.order_line[0]: 10.0})
        for part in (self.order, child):
            self.assertEqual((len(part.order_line), part.amount_total), (1, 1017.0))

    def test_a_duplicate_has_no_discount_of_the_set(self):
        order = self.order
        order.order_line = [Command.create({"product_id": self.product_3.id, "discount": 20})]
        copy = order.copy()
        self.assertEqual(copy.order_line.mapped("discount"), [0.0, 0.0, 20.0])
        self.assertEqual(copy.order_line.mapped("price_unit"), [100.0] * 3)
        order.order_line[0].discount = 15
        self.assertEqual(order.copy().order_line.mapped("discount"), [15.0, 0.0, 20.0])
