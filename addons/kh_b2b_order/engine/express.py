"""What couriers say about a parcel, and how 快递100 signs it. Plain Python, no database.

Formats: realtime query and subscription with push of 快递100. Times in its messages are
Beijing time; everything that leaves this module is UTC and naive.
"""

import hashlib
import hmac
import json
import re
from datetime import datetime, timedelta
from typing import NamedTuple

BEIJING_OFFSET = timedelta(hours=8)  # no daylight saving time since 1991
MAX_EVENTS = 500  # of one parcel in one message; real ones have some dozens
MAX_TEXT = 500
# What 快递100 calls a parcel's state, in our words; 7 and 8 are parts of the way.
COURIER_STATES = {
    "0": "transit",
    "1": "collected",
    "2": "problem",
    "3": "signed",
    "4": "refused",
    "5": "delivering",
    "6": "returning",
    "7": "transit",
    "8": "transit",
    "14": "refused",
}
# What wins among news of the same second, whatever came first.
STATE_RANKS = {
    "": 0,
    "collected": 1,
    "transit": 2,
    "delivering": 3,
    "problem": 4,
    "returning": 5,
    "refused": 6,
    "signed": 7,
}
# These couriers answer only who knows the last digits of the receiver's or sender's phone.
PHONE_COURIERS = {"shunfeng", "shunfengkuaiyun", "fengwang"}
NUMBER = re.compile(r"(?=.*\d)[A-Za-z0-9-]{5,40}")  # words without a digit are none
COURIER = re.compile(r"[A-Za-z0-9_]{1,40}")
# What a database cannot store, or a page should not show.
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
# Codes of answers; what is not named is the courier service's own trouble and tried again.
ANSWER_REASONS = {
    "400": "refused",
    "408": "needs_phone",
    "501": "known",
    "503": "bad_key",
    "600": "bad_key",
    "601": "bad_key",
    "700": "unknown_courier",
    "701": "refused",
    "702": "unknown_courier",
}
NO_NEWS = {"500"}  # of a query: the courier has not scanned the parcel yet


class ExpressError(Exception):
    """A courier service could not be asked, or said something that makes no sense.

    `reason` is a key of `kh.express.tracking._get_reasons()`; `is_transient` says that trying
    again later may help.
    """

    def __init__(self, reason, *, is_transient=False, detail=""):
        super().__init__(reason)
        self.reason = reason
        self.is_transient = is_transient
        self.detail = detail


class ExpressEvent(NamedTuple):
    """One scan of a parcel; `moment` is UTC and naive."""

    moment: datetime
    text: str

    @property
    def digest(self):
        key = f"{self.moment.isoformat()}|{self.text}"
        return hashlib.sha256(key.encode()).hexdigest()[:32]


class ExpressNews(NamedTuple):
    """What a courier knows of one parcel, newest event first.

    `state` is one of our words, empty when it is not said; `is_ended` means that the service
    follows this parcel no longer.
    """

    courier: str
    number: str
    state: str
    events: tuple[ExpressEvent, ...]
    is_ended: bool = False


# === NUMBERS === #
def split_numbers(text):
    """Return the parcel numbers of a tracking reference, each once, in their order.

    Several packages of one shipment have theirs joined by commas, spaces or plus signs.

    :rtype: list[str]
    """
    parts = re.split(r"[,，;；、+\s]+", text or "")
    return list(dict.fromkeys(part for part in parts if NUMBER.fullmatch(part)))


def pick_phone(*phones):
    """Return the first phone with at least four digits, digits only; else an empty string."""
    for phone in phones:
        digits = re.sub(r"\D", "", phone or "")
        if len(digits) >= 4:
            return digits[-11:]
    return ""


def clean_text(text, limit=MAX_TEXT):
    """Return foreign text in one line, at most so many characters, that can be stored."""
    return " ".join(UNPRINTABLE.sub(" ", str(text)).split())[:limit]


# === SIGNATURES === #
def _md5(text):
    # the service's own protocol; nothing of ours rests on it alone
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()


