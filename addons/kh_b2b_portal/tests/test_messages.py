from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.http import Request
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import PortalCommon


@tagged("post_install", "-at_install")
class TestMessages(PortalCommon):
    """Messages (M-03): one stream over the documents a dealer may read."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls._create_order(cls.user.partner_id)
        cls.foreign = cls._create_order(cls.stranger)
        cls.own_message = cls._post(cls.order, "Leaves tomorrow")
        cls.foreign_message = cls._post(cls.foreign, "Not for you")
        cls.note = cls._post(cls.order, "Only among us", subtype_xmlid="mail.mt_note")

    @classmethod
    def _create_order(cls, partner):
        order = cls.env["sale.order"].create(
            {
                "partner_id": partner.id,
                "website_id": cls.website.id,
                "order_line": [(0, 0, {"product_id": cls.variants[0].id})],
            }
        )
        order.action_quotation_sent()
        return order

    @classmethod
    def _post(cls, record, body, **kwargs):
        values = {"message_type": "comment", "subtype_xmlid": "mail.mt_comment", **kwargs}
        return record.message_post(body=body, **values)

    def _rows(self, user, kind=""):
        return user.with_user(user)._kh_find_messages(kind)[0]

    def test_stream_holds_own_documents_and_nothing_internal(self):
        texts = [row.text for row in self._rows(self.user)]
        self.assertIn("Leaves tomorrow", texts)
        self.assertNotIn("Not for you", texts)
        self.assertNotIn("Only among us", texts)
        self._post(self.order, "My own words", author_id=self.user.partner_id.id)
        self.assertNotIn("My own words", [row.text for row in self._rows(self.user)])

    def test_colleague_reads_and_staff_without_right_does_not(self):
        colleague = new_test_user(
            self.env, "kh_mate", groups="base.group_portal,kh_b2b_member.group_b2b_dealer_buyer"
        )
        colleague.partner_id.parent_id = self.dealer
        self.assertIn("Leaves tomorrow", [row.text for row in self._rows(colleague)])
        plain = new_test_user(self.env, "kh_plain_staff", groups="base.group_user")
        self.assertFalse([row for row in self._rows(plain) if row.kind == "order"])

    def test_notice_reaches_its_recipient_only(self):
        partner = self.user.partner_id
        self._post(self.dealer, "Closed on Monday", partner_ids=partner.ids, subject="Holidays")
        [row] = self._rows(self.user, "notice")
        self.assertEqual((row.title, row.text), ("Holidays", "Closed on Monday"))
        self.assertFalse(self._rows(self.stranger.child_ids.user_ids, "notice"))

    def test_unread_first_counted_and_marked(self):
        user = self.user.with_user(self.user)
        count = user._kh_count_unread()
        self.assertEqual(count, len([row for row in self._rows(self.user) if row.is_unread]))
        self.assertGreaterEqual(count, 1)
        for _twice in range(2):
            user._kh_mark_messages_read()
            self.assertEqual(user._kh_count_unread(), 0)
        self._post(self.order, "Has left")
        self.assertEqual(user._kh_count_unread(), 1)
        rows = self._rows(self.user)
        self.assertEqual((rows[0].text, rows[0].is_unread), ("Has left", True))
        self.assertFalse(any(row.is_unread for row in rows[1:]))

    def test_old_messages_are_no_news(self):
        user = self.user.with_user(self.user)
        before = user._kh_count_unread()
        self.own_message.date = fields.Datetime.now() - timedelta(days=31)
        self.assertEqual(user._kh_count_unread(), before - 1)

    def test_the_mark_is_not_to_be_written_by_people(self):
        with self.assertRaises(AccessError):
            self.user.with_user(self.user).write({"kh_message_seen_id": 1})
        with self.assertRaises(AccessError):
            self.user.with_user(self.user).read(["kh_message_seen_id"])

    def test_pages(self):
        self.authenticate("kh_dealer", "kh_dealer")
        html = self.url_open("/my/messages").text
        self.assertIn("Leaves tomorrow", html)
        self.assertNotIn("Not for you", html)
        self.assertIn("data-kh-unread-count", html)
        self.assertEqual(self.url_open("/my/messages?kind=nonsense&page=x").status_code, 200)
        self.assertEqual(self.url_open("/my/messages/page/9").status_code, 200)
        response = self.url_open(f"/my/messages/{self.own_message.id}")
        self.assertIn(f"/my/orders/{self.order.id}?chat=1", response.url)
        self.assertEqual(response.status_code, 200)
        self.assertIn('id="discussion"', response.text)
        with mute_logger("odoo.http"):
            for message in (self.foreign_message, self.note):
                response = self.url_open(f"/my/messages/{message.id}")
                self.assertEqual(response.status_code, 404)
        html = self.url_open(
            "/my/messages/read", data={"csrf_token": Request.csrf_token(self)}
        ).text
        self.assertNotIn("data-kh-unread", html)

    def test_message_of_an_order_opens_its_discussion(self):
        url = self.user.with_user(self.user)._kh_message_url(self.own_message.id)
        self.assertEqual(url, f"/my/orders/{self.order.id}?chat=1#discussion")

    def test_visitor_must_log_in_and_other_websites_have_none(self):
        self.assertIn("/web/login", self.url_open("/my/messages").url)
        self.website.kh_is_b2b = False
        self.authenticate("kh_dealer", "kh_dealer")
        with mute_logger("odoo.http"):
            self.assertEqual(self.url_open("/my/messages").status_code, 404)

    def test_as_many_queries_for_many_messages(self):
        user = self.user.with_user(self.user)

        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            user._kh_find_messages()
            return self.env.cr.sql_log_count - before

        count()
        few = count()
        for number in range(10):
            self._post(self._create_order(self.user.partner_id), f"Message {number}")
        self.assertLessEqual(count(), few)
