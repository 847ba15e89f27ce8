"""Form checks of what an applicant types. Pure functions, no database."""

import re
import unicodedata

from stdnum import luhn
from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

MOBILE = re.compile(r"^1[3-9]\d{9}$")
LANDLINE = re.compile(r"^0\d{2,3}\d{7,8}$")
SERVICE_LINE = re.compile(r"^(400|800)\d{7}$")
BANK_ACCOUNT = re.compile(r"^\d{8,30}$")
# Cards of persons: UnionPay and international brands; companies have other accounts.
BANK_CARD = re.compile(r"^(62|[3-5])\d{13,17}$")
IDENTITY_CARD = re.compile(r"^\d{17}[\dX]$")
# Passports, and the permits of Hong Kong, Macau and Taiwan.
PASSPORT = re.compile(r"^[A-Z]{1,2}\d{7,10}$")
AMOUNT = re.compile(r"^(\d{1,12}(?:\.\d{1,2})?)(万)?$")
LEGACY_CODE = re.compile(r"^\d{15}$")
EMAIL = re.compile(r"^[^@\s,;:<>()\[\]\"\\]+@[^@\s,;:<>()\[\]\"\\]+\.[^@\s.,;:<>()\[\]\"\\]+$")


def normalize(text):
    """Return `text` with full-width characters made half-width and outer space cut."""
    return unicodedata.normalize("NFKC", text or "").strip()


def normalize_code(code):
    """Return a social credit code without spaces and in capitals."""
    return re.sub(r"[\s\-]", "", normalize(code)).upper()


def normalize_phone(phone):
    """Return the digits of a Chinese phone number, without the country prefix."""
    digits = re.sub(r"[\s\-()]", "", normalize(phone))
    digits = re.sub(r"^(\+|00)86", "", digits)
    return digits[2:] if re.match(r"^861[3-9]\d{9}$", digits) else digits


def normalize_account(number):
    return re.sub(r"[\s\-]", "", normalize(number))


def is_valid_code(code, allow_legacy=False):
    """Whether `code` is a unified social credit code (统一社会信用代码) with right digits.

    :param bool allow_legacy: also accept old 15-digit registration numbers, whose last
        digit is an ISO 7064 MOD 11,10 check digit
    """
    code = normalize_code(code)
    if uscc.is_valid(code):
        return True
    return allow_legacy and bool(LEGACY_CODE.match(code)) and _is_valid_legacy(code)


def _is_valid_legacy(code):
    check = 10
    for digit in code[:-1]:
        check = ((int(digit) + check) % 10 or 10) * 2 % 11
    return (check + int(code[-1])) % 10 == 1


def is_valid_mobile(phone):
    return bool(MOBILE.match(normalize_phone(phone)))


def is_valid_phone(phone):
    """Whether `phone` is a Chinese mobile, landline or service number."""
    digits = re.sub(r"(转|ext\.?|x).*$", "", normalize_phone(phone))
    return any(form.match(digits) for form in (MOBILE, LANDLINE, SERVICE_LINE))


def is_valid_account(number, is_person=False):
    """Whether `number` has the form of a bank account: 8 to 30 digits.

    :param bool is_person: it is a person's; if it looks like a bank card, its check digit
        (Luhn) must match. Accounts of companies have none.
    """
    number = normalize_account(number)
    if is_person and BANK_CARD.match(number):
        return luhn.is_valid(number)
    return bool(BANK_ACCOUNT.match(number))


def is_valid_identity(number):
    """Whether `number` is a resident identity card (check digit) or the form of a passport."""
    number = normalize_code(number)
    if not IDENTITY_CARD.match(number):
        return bool(PASSPORT.match(number))
    try:
        ric.get_birth_date(number)
    except ValidationError:
        return False
    return ric.calc_check_digit(number) == number[-1]


def mask(text):
    """Return `text` with its middle hidden, for pages where the whole is not needed."""
    return f"{text[:3]}{'*' * max(len(text) - 7, 4)}{text[-4:]}" if len(text) > 8 else "****"


def parse_amount(text):
    """Return the number in what was typed ("100,000", "10万"), None if there is none."""
    match = AMOUNT.match(re.sub(r"[,\s¥]", "", normalize(text)))
    if not match:
        return None
    return float(match[1]) * (10000 if match[2] else 1)


def is_valid_email(email):
    return bool(EMAIL.match(normalize(email)))
