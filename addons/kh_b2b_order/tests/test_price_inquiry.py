from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged

from .common import OrderCommon


@tagged("post_install", "-at_install")
class TestPriceInquiry(OrderCommon):
    """A dealer asks, a salesperson quotes, the dealer orders at the quoted price (M-101)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "lang": "en_US"})
        cls.company.portal_confirmation_pay = False
        cls.dealer.sudo().kh_is_dealer = True
        cls.salesperson, cls.other_salesperson = (
            cls._create_staff(
                f"kh_o_inquiry{n}",
                "kh_b2b_member.group_b2b_salesperson",
                "sales_team.group_sale_salesman",
            )
            for n in (1, 2)
        )
        cls.dealer.sudo().user_id = cls.salesperson
        cls.pricelist = cls.env["product.pricelist"].create(
            {
                "name": "B2B",
                "kh_is_b2b": True,
                "company_id": cls.company.id,
                "currency_id": cls.company.currency_id.id,
            }
        )
        cls.dealer.sudo().specific_property_product_pricelist = cls.pricelist
        cls.buyer.partner_id.specific_property_product_pricelist = cls.pricelist
        # asked for by the dealer's page, as superuser
        cls.inquiry = (
            cls.env["kh.price.inquiry"]
            .sudo()
            .create(
                {
                    "partner_id": cls.buyer.partner_id.id,
                    "company_id": cls.company.id,
                    "line_ids": [
                        Command.create(
                            {"product_id": product.id, "quantity": qty, "target_price": 80.0}
                        )
                        for product, qty in ((cls.product, 50.0), (cls.product_2, 10.0))
                    ],
                }
            )
        )
        cls.today = fields.Date.context_today(cls.inquiry)
        cls.staff_inquiry = cls.inquiry.with_user(cls.salesperson).sudo(False)
        cls.dealer_inquiry = cls.inquiry.with_user(cls.buyer).sudo()

    def _quote(self, first=85.0, second=90.0):
        self.staff_inquiry.action_send()
        for line, price in zip(self.staff_inquiry.line_ids, (first, second), strict=True):
            line.quoted_price = price
        self.staff_inquiry.action_quote()

    # === STATES === #
    def test_every_move(self):
        """From each state, what each step does: a new state, or a refusal."""

        def expire(_inquiry):
            self.inquiry.line_ids.valid_until = self.today - timedelta(days=1)
            self.env["kh.price.inquiry"].sudo()._cron_expire()

        def quote(inquiry):
            self.inquiry.line_ids.quoted_price = 85.0
            inquiry.action_quote()

        steps = {
            "send": lambda inquiry: inquiry.action_send(),
            "quote": quote,
            "revise": lambda inquiry: inquiry.action_revise(),
            "decline": lambda inquiry: inquiry.action_refuse("Not made any more"),
            "cancel": lambda inquiry: inquiry.action_cancel(),
            "accept": lambda inquiry: self.dealer_inquiry._kh_accept(),
            "refuse": lambda inquiry: self.dealer_inquiry._kh_refuse("Too dear"),
        }
        allowed = {
            ("draft", "send"): "sent",
            ("draft", "cancel"): "cancelled",
            ("sent", "quote"): "quoted",
            ("sent", "decline"): "refused",
            ("sent", "cancel"): "cancelled",
            ("quoted", "revise"): "sent",
            ("quoted", "accept"): "accepted",
            ("quoted", "refuse"): "refused",
        }
        ways = {
            "draft": (),
            "sent": ("send",),
            "quoted": ("send", "quote"),
            "accepted": ("send", "quote", "accept"),
            "refused": ("send", "quote", "refuse"),
            "expired": ("send", "quote", "expire"),
            "cancelled": ("cancel",),
        }
        for state, way in ways.items():
            for name, step in steps.items():
                with self.subTest(state=state, step=name), self.env.cr.savepoint() as savepoint:
                    for earlier in way:
                        {**steps, "expire": expire}[earlier](self.staff_inquiry)
                    self.assertEqual(self.inquiry.state, state)
                    if (state, name) in allowed:
                        step(self.staff_inquiry)
                        self.assertEqual(self.inquiry.state, allowed[state, name])
                    else:
                        with self.assertRaises(UserError):
                            step(self.staff_inquiry)
                        self.assertEqual(self.inquiry.state, state)
                    savepoint.rollback()
                    self.env.invalidate_all()

    def test_a_quote_ends_with_its_last_day_where_the_seller_is(self):
        self.company.partner_id.tz = "Asia/Shanghai"
        with freeze_time("2030-03-01 08:00:00"):
            self.inquiry.line_ids.valid_until = "2030-03-05"
            self._quote()
            self.inquiry.line_ids.valid_until = "2030-03-05"
            self.env.flush_all()
        for moment, state in (("15:59", "quoted"), ("16:01", "expired")):
            with freeze_time(f"2030-03-05 {moment}:00"):
                self.env["kh.price.inquiry"].sudo()._cron_expire()
            self.assertEqual(self.inquiry.state, state)
        self.company.partner_id.tz = "America/New_York"
        self.inquiry.state = "quoted"
        for moment, state in (("04:59", "quoted"), ("05:01", "expired")):
            with freeze_time(f"2030-03-06 {moment}:00"):
                self.env["kh.price.inquiry"].sudo()._cron_expire()
            self.assertEqual(self.inquiry.state, state)

    def test_sending_notes_todays_price_and_tells_the_salesperson(self):
        self.staff_inquiry.action_send()
        self.assertEqual(self.inquiry.line_ids.mapped("price_today"), [100.0, 100.0])
        self.assertEqual(self.inquiry.activity_ids.user_id, self.salesperson)

    def test_a_quote_needs_a_price_and_a_day(self):
        self.staff_inquiry.action_send()
        with self.assertRaises(UserError):
            self.staff_inquiry.action_quote()
        line = self.staff_inquiry.line_ids[0]
        line.write({"quoted_price": 85.0, "valid_until": self.today - timedelta(days=1)})
        with self.assertRaises(UserError):
            self.staff_inquiry.action_quote()

    # === APPROVAL === #
    def test_a_deep_discount_is_approved_first(self):
        flow = self.env.ref("kh_b2b_order.kh_approval_flow_price_inquiry").sudo()
        supervisor = self._create_staff(
            "kh_o_inquiry_boss",
            "kh_b2b_member.group_b2b_supervisor",
            "sales_team.group_sale_salesman",
        )
        step = flow.step_ids[0]
        flow.step_ids[1:].unlink()
        step.write({"role_ids": [Command.clear()], "user_ids": [Command.set(supervisor.ids)]})
        flow.active = True
        self.salesperson.sudo().kh_supervisor_id = supervisor
        self._quote(first=60.0)
        self.assertEqual(self.inquiry.state, "review")
        self.assertAlmostEqual(self.inquiry.max_discount_rate, 0.4, 3)
        with self.assertRaises(UserError):
            self.dealer_inquiry._kh_accept()
        with self.assertRaises(UserError):
            self.staff_inquiry.line_ids[0].quoted_price = 50.0
        self.inquiry.with_user(supervisor).sudo(False).action_approval_return("Too low")
        self.assertEqual(self.inquiry.state, "sent")
        self.staff_inquiry.line_ids[0].quoted_price = 70.0
        self.staff_inquiry.action_quote()
        self.inquiry.with_user(supervisor).sudo(False).action_approval_approve()
        self.assertEqual(self.inquiry.state, "quoted")

    # === ORDER === #
    def test_the_order_has_the_quoted_prices_and_says_why(self):
        self._quote()
        order = self.dealer_inquiry._kh_accept()
        self.assertEqual(order.order_line.mapped("price_unit"), [85.0, 90.0])
        self.assertEqual(order.amount_untaxed, 50 * 85.0 + 10 * 90.0)
        self.assertEqual((order.state, order.origin), ("sale", self.inquiry.name))
        self.assertEqual(order.partner_id, self.buyer.partner_id)
        self.assertEqual(order.kh_placed_by_id, self.buyer.partner_id)
        line = order.order_line[0]
        self.assertEqual(line.kh_price_trace["o"][0], self.inquiry.name)
        explained = line.with_user(self.salesperson).sudo(False).kh_explain_price()
        self.assertIn(self.inquiry.name, explained["source"])
        self.assertIn(self.inquiry.name, explained["steps"][0]["label"])
        own = line.with_user(self.buyer)._kh_explain_own()
        self.assertEqual(own["facts"][0]["value"], self.inquiry.name)

    def test_twice_accepted_is_one_order(self):
        self._quote()
        order = self.dealer_inquiry._kh_accept()
        with self.assertRaises(UserError):
            self.dealer_inquiry._kh_accept()
        self.assertEqual(self.env["sale.order"].search([("origin", "=", self.inquiry.name)]), order)

    def test_the_price_holds_for_that_quantity_or_more(self):
        self.company.portal_confirmation_pay = True
        self._quote()
        order = self.dealer_inquiry._kh_accept()
        self.assertEqual(order.kh_stage, "to_pay")
        line = order.order_line[0]
        for quantity, price in ((60.0, 85.0), (40.0, 100.0), (50.0, 85.0)):
            line.product_uom_qty = quantity
            self.assertEqual(line.price_unit, price)
        order._recompute_prices()
        self.assertEqual(line.price_unit, 85.0)
        self.assertEqual(line.discount, 0.0)

    def test_lines_without_a_valid_price_stay_out(self):
        self._quote(second=0.0)
        self.assertEqual(self.dealer_inquiry._kh_accept().order_line.product_id, self.product)

    def test_an_expired_quote_is_not_accepted(self):
        self._quote()
        self.inquiry.line_ids.valid_until = self.today - timedelta(days=1)
        with self.assertRaises(UserError):
            self.dealer_inquiry._kh_accept()

    def test_the_order_obeys_limits_and_the_dealers_own_approval(self):
        self._quote()
        limit = (
            self.env["kh.order.limit"]
            .sudo()
            .create({"product_tmpl_id": self.product.product_tmpl_id.id, "maximum": 20.0})
        )
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.dealer_inquiry._kh_accept()
        self.env.invalidate_all()
        limit.unlink()
        self.buyer.partner_id.sudo().kh_order_limit = 100.0
        order = self.dealer_inquiry._kh_accept()
        self.assertEqual(order.kh_stage, "review")

    def test_nobody_links_a_line_to_a_quote(self):
        self._quote()
        order = self._create_order(pricelist_id=self.pricelist.id)
        quote = self.inquiry.line_ids[0]
        clerk = self._create_staff("kh_o_inquiry_clerk", "kh_b2b_member.group_b2b_order_clerk")
        order.order_line.with_user(clerk).sudo(False).write({"kh_inquiry_line_id": quote.id})
        self.assertFalse(order.order_line.kh_inquiry_line_id)

    def test_queries_do_not_grow_with_quoted_lines(self):
        self._quote()
        order = self.dealer_inquiry._kh_accept()
        lines = order.order_line

        def count(some):
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.cr.sql_log_count
            some.with_context(force_price_recomputation=True)._compute_price_unit()
            self.env.flush_all()
            return self.cr.sql_log_count - start

        count(lines)
        self.assertLessEqual(count(lines), count(lines[0]) + 1)

    # === RIGHTS === #
    def test_access(self):
        inquiry = self.inquiry.sudo(False)
        plain = self._create_staff("kh_o_inquiry_plain")
        for user in (self.buyer, self.foreigner, self.other_salesperson, plain):
            with self.subTest(user.login), self.assertRaises(AccessError):
                inquiry.with_user(user).read(["name"])  # a draft, or of others
        self._quote()
        for user in (self.buyer, self.colleague):
            self.assertTrue(inquiry.with_user(user).read(["name"]))
            self.assertTrue(inquiry.line_ids.with_user(user).read(["quoted_price"]))
            with self.assertRaises(AccessError):
                inquiry.with_user(user).read(["max_discount_rate"])
            for method in ("action_send", "action_quote", "action_revise", "action_cancel"):
                with self.subTest(user.login, method=method), self.assertRaises(AccessError):
                    getattr(inquiry.with_user(user), method)()
            with self.assertRaises(AccessError):
                inquiry.with_user(user).action_refuse("No")
            with self.assertRaises(AccessError):
                inquiry.line_ids.with_user(user).write({"quoted_price": 1.0})
        for user in (self.foreigner, self.other_salesperson, plain):
            with self.subTest(user.login):
                with self.assertRaises(AccessError):
                    inquiry.with_user(user).read(["name"])
                with self.assertRaises(AccessError):
                    inquiry.line_ids.with_user(user).read(["quoted_price"])
                with self.assertRaises(AccessError):
                    inquiry.with_user(user).action_revise()
                with self.assertRaises(AccessError):
                    inquiry.with_user(user).action_open_order()

    def test_a_price_not_quoted_yet_is_hidden_from_the_dealer(self):
        self.staff_inquiry.action_send()
        self.staff_inquiry.line_ids[0].quoted_price = 10.0
        with self.assertRaises(AccessError):
            self.inquiry.line_ids.with_user(self.buyer).sudo(False).read(["quoted_price"])

    def test_state_and_quoted_lines_are_not_written_by_hand(self):
        with self.assertRaises(AccessError):
            self.staff_inquiry.state = "quoted"
        vals = {"partner_id": self.buyer.partner_id.id}
        with self.assertRaises(AccessError):
            self.staff_inquiry.create({**vals, "state": "quoted"})
        with self.assertRaises(AccessError):
            self.staff_inquiry.with_context(default_state="quoted").create(vals)
        self._quote()
        with self.assertRaises(UserError):
            self.staff_inquiry.line_ids[0].quoted_price = 1.0
        with self.assertRaises(UserError):
            self.staff_inquiry.unlink()

    def test_refuse_dialog_asks_for_the_reason(self):
        self.staff_inquiry.action_send()
        wizard = (
            self.env["kh.inquiry.refuse"]
            .with_user(self.salesperson)
            .with_context(active_model="kh.price.inquiry", active_id=self.inquiry.id)
        )
        wizard.create({"reason": "Not made any more"}).action_refuse()
        self.assertEqual(self.inquiry.state, "refused")
        self.assertEqual(self.inquiry.reason, "Not made any more")

    def test_the_mail_goes_to_who_asked(self):
        self._quote()
        mail = (
            self.env["mail.mail"]
            .sudo()
            .search([("model", "=", "kh.price.inquiry"), ("res_id", "=", self.inquiry.id)], limit=1)
        )
        self.assertEqual(mail.email_to, self.buyer.partner_id.email_formatted)
        self.assertIn(f"/my/inquiries/{self.inquiry.id}", mail.body_html)
