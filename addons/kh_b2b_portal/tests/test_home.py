from odoo.tests import freeze_time, new_test_user, tagged
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

    # === WHAT TO DO, FREQUENT PRODUCTS === #
    def _tasks(self):
        Order = self.env["sale.order"].with_user(self.user).with_context(lang="en_US")
        return Order._kh_home_tasks(self.user.partner_id, self.website)

    def test_tasks_come_with_amount_and_deadline(self):
        self.assertEqual(self._tasks(), [])
        self.company.kh_unpaid_hours = 72
        self.user.tz = "Asia/Shanghai"
        partner = self.user.partner_id
        with freeze_time("2030-03-01 08:00:00"):
            order = self._create_order(partner, require_payment=True, validity_date="2020-01-31")
            self.env.flush_all()
        with freeze_time("2030-03-02 08:00:00"):
            orders = order + self._create_order(partner, require_payment=True)
            self._create_order(self.stranger, require_payment=True)
            self.env.flush_all()
            self.assertEqual(set(orders.mapped("kh_stage")), {"to_pay"})
            [task] = self._tasks()
            self.assertEqual((task.kind, task.count), ("to_pay", 2))
            self.assertEqual(task.amount, sum(orders.mapped("amount_total")))
            # the deadline to pay in the reader's time, not the validity of a quotation
            self.assertEqual(task.deadline.strftime("%Y-%m-%d %H:%M"), "2030-03-04 16:00")
            self.assertFalse(task.is_late)
        with freeze_time("2030-03-04 08:01:00"):
            self.assertTrue(self._tasks()[0].is_late)
        self.authenticate("kh_dealer", "kh_dealer")
        html = self.url_open("/my").text
        self.assertIn('data-kh-task="to_pay"', html)
        self.assertIn("2030-03-04 16:00", html)
        self.assertNotIn("kh-p-tiles", html)  # nobody knows a figure: none is shown

    def test_no_deadline_where_none_runs(self):
        self.company.kh_unpaid_hours = 0
        self._create_order(self.user.partner_id, validity_date="2020-01-31")
        [task] = self._tasks()
        self.assertEqual((task.deadline, task.is_late), (None, False))

    def test_frequent_products_are_own_visible_and_most_frequent_first(self):
        for _number in range(2):
            order = self._create_order(self.user.partner_id)
        order.order_line[0].product_id = self.variants[2]
        Order = self.env["sale.order"].with_user(self.user)
        website = self.website.with_user(self.user)
        found = Order._kh_home_frequent(self.user.partner_id, website)
        self.assertEqual(found[0], self.variants[1])  # in both orders
        self.assertEqual(found, self.variants[1] + self.variants[2] + self.variants[0])
        other = self.stranger.child_ids.user_ids
        self.assertFalse(
            self.env["sale.order"]
            .with_user(other)
            ._kh_home_frequent(other.partner_id, self.website.with_user(other))
        )
        self.variants[1].is_published = False
        found = Order._kh_home_frequent(self.user.partner_id, website)
        self.assertNotIn(self.variants[1], found)

    def test_home_takes_no_more_queries_for_more_orders(self):
        self._create_order(self.user.partner_id)
        self.authenticate("kh_dealer", "kh_dealer")
        self.url_open("/my")

        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertIn("data-kh-frequent", self.url_open("/my").text)
            return self.env.cr.sql_log_count - before

        for _number in range(5):  # so that the five latest are shown
            self._create_order(self.user.partner_id)
        count()
        few = count()
        for _number in range(15):
            self._create_order(self.user.partner_id)
        self.assertLessEqual(count(), few)

    def test_zone_has_an_address_for_those_who_may_enter(self):
        zone = self.env["kh.catalog.assortment"].create(
            {
                "name": "KH zone",
                "is_zone": True,
                "product_tmpl_ids": [(6, 0, self.template.ids)],
                "partner_ids": [(6, 0, self.dealer.ids)],
            }
        )
        path = f"/shop/zone/kh-zone-{zone.id}"
        self.authenticate("kh_dealer", "kh_dealer")
        response = self.url_open(path)
        self.assertIn(f"kh_zone={zone.id}", response.url)
        self.assertIn("KH breaker", response.text)
        for login in ("kh_stranger", None):
            self.authenticate(login, login)
            with mute_logger("odoo.http"):
                self.assertEqual(self.url_open(path).status_code, 404)
