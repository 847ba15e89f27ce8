import io
import json
import re
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .. import const
from .common import MemberCommon, make_code, make_image

OPENED = re.compile(r'name="opened" value="([^"]+)"')
CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


@tagged("post_install", "-at_install")
class TestRegistration(HttpCase, MemberCommon):
    def setUp(self):
        super().setUp()
        self.authenticate(None, None)
        # the test sends faster than any person
        self.startPatcher(patch.object(const, "MIN_FILL_TIME", 0))

    def _open_form(self, url="/b2b/register"):
        response = self.url_open(url)
        self.assertEqual(response.status_code, 200)
        return {
            "opened": OPENED.search(response.text).group(1),
            "csrf_token": CSRF.search(response.text).group(1),
        }

    def _prepare_post(self, number=1, **values):
        names = self.env["kh.member.application"]._get_applicant_fields()
        vals = self._prepare_vals(number)
        post = {name: vals[name] for name in names & vals.keys()}
        return {**post, "member_type": "company", **values}

    def _send(self, number=1, license_content=None, url="/b2b/register", **values):
        post = {**self._prepare_post(number), **self._open_form(url), **values}
        content = make_image() if license_content is None else license_content
        files = {"license_file": ("licence.png", io.BytesIO(content), "image/png")}
        return self.url_open(url, data=post, files=files)

    def _find(self, number=1):
        return self.env["kh.member.application"].search([("vat", "=", make_code(number))])

    # --- the form
    def test_closed_registration_does_not_exist(self):
        self.company.kh_registration_open = False
        for url in ("/b2b/register", "/b2b/register/save"):
            self.assertEqual(self.url_open(url).status_code in (404, 405), True)

    def test_company_registers(self):
        response = self._send()
        application = self._find()
        self.assertEqual(application.state, "submitted")
        self.assertEqual(application.kh_approval_state, "pending")
        self.assertIn(f"/b2b/register/{application.id}?access_token=", response.url)
        self.assertIn(application.number, response.text)
        self.assertTrue(application.license_file)
        self.assertFalse(
            self.env["ir.attachment"].search_count(
                [("res_model", "=", application._name), ("public", "=", True)]
            )
        )

    def test_wrong_data_are_kept_and_marked(self):
        response = self._send(vat="91330108MA2100000X", bank_account="12")
        self.assertIn("check=1", response.url)
        application = self.env["kh.member.application"].search([("bank_account", "=", "12")])
        self.assertEqual(application.state, "draft")
        self.assertEqual(response.text.count("kh-field-wrong"), 2)
        self.assertIn("91330108MA2100000X", response.text)

    def test_unknown_fields_are_ignored(self):
        self._send(state="approved", grade_id=self.grade.id, partner_id=1, company_id=99)
        application = self._find()
        self.assertEqual(application.state, "submitted")
        self.assertFalse(application.grade_id or application.partner_id)
        self.assertEqual(application.company_id, self.company)

    def test_sent_twice_is_one_application(self):
        response = self._send()
        post = {**self._prepare_post(), "csrf_token": self._open_form()["csrf_token"]}
        self.url_open(response.url, data=post)
        self.assertEqual(len(self._find()), 1)

    # --- bots and floods
    def test_trap_and_missing_signature(self):
        for values in ({"fax_extension": "http://spam"}, {"opened": "x"}, {"opened": ""}):
            response = self._send(**values)
            self.assertEqual(response.status_code, 429)
        self.assertFalse(self._find())

    def test_too_fast_is_refused(self):
        with patch.object(const, "MIN_FILL_TIME", 60):
            self.assertEqual(self._send().status_code, 429)
        self.assertFalse(self._find())

    @mute_logger("odoo.http")
    def test_csrf(self):
        post = {**self._prepare_post(), **self._open_form(), "csrf_token": "wrong"}
        self.assertEqual(self.url_open("/b2b/register", data=post).status_code, 400)

    def test_flood_is_stopped(self):
        with patch.dict(const.HOURLY_LIMITS, {"open": 1}):
            self.assertEqual(self._send(1).status_code, 200)
            self.assertEqual(self._send(2).status_code, 429)
        self.assertFalse(self._find(2))

    # --- files
    def test_files_are_judged_by_content(self):
        disguised = b"<html><script>alert(1)</script></html>"
        response = self._send(license_content=disguised)
        application = self._find()
        self.assertEqual(application.state, "draft")
        self.assertFalse(application.license_file)
        self.assertIn("check=1", response.url)

    def test_large_file_is_refused(self):
        with patch.object(const, "MAX_FILE_SIZE", 50):
            self._send()
        self.assertFalse(self._find().license_file)

    def test_step_is_saved_and_resumed(self):
        form = self._open_form()
        response = self.url_open(
            "/b2b/register/save", data={**form, "name": "Half a dealer", "vat": make_code(5)}
        )
        answer = json.loads(response.text)
        self.assertEqual((answer["state"], answer["errors"]), ("saved", {}))
        self.assertIn("Half a dealer", self.url_open(answer["url"]).text)
        again = self.url_open(
            "/b2b/register/save",
            data={
                **form,
                "application_id": answer["id"],
                "access_token": answer["access_token"],
                "city": "Ningbo",
            },
        )
        self.assertEqual(json.loads(again.text)["id"], answer["id"])
        application = self._find(5)
        self.assertEqual((application.name, application.city), ("Half a dealer", "Ningbo"))

    def test_documents_are_counted_and_removed(self):
        form = self._open_form()
        files = [
            ("documents", (f"{number}.png", io.BytesIO(make_image()), "image/png"))
            for number in range(const.MAX_DOCUMENTS + 1)
        ]
        response = self.url_open(
            "/b2b/register/save", data={**form, "vat": make_code(6)}, files=files
        )
        answer = json.loads(response.text)
        self.assertEqual(len(answer["documents"]), const.MAX_DOCUMENTS)
        self.assertIn("attachment_ids", answer["errors"])
        first = answer["documents"][0]["id"]
        response = self.url_open(
            "/b2b/register/save",
            data={
                **form,
                "application_id": answer["id"],
                "access_token": answer["access_token"],
                "removed_documents": f"{first},²,{'1' * 5000}",
                "state_id": "1" * 5000,
            },
        )
        left = json.loads(response.text)["documents"]
        self.assertEqual(len(left), const.MAX_DOCUMENTS - 1)
        self.assertFalse(self.env["ir.attachment"].browse(first).exists())

    # --- checks while typing
    def _check(self, field, value):
        return self.make_jsonrpc_request("/b2b/register/check", {"field": field, "value": value})

    def test_check_says_no_more_than_known(self):
        dealer = self._admit(1).partner_id
        known = self._check("vat", make_code(1))
        self.assertEqual(known["status"], "known")
        self.assertNotIn(dealer.name, json.dumps(known))
        self.assertEqual(set(known), {"status", "message"})
        self.assertEqual(self._check("vat", make_code(2))["status"], "ok")
        self.assertEqual(self._check("vat", "1")["status"], "invalid")
        self.assertEqual(self._check("manager_phone", "13800001111")["status"], "ok")
        self.assertEqual(self._check("password", "x")["status"], "ok")

    def test_checks_are_limited(self):
        with patch.dict(const.HOURLY_LIMITS, {"check": 2}):
            answers = [self._check("vat", "1")["status"] for _ in range(3)]
        self.assertEqual(answers, ["invalid", "invalid", "busy"])

    # --- own, foreign, stranger
    def test_state_page_needs_the_token(self):
        application = self._submit()
        token = application._portal_ensure_token()
        url = f"/b2b/register/{application.id}"
        self.assertIn(application.number, self.url_open(f"{url}?access_token={token}").text)
        other = self._submit(2)
        other_token = other._portal_ensure_token()
        for login in (None, "kh_portal", "kh_employee", "kh_clerk"):
            self.authenticate(login, login)
            for query in ("", "?access_token=", "?access_token=x", f"?access_token={other_token}"):
                with self.subTest(login=login, query=query):
                    page = self.url_open(url + query)
                    self.assertNotIn(application.number, page.text)
                    file = self.url_open(f"{url}/license{query}")
                    self.assertEqual(file.status_code, 404)

    def test_own_file_is_shown(self):
        application = self._submit()
        url = application.get_portal_url(suffix="/license")
        response = self.url_open(url)
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.headers["Content-Type"], "image/png")
        # the same file through the general route stays closed
        url = f"/web/content/kh.member.application/{application.id}/license_file"
        self.assertEqual(self.url_open(url).status_code, 404)

    def test_foreign_document_is_not_shown(self):
        own, other = self._submit(1), self._create_application(2)
        attachment = self.env["ir.attachment"].create(
            {"name": "a.png", "raw": make_image(), "res_model": other._name, "res_id": other.id}
        )
        other.attachment_ids = attachment
        url = own.get_portal_url(suffix=f"/file/{attachment.id}")
        self.assertEqual(self.url_open(url).status_code, 404)
        url = other.get_portal_url(suffix=f"/file/{attachment.id}")
        self.assertEqual(self.url_open(url).status_code, 200)

    def test_submitted_is_not_changed_from_outside(self):
        application = self._submit()
        post = {**self._prepare_post(), **self._open_form(), "city": "Elsewhere"}
        post["access_token"] = application._portal_ensure_token()
        self.url_open(f"/b2b/register/{application.id}", data=post)
        response = self.url_open(
            "/b2b/register/save", data={**post, "application_id": application.id}
        )
        self.assertEqual(response.status_code, 409)
        self.assertEqual(application.city, "Hangzhou")

    def test_withdraw_and_continue(self):
        self._send()
        application = self._find()
        form = {
            "csrf_token": self._open_form()["csrf_token"],
            "access_token": application.access_token,
        }
        self.url_open(f"/b2b/register/{application.id}/withdraw", data=form)
        self.assertEqual(application.state, "withdrawn")
        self.url_open(f"/b2b/register/{application.id}/withdraw", data=form)
        self.url_open(f"/b2b/register/{application.id}/reopen", data=form)
        self.assertEqual(application.state, "draft")

    def test_rejected_is_corrected_online(self):
        application = self._submit()
        application.with_user(self.clerk).action_reject("Licence unreadable")
        url = application.get_portal_url()
        self.assertIn("Licence unreadable", self.url_open(url).text)
        self._send(1, url=url, city="Ningbo")
        self.assertEqual((application.state, application.city), ("submitted", "Ningbo"))

    # --- dealers
    def test_dealer_sees_the_own_company_only(self):
        dealer = self._admit(1)
        other = self._admit(2)
        dealer.partner_user_id.password = "kh_dealer_1"
        self.authenticate(dealer.manager_email, "kh_dealer_1")
        page = self.url_open("/my/b2b").text
        self.assertIn(dealer.vat, page)
        self.assertNotIn(other.vat, page)
        self.assertNotIn(dealer.bank_account, page)
        self.assertIn("/my/b2b", self.url_open("/my").text)
        self.assertTrue(self.url_open("/b2b/register").url.endswith("/my"))

    def test_others_have_no_company_page(self):
        self.authenticate("kh_portal", "kh_portal")
        self.assertTrue(self.url_open("/my/b2b").url.endswith("/my"))
        self.assertNotIn("/my/b2b", self.url_open("/my").text)

    # --- cleaning up
    def test_abandoned_drafts_go(self):
        public = self.env.ref("base.public_user")
        draft = self.env["kh.member.application"].with_user(public).sudo().create({"name": "x"})
        kept = self._create_application(3)
        future = fields.Datetime.now() + timedelta(days=const.DRAFT_DAYS + 1)
        with freeze_time(future):
            self.env["kh.member.application"]._gc_abandoned_drafts()
        self.assertFalse(draft.exists())
        self.assertTrue(kept.exists())
