from types import SimpleNamespace

from odoo.tests import BaseCase, tagged

from odoo.addons.kh_b2b_order.utils import (
    format_amount,
    format_money,
    format_price,
    format_quantity,
)

from ..utils import normalise, parse_quantity

YUAN = SimpleNamespace(symbol="¥", decimal_places=2, position="before")
EURO = SimpleNamespace(symbol="€", decimal_places=2, position="after")


@tagged("post_install", "-at_install")
class TestUtils(BaseCase):
    def test_amounts_are_written_without_spaces(self):
        for amount, text in (
            (0, "¥0.00"),
            (1234.5, "¥1,234.50"),
            (-2, "-¥2.00"),
            (-0.001, "¥0.00"),
        ):
            self.assertEqual(format_money(amount, YUAN), text)
        self.assertEqual(format_money(3, EURO), "3.00€")
        self.assertEqual(format_amount(1256147.721), "1,256,147.72")

    def test_unit_prices_keep_what_they_need(self):
        for price, digits, text in (
            (76.3, 2, "76.30"),
            (0.1234, 4, "0.1234"),
            (76.3, 4, "76.30"),
            (1000, 6, "1,000.00"),
        ):
            self.assertEqual(format_price(price, digits), text)

    def test_quantities_lose_needless_decimals(self):
        for quantity, text in ((2.0, "2"), (2.5, "2.5"), (1240, "1,240"), (0.0, "0")):
            self.assertEqual(format_quantity(quantity), text)

    def test_quantities_are_read_as_people_type_them(self):
        for value, quantity in ((10, 10), ("１０", 10), ("2.5", 2.5), ("1,200", 1200)):
            self.assertEqual(parse_quantity(value), quantity)
        nonsense = (-1, "ten", "", float("inf"), float("nan"), None, True)
        endless = ("1e300", "1" * 400, 10**400, 1e9)
        for value in nonsense + endless:
            with self.assertRaises((TypeError, ValueError)):
                parse_quantity(value)

    def test_search_words_are_folded(self):
        self.assertEqual(normalise(" ＧＳ８１　２Ｐ "), "GS81 2P")
