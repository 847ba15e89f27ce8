import base64
from datetime import timedelta
from io import BytesIO
from unittest.mock import patch

from lxml import etree
from PIL import Image
from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval
from odoo.tools.translate import code_translations

from odoo.addons.mail.tests.common import MailCase

from ..models import order_ticket, order_ticket_portal
from ..models.order_ticket import MOVES
from .common import OrderCommon

MEMBER = "kh_b2b_member.group_b2b_"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class TicketCommon(OrderCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "lang": "en_US"})
        cls.Ticket = cls.env["kh.order.ticket"]
        cls.boss = cls._create_staff("kh_o_boss", f"{MEMBER}supervisor")
        cls.seller = cls._create_staff("kh_o_seller", f"{MEMBER}salesperson")
        cls.seller.sudo().kh_supervisor_id = cls.boss
        cls.clerk, cls.clerk2 = (
            cls._create_staff(f"kh_o_after{n}", f"{MEMBER}aftersale_clerk") for n in (1, 2)
        )
        cls.dealer.sudo().write({"kh_is_dealer": True, "user_id": cls.seller.id})
        cls.other_dealer.sudo().kh_is_dealer = True
        cls.order = cls._create_order()
        cls.order.action_quotation_sent()

    def _ask(self, user=None, key="", photos=(), **values):
        values = {"kind": "question", "subject": "Where is it?", "text": "I wait.", **values}
        user = user or self.buyer
        return self.Ticket.with_user(user)._create_for_dealer(
            user, self.company, values, list(photos), key
        )


