from odoo.tests import BaseCase, tagged

from ..engine import checks
from .common import make_code


@tagged("post_install", "-at_install")
class TestChecks(BaseCase):
    def test_codes(self):
        good = make_code(7)
        wrong_digit = good[:-1] + ("0" if good[-1] != "0" else "1")
        cases = {
            good: True,
            good.lower(): True,
            f" {good[:9]} {good[9:]} ": True,
            "".join(chr(ord(c) + 0xFEE0) for c in good): True,  # full-width
            wrong_digit: False,
            good[:-1]: False,
            "": False,
            "统一社会信用代码": False,
        }
        for code, expected in cases.items():
            with self.subTest(code=code):
                self.assertEqual(checks.is_valid_code(code), expected)

    def test_legacy_numbers_only_where_allowed(self):
        self.assertFalse(checks.is_valid_code("110000000000000"))
        valid = [
            f"11000000000000{digit}"
            for digit in range(10)
            if checks.is_valid_code(f"11000000000000{digit}", allow_legacy=True)
        ]
        self.assertEqual(len(valid), 1)
        self.assertFalse(checks.is_valid_code(valid[0]))

    def test_phones(self):
        cases = {
            "13800001111": (True, True),
            "+86 138-0000-1111": (True, True),
            "008613800001111": (True, True),
            "１３８００００１１１１": (True, True),
            "0571-87654321": (False, True),
            "(0574) 8765 4321": (False, True),
            "0571-87654321转8012": (False, True),
            "400-820-8820": (False, True),
            "12800001111": (False, False),
            "1380000111": (False, False),
            "abc": (False, False),
            "": (False, False),
        }
        for phone, (is_mobile, is_phone) in cases.items():
            with self.subTest(phone=phone):
                self.assertEqual(checks.is_valid_mobile(phone), is_mobile)
                self.assertEqual(checks.is_valid_phone(phone), is_phone)

    def test_accounts_and_emails(self):
        self.assertTrue(checks.is_valid_account("6222 0000 1111 2222 333"))
        self.assertFalse(checks.is_valid_account("6222"))
        self.assertFalse(checks.is_valid_account("6222-ABCD-1111-2222"))
        self.assertTrue(checks.is_valid_email(" wf@huarui.example.com "))
        for wrong in (
            "wf",
            "wf@",
            "@huarui.com",
            "w f@huarui.com",
            "wf@huarui",
            "a@b.com,",
            "<a@b.com>",
        ):
            self.assertFalse(checks.is_valid_email(wrong), wrong)
