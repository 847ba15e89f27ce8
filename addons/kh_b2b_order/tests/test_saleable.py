from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged
from odoo.tools import SQL

from .common import OrderCommon


@tagged("post_install", "-at_install")
class TestSaleable(OrderCommon):
    """Every way into an order is held to the dealer's catalogue."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += cls.env.ref("kh_b2b_member.group_b2b_administrator")
        (cls.dealer + cls.other_dealer).kh_is_dealer = True
        cls.assortment = cls.env["kh.catalog.assortment"].create(
            {
                "name": "For Huarui",
                "product_tmpl_ids": [Command.set(cls.product.product_tmpl_id.ids)],
                "partner_ids": [Command.set(cls.dealer.ids)],
            }
        )
        cls.area = cls.env["kh.sales.area"].create({"name": "Guangdong"})
        cls.product_3.product_tmpl_id.kh_area_include_ids = cls.area

    def _new_order(self, user, **vals):
        order = self.env["sale.order"].create(
            {
                "partner_id": user.partner_id.id,
                "company_id": self.company.id,
                **vals,
            }
        )
        return order.with_user(user).sudo()

    def test_rows_outside_the_catalogue_are_refused_with_the_reason(self):
        rows = [(product.id, 1, None) for product in (self.product, self.product_2, self.product_3)]
        for website in (self.website, self.env["website"]):
            result = self._new_order(self.foreigner, website_id=website.id)._kh_add_products(rows)
            self.assertEqual(result.added, self.product_2.ids)
            self.assertEqual(
                dict(result.refused),
                {
                    self.product.id: "Not in your catalogue.",
                    self.product_3.id: "Not sold in your sales area.",
                },
            )
            result = self._new_order(self.buyer, website_id=website.id)._kh_add_products(rows)
            self.assertEqual(result.added, (self.product + self.product_2).ids)

    def test_what_is_gone_is_gone(self):
        self.product.active = False
        result = self._new_order(self.foreigner)._kh_add_products([(self.product.id, 1, None)])
        self.assertEqual(result.refused, [(self.product.id, "Not for sale any more.")])

    def test_staff_orders_of_dealers_are_held_and_others_not(self):
        order = self._new_order(self.foreigner)
        order.sudo().order_line = [Command.create({"product_id": self.product.id})]
        with self.assertRaisesRegex(UserError, "Not in your catalogue"):
            order.with_user(self.env.user).action_confirm()
        self.other_dealer.kh_is_dealer = False
        order.with_user(self.env.user).action_confirm()
        self.assertEqual(order.state, "sale")

    def test_bulk_confirm_refuses_one_and_confirms_the_others(self):
        orders = self.env["sale.order"]
        for user in (self.buyer, self.foreigner):
            order = self._new_order(user)
            order.order_line = [Command.create({"product_id": self.product.id})]
            orders |= order.with_user(self.env.user).sudo(False)
        result = orders._kh_bulk_confirm()
        self.assertEqual(result.confirmed, orders[0])
        [(refused, reason)] = result.refused
        self.assertEqual(refused, orders[1])
        self.assertIn("Not in your catalogue", reason)

    def test_an_order_sent_in_time_is_confirmed_later(self):
        with freeze_time("2026-03-01 08:00:00"):
            self.product_2.product_tmpl_id.kh_listing_ids = [
                Command.create({"date_to": "2026-03-01 09:00:00"})
            ]
            sent, late, quoted = (self._new_order(self.buyer) for _number in range(3))
            for order in (sent, late, quoted):
                order.order_line = [Command.create({"product_id": self.product_2.id})]
            self._set_created((sent | quoted).order_line, "2026-03-01 07:59:59.9")
            sent._kh_note_placed()
            quoted.with_user(self.env.user)._kh_note_placed()
        with freeze_time("2026-03-02 08:00:00"):
            self.assertFalse(sent._kh_find_unsaleable())
            self.assertTrue(late._kh_find_unsaleable())
            self.assertTrue(quoted._kh_find_unsaleable())  # staff mailed a quotation
            with self.assertRaisesRegex(UserError, "Not for sale any more"):
                late.with_user(self.env.user).action_confirm()

    def test_rows_added_to_an_order_that_was_sent_are_judged_by_now(self):
        with freeze_time("2026-03-01 08:00:00"):
            self.product_2.product_tmpl_id.kh_listing_ids = [
                Command.create({"date_to": "2026-03-01 09:00:00"})
            ]
            order = self._new_order(self.buyer)
            order.order_line = [Command.create({"product_id": self.product_2.id})]
            self._set_created(order.order_line, "2026-03-01 07:59:59.9")
            order._kh_note_placed()
        with freeze_time("2026-03-02 08:00:00"):
            row = (self.product_2.id, 1, None)
            self.assertTrue(order._kh_find_not_allowed(self.product_2))
            self.assertTrue(order._kh_add_products([row]).refused)
            order.order_line = [Command.create({"product_id": self.product_2.id})]
            added = order.order_line[1]
            self._set_created(added, "2026-03-02 08:00:00")
            self.assertEqual(set(order._kh_find_unsaleable()), {added})

    def _set_created(self, lines, moment):
        """Time stamps come from the database, which time travel does not reach."""
        lines.flush_recordset()
        self.env.execute_query(
            SQL(
                "UPDATE sale_order_line SET create_date = %s WHERE id IN %s RETURNING id",
                moment,
                tuple(lines.ids),
            )
        )
        lines.invalidate_recordset(["create_date"])

    def test_checks_are_batched(self):
        products = self.product + self.product_2 + self.product_3
        more = self.env["product.product"].union(
            products, *(self._create_goods(f"More {n}", f"KH-O-M{n}") for n in range(12))
        )
        order = self._new_order(self.foreigner)
        order._kh_find_not_allowed(products)
        counts = []
        for some in (products, more):
            self.env.flush_all()
            self.env.invalidate_all()
            some.mapped("sale_ok")
            before = self.env.cr.sql_log_count
            order._kh_find_not_allowed(some)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])
