"""What a product is found by, as one text: lower case, full-width folded, with pinyin initials."""

import re
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

from ..utils import normalise

CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
SEPARATOR = "\n"


@lru_cache(maxsize=20000)
def _initials(run):
    """First letters of one run of Chinese characters: 断路器 → dlq, read as words."""
    return "".join(lazy_pinyin(run, style=Style.FIRST_LETTER))


def pinyin_initials(text):
    """Put the initials of their pinyin (拼音首字母) in the place of the Chinese characters.

    :return: lower-case text; empty where there is nothing Chinese in it
    """
    if not CHINESE.search(text):
        return ""
    return CHINESE.sub(lambda match: _initials(match[0]), text).lower()


def make_search_key(texts):
    """Join names, codes and values to the text that a search looks in.

    Each text stands alone: a word of a search, which holds no separator, is never found across
    two of them. ``["GS 断路器", "A-1"]`` → ``"gs 断路器\\ngs dlq\\na-1"``

    :param texts: whatever the product is called; empty ones and repeats are left out
    """
    parts = {}
    for text in texts:
        folded = normalise(text).lower()
        if folded:
            parts[folded] = None
            parts[pinyin_initials(folded)] = None
    parts.pop("", None)
    return SEPARATOR.join(parts)
