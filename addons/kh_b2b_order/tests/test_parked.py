from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import OrderCommon


@tagged("post_install", "-at_install")
class TestParkedDraft(OrderCommon):
    """A cart put aside and taken up again (W5)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cart = cls._create_order(
            {cls.product: 5.0, cls.product_2: 2.0}, website_id=cls.website.id
        )

    def _park(self, cart=None, user=None, **kwargs):
        Lists = self.env["kh.purchase.list"].with_user(user or self.buyer)
        cart_sudo = (self.cart if cart is None else cart).with_user(user or self.buyer).sudo()
        return Lists._kh_park(cart_sudo, "Project A", **kwargs)

    def test_goods_move_from_the_cart_to_the_draft(self):
        prices = {line.product_id: line.price_reduce_taxinc for line in self.cart.order_line}
        parked = self._park()
        self.assertFalse(self.cart.order_line)
        self.assertEqual(self.cart.state, "draft", "the cart stays the cart")
        self.assertTrue(parked.is_parked)
        self.assertEqual((parked.owner_id, parked.partner_id), (self.buyer, self.dealer))
        self.assertEqual(parked.share, "private")
        found = {line.product_id: (line.quantity, line.price) for line in parked.sudo().line_ids}
        self.assertEqual(found[self.product], (5.0, prices[self.product]))
        self.assertEqual(found[self.product_2], (2.0, prices[self.product_2]))

    def test_rows_of_one_product_are_summed(self):
        self.cart.order_line.create(
            {"order_id": self.cart.id, "product_id": self.product.id, "product_uom_qty": 3.0}
        )
        parked = self._park().sudo()
        self.assertEqual(parked.line_ids.mapped("quantity"), [8.0, 2.0])

    def test_what_a_list_cannot_keep_stays_in_the_cart(self):
        attribute = self.env["product.attribute"].create(
            {
                "name": "Engraving",
                "create_variant": "no_variant",
                "value_ids": [Command.create({"name": name}) for name in ("A", "B")],
            }
        )
        template = self.env["product.template"].create(
            {
                "name": "Engraved breaker",
                "attribute_line_ids": [
                    Command.create(
                        {
                            "attribute_id": attribute.id,
                            "value_ids": [Command.set(attribute.value_ids.ids)],
                        }
                    )
                ],
            }
        )
        chosen = template.attribute_line_ids.product_template_value_ids[:1]
        self.assertTrue(chosen)
        own = self.cart.order_line.create(
            {
                "order_id": self.cart.id,
                "product_id": template.product_variant_id.id,
                "product_no_variant_attribute_value_ids": [Command.set(chosen.ids)],
            }
        )
        parked = self._park()
        self.assertEqual(self.cart.order_line, own)
        self.assertEqual(parked.sudo().line_ids.product_id, self.product | self.product_2)
        with self.assertRaises(UserError):
            self._park()

    def test_goods_with_others_that_hang_on_them_stay_together(self):
        first, second = self.cart.order_line
        second.linked_line_id = first
        with self.assertRaises(UserError):
            self._park()
        self.assertEqual(self.cart.order_line, first | second)

    def test_an_empty_cart_is_not_parked(self):
        for cart in (self.env["sale.order"], self._create_order({self.product: 0.0})):
            with self.assertRaises(UserError):
                self._park(cart)

    def test_a_draft_compares_with_the_prices_of_then(self):
        parked = self._park()
        self.product.list_price = 120.0
        target = self.cart.with_user(self.buyer).sudo()
        rows = target._kh_compare_rows(parked._kh_get_asked_rows(target.currency_id))
        changes = {row.product: row.changes for row in rows}
        self.assertEqual(changes, {self.product: ("price",), self.product_2: ()})
        other = self.env["res.currency"].search([("id", "!=", target.currency_id.id)], limit=1)
        rows = parked._kh_get_asked_rows(other)
        self.assertEqual([row.price for row in rows], [None, None])

    def test_colleagues_take_up_what_is_shared_for_it_once(self):
        private, shared = self._park(), None
        self.cart.order_line.create(
            {"order_id": self.cart.id, "product_id": self.product.id, "product_uom_qty": 3.0}
        )
        shared = self._park(share="edit")
        with self.assertRaises(AccessError):
            private.with_user(self.colleague)._kh_take_up()
        with self.assertRaises(AccessError):
            shared.with_user(self.foreigner)._kh_take_up()
        shared.with_user(self.colleague)._kh_take_up()
        self.assertEqual((private.active, shared.active), (True, False))

    def test_what_the_cart_refuses_stays_parked(self):
        parked = self._park()
        parked._kh_take_up([self.product_2.id])
        self.assertTrue(parked.active)
        self.assertEqual(parked.sudo().line_ids.product_id, self.product_2)

    def test_a_list_is_not_used_up(self):
        plain = self.env["kh.purchase.list"].with_user(self.buyer).create({"name": "Weekly"})
        plain._kh_take_up()
        self.assertTrue(plain.active)

    def test_a_copy_is_a_list(self):
        copy = self._park(share="edit").sudo().copy({"owner_id": self.buyer.id})
        self.assertFalse(copy.is_parked)

    def test_queries_do_not_grow_with_the_rows(self):
        goods = [self._create_goods(f"Many {n}", f"KH-M-{n}") for n in range(40)]
        counts = []
        for number in (2, 4, 40):  # the first one fills the caches
            cart = self._create_order(
                dict.fromkeys(goods[:number], 1.0), website_id=self.website.id
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self._park(cart)
            self.env.flush_all()
            counts.append(self.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[1])
