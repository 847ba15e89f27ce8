"""How large a sheet is, found before it is read: no database, no ``env``.

The reader of sheets holds every cell between the first and the last in memory, however far
apart they are: two cells of a file of one kilobyte may need hundreds of gigabytes.
"""

import io
import re
import struct
import zipfile
import zlib
from xml.parsers import expat

MAX_UNPACKED = 100 * 1024 * 1024
MAX_CELLS = 1_000_000
_PACKAGE_END = b"PK\x05\x06"
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CHUNK = 1024 * 1024
# Records of an .xls: numbers of those with cells that have content, and of its structure.
_XLS_CELLS = {0x0006, 0x0203, 0x0204, 0x0205, 0x027E, 0x00FD, 0x00BD, 0x00D6}
_XLS_DIMENSIONS, _XLS_SHEET, _XLS_BEGIN, _XLS_END, _XLS_MANY = 0x0200, 0x0085, 0x0809, 0x0A, 0xBD
_LAST = 0xFFFFFFFA  # from here on: no sector
_XLS_AREA = 2**25  # only reserved: some programs claim all rows
_XLS_RECORDS = 3_000_000
_CELL = re.compile(r"([A-Za-z]*)([0-9]*)")


class SheetTooLarge(Exception):
    """The file unpacks to more than can be read, or its cells reach too far."""


class SheetUnreadable(Exception):
    """The file is packed like a sheet, but is none that is read here."""


def ensure_readable(content, max_cells=MAX_CELLS):
    """Refuse an .xlsx, .ods or .xls that would not fit into memory; other files pass.

    :param bytes content: the file
    :param int max_cells: how many cells a sheet may span
    :raise SheetTooLarge: it unpacks to over 100 MB, or a sheet spans more cells
    :raise SheetUnreadable: a damaged or strange package
    """
    try:
        if content.startswith(_COMPOUND):
            _check_xls(content, max_cells)
        if _PACKAGE_END not in content:
            return
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            _check_package(package, max_cells)
    except (
        zipfile.BadZipFile,
        zlib.error,
        expat.ExpatError,
        EOFError,
        OSError,
        RuntimeError,
        ValueError,
        struct.error,
    ) as error:
        raise SheetUnreadable(str(error)) from error


def _check_package(package, max_cells):
    members = package.infolist()
    if sum(member.file_size for member in members) > MAX_UNPACKED:
        raise SheetTooLarge("unpacked size")
    left = MAX_UNPACKED
    for member in members:
        if member.filename.lower().endswith("workbook.bin"):
            raise SheetUnreadable("binary workbook")
        with package.open(member) as stream:
            # the directory may lie about the size: no more than allowed is read
            data = stream.read(left + 1)
        left -= len(data)
        if left < 0:
            raise SheetTooLarge("unpacked size")
        # a workbook may call its sheets anything, so that the content tells, not the name
        if b"sheetData" in data or b"table-cell" in data:
            _Extent(max_cells).follow(data)


class _Extent:
    """Follows the cells of one sheet and stops where they reach too far."""

    def __init__(self, max_cells):
        self.max_cells = max_cells
        self.row = self.column = 0  # last row and column so far, from 1
        self.rows = self.columns = 0  # how far content reaches
        self.count = 0
        self.cell = None  # the (row, column) where the open cell ends
        self.repeated = 1  # rows that the open row stands for (.ods)

    def follow(self, data):
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        for start in range(0, len(data), _CHUNK):
            parser.Parse(data[start : start + _CHUNK], start + _CHUNK >= len(data))

    def _refuse_doctype(self, *_args):
        raise SheetUnreadable("document type")

    def _start(self, tag, attributes):
        name = tag.rpartition(":")[2]
        if name == "c":
            self._start_cell(attributes.get("r", ""))
        elif name == "row":
            self.row = _as_int(attributes.get("r")) or self.row + 1
            self.column = 0
        elif name in ("table", "sheetData"):
            self.row = self.column = self.rows = self.columns = 0
        elif name == "table-row":
            self.repeated = _as_int(_local(attributes, "number-rows-repeated")) or 1
            self.row += self.repeated
            self.column = 0
        elif name in ("table-cell", "covered-table-cell"):
            self.column += _as_int(_local(attributes, "number-columns-repeated")) or 1
            self.cell = (self.row, self.column)
            if _local(attributes, "value-type") is not None:
                self._note()
        elif self.cell:
            self._note()

    def _start_cell(self, reference):
        letters, digits = _CELL.match(reference).groups()
        column = 0
        for letter in letters[:8].upper():
            column = column * 26 + ord(letter) - 64
        self.column = column or self.column + 1
        self.cell = (max(self.row, _as_int(digits) or 0), self.column)

    def _end(self, tag):
        if tag.rpartition(":")[2] in ("c", "table-cell", "covered-table-cell"):
            self.cell = None

    def _note(self):
        """Take the open cell as one with content: empty ones take no memory."""
        row, column = self.cell
        self.cell = None
        self.count += 1
        self.rows = max(self.rows, row)
        self.columns = max(self.columns, column)
        if max(self.rows * self.columns, self.count) > self.max_cells:
            raise SheetTooLarge("cells")


