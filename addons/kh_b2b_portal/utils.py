"""How quantities and texts are read from the dealer's pages."""

import unicodedata

from odoo.addons.kh_b2b_order.engine.quick_rows import MAX_QUANTITY


def normalise(text):
    """Fold full-width letters and digits, as an input method leaves them."""
    return " ".join(unicodedata.normalize("NFKC", text or "").split())


def parse_quantity(value):
    """Read a quantity sent by a page.

    :return: a number from 0 to below a bound that no order needs and every field holds
    :raise ValueError: for anything else
    """
    if isinstance(value, bool):
        raise ValueError(value)
    if isinstance(value, str):
        value = normalise(value).replace(",", "")
    try:
        quantity = float(value)
    except OverflowError as error:  # a whole number of hundreds of digits
        raise ValueError(value) from error
    if not 0 <= quantity < MAX_QUANTITY:  # refuses nan, too
        raise ValueError(value)
    return quantity
