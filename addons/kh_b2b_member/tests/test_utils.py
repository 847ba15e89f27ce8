from odoo.tests import BaseCase, tagged

from ..utils import parse_id


@tagged("post_install", "-at_install")
class TestUtils(BaseCase):
    def test_ids_are_plain_numbers_that_a_record_can_have(self):
        for text, number in (("7", 7), (7, 7), ("007", 7), ("999999999", 999999999)):
            self.assertEqual(parse_id(text), number)
        for text in (None, "", "0", "-7", "7.0", "x", "²", "1" * 10, "1" * 5000, False):
            self.assertEqual(parse_id(text), 0, str(text)[:20])
