"""Reading price lists back."""

import io
import re
import zlib

from python_calamine import CalamineWorkbook

STREAM = re.compile(rb"FlateDecode.*?stream\r?\n(.*?)endstream", re.DOTALL)
TEXT = re.compile(rb"\(((?:\\.|[^\\()])*)\) Tj", re.DOTALL)
ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def read_xlsx(content):
    """Return the cells of a workbook's sheet, ``[[value, …], …]``."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return book.get_sheet_by_index(0).to_python()


def read_pdf(content):
    """Return the texts of a PDF in a Chinese font, in the order in which they are drawn."""

    def unescape(match):
        found = match.group(1)
        if len(found) == 3:
            return bytes([int(found, 8)])
        return ESCAPES.get(found, found)

    texts = []
    for stream in STREAM.findall(content):
        page = zlib.decompressobj().decompress(stream)
        texts += [
            ESCAPE.sub(unescape, raw).decode("utf-16-be", "replace") for raw in TEXT.findall(page)
        ]
    return texts
