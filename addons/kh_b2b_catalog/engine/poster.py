"""The picture by which a product is passed on: drawn without a database."""

import glob
import io
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont
from reportlab.graphics.barcode.qr import QrCodeWidget

WIDTH, HEIGHT, MARGIN = 750, 1200, 48
INK, MUTED, ACCENT = "#1f2329", "#646a73", "#c23616"
# Where systems keep fonts with Chinese characters; the first that exists is used.
CJK_FONTS = (
    "/usr/share/fonts/**/NotoSansCJK*Regular*.[to]t[cf]",
    "/usr/share/fonts/**/NotoSansSC*Regular*.[to]tf",
    "/usr/share/fonts/**/SourceHanSans*Regular*.[to]t[cf]",
    "/usr/share/fonts/**/wqy-*.tt[cf]",
    "/usr/share/fonts/**/DroidSansFallback*.ttf",
    "/usr/local/share/fonts/**/NotoSans*CJK*.[to]t[cf]",
    "/System/Library/Fonts/PingFang.ttc",
    "C:/Windows/Fonts/msyh.ttc",
)


@dataclass(frozen=True)
class PosterFacts:
    """What a poster shows. `price` is text ready to show; empty: no price."""

    url: str
    name: str
    item_no: str = ""
    spec: str = ""
    price: str = ""
    price_note: str = ""
    hint: str = ""
    seller: str = ""
    picture: bytes = b""


@lru_cache(maxsize=1)
def find_font():
    """Return the path of a font with Chinese characters; empty: there is none here."""
    for pattern in CJK_FONTS:
        found = sorted(glob.glob(pattern, recursive=True))
        if found:
            return found[0]
    return ""


def can_draw(facts):
    """Whether the texts of a poster can be drawn with the fonts of this machine."""
    texts = (facts.name, facts.item_no, facts.spec, facts.price_note, facts.hint, facts.seller)
    return bool(find_font()) or all(ord(char) < 0x2000 for text in texts for char in text)


@lru_cache(maxsize=16)
def _font(size):
    path = find_font()
    if not path:
        return ImageFont.load_default(size)
    # the simplified Chinese face of a collection is its third
    index = 2 if path.endswith(".ttc") and "CJK" in path else 0
    return ImageFont.truetype(path, size, index=index)


def draw_qr(text, size, border=4):
    """Return the QR code of a text as a picture of `size` × `size` pixels."""
    widget = QrCodeWidget(text, barLevel="M")
    widget.qr.make()
    modules = widget.qr.modules
    count = len(modules)
    picture = Image.new("L", (count + 2 * border, count + 2 * border), 255)
    for row, values in enumerate(modules):
        for column, is_dark in enumerate(values):
            if is_dark:
                picture.putpixel((column + border, row + border), 0)
    # whole pixels only, or scanners see uneven modules
    side = picture.width * max(size // picture.width, 1)
    framed = Image.new("L", (size, size), 255)
    corner = (size - side) // 2
    framed.paste(picture.resize((side, side), Image.Resampling.NEAREST), (corner, corner))
    return framed


def wrap(draw, text, font, width, lines):
    """Break a text into at most `lines` lines of `width` pixels; the last ends with “…”."""
    result, current = [], ""
    for char in " ".join(text.split()):
        if draw.textlength(current + char, font=font) <= width:
            current += char
            continue
        result.append(current.strip())
        current = char
        if len(result) == lines:
            return [*result[:-1], result[-1][:-1] + "…"]
    return [*result, current.strip()] if current.strip() else result


def draw_poster(facts):
    """Draw the poster of a product.

    :param PosterFacts facts: what it shows
    :return: PNG, 750 × 1200 pixels
    :rtype: bytes
    """
    poster = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(poster)
    top = _draw_picture(poster, draw, facts)
    inner = WIDTH - 2 * MARGIN
    for line in wrap(draw, facts.name, _font(38), inner, 2):
        draw.text((MARGIN, top), line, fill=INK, font=_font(38))
        top += 54
    detail = " · ".join(text for text in (facts.item_no, facts.spec) if text)
    for line in wrap(draw, detail, _font(26), inner, 1):
        draw.text((MARGIN, top + 6), line, fill=MUTED, font=_font(26))
    top += 50
    if facts.price:
        draw.text((MARGIN, top), facts.price, fill=ACCENT, font=_font(48))
        left = MARGIN + draw.textlength(facts.price, font=_font(48)) + 16
        draw.text((left, top + 22), facts.price_note, fill=MUTED, font=_font(26))
    _draw_foot(poster, draw, facts)
    output = io.BytesIO()
    poster.save(output, "PNG", optimize=True)
    return output.getvalue()


def _draw_picture(poster, draw, facts):
    """Put the product's picture on top; return where the text begins."""
    side = 600
    left = (WIDTH - side) // 2
    draw.rectangle((left, MARGIN, left + side, MARGIN + side), fill="#f5f6f7")
    if facts.picture:
        with Image.open(io.BytesIO(facts.picture)) as source:
            picture = source.convert("RGBA")
        picture.thumbnail((side, side))
        x = left + (side - picture.width) // 2
        y = MARGIN + (side - picture.height) // 2
        poster.paste(picture, (x, y), picture)
    return MARGIN + side + 32


def _draw_foot(poster, draw, facts):
    """Put the QR code with its hint and the seller at the bottom."""
    side = 220
    top = HEIGHT - MARGIN - side
    poster.paste(draw_qr(facts.url, side, border=1), (WIDTH - MARGIN - side, top))
    width = WIDTH - 3 * MARGIN - side
    y = top + 20
    for line in wrap(draw, facts.seller, _font(32), width, 2):
        draw.text((MARGIN, y), line, fill=INK, font=_font(32))
        y += 46
    for line in wrap(draw, facts.hint, _font(26), width, 2):
        draw.text((MARGIN, y + 10), line, fill=MUTED, font=_font(26))
        y += 40


def draw_qr_png(text, size=400):
    """Return the QR code of a text as PNG."""
    output = io.BytesIO()
    draw_qr(text, size).save(output, "PNG", optimize=True)
    return output.getvalue()
