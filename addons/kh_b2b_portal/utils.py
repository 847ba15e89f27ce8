"""How quantities and texts are read from the dealer's pages."""

import math
import unicodedata


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