def sign_query(param, key, customer):
    return _md5(f"{param}{key}{customer}")


def sign_push(param, salt):
    return _md5(f"{param}{salt}")


def is_signed(param, sign, salt):
    """Answer whether a push bears the right signature; without a salt nothing does."""
    if not salt or not sign:
        return False
    return hmac.compare_digest(sign_push(param, salt).encode(), str(sign).upper().encode())


# === MESSAGES === #
def parse_push(param):
    """Read what is pushed to us.

    :param str param: the form field of that name, JSON
    :rtype: ExpressNews
    :raise ExpressError: "garbage"
    """
    message = _load(param)
    result = message.get("lastResult")
    if not isinstance(result, dict):
        raise ExpressError("garbage", detail="lastResult")
    is_ended = message.get("status") in ("abort", "shutdown")
    return _parse_result(result)._replace(is_ended=is_ended)


def parse_query(content, courier, number):
    """Read the answer to a query; a parcel that was not scanned yet has no events.

    :raise ExpressError: what the answer says, or "garbage"
    """
    answer = _load(content)
    if answer.get("result") is False:
        if str(answer.get("returnCode")) in NO_NEWS:
            return ExpressNews(courier, number, "", ())
        raise _refusal(answer)
    return _parse_result(answer)


def check_subscription(content):
    """Accept the answer to a subscription; one that exists already is as good.

    :raise ExpressError: what the answer says, or "garbage"
    """
    answer = _load(content)
    if answer.get("result") is not True and str(answer.get("returnCode")) != "501":
        raise _refusal(answer)


def _refusal(answer):
    code = str(answer.get("returnCode", ""))
    reason = ANSWER_REASONS.get(code, "unavailable")
    detail = clean_text(answer.get("message") or code, 200)
    return ExpressError(reason, is_transient=reason == "unavailable", detail=detail)


def _load(text):
    try:
        message = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise ExpressError("garbage", detail="JSON") from error
    if not isinstance(message, dict):
        raise ExpressError("garbage", detail="JSON")
    return message


def _parse_result(result):
    number, courier = result.get("nu"), result.get("com")
    rows = result.get("data") or []
    if not isinstance(number, str) or not NUMBER.fullmatch(number):
        raise ExpressError("garbage", detail="nu")
    if not isinstance(courier, str) or not COURIER.fullmatch(courier):
        raise ExpressError("garbage", detail="com")
    if not isinstance(rows, list) or len(rows) > MAX_EVENTS:
        raise ExpressError("garbage", detail="data")
    events = sorted({_parse_event(row) for row in rows}, reverse=True)
    state = COURIER_STATES.get(str(result.get("state")), "")
    return ExpressNews(courier, number, state, tuple(events))


def _parse_event(row):
    if not isinstance(row, dict):
        raise ExpressError("garbage", detail="data")
    text = clean_text(row.get("context") or "")
    try:
        local = datetime.strptime(str(row.get("ftime") or row.get("time")), "%Y-%m-%d %H:%M:%S")
    except ValueError as error:
        raise ExpressError("garbage", detail="time") from error
    if not text or not 2000 <= local.year <= 2999:
        raise ExpressError("garbage", detail="data")
    return ExpressEvent(local - BEIJING_OFFSET, text)


# === DECISIONS === #
def is_current(news, last_moment):
    """Answer whether these news tell of the parcel's present: late ones only add events.

    :param last_moment: newest event known so far, UTC and naive, or False
    """
    if not news.events:
        return not last_moment
    return not last_moment or news.events[0].moment >= last_moment


def has_moved(news, last_moment):
    """Answer whether something happened since `last_moment`; parameters as `is_current`."""
    return bool(news.events) and (not last_moment or news.events[0].moment > last_moment)


def pick_state(news, last_moment, last_state):
    """Return the state after current news, the same in whatever order messages came.

    :param str last_state: the state known so far, or empty
    """
    if has_moved(news, last_moment):
        return news.state or last_state
    return max(news.state, last_state, key=STATE_RANKS.get)
