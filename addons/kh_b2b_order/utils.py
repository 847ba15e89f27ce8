"""How numbers and dates are written on the dealer's pages (UX rules: numbers), and read.

And how scheduled jobs do their work on records that must not stop each other.
"""

import logging

import pytz

from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

_logger = logging.getLogger(__name__)


def try_apart(records, step):
    """Do one step of a job in a savepoint; whatever it raises is logged and stops no other.

    :param step: called with `records`
    :return: whether it passed; if not, nothing of it is left
    :rtype: bool
    """
    try:
        with records.env.cr.savepoint():
            step(records)
    except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
        raise  # nothing is wrong with the record: the job comes again
    except UserError as error:
        _logger.warning("A job left out %s: %s", records, error)
        return False
    except Exception:
        # whatever a template, an extension or the data may raise
        _logger.exception("A job left out %s.", records)
        return False
    return True


def run_apart(records, step):
    """Do one step of a job for all records; where that fails, for each by itself.

    :param step: called with all of `records`, or with one
    :return: those it passed for
    """
    if not records or try_apart(records, step):
        return records
    if len(records) == 1:
        return records.browse()
    return records.filtered(lambda record: try_apart(record, step))


def format_amount(amount, digits=2):
    """Write an amount without currency: ``1,234.50``. A negative zero loses its sign."""
    text = f"{amount or 0.0:,.{digits}f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.,") else text


def format_price(price, digits=2, minimum=2):
    """Write a unit price with up to ``digits`` decimals, but no zeros after ``minimum``."""
    text = format_amount(price, max(digits, minimum))
    if digits <= minimum:
        return text
    whole, decimals = text.split(".")
    return f"{whole}.{decimals.rstrip('0').ljust(minimum, '0')}"


def format_money(amount, currency):
    """Write an amount with its symbol and no space: ``¥1,234.50``, ``-¥3.00``."""
    text = format_amount(amount, currency.decimal_places)
    sign, text = ("-", text[1:]) if text.startswith("-") else ("", text)
    symbol = currency.symbol or currency.name or ""
    return f"{sign}{text}{symbol}" if currency.position == "after" else f"{sign}{symbol}{text}"


def format_quantity(quantity):
    """Write a quantity without needless decimals: ``2``, ``2.5``, ``1,240``."""
    text = f"{quantity or 0.0:,.3f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def to_local(moment, zone):
    """Turn a stored moment (UTC, naive) into local time.

    :param str zone: name of a time zone; UTC when it is unknown
    """
    try:
        target = pytz.timezone(zone or "UTC")
    except pytz.UnknownTimeZoneError:
        target = pytz.utc
    return pytz.utc.localize(moment).astimezone(target)


def format_date(moment):
    """Write a date or a local moment as ``2026-11-22``."""
    return moment.strftime("%Y-%m-%d") if moment else ""


def format_time(moment, today):
    """Write a local moment as ``11-22 14:05``, with the year if it is another one."""
    if not moment:
        return ""
    return moment.strftime("%m-%d %H:%M" if moment.year == today.year else "%Y-%m-%d %H:%M")


def read_text(value):
    """Read a posted text: what is none (a file) counts as empty, each line ends with ``\\n``.

    A NUL cannot be stored, and browsers send two characters for the end of a line.
    """
    if not isinstance(value, str):
        return ""
    return value.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")


def parse_page(value, default=1):
    """Read a page's number from an address; what is none counts as not given.

    :rtype: int
    """
    text = str(value)
    return int(text) if text.isdecimal() and len(text) <= 6 else default
