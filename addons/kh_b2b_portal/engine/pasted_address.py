"""Takes an address apart that was pasted as one text (W6): no database, no ``env``.

"王芳 13812345678 浙江省杭州市滨江区江南大道3888号", as messengers, shops and spreadsheets give
it: any order, any separators, with labels or without. Whoever pasted it sees and corrects what
comes of it, so a guess is allowed; nothing of the text is lost.
"""

import re
import unicodedata
from typing import NamedTuple

from .china_regions import MUNICIPALITIES, PREFECTURES, PROVINCES, SPECIAL_REGIONS, shorten

MAX_LENGTH = 500


class PastedAddress(NamedTuple):
    """The parts of a pasted address; what is not found is empty.

    `province` is a full name, a key of `PROVINCES`; `rest` is what found no place.
    """

    name: str = ""
    phone: str = ""
    province: str = ""
    city: str = ""
    district: str = ""
    street: str = ""
    zip: str = ""
    rest: str = ""


_NAME_LABEL = "收货人姓名|收件人姓名|收货联系人|收货人|收件人|联系人|姓名|收件|name"
_OTHER_LABELS = (
    "手机号码|手机号|联系电话|电话号码|联系方式|手机|电话|tel|phone|mobile|"
    "所在地区|所在区域|省市区|地区|详细地址|收货地址|收件地址|街道地址|地址|address|"
    "邮政编码|邮编|zip"
)
_PHONE = "☎"  # where the phone number stood
_EDGE = r"(?:^|(?<=[\s,;、。|/]))"
_LABELS = re.compile(rf"{_EDGE}(?:({_NAME_LABEL})|(?:{_OTHER_LABELS}))\s*[:\n]\s*", re.I)
_MOBILE = re.compile(
    r"(?<!\d)(?:\(?\+?(?:00)?86\)?[-\s]?)?(1[3-9]\d[-\s]?\d{4}[-\s]?\d{4})"
    r"(?:\s*(?:-|转|ext\.?)\s*(\d{2,6}))?(?!\d)",
    re.I,
)
_LANDLINE = re.compile(
    r"(?<!\d)(?:\+?86[-\s]?)?((?:\(0\d{2,3}\)|0\d{2,3})[-\s]?[2-9]\d{6,7}|[48]00[-\s]?\d{3}[-\s]?\d{4})"
    r"(?:\s*(?:-|转)\s*(\d{1,6}))?(?!\d)"
)
_ZIP = re.compile(r"\d{6}")
_SEPARATORS = re.compile(r"[\s,;、。|/]+")
_HAN_NAME = re.compile(r"[一-鿿]{2,4}|[一-鿿]{1,10}·[一-鿿·]{1,12}")
_LATIN = re.compile(r"[A-Za-z][A-Za-z.'-]*")
_RECEIVES = re.compile(r"\s*\(?收\)?$")
_STREET_WORD = re.compile(r"^[东西南北中一二三四]{0,2}(?:路|街|大道|大街|道|巷|弄|桥|站|广场|大厦)")
_NOT_A_PERSON = re.compile(r"[省市区县镇乡村路街号栋幢楼室院店厂部库司]$|公司|仓库|工地|大厦|广场")
_STREET = re.compile(r"[路街道巷村镇号]")
_CITY = re.compile(r"^([^\d号路]{1,10}?(?:自治州|地区|盟|市))")
_DISTRICT = re.compile(
    r"^([^\d号]{1,10}?(?:自治县|自治旗|(?<![小社校厂景街库])区|县|(?<![超城门夜])市|旗))"
)
_NO_DISTRICT = re.compile(r"大道|大街|路(?!桥)|街|镇(?!海|江|原|平|安|宁|远|巴|雄|康|坪|沅|赉)")
_GLUED_NAME = re.compile(r"(?<=[号室楼栋幢层座元库院])([一-鿿]{2,3})$")
_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾"
    "丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤"
    "尹黎易常武乔贺赖龚文施洪欧严温季俞章鲁葛韦毕倪聂焦向"
)


def split_address(text):
    """Take a pasted address apart.

    :param str text: as pasted; what is longer than `MAX_LENGTH` is cut off
    :rtype: PastedAddress
    """
    text = unicodedata.normalize("NFKC", (text or "")[:MAX_LENGTH])
    named, text = _take_labels(text)
    phone, text = _take_phone(text)
    tokens = [token.strip("()-:") for token in _SEPARATORS.split(text)]
    tokens = [token for token in tokens if token]
    beside = {tokens[at - 1] for at, token in enumerate(tokens) if token == _PHONE and at}
    tokens = [token for token in tokens if token != _PHONE]
    zip_code = next((token for token in tokens if _ZIP.fullmatch(token)), "")
    tokens = [token for token in tokens if token != zip_code]
    before, address = _divide(tokens)
    name, before = (named, before) if named else _take_name(before)
    if not name:
        name, address = _take_name_behind(address, beside)
    parts = _split_regions(_join(address))
    return PastedAddress(name=name, phone=phone, zip=zip_code, rest=" ".join(before), **parts)


# --- name and phone ----------------------------------------------------------------------


def _take_labels(text):
    """Take the labels out; what stands behind that of a name is the name."""
    named = ""
    match = _LABELS.search(text)
    while match:
        before, after = text[: match.start()], text[match.end() :]
        if match[1] and not named:
            found = re.match(r"[^\s,;、。|/\d:]+(?: [A-Za-z.]+)*", after)
            named = found[0] if found else ""
            after = after[len(named) :]
        text = f"{before}\n{after}"
        match = _LABELS.search(text)
    return _RECEIVES.sub("", named), text


