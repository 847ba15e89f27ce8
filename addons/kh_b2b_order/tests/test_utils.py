from datetime import datetime
from types import SimpleNamespace

from odoo.tests import BaseCase, tagged

from ..utils import (
    format_amount,
    format_date,
    format_money,
    format_price,
    format_quantity,
    format_time,
    read_text,
    to_local,
)

CNY = SimpleNamespace(decimal_places=2, symbol="¥", name="CNY", position="before")


@tagged("post_install", "-at_install")
class TestUtils(BaseCase):
    def test_amounts(self):
        self.assertEqual(format_amount(1234.5), "1,234.50")
        self.assertEqual(format_amount(-0.001), "0.00")
        self.assertEqual(format_money(1234.5, CNY), "¥1,234.50")
        self.assertEqual(format_money(-3, CNY), "-¥3.00")

    def test_posted_texts(self):
        self.assertEqual(read_text("a\r\nb\rc\nd\x00"), "a\nb\nc\nd")
        self.assertEqual(read_text(SimpleNamespace(filename="x")), "")

    def test_prices_keep_no_needless_zeros(self):
        self.assertEqual(format_price(76.3, 4), "76.30")
        self.assertEqual(format_price(0.1234, 4), "0.1234")
        self.assertEqual(format_price(5, 2), "5.00")

    def test_quantities(self):
        self.assertEqual(
            [format_quantity(value) for value in (2, 2.5, 1240, 0, -0.0)],
            ["2", "2.5", "1,240", "0", "0"],
        )

    def test_dates_are_local(self):
        moment = to_local(datetime(2026, 11, 21, 18, 5), "Asia/Shanghai")
        self.assertEqual(format_date(moment), "2026-11-22")
        self.assertEqual(format_time(moment, moment), "11-22 02:05")
        self.assertEqual(format_time(moment, datetime(2027, 1, 1)), "2026-11-22 02:05")
        self.assertEqual(to_local(datetime(2026, 1, 1), "Nowhere").hour, 0)
