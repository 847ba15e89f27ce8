from lxml import html

from odoo.http import Request
from odoo.tests import HttpCase, JsonRpcException, tagged
from odoo.tools import html2plaintext, mute_logger

from .test_order_ticket import PNG, TicketCommon


@tagged("post_install", "-at_install")
class TestTicketPages(TicketCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_shop()
        for user in (cls.buyer, cls.colleague, cls.foreigner):
            user.write({"password": user.login, "lang": "en_US"})
        cls.clerk.password = cls.clerk.login

    def _login(self, user):
        self.authenticate(user and user.login, user and user.login)

    def _post(self, url, files=None, **data):
        data["csrf_token"] = Request.csrf_token(self)
        return self.url_open(url, data=data, files=files)

    def _send(self, user=None, **data):
        self._login(user or self.buyer)
        data = {"kind": "complaint", "subject": "Two are broken", "text": "See photo", **data}
        files = [("photos", ("IMG 1.png", PNG, "image/png"))]
        page = self._post("/my/tickets/new", files, order_id=self.order.id, **data)
        return page, self.Ticket.sudo().search([("dealer_id", "=", self.dealer.id)])

    def test_from_the_order_to_the_answer(self):
        self._login(self.buyer)
        page = html.fromstring(self.url_open(f"/my/orders/{self.order.id}").content)
        url = f"/my/tickets/new?order_id={self.order.id}"
        self.assertTrue(page.xpath(f"//a[@href='{url}']"))
        form = html.fromstring(self.url_open(url).content)
        key = form.xpath("//input[@name='key']/@value")[0]
        for _twice in range(2):
            page, ticket = self._send(key=key)
        self.assertEqual(len(ticket), 1)
        self.assertTrue(page.url.endswith(f"/my/tickets/{ticket.id}"))
        self.assertEqual((ticket.order_id, ticket.kind), (self.order, "complaint"))
        self.assertIn("Two are broken", page.text)
        [photo] = ticket._get_first_photos()
        answer = self.url_open(f"/my/tickets/{ticket.id}/file/{photo.id}")
        self.assertEqual((answer.status_code, answer.content), (200, PNG))
        self.assertEqual(answer.headers["Content-Type"], "image/png")
        ticket.with_user(self.clerk).message_post(
            body="Which two?", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        ticket.with_user(self.clerk).action_wait()
        for _twice in range(2):
            page = self._post(f"/my/tickets/{ticket.id}/reply", text="The <b>big</b> ones")
        self.assertEqual(page.text.count("&lt;b&gt;big"), 1)
        self.assertIn("Which two?", page.text)
        self.assertIn("The &lt;b&gt;big&lt;/b&gt; ones", page.text)
        self.assertEqual(ticket.state, "progress")
        ticket.solution = "New ones are on the way."
        ticket.with_user(self.clerk).action_solve()
        page = html.fromstring(self.url_open(f"/my/tickets/{ticket.id}").content)
        self.assertEqual(page.xpath("//option/@value"), list("54321"))
        self._post(f"/my/tickets/{ticket.id}/rate", rating="5")
        self.assertEqual(self.url_open(f"/my/tickets/{ticket.id}").status_code, 200)
        self.assertEqual((ticket.state, ticket.rating), ("closed", "5"))
        self.assertIn(ticket.name, self.url_open("/my/tickets?show=ended").text)
        self.assertNotIn(ticket.name, self.url_open("/my/tickets?show=open").text)
        self.assertIn("Two are broken", self.url_open(f"/my/orders/{self.order.id}").text)

    def test_what_was_typed_survives_a_refusal(self):
        page, tickets = self._send(subject=" ", text="A long story")
        self.assertFalse(tickets)
        self.assertIn("A long story", page.text)
        self.assertIn("Enter a subject", page.text)

    def test_line_ends_count_once(self):
        page, ticket = self._send(text="a\r\n" * 1999 + "a")
        self.assertTrue(ticket, page.text[:200])
        self.assertEqual(ticket.text, "a\n" * 1999 + "a")
        self._post(f"/my/tickets/{ticket.id}/reply", text="b\r\n" * 1999 + "b")
        self.assertEqual(len(ticket._get_shown_messages()), 1)

    def test_files_and_nuls_are_no_text(self):
        self._login(self.buyer)
        data = {"kind": "complaint", "subject": "Two\x00", "text": "See\x00", "key": "k\x001"}
        mine = [("dealer_id", "=", self.dealer.id)]
        Tickets = self.Ticket.sudo()
        for name in ("kind", "subject", "text"):
            with self.subTest(name):
                files = [(name, ("x.txt", b"x", "text/plain"))]
                answer = self._post("/my/tickets/new", files, **data)
                self.assertEqual(answer.status_code, 200)
                self.assertIn("alert-danger", answer.text)
                self.assertFalse(Tickets.search(mine))
        files = [("order_id", ("x.txt", b"x", "text/plain")), ("key", ("x.txt", b"x"))]
        self.assertEqual(self._post("/my/tickets/new", files, **data).status_code, 200)
        ticket = Tickets.search(mine)
        self.assertEqual((ticket.subject, ticket.text, ticket.order_id.id), ("Two", "See", False))
        url = f"/my/tickets/{ticket.id}"
        self.assertEqual(self._post(f"{url}/reply", text="More\x00").status_code, 200)
        files = [("text", ("x.txt", b"x")), ("rating", ("x.txt", b"x"))]
        for path in ("reply", "rate"):
            self.assertEqual(self._post(f"{url}/{path}", files).status_code, 200)
        [said] = ticket._get_shown_messages()
        self.assertEqual(html2plaintext(said.body), "More")

    def test_a_foreign_order_makes_no_ticket(self):
        foreign = self._create_order(partner_id=self.foreigner.partner_id.id)
        foreign.action_quotation_sent()
        self._login(self.buyer)
        data = {"kind": "complaint", "subject": "Mine", "text": "A long story"}
        for order_id in (foreign.id, "x", "9" * 30):
            page = self._post("/my/tickets/new", order_id=order_id, **data)
            self.assertIn(
                "not found",
                html.fromstring(page.content).xpath(
                    "string(//div[@role='alert' and contains(@class, 'alert-danger')])"
                ),
            )
            self.assertIn("A long story", page.text)
            self.assertNotIn(foreign.name, page.text)
        mine = [("dealer_id", "in", (self.dealer | self.other_dealer).ids)]
        self.assertFalse(self.Ticket.sudo().search(mine))

    def test_orders_of_others_are_not_named(self):
        foreign = self._create_order(partner_id=self.foreigner.partner_id.id)
        foreign.action_quotation_sent()
        self._login(self.buyer)
        for text in (foreign.id, "x", "9" * 30, "²"):
            page = self.url_open(f"/my/tickets/new?order_id={text}")
            self.assertEqual(page.status_code, 200)
            self.assertNotIn(foreign.name, page.text)

    def test_colleagues_see_it_foreign_dealers_do_not(self):
        _page, ticket = self._send()
        photo = ticket._get_first_photos()
        url = f"/my/tickets/{ticket.id}"
        self._login(self.colleague)
        self.assertIn("Two are broken", self.url_open(url).text)
        self._login(self.foreigner)
        with mute_logger("odoo.http"):
            self.assertEqual(self.url_open(url).status_code, 404)
            self.assertEqual(self.url_open(f"{url}/file/{photo.id}").status_code, 404)
            for path, data in (("reply", {"text": "Mine"}), ("rate", {"rating": "1"})):
                self.assertEqual(self._post(f"{url}/{path}", **data).status_code, 404)
        self.assertFalse(ticket._get_shown_messages())
        self.assertNotIn(ticket.name, self.url_open("/my/tickets").text)

    def test_files_of_the_conversation_and_no_others(self):
        _page, ticket = self._send()
        Ticket = ticket.with_user(self.clerk)
        note = Ticket.message_post(
            body="Ours", subtype_xmlid="mail.mt_note", attachments=[("secret.png", PNG)]
        )
        answer = Ticket.message_post(
            body="See here",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            attachments=[("page.html", b"<script>alert(1)</script>")],
        )
        secret, told = note.attachment_ids, answer.attachment_ids
        url = f"/my/tickets/{ticket.id}"
        self.assertIn("page.html", self.url_open(url).text)
        got = self.url_open(f"{url}/file/{told.id}")
        self.assertEqual(got.content, b"<script>alert(1)</script>")
        self.assertIn("attachment", got.headers["Content-Disposition"], "not in our page")
        with mute_logger("odoo.http"):
            self.assertEqual(self.url_open(f"{url}/file/{secret.id}").status_code, 404)
        self.assertNotEqual(self.url_open(f"/web/content/{secret.id}").content, PNG)
        self._login(self.clerk)
        self.assertEqual(self.url_open(f"/web/content/{secret.id}").content, PNG)
        self._login(self.foreigner)
        with mute_logger("odoo.http"):
            self.assertEqual(self.url_open(f"{url}/file/{told.id}").status_code, 404)
        self.assertNotEqual(self.url_open(f"/web/content/{told.id}").content, told.raw)

    def test_the_chat_s_own_door_is_shut(self):
        _page, ticket = self._send()
        for user in (self.buyer, self.foreigner):
            self._login(user)
            with self.assertRaises(JsonRpcException), mute_logger("odoo.http"):
                self.make_jsonrpc_request(
                    "/mail/message/post",
                    {
                        "thread_model": "kh.order.ticket",
                        "thread_id": ticket.id,
                        "post_data": {"body": "Past the limits"},
                    },
                )
        self.assertFalse(ticket._get_shown_messages())

    def test_others_have_no_way_in(self):
        _page, ticket = self._send()
        url = f"/my/tickets/{ticket.id}"
        photo = ticket._get_first_photos()
        pages = ("/my/tickets", "/my/tickets/new", url, f"{url}/file/{photo.id}")
        forms = {
            "/my/tickets/new": {"kind": "question", "subject": "Not mine", "text": "x"},
            f"{url}/reply": {"text": "Not mine"},
            f"{url}/rate": {"rating": "1"},
        }
        ticket.state = "solved"
        staff = self._create_staff("kh_o_staff", "kh_b2b_member.group_b2b_user")
        plain = self._create_portal_user("kh_o_plain", self.dealer)
        group = self.env.ref("kh_b2b_member.group_b2b_dealer_buyer")
        plain.sudo().group_ids = self.env.ref("base.group_portal")
        self.assertNotIn(plain, group.sudo().all_user_ids)
        for user in (staff, plain):
            user.sudo().password = user.login
            self._login(user)
            with mute_logger("odoo.http"):
                for url in pages:
                    self.assertEqual(self.url_open(url).status_code, 404, (user.login, url))
                for url, data in forms.items():
                    self.assertEqual(self._post(url, **data).status_code, 404, (user.login, url))
        self._login(None)
        for url in pages:
            self.assertIn("/web/login", self.url_open(url).url)
        for url, data in forms.items():
            self.assertIn("/web/login", self._post(url, **data).url)
        self.assertFalse(ticket._get_shown_messages())
        self.assertEqual((ticket.state, ticket.rating), ("solved", False))
        self.assertFalse(self.Ticket.sudo().search([("subject", "=", "Not mine")]))

    def test_other_websites_have_no_tickets(self):
        self._login(self.buyer)
        self.shop.kh_is_b2b = False
        with mute_logger("odoo.http"):
            self.assertEqual(self.url_open("/my/tickets").status_code, 404)