def _as_int(text):
    text = (text or "")[:20]
    return int(text) if text.isascii() and text.isdigit() else None


def _local(attributes, name):
    return next((v for key, v in attributes.items() if key.rpartition(":")[2] == name), None)


def _check_xls(content, max_cells):
    for stream in _workbook_streams(content):
        left = _XLS_RECORDS
        starts = {
            struct.unpack_from("<I", data)[0]
            for number, data in _xls_records(stream, 0)
            if number == _XLS_SHEET
        }
        for start in starts:
            left = _check_xls_sheet(stream, start, left, max_cells)


def _check_xls_sheet(stream, start, left, max_cells):
    """Follow one sheet to its end; return how many records may still be read."""
    rows = columns = depth = 0
    for number, data in _xls_records(stream, start):
        left -= 1
        if number == _XLS_BEGIN:
            depth += 1
        elif number == _XLS_END:
            depth -= 1
            if depth <= 0:
                break
        elif number == _XLS_DIMENSIONS:
            layout = "<IIHH" if len(data) >= 14 else "<HHHH"
            top, bottom, first, last = struct.unpack_from(layout, data)
            if max(0, bottom - top) * max(0, last - first) > _XLS_AREA:
                raise SheetTooLarge("dimensions")
        elif number in _XLS_CELLS and len(data) >= 4:
            row, column = struct.unpack_from("<HH", data)
            if number == _XLS_MANY:
                column = max(column, struct.unpack_from("<H", data, len(data) - 2)[0])
            rows, columns = max(rows, row + 1), max(columns, column + 1)
        if rows * columns > max_cells or left < 0:
            raise SheetTooLarge("cells")
    return left


def _xls_records(stream, start):
    while start + 4 <= len(stream):
        number, size = struct.unpack_from("<HH", stream, start)
        yield number, stream[start + 4 : start + 4 + size]
        start += 4 + size


def _workbook_streams(content):
    """Yield the streams of a compound file that hold a workbook."""
    shift, small_shift = struct.unpack_from("<HH", content, 30)
    if shift not in (9, 12) or small_shift != 6:
        raise SheetUnreadable("sector size")
    size = 1 << shift
    directory, cutoff, small_table, more = (
        struct.unpack_from("<I", content, at)[0] for at in (48, 56, 60, 68)
    )

    def sector(index):
        return content[(index + 1) * size : (index + 2) * size]

    tables = list(struct.unpack_from("<109I", content, 76))
    for _turn in range(len(content) // size):
        words = _words(sector(more)) if more < _LAST else ()
        if not words:
            break
        tables += words[:-1]
        more = words[-1]
    table = []
    for index in dict.fromkeys(tables):  # a file may name one again and again
        if index < _LAST:
            table += _words(sector(index))
    entries = _chain(directory, table, sector, len(content) // size)
    smalls = _words(_chain(small_table, table, sector, len(content) // size))
    root = struct.unpack_from("<I", entries, 116)[0]
    pool = _chain(root, table, sector, len(content) // size)
    found = 0
    for at in range(0, len(entries) - 127, 128):
        name = entries[at : at + 64].decode("utf-16-le", "replace").split("\0")[0]
        if name.lower() in ("workbook", "book"):
            found += 1
            if found > 2:  # one for Excel 97, one for Excel 5
                raise SheetUnreadable("workbooks")
            first, length = struct.unpack_from("<II", entries, at + 116)
            if length < cutoff:
                stream = _chain(
                    first, smalls, lambda i: pool[i * 64 : i * 64 + 64], len(pool) // 64
                )
            else:
                stream = _chain(first, table, sector, len(content) // size)
            yield stream[:length]


def _words(data):
    return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])


def _chain(index, table, sector, limit):
    """Join the sectors of a stream, no more than the file has."""
    parts = []
    while index < _LAST and len(parts) <= limit:
        parts.append(sector(index))
        index = table[index] if index < len(table) else _LAST
    return b"".join(parts)
