import io
import json
import re
from unittest.mock import patch

from PIL import Image

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .. import const
from .common import MemberCommon, make_code, make_image

FIELDS = re.compile(r'name="(opened|csrf_token)" value="([^"]+)"')


@tagged("post_install", "-at_install")
class TestRegistrationResume(HttpCase, MemberCommon):
    def setUp(self):
        super().setUp()
        self.authenticate(None, None)
        self.startPatcher(patch.object(const, "MIN_FILL_TIME", 0))

    def _get_form(self):
        return dict(FIELDS.findall(self.url_open("/b2b/register").text))

    def _save(self, form, files=None, **values):
        response = self.url_open("/b2b/register/save", data={**form, **values}, files=files)
        return json.loads(response.text)

    def _get_mails(self, email):
        return self.env["mail.mail"].search([("email_to", "=", email)])

    # --- this browser
    def test_browser_is_offered_its_draft(self):
        answer = self._save(self._get_form(), name="Half a dealer", vat=make_code(5))
        application = self.env["kh.member.application"].browse(answer["id"])
        page = self.url_open("/b2b/register").text
        self.assertIn(application.number, page)
        self.assertIn(application.access_token, page)
        # what was typed is behind the link only
        self.assertNotIn("Half a dealer", page)
        self.assertNotIn(application.number, self.url_open("/b2b/register?new=1").text)
        self.assertNotIn(application.number, self.url_open("/b2b/register").text)

    def test_forged_cookie_finds_nothing(self):
        application = self._create_application(1)
        application._portal_ensure_token()
        for value in (str(application.id), "AQ==", "x", ""):
            self.opener.cookies.set(const.COOKIE, value, path="/b2b/register")
            response = self.url_open("/b2b/register")
            self.assertEqual(response.status_code, 200)
            self.assertNotIn(application.number, response.text)

    # --- the link by e-mail
    def _ask(self, email, **values):
        return self.url_open(
            "/b2b/register/resume", data={**self._get_form(), "email": email, **values}
        )

    def test_link_is_mailed_and_the_answer_says_nothing(self):
        application = self._create_application(1)
        email = application.manager_email
        known = self._ask(email.upper())
        unknown = self._ask("nobody@kh-test.example.com")
        self.assertEqual((known.status_code, unknown.status_code), (200, 200))
        self.assertEqual(
            re.sub(r"csrf_token: \S+", "", known.text), re.sub(r"csrf_token: \S+", "", unknown.text)
        )
        mail = self._get_mails(email)
        self.assertEqual(len(mail), 1)
        self.assertIn(application.access_token, mail.body_html)
        # nothing that a stranger typed goes out in our name
        self.assertNotIn(application.name, mail.body_html)
        self.assertFalse(self._get_mails("nobody@kh-test.example.com"))

    def test_closed_applications_and_other_companies_are_not_mailed(self):
        application = self._admit(1)
        company2 = self.env["res.company"].create({"name": "KH second company"})
        foreign = self._create_application(2, company_id=company2.id)
        for email in (application.manager_email, foreign.manager_email):
            before = self._get_mails(email)
            self._ask(email)
            self.assertEqual(self._get_mails(email), before)

    def test_one_mailbox_is_not_flooded(self):
        email = self._create_application(1).manager_email
        with patch.object(const, "MAILS_TO_ONE", 1):
            for _attempt in range(3):
                self.assertEqual(self._ask(email).status_code, 200)
        self.assertEqual(len(self._get_mails(email)), 1)

    def test_asking_is_limited_and_not_for_bots(self):
        email = self._create_application(1).manager_email
        for values in ({"fax_extension": "x"}, {"opened": "x"}):
            self.assertEqual(self._ask(email, **values).status_code, 429)
        with patch.dict(const.HOURLY_LIMITS, {"mail": 1}):
            self.assertEqual(self._ask("a@kh-test.example.com").status_code, 200)
            self.assertEqual(self._ask(email).status_code, 429)
        self.assertFalse(self._get_mails(email))

    @mute_logger("odoo.http")
    def test_asking_needs_our_form(self):
        self.assertEqual(self._ask("a@example.com", csrf_token="wrong").status_code, 400)
        self.assertEqual(self.url_open("/b2b/register/resume").status_code, 405)

    # --- floods
    def test_flood_from_many_addresses_is_stopped(self):
        with patch.dict(const.HOURLY_TOTALS, {"open": 1}):
            first = self._save(self._get_form(), vat=make_code(1))
            second = self._save(self._get_form(), vat=make_code(2))
        self.assertEqual((first["state"], second["state"]), ("saved", "busy"))

    def test_uploads_are_counted_in_megabytes(self):
        with patch.dict(const.HOURLY_LIMITS, {"megabyte": 1}):
            first = self._save(self._get_form(), vat=make_code(1))
            second = self._save(self._get_form(), vat=make_code(2))
        self.assertEqual((first["state"], second["state"]), ("saved", "busy"))

    # --- files
    def _upload(self, content, name="a.png", kind="image/png", **values):
        files = {"license_file": (name, io.BytesIO(content), kind)}
        return self._save(self._get_form(), files, vat=make_code(3), **values)

    def test_pictures_that_are_none_or_huge(self):
        header_only = make_image()[:24]
        self.assertIn("license_file", self._upload(header_only)["errors"])
        with patch.object(const, "MAX_PIXELS", 100):
            self.assertIn("license_file", self._upload(make_image())["errors"])
        self.assertFalse(self._upload(make_image())["errors"])
        with patch.object(Image, "open", side_effect=Image.DecompressionBombError):
            self.assertIn("license_file", self._upload(make_image())["errors"])

    def test_type_follows_the_content(self):
        files = {"documents": ("a.html", io.BytesIO(make_image()), "text/html")}
        answer = self._save(self._get_form(), files, vat=make_code(4))
        document = self.env["ir.attachment"].browse(answer["documents"][0]["id"])
        self.assertEqual(document.mimetype, "image/png")

    def test_files_are_for_the_applicant_and_reviewers(self):
        application = self._create_application(1)
        license_attachment = application._get_license_attachments()[application.id][0]
        document = self.env["ir.attachment"].create(
            {
                "name": "a.png", "raw": make_image(),
                "res_model": application._name, "res_id": application.id,
            }
        )  # fmt: skip
        application.attachment_ids = document
        application.action_submit()
        urls = (
            f"/web/content/{document.id}",
            f"/web/content/{license_attachment}",
            f"/web/image/kh.member.application/{application.id}/license_file",
        )
        with mute_logger("odoo.http"):
            for login in (None, "kh_portal", "kh_employee", "kh_sales2", "kh_finance"):
                self.authenticate(login, login)
                for url in urls:
                    with self.subTest(login=login, url=url):
                        response = self.url_open(url)
                        self.assertNotEqual(response.content, make_image())
                        self.assertNotIn("a.png", response.headers.get("Content-Disposition", ""))
        self.authenticate("kh_clerk", "kh_clerk")
        for url in urls[:2]:
            self.assertEqual(self.url_open(url).content, make_image())
        self.authenticate(None, None)
        own = application.get_portal_url(suffix=f"/file/{document.id}")
        self.assertEqual(self.url_open(own).content, make_image())

    # --- checks while typing
    def test_phone_in_use_is_said_without_a_name(self):
        dealer = self._admit(1).partner_id
        answer = self.make_jsonrpc_request(
            "/b2b/register/check", {"field": "manager_phone", "value": "138 0000 0001"}
        )
        self.assertEqual(answer["status"], "used")
        self.assertNotIn(dealer.name, answer["message"])

    def test_person_registers(self):
        body = {
            "member_type": "personal", "name": "Wang Fang", "identity_number": "E12345678",
            "manager_phone": "13900000001", "manager_email": "wf@kh-test.example.com",
            "state_id": self.province.id, "city": "Hangzhou", "street": "Road 1",
            "credit_request_amount": "50,000",
        }  # fmt: skip
        self.url_open("/b2b/register", data={**self._get_form(), **body})
        application = self.env["kh.member.application"].search(
            [("manager_email", "=", "wf@kh-test.example.com")]
        )
        self.assertEqual(application.state, "submitted")
        self.assertEqual(application.manager_name, "Wang Fang")
        self.assertEqual(application.credit_request_amount, 50000)
