import ast

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged

from .test_expiry import NOW, ExpiryCommon

CHASE = "kh_b2b_order.mail_activity_type_chase"


@tagged("post_install", "-at_install")
class TestChase(ExpiryCommon):
    """Chasing payments: the list, the e-mail, the mark, the task (M-106)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        sales = ("kh_b2b_member.group_b2b_salesperson", "sales_team.group_sale_salesman_all_leads")
        cls.seller = cls._create_staff("kh_c_seller", *sales)
        cls.clerk = cls._create_staff(
            "kh_c_clerk",
            "kh_b2b_member.group_b2b_order_clerk",
            "sales_team.group_sale_salesman_all_leads",
        )
        (cls.seller | cls.clerk).lang = "en_US"
        cls.buyer.partner_id.write({"lang": "en_US", "email": "buyer@huarui.example.com"})

    @classmethod
    def _place(cls, **vals):
        return super()._place(**{"user_id": cls.seller.id, **vals})

    def _mails(self, order):
        return self.env["mail.mail"].search(
            [("model", "=", "sale.order"), ("res_id", "=", order.id)]
        )

    def _pay_mails(self, order):
        return self._mails(order).filtered(lambda mail: "Please pay" in (mail.subject or ""))

    def _tasks(self, order):
        return order.activity_ids.filtered(
            lambda activity: activity.activity_type_id == self.env.ref(CHASE)
        )

    def _chase(self, orders):
        return orders.with_user(self.clerk).action_kh_chase()["params"]

    def test_mark_mail_and_task(self):
        with freeze_time(NOW):
            order = self._place()
        with freeze_time("2030-03-02 09:00:00"):
            said = self._chase(order)
            self.assertEqual((said["type"], said["message"]), ("success", "Chased: 1."))
            self.assertEqual(order.kh_chased_by_id, self.clerk)
            self.assertEqual(order.kh_chased_date, fields.Datetime.now())
            self.assertEqual(order.kh_chase_count, 1)
        [mail] = self._pay_mails(order)
        self.assertIn("in time", mail.subject)
        self.assertIn("buyer@huarui.example.com", mail.email_to)
        [task] = self._tasks(order)
        self.assertEqual((task.user_id, str(task.date_deadline)), (self.seller, "2030-03-03"))

    def test_one_mail_a_day_and_one_task(self):
        with freeze_time(NOW):
            order = self._place()
        with freeze_time("2030-03-02 01:00:00"):
            self._chase(order)
        with freeze_time("2030-03-02 03:00:00"):
            said = self._chase(order)
            self.assertIn("got an e-mail today already", said["message"])
        self.assertEqual(len(self._pay_mails(order)), 1)
        with freeze_time("2030-03-03 03:00:00"):
            self._chase(order)
        self.assertEqual(len(self._pay_mails(order)), 2)
        self.assertEqual(order.kh_chase_count, 3)
        self.assertEqual(str(self._tasks(order).date_deadline), "2030-03-04")

    def test_the_job_reminds_and_the_clerk_does_not_again(self):
        with freeze_time(NOW):
            order = self._place()
        with freeze_time("2030-03-03 09:00:00"):
            self._run()
            self.assertIn("today already", self._chase(order)["message"])
        self.assertEqual(len(self._pay_mails(order)), 1)

    def test_without_deadline_or_after_it_another_text(self):
        self.company.kh_unpaid_hours = 0
        order = self._place()
        self._chase(order)
        [mail] = self._pay_mails(order)
        self.assertNotIn("in time", mail.subject)
        self.assertIn("are missing", mail.body_html)
        self.assertNotIn("is cancelled", mail.body_html)

    def test_many_at_once(self):
        orders = self._place() | self._place()
        orders[1].partner_id = self.env["res.partner"].create({"name": "No mail"})
        confirmed = self._create_order()
        confirmed.action_confirm()
        said = self._chase(orders | confirmed)
        self.assertEqual(said["type"], "warning")
        for text in ("Chased: 2.", "no e-mail address", confirmed.name):
            self.assertIn(text, said["message"])
        with self.assertRaisesRegex(UserError, "nothing is to be paid"):
            self._chase(confirmed)

    def test_task_ends_with_the_order(self):
        paid, confirmed, cancelled, held = (self._place() for _n in range(4))
        self._chase(paid | confirmed | cancelled | held)
        self._announce_transfer(paid)
        paid.action_kh_confirm_transfer()
        confirmed.action_confirm()
        cancelled._action_cancel()
        held.action_kh_hold("call first")
        self.assertTrue(self._tasks(held))
        transaction = self._announce_transfer(held)
        transaction._kh_confirm_transfer()
        for order in paid | confirmed | cancelled | held:
            self.assertFalse(self._tasks(order), order.kh_stage)
        self.assertEqual(held.kh_stage, "hold")

    def test_list_of_what_to_chase(self):
        self.company.kh_unpaid_hours = 24 * 30
        later = self._place()
        self.company.kh_unpaid_hours = 24
        soon = self._place()
        self.company.kh_unpaid_hours = 0
        fresh, old = self._place(), self._place()
        old.sudo().kh_placed_date = "2020-01-01 00:00:00"
        offered = self._place()
        offered.sudo().write({"kh_offer_state": "open", "kh_placed_date": "2020-01-01 00:00:00"})
        self.env.flush_all()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kh_b2b_order.sale_order_action_kh_chase"
        )
        domain = ast.literal_eval(action["domain"])
        mine = [("id", "in", (later | soon | fresh | old | offered).ids)]
        Order = self.env["sale.order"].with_user(self.seller)
        self.assertEqual(set(Order.search([*domain, *mine]).ids), set((soon | old).ids))

    def test_overdue_invoices_on_account(self):
        with freeze_time(NOW):
            orders = self.env["sale.order"].union(*(self._place() for _n in range(3)))
            overdue, later, draft = orders
            orders.action_confirm()
            invoices = [order._create_invoices() for order in orders]
            for invoice, due in zip(invoices, ("02-20", "03-20", "02-20"), strict=True):
                invoice.invoice_payment_term_id = False
                invoice.write({"invoice_date": "2030-02-10", "invoice_date_due": f"2030-{due}"})
            (invoices[0] | invoices[1]).action_post()
            self.env.flush_all()
            self.env.invalidate_all()
            total = overdue.amount_total
            self.assertEqual(orders.mapped("kh_amount_overdue"), [total, 0.0, 0.0])
            action = self.env["ir.actions.act_window"]._for_xml_id(
                "kh_b2b_order.sale_order_action_kh_chase"
            )
            domain = [*ast.literal_eval(action["domain"]), ("id", "in", orders.ids)]
            Order = self.env["sale.order"].with_user(self.seller)
            self.assertEqual(Order.search(domain), overdue.with_user(self.seller))
            said = self._chase(orders)
            for order in later | draft:
                self.assertIn(order.name, said["message"])
            [mail] = self._mails(overdue).filtered(lambda mail: "invoice" in (mail.subject or ""))
            self.assertIn("are overdue", mail.body_html)
            self.assertTrue(self._tasks(overdue))
            self.env["account.payment.register"].with_context(
                active_model="account.move", active_ids=invoices[0].ids
            ).create({"payment_date": "2030-03-01"}).action_create_payments()
            self.env.invalidate_all()
            self.assertFalse(overdue.kh_amount_overdue)
            self.assertFalse(self._tasks(overdue))
            self.assertFalse(Order.search(domain))

    def test_cards_show_when_the_order_was_placed(self):
        view = self.env.ref("kh_b2b_order.sale_order_view_kanban_kh")
        arch = etree.fromstring(self.env["sale.order"].get_view(view.id, "kanban")["arch"])
        shown = {
            field.get("name"): field.get("invisible") for field in arch.xpath("//footer//field")
        }
        self.assertEqual(shown["kh_placed_date"], "not kh_placed_date")
        self.assertEqual(shown["date_order"], "kh_placed_date")

    def test_who_may_chase(self):
        order = self._place()
        order.with_user(self.seller).action_kh_chase()
        plain = self._create_staff("kh_c_plain", "sales_team.group_sale_salesman_all_leads")
        for user in (plain, self.buyer, self.foreigner):
            with self.subTest(user.login), self.assertRaises(AccessError):
                order.with_user(user).action_kh_chase()
