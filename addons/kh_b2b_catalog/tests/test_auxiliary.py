from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestAuxiliary(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.box = cls.env["product.template"].create({"name": "K box", "kh_kind": "auxiliary"})
        cls.foil = cls.env["product.template"].create(
            {"name": "K foil", "kh_kind": "auxiliary", "list_price": 2.0}
        )
        cls.goods, cls.other, cls.plain = cls.env["product.product"].create(
            [{"name": name, "list_price": 10.0} for name in ("K goods", "K other", "K plain")]
        )
        cls._pack(cls.goods, cls.box, 1, 10)
        cls._pack(cls.goods, cls.foil, 2, 5)
        cls._pack(cls.other, cls.box, 1, 4)
        cls.partner = cls.env["res.partner"].create({"name": "K dealer", "is_company": True})

    @classmethod
    def _pack(cls, product, auxiliary, quantity, per):
        return cls.env["kh.product.auxiliary"].create(
            {
                "product_tmpl_id": product.product_tmpl_id.id,
                "auxiliary_id": auxiliary.product_variant_id.id,
                "quantity": quantity,
                "per_quantity": per,
            }
        )

    def _order(self, quantities, **vals):
        return self.env["sale.order"].create(
            {
                "partner_id": self.partner.id,
                "order_line": [
                    Command.create({"product_id": product.id, "product_uom_qty": quantity})
                    for product, quantity in quantities.items()
                ],
                **vals,
            }
        )

    def _packed(self, order):
        lines = order.order_line.filtered("kh_is_auxiliary")
        return {line.product_id.product_tmpl_id: line.product_uom_qty for line in lines}

    def test_they_come_with_the_goods_at_their_own_price(self):
        order = self._order({self.goods: 11, self.plain: 5})
        self.assertEqual(self._packed(order), {self.box: 2, self.foil: 6})
        line = order.order_line.filtered(lambda line: line.product_id.product_tmpl_id == self.box)
        self.assertEqual(line.price_unit, 0.0)
        self.assertEqual(line.kh_parent_line_ids.product_id, self.goods)
        foil = order.order_line.filtered(lambda line: line.product_id.product_tmpl_id == self.foil)
        self.assertEqual(foil.price_unit, 2.0)
        self.assertFalse(self._packed(self._order({self.plain: 5})))

    def test_one_line_for_all_goods_that_need_it(self):
        order = self._order({self.goods: 10, self.other: 5})
        self.assertEqual(self._packed(order)[self.box], 3)
        line = order.order_line.filtered(lambda line: line.product_id.product_tmpl_id == self.box)
        self.assertEqual(len(line), 1)
        self.assertEqual(line.kh_parent_line_ids.product_id, self.goods | self.other)

    def test_they_follow_quantity_product_and_removal(self):
        order = self._order({self.goods: 10, self.other: 4})
        line = order.order_line.filtered(lambda line: line.product_id == self.goods)
        line.product_uom_qty = 31
        self.assertEqual(self._packed(order), {self.box: 5, self.foil: 14})
        line.product_id = self.plain
        self.assertEqual(self._packed(order), {self.box: 1})
        order.order_line.filtered(lambda line: line.product_id == self.other).unlink()
        self.assertFalse(self._packed(order))
        self.assertEqual(order.order_line.product_id, self.plain)

    def test_units_are_converted(self):
        order = self._order({})
        dozen = self.env.ref("uom.product_uom_dozen")
        order.order_line = [
            Command.create(
                {
                    "product_id": self.goods.id,
                    "product_uom_qty": 2,
                    "product_uom_id": dozen.id,
                }
            )
        ]
        self.assertEqual(self._packed(order)[self.box], 3)

    def test_who_takes_them_away_gets_them_back(self):
        order = self._order({self.goods: 10})
        order.order_line.filtered("kh_is_auxiliary").unlink()
        self.assertEqual(self._packed(order), {self.box: 1, self.foil: 4})
        order._kh_sync_auxiliaries()
        self.assertEqual(len(order.order_line), 3)

    def test_a_copy_is_not_packed_twice(self):
        copied = self._order({self.goods: 10}).copy()
        self.assertEqual(self._packed(copied), {self.box: 1, self.foil: 4})
        self.assertEqual(len(copied.order_line), 3)
        parents = copied.order_line.filtered("kh_is_auxiliary").kh_parent_line_ids
        self.assertEqual(parents.order_id, copied)

    def test_they_ship_with_the_goods_and_follow_a_confirmed_order(self):
        order = self._order({self.goods: 10})
        order.action_confirm()
        moves = order.picking_ids.move_ids
        self.assertIn(self.box.product_variant_id, moves.product_id)
        self.assertEqual(len(order.picking_ids), 1)
        goods = order.order_line.filtered(lambda line: line.product_id == self.goods)
        goods.product_uom_qty = 20
        self.assertEqual(self._packed(order)[self.box], 2)

    def test_lines_of_one_product_fill_the_same_packs(self):
        order = self._order({self.goods: 5})
        order.order_line = [
            Command.create({"product_id": self.goods.id, "product_uom_qty": 5}),
            Command.create({"product_id": self.goods.id, "product_uom_qty": 1}),
        ]
        self.assertEqual(self._packed(order), {self.box: 2, self.foil: 6})
        line = order.order_line.filtered(lambda line: line.product_id.product_tmpl_id == self.box)
        self.assertEqual(len(line.kh_parent_line_ids), 3)

    def test_a_confirmed_order_keeps_what_was_agreed(self):
        order = self._order({self.goods: 10, self.other: 4})
        order.action_confirm()
        self.goods.product_tmpl_id.kh_auxiliary_ids[1].quantity = 3  # foil
        self._pack(self.other, self.foil, 1, 1)
        self._pack(self.plain, self.box, 1, 1)
        agreed = {self.box: 2, self.foil: 4}
        order._kh_sync_auxiliaries()
        self.assertEqual(self._packed(order), agreed)
        order.order_line = [Command.create({"product_id": self.plain.id, "product_uom_qty": 1})]
        self.assertEqual(self._packed(order), {self.box: 3, self.foil: 4})
        goods = order.order_line.filtered(lambda line: line.product_id == self.goods)
        goods.write({"product_uom_qty": 10})
        self.assertEqual(self._packed(order)[self.foil], 4)

    def test_what_was_delivered_is_not_taken_back(self):
        order = self._order({self.goods: 20})
        order.action_confirm()
        lines = order.order_line.filtered("kh_is_auxiliary")
        box = lines.filtered(lambda line: line.product_id.product_tmpl_id == self.box)
        box.qty_delivered = 2
        goods = order.order_line.filtered(lambda line: line.product_id == self.goods)
        goods.product_uom_qty = 5
        self.assertEqual(self._packed(order), {self.box: 2, self.foil: 2})

    def test_they_earn_neither_rebate_nor_commission(self):
        for line in self._order({self.goods: 1}).order_line:
            expected = not line.kh_is_auxiliary
            self.assertEqual(line._kh_counts_for_rebate(), expected)
            self.assertEqual(line._kh_counts_for_commission(), expected)

    def test_kinds_are_kept_apart(self):
        with self.assertRaises(ValidationError):
            self._pack(self.goods, self.plain.product_tmpl_id, 1, 1)
        with self.assertRaises(ValidationError):
            self._pack(self.box.product_variant_id, self.foil, 1, 1)
        with self.assertRaises(ValidationError):
            self.box.kh_kind = "normal"
        with self.assertRaises(ValidationError):
            self.goods.product_tmpl_id.kh_kind = "auxiliary"

    def test_they_are_not_sold_alone(self):
        saleable = (self.box | self.plain.product_tmpl_id)._kh_filter_saleable(self.partner)
        self.assertEqual(saleable, self.plain.product_tmpl_id)

    def test_no_caller_switches_it_off(self):
        order = self._order({})
        lines = order.order_line.with_context(kh_auxiliaries=True)
        lines.create({"order_id": order.id, "product_id": self.goods.id, "product_uom_qty": 1})
        self.assertEqual(self._packed(order)[self.box], 1)

    def test_queries_do_not_grow_with_the_lines(self):
        products = self.env["product.product"].create([{"name": f"K {n}"} for n in range(51)])
        for product in products:
            self._pack(product, self.box, 1, 10)
        orders = [
            self._order({product: 1 for product in some}) for some in (products[:1], products)
        ]

        def count(order):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            order._kh_sync_auxiliaries()
            return self.env.cr.sql_log_count - before

        count(orders[0])
        self.assertEqual(count(orders[0]), count(orders[1]))
