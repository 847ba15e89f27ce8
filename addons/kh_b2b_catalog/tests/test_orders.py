from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from .common import CatalogCommon


@tagged("post_install", "-at_install")
class TestOrders(CatalogCommon):
    def test_dealers_are_held_to_their_catalogue(self):
        self._create_assortment(self.p1, self.dealer_a)
        order = self._create_order(self.dealer_b, self.p1 + self.p3)
        with self.assertRaisesRegex(UserError, "Secret breaker 1: Not in your catalogue"):
            order.action_confirm()
        self.assertEqual(order.state, "draft")
        allowed = self._create_order(self.dealer_a, self.p1 + self.p3)
        allowed.action_confirm()
        self.assertEqual(allowed.state, "sale")

    def test_a_person_of_the_dealer_orders_as_the_dealer(self):
        self._create_assortment(self.p1, self.dealer_a)
        self._create_order(self.user_a.partner_id, self.p1).action_confirm()
        with self.assertRaises(UserError):
            self._create_order(self.user_b.partner_id, self.p1).action_confirm()

    def test_staff_sell_anything_to_others(self):
        self._create_assortment(self.p1, self.dealer_a)
        customer = self.env["res.partner"].create({"name": "No dealer"})
        order = self._create_order(customer, self.p1)
        order.action_confirm()
        self.assertEqual(order.state, "sale")
        shop = self._create_order(customer, self.p1, self.website)
        with self.assertRaises(UserError):
            shop.action_confirm()

    def test_area_and_time_are_held_at_confirmation(self):
        self.p1.kh_area_include_ids = self.shanghai
        order = self._create_order(self.dealer_a, self.p1)
        with self.assertRaisesRegex(UserError, "Not sold in your sales area"):
            order.action_confirm()
        with freeze_time("2026-03-01 08:00:00"):
            self._create_listing(self.p2, "2026-03-01 07:00:00", "2026-03-01 09:00:00")
            order = self._create_order(self.dealer_a, self.p2)
        with freeze_time("2026-03-01 09:00:00"), self.assertRaisesRegex(UserError, "any more"):
            order.action_confirm()

    def test_one_refused_order_names_itself(self):
        self._create_assortment(self.p1, self.dealer_a)
        good = self._create_order(self.dealer_a, self.p1)
        bad = self._create_order(self.dealer_b, self.p1)
        with self.assertRaisesRegex(UserError, bad.name):
            (good + bad).action_confirm()
        self.assertEqual(good.state, "draft")

    def test_accepted_money_settles_the_matter(self):
        self._create_assortment(self.p1, self.dealer_a)
        order = self._create_order(self.dealer_b, self.p1, self.website)
        method = self.env["payment.method"].search([], limit=1)
        provider = self.env["payment.provider"].create(
            {"name": "Test", "code": "none", "state": "test"}
        )
        self.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": method.id,
                "amount": order.amount_total,
                "currency_id": order.currency_id.id,
                "partner_id": order.partner_id.id,
                "reference": "KH-C-1",
                "state": "done",
                "sale_order_ids": [Command.link(order.id)],
            }
        )
        self.assertFalse(order._kh_find_unsaleable())

    def test_delivery_fees_and_notes_are_no_goods(self):
        self._create_assortment(self.p1 + self.p2, self.dealer_a)
        order = self._create_order(self.dealer_b, self.p1 + self.p3)
        order.order_line[0].is_delivery = True
        order.order_line = [Command.create({"display_type": "line_note", "name": "A note"})]
        self.assertFalse(order._kh_find_unsaleable())

    def test_open_carts_are_warned(self):
        with freeze_time("2026-03-01 08:00:00"):
            self._create_listing(self.p1, False, "2026-03-01 09:00:00")
            cart = self._create_order(self.user_a.partner_id, self.p1 + self.p2, self.website)
            line = cart.order_line[0]
            self.assertTrue(cart._is_cart_ready())
            self.assertFalse(line._get_shop_warning(clear=False))
        self.env.invalidate_all()
        with freeze_time("2026-03-01 09:00:10"):
            self.assertFalse(cart._is_cart_ready())
            self.assertEqual(line._get_shop_warning(), "Not for sale any more.")
            self.assertEqual(line._get_shop_warning(), "Not for sale any more.")
            self.assertFalse(cart.order_line[1]._get_shop_warning())
            cart._verify_cart()
            self.assertEqual(line.shop_warning, "Not for sale any more.")
            with self.assertRaisesRegex(UserError, "Secret breaker 1"):
                cart._check_cart_is_ready_to_be_paid()

    def test_checks_cost_the_same_for_many_orders_of_many_dealers(self):
        assortments = [
            self._create_assortment(self.products, grades=grade)
            for grade in (self.gold, self.silver)
        ]
        self.p1.kh_area_exclude_ids = self.shanghai
        dealers = self.env["res.partner"]
        for number in range(50):
            grade, area = ((self.gold, self.guangzhou), (self.silver, self.shanghai))[number % 2]
            dealers |= self._create_dealer(f"Dealer {number}", grade, area)
        orders = self.env["sale.order"].union(
            *(self._create_order(dealer, self.products) for dealer in dealers)
        )
        self.assertEqual(len(assortments[0].grade_ids), 1)
        self.env.flush_all()
        counts = []
        for some in (orders[1:2], orders):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            refused = some._kh_find_unsaleable()
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual({line.product_id.product_tmpl_id for line in refused}, set(self.p1))
        self.assertEqual(len(refused), 25)
        self.assertLessEqual(counts[1], counts[0] + 1)

    def test_nothing_is_asked_before_anything_is_set_up(self):
        self.Assortment.search([]).product_tmpl_ids = False
        self.Assortment.search([]).active = False
        self.Listing.search([]).unlink()
        order = self._create_order(self.dealer_a, self.products)
        self._warm()
        with patch.object(type(self.Product), "_kh_find_refused") as find:
            with self.assertQueryCount(0):
                self.assertFalse(order._kh_find_unsaleable())
            find.assert_not_called()
