"""How numbers are written on the dealer's pages, and read from them."""

import math
import unicodedata


def format_amount(amount, digits=2):
    """Write an amount without currency: ``1,234.50``. A negative zero loses its sign."""
    text = f"{amount:,.{digits}f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.,") else text


def format_price(price, digits=2, minimum=2):
    """Write a unit price with up to ``digits`` decimals, but no zeros after ``minimum``."""
    text = format_amount(price, max(digits, minimum))
    if digits <= minimum:
        return text
    whole, decimals = text.split(".")
    return f"{whole}.{decimals.rstrip('0').ljust(minimum, '0')}"


def format_money(amount, currency):
    """Write an amount with its symbol and no space: ``¥1,234.50``."""
    text = format_amount(abs(amount), currency.decimal_places)
    sign = "-" if format_amount(amount, currency.decimal_places).startswith("-") else ""
    if currency.position == "after":
        return f"{sign}{text}{currency.symbol}"
    return f"{sign}{currency.symbol}{text}"


def format_quantity(quantity):
    """Write a quantity without needless decimals: ``2``, ``2.5``, ``1,240``."""
    text = f"{quantity:,.3f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def normalise(text):
    """Fold full-width letters and digits, as an input method leaves them."""
    return " ".join(unicodedata.normalize("NFKC", text or "").split())


def parse_quantity(value):
    """Read a quantity sent by a page.

    :return: a finite number, not negative
    :raise ValueError: for anything else
    """
    if isinstance(value, bool):
        raise ValueError(value)
    if isinstance(value, str):
        value = normalise(value).replace(",", "")
    quantity = float(value)
    if not math.isfinite(quantity) or quantity < 0:
        raise ValueError(value)
    return quantity
