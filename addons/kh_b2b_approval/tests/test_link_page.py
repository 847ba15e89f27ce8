from datetime import timedelta

from lxml import html

from odoo import fields
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..controllers.link import HOURLY_LIMIT, WRONG_LINK
from .common_link import LinkCommon


@tagged("post_install", "-at_install")
class TestLinkPage(LinkCommon, HttpCase):
    def _open(self, token, query=""):
        response = self.url_open(f"/b2b/approval/{token}{query}")
        return response, html.fromstring(response.content)

    def _post(self, token, page, path="", **values):
        csrf = page.xpath("//input[@name='csrf_token']/@value")[0]
        return self.url_open(f"/b2b/approval/{token}{path}", data={"csrf_token": csrf, **values})

    def test_page_shows_all_that_is_needed_without_login(self):
        document, link, token = self._ask_by_mail(name="Contract 42", amount=7)
        self.env["ir.attachment"].create(
            {"name": "offer.pdf", "res_model": document._name, "res_id": document.id, "raw": b"x"}
        )
        response, page = self._open(token)
        text = page.text_content()
        self.assertEqual(response.status_code, 200)
        self.assertEqual(page.xpath("//h1/text()"), ["Contract 42"])
        self.assertEqual(len(page.xpath("//h1")), 1)
        for part in (self.flow.name, self.requester.name, "offer.pdf", self.approver.name):
            self.assertIn(part, text)
        buttons = page.xpath("//button[@name='decision']/@value")
        self.assertEqual(buttons, ["refuse", "return", "approve"])
        self.assertTrue(page.xpath("//meta[@name='viewport']"))
        # nothing of the rest of the system, and no script it needs
        self.assertFalse(page.xpath("//a[starts-with(@href, '/web')]"))
        self.assertFalse(page.xpath("//script[not(@src)]"))
        self.assertEqual(link._get_status(), "valid", "looking is not deciding")

    def test_headers(self):
        _document, _link, token = self._ask_by_mail()
        for address in (token, "not-a-token"):
            headers = self._open(address)[0].headers
            self.assertIn("no-store", headers["Cache-Control"])
            self.assertEqual(headers["Referrer-Policy"], "no-referrer")
            self.assertIn("noindex", headers["X-Robots-Tag"])
            self.assertEqual(headers["X-Frame-Options"], "DENY")
            self.assertIn("default-src 'none'", headers["Content-Security-Policy"])

    def test_opening_never_decides(self):
        """Mail scanners open every link, with every choice."""
        document, link, token = self._ask_by_mail()
        for query in ("", "?choice=approve", "?decision=approve", "?choice=refuse&comment=x"):
            self._open(token, query)
        self.opener.head(self.base_url() + f"/b2b/approval/{token}")
        self.assertEqual(link._get_status(), "valid")
        self.assertEqual(document.outcome, "open")
        self.assertFalse(self._request(document).decision_ids)

    def test_approve(self):
        document, _link, token = self._ask_by_mail()
        page = self._open(token, "?choice=approve")[1]
        response = self._post(token, page, decision="approve", comment="fine")
        self.assertEqual(response.status_code, 200)
        self.assertIn("You have approved it", response.text)
        self.assertEqual(document.outcome, "granted")
        self.assertEqual(self._request(document).decision_ids.user_id, self.approver)

    def test_double_submit_decides_once(self):
        self._set_steps(
            {"user_ids": self._users(self.approver)}, {"user_ids": self._users(self.approver)}
        )
        document, _link, token = self._ask_by_mail()
        page = self._open(token)[1]
        for _time in range(2):
            response = self._post(token, page, decision="approve")
            self.assertIn("You have approved it", response.text)
        self.assertEqual(len(self._request(document).decision_ids), 1)

    def test_missing_comment_keeps_the_page(self):
        document, _link, token = self._ask_by_mail()
        page = self._open(token)[1]
        response = self._post(token, page, decision="refuse", comment=" ")
        self.assertIn("Please give a reason", response.text)
        self.assertEqual(document.outcome, "open")
        response = self._post(token, page, decision="refuse", comment="too dear")
        self.assertIn("You have refused it", response.text)
        self.assertEqual(document.outcome, "refused: too dear")

    def test_post_needs_the_form(self):
        document, _link, token = self._ask_by_mail()
        with mute_logger("odoo.http"):
            response = self.url_open(f"/b2b/approval/{token}", data={"decision": "approve"})
        self.assertEqual(response.status_code, 400)
        self.assertEqual(document.outcome, "open")

    def test_decides_as_the_receiver_whoever_is_logged_in(self):
        document, _link, token = self._ask_by_mail()
        self.authenticate("kh_stranger", "kh_stranger")
        page = self._open(token)[1]
        self._post(token, page, decision="approve")
        self.assertEqual(self._request(document).decision_ids.user_id, self.approver)

    def test_what_is_over_says_so_and_shows_nothing_else(self):
        self._set_steps({"user_ids": self._users(self.approver | self.approver2)})
        texts = {
            "decided": "Somebody else has decided",
            "withdrawn": "The request was withdrawn",
            "lost": "It is not your turn any more",
            "expired": "This link has expired",
        }
        for status, text in texts.items():
            document, link, token = self._ask_by_mail(name=f"Doc {status}", remark="secret")
            if status == "decided":
                self._approve(document, self.approver2)
            elif status == "withdrawn":
                document.action_approval_withdraw()
            elif status == "lost":
                document.with_user(self.approver).action_approval_delegate(self.manager.id)
            else:
                link.date_expiry = fields.Datetime.now() - timedelta(minutes=1)
            with self.subTest(status=status):
                self.assertEqual(link._get_status(), status)
                response, page = self._open(token)
                self.assertIn(text, response.text)
                self.assertFalse(page.xpath("//button[@name='decision']"))
                self.assertNotIn("What is to be approved", response.text)
                if status == "decided":
                    self.assertIn(self.approver2.name, response.text)

    def test_expired_link_sends_a_new_one(self):
        document, link, token = self._ask_by_mail()
        link.date_expiry = fields.Datetime.now() - timedelta(minutes=1)
        page = self._open(token)[1]
        response = self._post(token, page, path="/renew")
        self.assertIn("A new link is on its way", response.text)
        links = link.search([("request_id", "=", self._request(document).id)])
        self.assertEqual(len(links), 2)

    def test_archived_user_and_wrong_tokens_look_the_same(self):
        _document, _link, token = self._ask_by_mail(name="Contract 42")
        self.approver.active = False
        archived, _page = self._open(token)
        wrong, _page = self._open("x" * 43)
        self.assertEqual((archived.status_code, wrong.status_code), (404, 404))
        self.assertEqual(archived.content, wrong.content)
        self.assertNotIn("Contract 42", archived.text)

    def test_too_many_wrong_tokens(self):
        document, _link, token = self._ask_by_mail()
        page = self._open(token)[1]
        for _number in range(HOURLY_LIMIT):
            self.env["kh.rate.limit"]._hit(WRONG_LINK, "127.0.0.1", HOURLY_LIMIT)
        response, _page = self._open("x" * 43)
        self.assertEqual(response.status_code, 429)
        self.assertEqual(response.headers["Retry-After"], "3600")
        # whoever has a right link is let in, whatever others of the same network try
        self.assertEqual(self._post(token, page, decision="approve").status_code, 200)
        self.assertEqual(document.outcome, "granted")
