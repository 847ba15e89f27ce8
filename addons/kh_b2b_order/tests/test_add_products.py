from odoo import Command
from odoo.tests import tagged

from .common import OrderCommon


@tagged("post_install", "-at_install")
class TestAddProducts(OrderCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls.env["sale.order"].create(
            {
                "partner_id": cls.buyer.partner_id.id,
                "company_id": cls.company.id,
                "website_id": cls.website.id,
            }
        )

    def _add(self, rows, order=None, **kwargs):
        order = (order or self.order).with_user(self.buyer).sudo()
        return order._kh_add_products(rows, **kwargs)

    def test_new_rows_make_lines(self):
        result = self._add([(self.product.id, 10, None), (self.product_2.id, 2.5, None)])
        self.assertEqual(result.added, [self.product.id, self.product_2.id])
        self.assertFalse(result.changed or result.refused)
        self.assertEqual(result.kept, 2)
        self.assertEqual(self.order.order_line.mapped("product_uom_qty"), [10.0, 2.5])

    def test_duplicates_are_merged(self):
        result = self._add([(self.product.id, 1, None), (self.product.id, 2, None)])
        self.assertEqual(result.kept, 2)
        self.assertEqual(self.order.order_line.product_uom_qty, 3.0)

    def test_rows_merge_with_lines(self):
        self._add([(self.product.id, 1, None)])
        result = self._add([(self.product.id, 4, None), (self.product_2.id, 1, None)])
        self.assertEqual((result.added, result.changed), ([self.product_2.id], [self.product.id]))
        self.assertEqual(self.order.order_line.mapped("product_uom_qty"), [5.0, 1.0])

    def test_another_unit_is_another_line(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        self.product.uom_ids = [Command.set(dozen.ids)]
        self._add([(self.product.id, 1, None), (self.product.id, 2, dozen.id)])
        self.assertEqual(self.order.order_line.product_uom_id, self.product.uom_id | dozen)

    def test_refused_rows_are_reported(self):
        archived = self._create_goods("Archived", "KH-O-A", active=False)
        unsold = self._create_goods("Unsold", "KH-O-U", sale_ok=False)
        hidden = self._create_goods("Hidden", "KH-O-H", is_published=False)
        missing_id = self.product.search([], order="id desc", limit=1).id + 1000
        dozen = self.env.ref("uom.product_uom_dozen")
        refused = [archived.id, unsold.id, hidden.id, missing_id]
        rows = [(product_id, 1, None) for product_id in refused]
        rows += [(self.product.id, 0, None), (self.product.id, -1, None)]
        rows += [(self.product_2.id, 1, dozen.id), (self.product_3.id, 1, None)]
        result = self._add(rows)
        self.assertEqual(
            [product_id for product_id, _reason in result.refused],
            [*refused, self.product.id, self.product.id, self.product_2.id],
        )
        self.assertTrue(all(reason for _id, reason in result.refused))
        self.assertEqual(result.kept + len(result.refused), len(rows))
        self.assertEqual(self.order.order_line.product_id, self.product_3)

    def test_back_office_orders_take_unpublished_products(self):
        hidden = self._create_goods("Hidden", "KH-O-H", is_published=False)
        order = self._create_order()
        self.assertFalse(order._kh_add_products([(hidden.id, 1, None)]).refused)

    def test_zero_price_is_refused_where_the_shop_forbids_it(self):
        self.website.prevent_zero_price_sale = True
        self.product.list_price = 0.0
        result = self._add([(self.product.id, 1, None), (self.product_2.id, 1, None)])
        self.assertEqual([row[0] for row in result.refused], [self.product.id])

    def test_short_stock_is_refused_not_cut(self):
        self.product.allow_out_of_stock_order = False
        self.website.warehouse_id = self.warehouse
        result = self._add([(self.product.id, 2000, None), (self.product_2.id, 1, None)])
        self.assertEqual([row[0] for row in result.refused], [self.product.id])
        self.assertEqual(self.order.order_line.product_id, self.product_2)
        self.assertFalse(self._add([(self.product.id, 1000, None)]).refused)

    def test_nothing_to_add(self):
        self.assertEqual(self._add([]), ([], [], [], 0, {}))

    def test_source_is_kept_while_empty(self):
        self._add([(self.product.id, 1, None)], source="quick")
        self.assertEqual(self.order.kh_source, "quick")
        self._add([(self.product.id, 1, None)], source="import")
        self.assertEqual(self.order.kh_source, "quick")

    def test_source_that_was_told_stays(self):
        for source in ("sales", "api", "erp", "phone"):
            order = self._create_order({}, kh_source=source)
            order.order_line.unlink()
            order._kh_add_products([(self.product.id, 1, None)], source="import")
            self.assertEqual(order.kh_source, source)

    def test_cart_is_verified_once(self):
        calls = []
        self.patch(
            type(self.order), "_verify_cart_after_update", lambda order: calls.append(order.id)
        )
        self._add([(product.id, 1, None) for product in self.product | self.product_2])
        self.assertEqual(calls, self.order.ids)

    def test_frozen_order_takes_nothing(self):
        self.patch(
            type(self.order), "_approval_ensure_not_frozen", lambda orders: 1 / len(orders[:0])
        )
        with self.assertRaises(ZeroDivisionError):
            self._add([(self.product.id, 1, None)])

    def test_queries_do_not_grow_with_the_rows(self):
        products = self.env["product.product"].create(
            [
                {
                    "name": f"Bulk {n}",
                    "list_price": n + 1.0,
                    "is_storable": True,
                    "is_published": True,
                    "taxes_id": [Command.clear()],
                }
                for n in range(440)
            ]
        )

        def count(some, again=False):
            order = self.order.copy()
            rows = [(product.id, 3, None) for product in some]
            if again:
                self._add(rows, order)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            result = self._add(rows, order)
            self.env.flush_all()
            self.assertEqual(result.kept, len(rows))
            return self.env.cr.sql_log_count - before

        count(products[:20])  # warm
        new_20, new_200 = count(products[20:40]), count(products[40:240])
        old_20, old_200 = count(products[20:40], True), count(products[40:240], True)
        self.assertLessEqual(new_200, new_20 + 3)
        self.assertLessEqual(old_200, old_20 + 3)
