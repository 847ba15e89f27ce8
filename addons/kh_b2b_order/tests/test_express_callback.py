from unittest.mock import patch

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..controllers import express as controller
from .express_common import ExpressCommon


@tagged("post_install", "-at_install")
class TestExpressCallback(ExpressCommon, HttpCase):
    def setUp(self):
        super().setUp()
        self.tracking.state = "active"

    def _push(self, param, sign=None, company=None, files=None):
        company = company or self.company.id
        data = {"param": param, "sign": self._sign(param) if sign is None else sign}
        return self.url_open(f"/kh/express/callback?company={company}", data=data, files=files)

    def test_signed_push_is_taken_twice_and_applied_once(self):
        param = self._push_param(events=3, state="3")
        for _twice in range(2):
            response = self._push(param)
            self.assertEqual(response.status_code, 200)
            self.assertEqual(response.json()["result"], True)
            self.assertEqual(response.json()["returnCode"], "200")
        self.assertEqual((self.tracking.state, len(self.tracking.event_ids)), ("done", 3))
        self.assertEqual(
            self.env["kh.express.message"].sudo().search([("number", "=", "ZT12345678")]).hits, 2
        )

    def test_wrong_signatures_are_refused_and_not_stored(self):
        param = self._push_param()
        other = self.env["res.company"].sudo().create({"name": "No service"})
        for sign, company in (
            ("", None),
            ("0" * 32, None),
            (None, other.id),
            (None, "x"),
            (None, "²"),
        ):
            with self.subTest(sign=sign, company=company):
                response = self._push(param, sign, company)
                self.assertEqual((response.status_code, response.json()["result"]), (403, False))
        self.assertFalse(
            self.env["kh.express.message"].sudo().search([("number", "=", "ZT12345678")])
        )
        self.assertFalse(self.tracking.event_ids)

    def test_a_company_without_salt_takes_nothing(self):
        self.company.kh_express_salt = False
        self.assertEqual(self._push(self._push_param()).status_code, 403)

    def test_who_signs_wrongly_is_not_listened_to_any_more(self):
        with patch.object(controller, "BAD_PER_HOUR", 2):
            answers = [self._push(self._push_param(), "wrong").status_code for _n in range(3)]
            self.assertEqual(answers, [403, 403, 429])
            # behind a proxy the courier service may have the same address
            self.assertEqual(self._push(self._push_param()).status_code, 200)

    def test_garbage_makes_no_error(self):
        for param in ("no JSON", "[" * 100_000, "\x00", '{"lastResult": {"nu": 1}}', "null"):
            with self.subTest(param[:20]):
                self.assertEqual(self._push(param).status_code, 200, "it is signed")
        self.assertFalse(self.tracking.event_ids)
        for name in ("param", "sign", "company"):
            with self.subTest(file=name):
                answer = self._push("x", "y", files={name: ("x.txt", b"x")})
                self.assertEqual(answer.status_code, 403)

    def test_what_is_too_large_is_refused(self):
        param = "x" * (controller.MAX_BYTES + 1)
        self.assertEqual(self._push(param).status_code, 403)
        with mute_logger("odoo.http"):
            self.assertEqual(self._push("x" * 4 * controller.MAX_BYTES).status_code, 413)

    def test_only_posts(self):
        self.assertEqual(self.url_open("/kh/express/callback").status_code, 405)
