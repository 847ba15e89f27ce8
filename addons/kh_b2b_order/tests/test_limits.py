from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import OrderCommon
from .common_races import ConfirmRaceCase


class LimitCommon(OrderCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += cls.env.ref("kh_b2b_member.group_b2b_product_manager")
        cls.gold = cls.env["res.partner.grade"].create({"name": "K gold"})
        cls.clerk = cls._create_staff(
            "k_limit_clerk", "kh_b2b_member.group_b2b_order_clerk", "sales_team.group_sale_manager"
        )
        cls.seller = cls._create_staff("k_limit_seller", "sales_team.group_sale_manager")

    @classmethod
    def _limit(cls, product=None, **vals):
        return cls.env["kh.order.limit"].create(
            {
                "product_tmpl_id": (product or cls.product).product_tmpl_id.id,
                "company_id": cls.company.id,
                **vals,
            }
        )

    def _create_empty_order(self, **vals):
        return self.env["sale.order"].create(
            {"partner_id": self.buyer.partner_id.id, "company_id": self.company.id, **vals}
        )

    def _cart(self, **vals):
        order = self._create_empty_order(website_id=self.website.id, **vals)
        return order.with_user(self.buyer).sudo()


@tagged("post_install", "-at_install")
class TestLimits(LimitCommon):
    def _limits(self, partner=None, product=None):
        product = product or self.product
        found = product._kh_get_order_limits(
            partner or self.dealer, self.website, company=self.company
        )
        return found[product.id]

    def test_level_before_everybody_and_variant_before_product(self):
        self._limit(minimum=10)
        self.assertEqual(self._limits().minimum, 10)
        self._limit(product_id=self.product.id, minimum=8)
        self.assertEqual(self._limits().minimum, 8)
        self._limit(grade_id=self.gold.id, minimum=5)
        self.assertEqual(self._limits().minimum, 8)
        self.dealer.grade_id = self.gold
        self.assertEqual(self._limits(self.buyer.partner_id).minimum, 5)
        self.assertEqual(self._limits(self.other_dealer).minimum, 8)
        self.assertTrue(self._limits(product=self.product_2).is_free)

    def test_limits_of_another_company_do_not_count(self):
        other = self.env["res.company"].create({"name": "K elsewhere"})
        self._limit(minimum=10, company_id=other.id)
        self.assertTrue(self._limits().is_free)

    def test_unreachable_limits_are_refused(self):
        with self.assertRaises(ValidationError):
            self._limit(minimum=10, maximum=5)
        with self.assertRaises(ValidationError):
            self._limit(multiple=12, period_maximum=10)

    def test_period_counts_all_colleagues_and_confirmed_orders_only(self):
        self._limit(period_maximum=100)
        self._create_order({self.product: 30}).action_confirm()
        self._create_order({self.product: 20}, partner_id=self.colleague.partner_id.id)
        self._create_order(
            {self.product: 10}, partner_id=self.colleague.partner_id.id
        ).action_confirm()
        self._create_order(
            {self.product: 50}, partner_id=self.foreigner.partner_id.id
        ).action_confirm()
        self.assertEqual(self._limits().period_left, 60)
        self.assertEqual(self._limits(self.other_dealer).period_left, 50)
        cancelled = self._create_order({self.product: 40})
        cancelled.action_confirm()
        self.assertEqual(self._limits().period_left, 20)
        cancelled._action_cancel()
        self.assertEqual(self._limits().period_left, 60)

    def test_period_counts_in_the_products_unit(self):
        self._limit(period_maximum=100)
        order = self._create_empty_order()
        order.order_line = [
            Command.create(
                {
                    "product_id": self.product.id,
                    "product_uom_qty": 2,
                    "product_uom_id": self.env.ref("uom.product_uom_dozen").id,
                }
            )
        ]
        order.action_confirm()
        self.assertEqual(self._limits().period_left, 76)

    def test_period_ends(self):
        limit = self._limit(period_maximum=100, period_count=7, period_unit="day")
        order = self._create_order({self.product: 30})
        order.action_confirm()
        order.date_order = fields.Datetime.now() - timedelta(days=8)
        self.assertEqual(self._limits().period_left, 100)
        order.date_order = fields.Datetime.now() - timedelta(days=5)
        self.assertEqual(self._limits().period_left, 70)
        limit.period_count = 1
        self.assertEqual(self._limits().period_left, 100)

    def test_month_begins_at_midnight_where_the_company_is(self):
        self.company.partner_id.tz = "Asia/Shanghai"
        limit = self._limit(period_maximum=1)
        start = limit._get_period_start(fields.Datetime.to_datetime("2026-11-30 17:00:00"))
        self.assertEqual(start, fields.Datetime.to_datetime("2026-11-30 16:00:00"))
        limit.period_count = 3
        start = limit._get_period_start(fields.Datetime.to_datetime("2026-11-30 15:00:00"))
        self.assertEqual(start, fields.Datetime.to_datetime("2026-08-31 16:00:00"))

    def test_queries_do_not_grow_with_the_products(self):
        products = self.env["product.product"].create([{"name": f"K {n}"} for n in range(51)])
        for product in products:
            self._limit(product, period_maximum=10, period_count=product.id % 5 + 1)

        def count(some):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            limits = some._kh_get_order_limits(self.dealer, self.website)
            self.assertEqual({limits[p.id].period_left for p in some}, {10})
            return self.env.cr.sql_log_count - before

        count(products[:1])
        self.assertEqual(count(products[:1]), count(products[1:51]))


@tagged("post_install", "-at_install")
class TestLimitsInCart(LimitCommon):
    def test_wrong_quantities_are_refused_with_what_would_fit(self):
        self._limit(minimum=10, multiple=6, maximum=60)
        for quantity, words in ((5, "10"), (20, "24"), (66, "60")):
            with self.subTest(quantity=quantity):
                order = self._cart()
                result = order._kh_add_products(
                    [(self.product.id, quantity, None), (self.product_2.id, 1, None)]
                )
                self.assertEqual([row[0] for row in result.refused], [self.product.id])
                self.assertIn(words, result.refused[0][1])
                self.assertEqual(order.order_line.product_id, self.product_2)
        self.assertFalse(self._cart()._kh_add_products([(self.product.id, 24, None)]).refused)

    def test_rows_and_lines_count_together(self):
        self._limit(maximum=20)
        order = self._cart()
        order._kh_add_products([(self.product.id, 15, None)])
        self.assertTrue(order._kh_add_products([(self.product.id, 6, None)]).refused)
        self.assertEqual(order.order_line.product_uom_qty, 15)
        self.product.uom_ids = self.env.ref("uom.product_uom_dozen")
        dozen = self.env.ref("uom.product_uom_dozen").id
        self.assertTrue(order._kh_add_products([(self.product.id, 1, dozen)]).refused)
        self.assertFalse(order._kh_add_products([(self.product.id, 5, None)]).refused)

    def test_a_wrong_change_leaves_the_line_as_it_is(self):
        self._limit(multiple=6)
        order = self._cart()
        order._kh_add_products([(self.product.id, 12, None)])
        line = order.order_line
        self.assertEqual(order._kh_suggest_for_line(line, 13), 18)
        result = order._cart_update_line_quantity(line.id, 13)
        self.assertEqual((result["quantity"], line.product_uom_qty), (12, 12))
        self.assertIn("18", result["warning"])
        order._cart_update_line_quantity(line.id, 18)
        self.assertEqual(line.product_uom_qty, 18)
        order._cart_update_line_quantity(line.id, 0)
        self.assertFalse(order.order_line)

    def test_cores_own_cart_obeys(self):
        self._limit(minimum=10)
        order = self._cart()
        result = order._cart_add(self.product.id, 5)
        self.assertIn("10", result["warning"])
        self.assertFalse(order.order_line)
        order._cart_add(self.product.id, 10)
        self.assertEqual(order.order_line.product_uom_qty, 10)

    def test_no_caller_switches_the_limits_off(self):
        self._limit(minimum=10)
        order = self._cart().with_context(kh_limits=True)
        self.assertIn("10", order._cart_add(self.product.id, 5)["warning"])

    def test_stock_above_the_warning_line(self):
        self.product.kh_warning_quantity = 950  # of 1000
        self.website.warehouse_id = self.warehouse
        policy = self.env["kh.stock.policy"].create(
            {"name": "K", "display": "exact", "website_id": self.website.id}
        )
        order = self._cart()
        refused = order._kh_add_products([(self.product.id, 60, None)]).refused
        self.assertIn("50", refused[0][1])
        policy.display = "band"
        refused = order._kh_add_products([(self.product.id, 60, None)]).refused
        self.assertTrue(refused)
        self.assertFalse(any(char.isdigit() for char in refused[0][1]))
        self.assertFalse(order._kh_add_products([(self.product.id, 50, None)]).refused)

    def test_a_hidden_stock_is_not_told_by_warnings(self):
        self.product.allow_out_of_stock_order = False
        self.website.warehouse_id = self.warehouse
        self.env["kh.stock.policy"].create(
            {"name": "K band", "display": "band", "company_id": self.company.id}
        )
        order = self._cart()
        result = order._cart_add(self.product.id, 5000)
        self.assertNotIn("1000", result["warning"])
        self.assertFalse(order.order_line)
        order._cart_add(self.product.id, 900)
        line = order.order_line
        self.assertIsNone(order._kh_suggest_for_line(line, 5000))
        line.product_uom_qty = 5000
        line._check_availability()
        self.assertNotIn("1000", line.shop_warning or "")

    def test_checkout_is_closed_while_a_limit_is_broken(self):
        order = self._cart()
        order._kh_add_products([(self.product.id, 5, None)])
        self.assertTrue(order._is_cart_ready())
        limit = self._limit(minimum=10)
        self.assertFalse(order._is_cart_ready())
        with self.assertRaisesRegex(ValidationError, "10"):
            order._check_cart_is_ready_to_be_paid()
        limit.minimum = 5
        self.assertTrue(order._is_cart_ready())

    def test_queries_do_not_grow_with_the_rows(self):
        products = self.env["product.product"].create(
            [{"name": f"K {n}", "is_storable": True, "is_published": True} for n in range(120)]
        )
        for product in products:
            self._limit(product, multiple=2, period_maximum=100)
        self.env["product.category"].create({"name": "K", "kh_warning_quantity": 1})

        def count(some):
            order = self._cart()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            result = order._kh_add_products([(p.id, 2, None) for p in some])
            self.env.flush_all()
            self.assertEqual(result.kept, len(some))
            return self.env.cr.sql_log_count - before

        count(products[:20])
        self.assertLessEqual(count(products[20:120]), count(products[:20]) + 3)


@tagged("post_install", "-at_install")
class TestLimitsAtConfirmation(LimitCommon):
    def test_no_order_is_confirmed_beyond_the_limits(self):
        self._limit(maximum=8)
        order = self._create_order({self.product: 10})
        self.assertIn("8", order.kh_limit_warning)
        with self.assertRaisesRegex(UserError, "8"):
            order.action_confirm()
        self.assertEqual(order.state, "draft")
        order.order_line.product_uom_qty = 8
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_orders_of_one_batch_count_together(self):
        self._limit(period_maximum=25)
        orders = self.env["sale.order"].union(
            *(self._create_order({self.product: 10}) for _n in range(3))
        )
        with self.assertRaisesRegex(UserError, orders[2].name):
            orders.action_confirm()
        orders[:2].action_confirm()
        self.assertEqual(orders.mapped("state"), ["sale", "sale", "draft"])
        foreign = self._create_order({self.product: 25}, partner_id=self.foreigner.partner_id.id)
        foreign.action_confirm()

    def test_the_desk_may_waive_and_nobody_else(self):
        self._limit(maximum=8)
        order = self._create_order({self.product: 10})
        with self.assertRaises(AccessError):
            order.with_user(self.seller).kh_is_limit_waived = True
        with self.assertRaises(AccessError):
            self.env["sale.order"].with_user(self.seller).create(
                {"partner_id": self.dealer.id, "kh_is_limit_waived": True}
            )
        order.with_user(self.clerk).kh_is_limit_waived = True
        order.with_user(self.clerk).action_confirm()
        self.assertEqual(order.state, "sale")
        self.assertFalse(order.copy().kh_is_limit_waived)

    def test_a_paid_order_waits_for_a_person(self):
        self._limit(maximum=8)
        order = self._create_order({self.product: 10})
        transaction = self._announce_transfer(order)
        transaction.state = "done"
        order.action_confirm()
        self.assertTrue(order.kh_is_on_hold)
        self.assertIn("8", order.kh_hold_text)
        self.assertNotEqual(order.state, "sale")

    def test_why_a_paid_order_waits_is_said_in_the_readers_language(self):
        limit = self._limit(maximum=8)
        order = self._create_order({self.product: 10})
        self._announce_transfer(order).state = "done"
        chinese, english = (order.with_context(lang=lang) for lang in ("zh_CN", "en_US"))
        chinese.action_confirm()
        self.assertEqual((order.kh_hold_kind, order.kh_hold_reason), ("limits", False))
        for name in ("kh_hold_text", "kh_stop_reasons"):
            self.assertIn("At most 8", english[name])
            self.assertIn("订货限量", chinese[name])
        with self.assertRaises(AccessError):
            order.with_user(self.clerk).kh_hold_kind = "refused"
        limit.sudo().unlink()
        order.invalidate_recordset()
        self.assertIn("did not keep", english.kh_hold_text)
        order.with_user(self.clerk).action_kh_release()
        self.assertFalse(order.kh_hold_kind)

    def test_a_paid_cart_that_is_stopped_is_no_cart_any_more(self):
        self._limit(maximum=8)
        order = self._create_order({self.product: 10}, website_id=self.website.id)
        transaction = self._announce_transfer(order)
        order.sudo().write({"state": "draft", "kh_placed_date": False})
        transaction._set_done()
        transaction._check_amount_and_confirm_order()
        self.assertEqual((order.state, order.kh_stage), ("sent", "hold"))
        self.assertTrue(order.kh_placed_date)

    def test_queries_do_not_grow_with_the_orders(self):
        self._limit(period_maximum=10000)
        orders = self.env["sale.order"].union(
            *(self._create_order({self.product: 1}) for _n in range(21))
        )

        def count(some):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertFalse(some._kh_find_broken_limits())
            return self.env.cr.sql_log_count - before

        count(orders[:1])
        self.assertEqual(count(orders[:1]), count(orders[1:]))


@tagged("post_install", "-at_install")
class TestLimitsInParallel(ConfirmRaceCase):
    """Real cursors: two people of one dealer confirm at the same time."""

    def _prepare(self, env):
        dealer = env["res.partner"].create({"name": "K parallel", "is_company": True})
        product = env["product.product"].create({"name": "K parallel", "type": "service"})
        env["kh.order.limit"].create(
            {"product_tmpl_id": product.product_tmpl_id.id, "period_maximum": 10}
        )
        orders = env["sale.order"].create(
            [
                {
                    "partner_id": dealer.id,
                    "order_line": [
                        Command.create({"product_id": product.id, "product_uom_qty": 6})
                    ],
                }
                for _n in range(2)
            ]
        )
        self.dealer_id, self.product_id, self.order_ids = dealer.id, product.id, orders.ids

    def _clean_up(self, orders):
        env = orders.env
        orders.unlink()
        env["product.product"].browse(self.product_id).product_tmpl_id.unlink()
        env["res.partner"].browse(self.dealer_id).unlink()

    def test_the_period_maximum_holds(self):
        self._assert_one_is_confirmed()
