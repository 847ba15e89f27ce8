from unittest.mock import patch

from odoo.tests import HttpCase, tagged

from ..controllers import express as controller
from .express_common import ExpressCommon


@tagged("post_install", "-at_install")
class TestExpressCallback(ExpressCommon, HttpCase):
    def setUp(self):
        super().setUp()
        self.tracking = self._parcels(self._create_shipped())
        self.tracking.state = "active"

    def _push(self, param, sign=None, company=None):
        company = company or self.company.id
        data = {"param": param, "sign": self._sign(param) if sign is None else sign}
        return self.url_open(f"/kh/express/callback?company={company}", data=data)

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
        with patch.object(controller, "BAD_PER_HOUR", 3):
            for _n in range(3):
                self.assertEqual(self._push(self._push_param(), "wrong").status_code, 403)
            self.assertEqual(self._push(self._push_param(), "wrong").status_code, 429)

    def test_signed_garbage_is_acknowledged(self):
        self.assertEqual(self._push("no JSON").status_code, 200)
        self.assertFalse(self.tracking.event_ids)

    def test_only_posts(self):
        self.assertEqual(self.url_open("/kh/express/callback").status_code, 405)
