import json
from datetime import datetime

from odoo.tests import BaseCase, tagged

from ..engine import express
from ..engine.express_client import DemoCourier, Parcel


@tagged("post_install", "-at_install")
class TestExpressEngine(BaseCase):
    def _push(self, **result):
        row = {"ftime": "2026-11-22 14:05:00", "context": "here"}
        base = {"nu": "ZT12345678", "com": "zhongtong", "state": "3", "data": [row]}
        return json.dumps({"status": "polling", "lastResult": base | result})

    def test_numbers_of_several_packages(self):
        cases = {
            "": [],
            "SF1234567890": ["SF1234567890"],
            "SF12345, SF12346，SF12345": ["SF12345", "SF12346"],
            "YT1111111+YT2222222": ["YT1111111", "YT2222222"],
            "picked up by the dealer": [],
            "ab": [],
        }
        for text, numbers in cases.items():
            with self.subTest(text):
                self.assertEqual(express.split_numbers(text), numbers)
        self.assertEqual(express.split_numbers(None), [])

    def test_signatures(self):
        # md5 of "abc": a value known from RFC 1321
        digest = "900150983CD24FB0D6963F7D28E17F72"
        self.assertEqual(express.sign_query("a", "b", "c"), digest)
        self.assertEqual(express.sign_push("ab", "c"), digest)
        self.assertTrue(express.is_signed("ab", digest.lower(), "c"))
        for param, sign, salt in (
            ("ab", digest, "d"),
            ("abx", digest, "c"),
            ("ab", "", "c"),
            ("ab", "é", "c"),
            ("ab", express.sign_push("ab", ""), ""),
        ):
            self.assertFalse(express.is_signed(param, sign, salt), (param, sign, salt))

    def test_times_are_from_beijing(self):
        news = express.parse_push(self._push())
        self.assertEqual(news.state, "signed")
        self.assertEqual(news.events[0].moment, datetime(2026, 11, 22, 6, 5))

    def test_garbage_is_refused(self):
        for text in (
            "",
            "[]",
            "{",
            json.dumps({"lastResult": None}),
            self._push(nu=5),
            self._push(nu="<b>"),
            self._push(com="\x00"),
            "[" * 100_000,
            self._push(data="x"),
            self._push(data=[1]),
            self._push(data=[{"ftime": "yesterday", "context": "x"}]),
            self._push(data=[{"ftime": "2026-11-22 14:05:00"}]),
            self._push(data=[{"ftime": "2026-11-22 14:05:00", "context": "x"}] * 501),
        ):
            with self.subTest(text[:60]), self.assertRaises(express.ExpressError) as caught:
                express.parse_push(text)
            self.assertEqual(caught.exception.reason, "garbage")

    def test_unknown_states_say_nothing(self):
        self.assertEqual(express.parse_push(self._push(state="99")).state, "")

    def test_answers(self):
        reasons = {"400": "refused", "408": "needs_phone", "601": "bad_key", "502": "unavailable"}
        for code, reason in reasons.items():
            answer = json.dumps({"result": False, "returnCode": code, "message": "no"})
            with self.subTest(code), self.assertRaises(express.ExpressError) as caught:
                express.parse_query(answer, "zhongtong", "ZT12345678")
            self.assertEqual(caught.exception.reason, reason)
            self.assertEqual(caught.exception.is_transient, reason == "unavailable")
        nothing = json.dumps({"result": False, "returnCode": "500"})
        self.assertEqual(express.parse_query(nothing, "zhongtong", "ZT12345678").events, ())
        express.check_subscription(json.dumps({"result": False, "returnCode": "501"}))

    def test_courier_of_the_demonstration_goes_by_the_clock(self):
        parcel = Parcel("demo", "DEMO12345", "", datetime(2026, 11, 20))
        cases = {
            datetime(2026, 11, 19): ("", 0),
            datetime(2026, 11, 20, 6): ("transit", 2),
            datetime(2026, 11, 25): ("signed", 5),
        }
        for now, expected in cases.items():
            news = DemoCourier(now).query(parcel)
            self.assertEqual((news.state, len(news.events)), expected)

    def test_phones(self):
        self.assertEqual(express.pick_phone(False, "+86 138-0013-8000"), "13800138000")
        self.assertEqual(express.pick_phone("12", None), "")