@tagged("post_install", "-at_install")
class TestOrderTicket(TicketCommon, MailCase):
    # === STATES === #
    def test_every_move_and_no_other(self):
        ticket = self._ask()
        for step, (sources, target) in MOVES.items():
            for state in ("new", "progress", "waiting", "solved", "closed"):
                with self.subTest(step=step, state=state):
                    ticket.write({"state": state, "solution": "Done."})
                    action = getattr(ticket.with_user(self.seller), f"action_{step}")
                    if state in sources:
                        action()
                        self.assertEqual(ticket.state, target)
                    else:
                        with self.assertRaises(UserError):
                            action()
                        self.assertEqual(ticket.state, state)

    def test_state_is_moved_by_steps_only(self):
        ticket = self._ask()
        for vals in ({"state": "closed"}, {"date_turn": False}, {"rating": "5"}):
            with self.assertRaises(AccessError):
                ticket.with_user(self.seller).write(vals)
        with self.assertRaises(AccessError):
            self.Ticket.with_user(self.seller).create(
                {
                    "subject": "x",
                    "text": "x",
                    "partner_id": self.buyer.partner_id.id,
                    "state": "closed",
                }
            )

    def test_a_solution_is_needed_and_told(self):
        ticket = self._ask().with_user(self.seller)
        ticket.action_start()
        with self.assertRaises(UserError):
            ticket.action_solve()
        ticket.solution = "It leaves tomorrow."
        ticket.action_solve()
        [said] = ticket.sudo()._get_dealer_messages(self.buyer)
        self.assertIn("It leaves tomorrow.", said.body)
        self.assertIn(self.buyer.partner_id, ticket.sudo().message_partner_ids)

    def test_tickets_are_kept(self):
        with self.assertRaises(UserError):
            self._ask().unlink()

    # === GRADE AND DEADLINE === #
    def test_deadline_follows_the_grade(self):
        question, complaint = self._ask(), self._ask(kind="complaint")
        for ticket, level, hours in ((question, 4, 12), (complaint, 3, 8)):
            self.assertEqual(ticket.grade_id.level, level)
            self.assertEqual(ticket.deadline - ticket.date_turn, timedelta(hours=hours))
        complaint.grade_id = self.env.ref("kh_b2b_order.kh_order_ticket_grade_2")
        self.assertEqual(complaint.deadline - complaint.date_turn, timedelta(hours=2))

    def test_a_milder_grade_takes_the_escalation_back(self):
        ticket = self._ask(kind="complaint")
        ticket.write(
            {"date_turn": fields.Datetime.now() - timedelta(hours=9), "is_escalated": True}
        )
        for level, is_escalated in ((2, True), (4, False)):
            grade = self.env.ref(f"kh_b2b_order.kh_order_ticket_grade_{level}")
            ticket.with_user(self.clerk).grade_id = grade
            self.assertEqual(ticket.is_escalated, is_escalated, level)

    def test_deadline_rests_while_the_dealer_is_to_answer(self):
        ticket = self._ask()
        ticket.with_user(self.seller).action_wait()
        self.assertFalse(ticket.deadline)
        ticket.date_turn = "2020-01-01"
        ticket._reply_for_dealer(self.buyer, "Here you are", [])
        self.assertEqual(ticket.state, "progress")
        self.assertGreater(ticket.deadline, fields.Datetime.now())

    def test_overdue_is_found(self):
        late, fine = self._ask(), self._ask()
        late.date_turn = fields.Datetime.now() - timedelta(hours=13)
        Tickets, mine = self.Ticket.sudo(), [("id", "in", (late | fine).ids)]
        found = Tickets.search([*mine, ("is_overdue", "=", True)])
        self.assertEqual(found, late)
        self.assertIn("late", late._whose_turn())
        found = Tickets.search([*mine, ("is_overdue", "=", False)])
        self.assertEqual(found, fine)

    # === OWNER === #
    def test_questions_go_to_the_salesperson_complaints_by_load(self):
        self.assertEqual(self._ask().user_id, self.seller)
        clerks = self.clerk | self.clerk2
        load = self.Ticket._count_open()
        for _n in range(4):
            self._ask(kind="complaint")
        after = self.Ticket._count_open()
        gained = [after.get(clerk.id, 0) - load.get(clerk.id, 0) for clerk in clerks]
        self.assertEqual(gained, [2, 2], "shared evenly")

    def test_without_salesperson_the_order_desk(self):
        desk = self._create_staff("kh_o_desk", f"{MEMBER}order_clerk")
        ticket = self._ask(self.foreigner)
        self.assertIn(ticket.user_id, self.Ticket._find_clerks(self.company, "question"))
        self.assertIn(desk, self.Ticket._find_clerks(self.company, "question"))

    def test_nobody_gets_what_he_may_not_open(self):
        area = self.env["kh.sales.area"].sudo().create({"name": "Elsewhere"})
        after_sale = self.Ticket._find_clerks(self.company, "complaint")
        (after_sale - self.clerk2).sudo().kh_data_area_ids = area
        for _n in range(2):
            self.assertEqual(self._ask(kind="complaint").user_id, self.clerk2)
        self.clerk2.sudo().kh_data_area_ids = area
        owner = self._ask(kind="complaint").user_id
        self.assertIn(owner, self.Ticket._find_clerks(self.company, "question") - after_sale)
        self.dealer.sudo().user_id = self.clerk  # no longer in his range
        model = self.registry["kh.order.ticket"]
        with patch.object(model, "_find_clerks", lambda *_args: self.env["res.users"]):
            self.assertFalse(self._ask().user_id)

    def test_the_supervisor_was_told_only_if_he_was(self):
        late, unowned = self._ask(), self._ask()
        (late | unowned).date_turn = fields.Datetime.now() - timedelta(hours=13)
        self.assertNotIn("supervisor", late._whose_turn())
        late._escalate()
        self.assertIn("supervisor", late._whose_turn())
        unowned.user_id = False
        model = self.registry["kh.order.ticket"]
        with patch.object(model, "_find_clerks", lambda *_args: self.env["res.users"]):
            unowned._escalate()
        self.assertFalse(unowned.is_escalated, "there is nobody")
        unowned._escalate()
        self.assertTrue(unowned.is_escalated)
        self.assertTrue(unowned.activity_ids.user_id)
        self.assertNotIn("supervisor", unowned._whose_turn())

    def test_overdue_goes_to_the_supervisor_once(self):
        ticket = self._ask()
        ticket.date_turn = fields.Datetime.now() - timedelta(hours=13)
        for _twice in range(2):
            self._run_cron()
        self.assertTrue(ticket.is_escalated)
        self.assertEqual(ticket.activity_ids.user_id, self.boss)
        self.assertEqual(len(ticket.activity_ids), 1)
        ticket.with_user(self.seller).action_wait()
        ticket.with_user(self.seller).action_resume()
        ticket.date_turn = fields.Datetime.now() - timedelta(hours=13)
        self._run_cron()
        self.assertEqual(len(ticket.activity_ids), 2, "a new deadline was missed")

    def test_solved_is_closed_after_a_week(self):
        old, young = self._ask(), self._ask()
        for ticket, days in ((old, 8), (young, 6)):
            date = fields.Datetime.now() - timedelta(days=days)
            ticket.write({"state": "solved", "date_solved": date})
        self._run_cron()
        self.assertEqual((old.state, young.state), ("closed", "solved"))

    def test_one_run_follows_up_more_than_a_batch(self):
        tickets = self.Ticket.sudo().union(*(self._ask() for _n in range(5)))
        date = fields.Datetime.now() - timedelta(days=8)
        tickets.write({"state": "solved", "date_solved": date})
        with patch.object(order_ticket, "BATCH", 2):
            self._run_cron()
        self.assertEqual(set(tickets.mapped("state")), {"closed"})

    def _run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("kh_b2b_order.ir_cron_follow_up_tickets").method_direct_trigger()

    # === MESSAGES === #
    def test_the_first_answer_of_staff_starts(self):
        ticket = self._ask()
        ticket.with_user(self.seller).message_post(body="A note", subtype_xmlid="mail.mt_note")
        self.assertEqual((ticket.state, ticket.date_answered), ("new", False))
        ticket.with_user(self.seller).message_post(
            body="Looking", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self.assertEqual(ticket.state, "progress")
        self.assertTrue(ticket.date_answered)
        shown = ticket._get_dealer_messages(self.buyer)
        self.assertEqual(len(shown), 1, "notes are not shown")

    def test_the_words_of_the_dealer_reopen(self):
        ticket = self._ask()
        ticket.write({"state": "solved"})
        ticket._reply_for_dealer(self.colleague, "Still missing", [("x", PNG)])
        self.assertEqual(ticket.state, "progress")
        [said] = ticket._get_dealer_messages(self.buyer)
        self.assertTrue(said.is_mine)
        self.assertEqual(len(said.photos), 1)
        ticket.state = "closed"
        with self.assertRaises(UserError):
            ticket._reply_for_dealer(self.buyer, "Too late", [])

    def test_rating_closes_a_solved_one(self):
        ticket = self._ask()
        with self.assertRaises(UserError):
            ticket._rate_for_dealer("5")
        ticket.state = "solved"
        with self.assertRaises(UserError):
            ticket._rate_for_dealer("9")
        ticket._rate_for_dealer("4")
        self.assertEqual((ticket.state, ticket.rating), ("closed", "4"))

    def test_sent_twice_is_said_once(self):
        ticket = self._ask()

        def count(text, photos=(), user=self.buyer):
            ticket.with_user(user).sudo()._reply_for_dealer(user, text, list(photos))
            return len(ticket._get_shown_messages())

        self.assertEqual(count("A < B\n& C"), 1)
        self.assertEqual(count("A < B\n& C"), 1)
        self.assertEqual(count("A < B\n& C", [("x", PNG)]), 2)
        self.assertEqual(count("A < B\n& C", [("x", PNG)]), 2)
        self.assertEqual(count("A < B\n& C", [("x", PNG)], self.colleague), 3)
        self.assertEqual(count("More"), 4)

    def test_a_big_picture_sent_twice_is_posted_once(self):
        ticket, picture = self._ask(), BytesIO()
        Image.new("RGB", (2000, 2000)).save(picture, "JPEG")
        for _twice in range(2):
            ticket._reply_for_dealer(self.buyer, "See", [("x", picture.getvalue())])
        self.assertEqual(len(ticket._get_shown_messages()), 1)

    def test_no_more_than_so_many_replies_an_hour(self):
        ticket = self._ask()
        with patch.object(order_ticket_portal, "REPLIES_PER_HOUR", 2):
            for text in ("One", "Two"):
                ticket._reply_for_dealer(self.buyer, text, [])
            with self.assertRaises(UserError):
                ticket._reply_for_dealer(self.buyer, "Three", [])
            ticket._reply_for_dealer(self.colleague, "Four", [])

    def test_mails_speak_the_language_of_the_dealer(self):
        ticket = self._ask()
        ticket.partner_id.sudo().lang = "zh_CN"
        words = {"Solution: %s": "解决方案: %s"}
        translated = patch.object(
            code_translations,
            "get_python_translations",
            lambda _module, lang: words if lang == "zh_CN" else {},
        )
        with self.mock_mail_gateway(), translated:
            ticket.solution = "It <left>\ntoday"
            ticket.with_user(self.seller).with_context(lang="en_US").action_solve()
        [said] = ticket._get_shown_messages()
        self.assertEqual(said.body, "<p>解决方案: It &lt;left&gt;<br>today</p>", "text stays text")
        [mail] = self._new_mails.filtered(lambda one: self.buyer.partner_id in one.recipient_ids)
        self.assertIn(f"/my/tickets/{ticket.id}", mail.body_html)
        self.assertNotIn("token=", mail.body_html, "who opens it logs in")

    # === INPUT === #
    def test_the_same_key_makes_one_ticket(self):
        first = self._ask(key="k1")
        self.assertEqual(self._ask(key="k1"), first)
        self.assertNotEqual(self._ask(key="k2"), first)
        with self.assertRaises(IntegrityError), self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
            first.copy().write({"client_key": "k1"})
            self.env.flush_all()

    def test_nonsense_makes_no_ticket(self):
        big = PNG + b"0" * (5 * 1024 * 1024)
        before = self.Ticket.sudo().search_count([])
        for values, photos in (
            ({"kind": "praise"}, ()),
            ({"subject": " "}, ()),
            ({"text": ""}, ()),
            ({"text": "x" * 4001}, ()),
            ({}, [("a", PNG)] * 6),
            ({}, [("a", b"<svg xmlns='http://www.w3.org/2000/svg'/>")]),
            ({}, [("a.png", b"MZ not a picture")]),
            ({}, [("a", big)]),
        ):
            with self.assertRaises(UserError):
                self._ask(photos=photos, **values)
        self.assertEqual(self.Ticket.sudo().search_count([]), before)

    def test_no_more_than_so_many_an_hour(self):
        with patch.object(order_ticket_portal, "TICKETS_PER_HOUR", 2):
            for _n in range(2):
                self._ask()
            with self.assertRaises(UserError):
                self._ask()
            self._ask(self.colleague)

    def test_orders_of_others_are_refused(self):
        foreign = self._create_order(partner_id=self.foreigner.partner_id.id)
        with self.assertRaises(UserError):
            self._ask(order_id=foreign.id)
        self.assertEqual(self._ask(order_id=self.order.id).order_id, self.order)

    # === RIGHTS === #
    def test_who_sees_and_moves_tickets(self):
        ticket = self._ask(order_id=self.order.id)
        staff = self._create_staff("kh_o_staff", f"{MEMBER}user")
        stranger = self._create_staff("kh_o_other", f"{MEMBER}salesperson")
        desk = self._create_staff("kh_o_desk", f"{MEMBER}order_clerk")
        for user in (self.seller, self.boss, self.clerk, desk):
            with self.subTest(user.login):
                self.assertEqual(ticket.with_user(user).subject, "Where is it?")
        for user in (staff, stranger, self.buyer, self.foreigner):
            with self.subTest(user.login):
                self.env.invalidate_all()
                with self.assertRaises(AccessError):
                    ticket.with_user(user).read(["subject"])
                for step in MOVES:
                    with self.assertRaises(AccessError):
                        getattr(ticket.with_user(user), f"action_{step}")()

    def test_state_is_not_written_by_hand(self):
        ticket = self._ask().with_user(self.clerk)
        vals = {"subject": "Late", "partner_id": self.buyer.partner_id.id}
        for closed in ({"state": "closed"}, {"rating": "5"}):
            with self.subTest(closed):
                with self.assertRaises(AccessError):
                    ticket.write(closed)
                with self.assertRaises(AccessError):
                    ticket.create({**vals, **closed})
                [(name, value)] = closed.items()
                with self.assertRaises(AccessError):
                    ticket.with_context(**{f"default_{name}": value}).create(vals)

    def test_a_plain_context_key_is_no_default(self):
        Ticket = self.Ticket.with_user(self.clerk).with_context(state="sale", rating="5")
        ticket = Ticket.create(
            {"subject": "Late", "text": "x", "partner_id": self.buyer.partner_id.id}
        )
        self.assertEqual((ticket.state, ticket.rating), ("new", False))

    def test_a_ticket_stays_with_its_dealer(self):
        ticket = self._ask()
        staff = ticket.with_user(self.clerk)
        with self.assertRaises(UserError):
            staff.partner_id = self.foreigner.partner_id.id
        with self.assertRaises(AccessError):
            staff.dealer_id = self.other_dealer.id
        self.assertNotIn(self.foreigner.partner_id, ticket.message_partner_ids)
        staff.partner_id = self.colleague.partner_id.id
        self.assertEqual(ticket.dealer_id, self.dealer)
        self.assertIn(self.colleague.partner_id, ticket.message_partner_ids)

    def test_clerks_search_by_the_number_of_an_order(self):
        ticket = self._ask(order_id=self.order.id)
        Ticket = self.Ticket.with_user(self.clerk)
        self.assertFalse(self.order.with_user(self.clerk).has_access("read"))
        view = self.env.ref("kh_b2b_order.kh_order_ticket_view_search")
        [field] = etree.fromstring(Ticket.get_view(view.id, "search")["arch"]).xpath(
            "//field[@name='order_name']"
        )
        domain = field.get("filter_domain", "[('order_name', 'ilike', self)]")
        self.assertEqual(Ticket.search(safe_eval(domain, {"self": self.order.name})), ticket)

    def test_no_quick_create_where_a_guarded_state_would_be_preset(self):
        for name in ("kh_order_ticket_view_kanban", "kh_price_inquiry_view_kanban"):
            view = self.env.ref(f"kh_b2b_order.{name}")
            arch = self.env[view.model].get_view(view.id, "kanban")["arch"]
            self.assertEqual(etree.fromstring(arch).get("quick_create"), "0", name)

    def test_grades_are_set_by_directors(self):
        grade = self.env.ref("kh_b2b_order.kh_order_ticket_grade_4")
        with self.assertRaises(AccessError):
            grade.with_user(self.seller).hours = 1
        director = self._create_staff("kh_o_director", f"{MEMBER}director")
        grade.with_user(director).hours = 24
        self.assertEqual(grade.hours, 24)

    def test_tickets_of_an_order(self):
        ticket = self._ask(order_id=self.order.id)
        action = self.order.action_kh_open_tickets()
        self.assertEqual(self.Ticket.sudo().search(action["domain"]), ticket)
        self.assertEqual(self.order.kh_ticket_count, 1)
        with self.assertRaises(AccessError):
            self.order.with_user(self.foreigner).action_kh_open_tickets()

    def test_many_cost_as_many_queries_as_few(self):
        users = (self.buyer, self.colleague)
        tickets = self.Ticket.sudo().union(*(self._ask(users[n % 2]) for n in range(10)))

        def count(records):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertTrue(all(ticket._whose_turn() for ticket in records))
            return self.env.cr.sql_log_count - before

        count(tickets)
        self.assertEqual(count(tickets[2:]), count(tickets[:2]))
