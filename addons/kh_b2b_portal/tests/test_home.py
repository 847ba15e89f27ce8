from odoo.http import Request
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import PortalCommon


@tagged("post_install", "-at_install")
class TestHome(PortalCommon):
    def _create_order(self, partner, **vals):
        order = self.env["sale.order"].create(
            {
                "partner_id": partner.id,
                "website_id": self.website.id,
                "company_id": self.company.id,
                "order_line": [
                    (0, 0, {"product_id": self.variants[0].id, "product_uom_qty": 7}),
                    (0, 0, {"product_id": self.variants[1].id, "product_uom_qty": 1}),
                ],
                **vals,
            }
        )
        order.action_quotation_sent()
        return order

    def _reorder(self, order_id):
        return self.url_open(
            "/shop/kh/reorder",
            data={"order_id": order_id, "csrf_token": Request.csrf_token(self)},
        )

    def test_new_dealer_sees_three_steps(self):
        self.authenticate("kh_dealer", "kh_dealer")
        html = self.url_open("/my").text
        self.assertIn("data-kh-first", html)
        self.assertNotIn("data-kh-reorder", html)

    def test_to_dos_count_own_orders_only(self):
        own = self._create_order(self.user.partner_id)
        self._create_order(self.stranger)
        stages = self.env["sale.order"]._kh_home_stages(self.user.partner_id, self.website)
        self.assertEqual([(s.stage, s.count) for s in stages], [(own.kh_stage, 1)])
        self.assertEqual(stages[0].amount, own.amount_total)

    def test_home_lists_own_orders(self):
        own = self._create_order(self.user.partner_id)
        foreign = self._create_order(self.stranger)
        self.authenticate("kh_dealer", "kh_dealer")
        html = self.url_open("/my").text
        self.assertIn(own.name, html)
        self.assertNotIn(foreign.name, html)
        self.assertIn("data-kh-reorder", html)

    def test_reorder_fills_the_cart_in_one_step(self):
        order = self._create_order(self.user.partner_id)
        self.authenticate("kh_dealer", "kh_dealer")
        response = self._reorder(order.id)
        self.assertTrue(response.url.endswith("/shop/cart"))
        cart = self._cart()
        self.assertEqual(cart._kh_cart_quantities(), order._kh_cart_quantities())

    def test_reorder_says_what_is_gone(self):
        order = self._create_order(self.user.partner_id)
        gone = self._create_template("KH gone", is_published=False).product_variant_id
        order.order_line[0].product_id = gone
        self.authenticate("kh_dealer", "kh_dealer")
        html = self._reorder(order.id).text
        self.assertIn("KH gone", html)
        self.assertEqual(self._cart().order_line.product_id, self.variants[1])

    def test_reorder_of_a_foreign_order_is_not_found(self):
        order = self._create_order(self.stranger)
        self.authenticate("kh_dealer", "kh_dealer")
        with mute_logger("odoo.http"):
            self.assertEqual(self._reorder(order.id).status_code, 404)
            self.assertEqual(self._reorder("x").status_code, 404)
            self.assertEqual(self._reorder("²").status_code, 404)

    def test_core_home_elsewhere(self):
        self.website.kh_is_b2b = False
        self.authenticate("kh_dealer", "kh_dealer")
        self.assertNotIn("data-kh-home", self.url_open("/my").text)

    def test_staff_without_sales_rights_sees_pages_without_orders(self):
        new_test_user(self.env, "kh_plain", groups="base.group_user", password="kh_plain")
        self.authenticate("kh_plain", "kh_plain")
        for path in ("/my", "/my/orders", "/shop/cart"):
            with self.subTest(path=path):
                self.assertEqual(self.url_open(path).status_code, 200)