def _take_phone(text):
    """Take a mobile number, else one of a landline; a second one stays in the text."""
    for pattern in (_MOBILE, _LANDLINE):
        match = pattern.search(text)
        if match:
            number = re.sub(r"\s", "-" if pattern is _LANDLINE else "", match[1])
            if pattern is _MOBILE:
                number = number.replace("-", "")
            extension = f"-{match[2]}" if match[2] else ""
            return number + extension, f"{text[: match.start()]}\n{_PHONE}\n{text[match.end() :]}"
    return "", text


def _is_person(token):
    return bool(_HAN_NAME.fullmatch(token)) and not _NOT_A_PERSON.search(token)


def _take_name(tokens):
    """Take the first token that may be a name, Latin ones with those that follow."""
    tokens = [token for token in (_RECEIVES.sub("", token) for token in tokens) if token]
    for number, token in enumerate(tokens):
        if _is_person(token):
            return token, tokens[:number] + tokens[number + 1 :]
        end = number
        while end < len(tokens) and _LATIN.fullmatch(tokens[end]):
            end += 1
        if end > number:
            return " ".join(tokens[number:end]), tokens[:number] + tokens[end:]
    return (tokens[0], tokens[1:]) if tokens else ("", [])


def _take_name_behind(tokens, beside):
    """Take a name that stands behind the address, apart or right after its last word.

    :param set beside: what stood before a phone number: it need not be a usual surname
    """
    if not tokens:
        return "", tokens
    last = _RECEIVES.sub("", tokens[-1])
    is_likely = last[:1] in _SURNAMES or tokens[-1] in beside
    if len(tokens) > 1 and is_likely and _is_person(last):
        return last, tokens[:-1]
    match = _GLUED_NAME.search(last)
    if match and match[1][0] in _SURNAMES and _is_person(match[1]):
        return match[1], [*tokens[:-1], last[: match.start()]]
    return "", tokens


# --- address -----------------------------------------------------------------------------


def _divide(tokens):
    """Return the tokens before the address, and those from its beginning."""
    for number, token in enumerate(tokens):
        if _find_province(token)[0] or _find_prefecture(token)[0]:
            return tokens[:number], tokens[number:]
        # "王芳浙江省杭州市"
        for province in PROVINCES:
            at = token.find(province)
            if 0 < at <= 4:
                return [*tokens[:number], token[:at]], [token[at:], *tokens[number + 1 :]]
    for number, token in enumerate(tokens):
        if _find_district(token, True) or _CITY.match(token) or _STREET.search(token):
            return tokens[:number], tokens[number:]
    return tokens, []


def _join(tokens):
    text = ""
    for token in tokens:
        is_latin = text[-1:].isascii() and token[:1].isascii()
        text += f" {token}" if text and is_latin else token
    return text


def _split_regions(text):
    province, text = _find_province(text)
    city = district = ""
    if province in MUNICIPALITIES or province in SPECIAL_REGIONS:
        city = province if province in MUNICIPALITIES else shorten(province)
        text = re.sub(
            rf"^(?:{province}|{shorten(province)}市?(?=.*[区县]))?(?:市辖区|市区)?", "", text
        )
    else:
        city, text, found = _find_prefecture(text, province)
        province = province or found
        if not city and (match := _CITY.match(text)):
            city, text = match[1], text[match.end() :]
    district = _find_district(text, province == "内蒙古自治区")
    text = text[len(district) :]
    if not city and district.endswith("市"):
        city, district = district, ""
    return {"province": province, "city": city, "district": district, "street": text.strip(" -")}


def _find_province(text):
    """Return the province that the text begins with, and what follows it."""
    text = text.removeprefix("中国")
    for province in PROVINCES:
        if text.startswith(province):
            return province, text[len(province) :]
    for province in PROVINCES:
        short = shorten(province)
        if not text.startswith(short):
            continue
        after = re.sub(r"^(?:省|自治区)", "", text[len(short) :])
        if re.match(r".{0,8}?自治[州县]", after) and shorten(province) in ("海南", "河南"):
            continue  # 海南藏族自治州, 河南蒙古族自治县: of Qinghai
        if after.startswith("市") or not after:
            return (province, text) if after and province == "吉林省" else ("", text)
        if not _STREET_WORD.match(after):
            return province, after
    return "", text


def _find_prefecture(text, province=""):
    """Return the city that the text begins with, what follows it, and its province."""
    for short, full, owner in PREFECTURES:
        if (province and owner != province) or not text.startswith(short):
            continue
        if text.startswith(full):
            return full, text[len(full) :], owner
        after = text[len(short) :]
        if match := re.match(r"市|州|地区|盟", after):
            return full if match[0] != "市" else f"{short}市", after[match.end() :], owner
        # without its "市" it is one only behind a province or where a district follows:
        # 南京东路 is a street
        if not _STREET_WORD.match(after) and (province or _find_district(after, False)):
            return full, after, owner
    return "", text, ""


def _find_district(text, has_banners):
    """Return the district or county that the text begins with.

    :param bool has_banners: 旗 is a county only in Inner Mongolia, elsewhere a flag
    """
    match = _DISTRICT.match(text)
    if not match or _NO_DISTRICT.search(match[1]) or len(match[1]) < 2:
        return ""
    if match[1].endswith("旗") and not has_banners:
        return ""
    return match[1]
