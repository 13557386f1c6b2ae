"""A table out of a file: CSV as spreadsheets of all countries write it, or the sheet of an XLSX workbook.

What a file calls itself is no proof: bytes decide. Cells come as text; lines are counted as a spreadsheet counts them.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from statistics import mode
from typing import Literal

import msgspec
from python_calamine import CalamineError, CalamineWorkbook

MAX_BYTES = 30_000_000
MAX_ROWS = 100_000
MAX_COLUMNS = 200
MAX_CELL = 20_000  # characters
MAX_UNPACKED = 300_000_000  # octets that a workbook may claim to unpack to
MAX_CELLS = 10_000_000  # a reader of workbooks makes room for the whole rectangle, however empty it is
LOOKED_AT = 200_000  # octets that decide about the encoding
SAMPLE_LINES = 50

DELIMITERS = (",", ";", "\t", "|")
OLD_ENCODINGS = ("cp1252", "cp1250", "iso8859-2")
LETTERS = frozenset("áéíóúüñàâæçèêëîïôœùûÿąćęłńśźżäöß" + "ÁÉÍÓÚÜÑÀÂÆÇÈÊËÎÏÔŒÙÛŸĄĆĘŁŃŚŹŻÄÖ" + "«»„”“’–…€ºª¿¡")
ENCODINGS = ("utf-8", "utf-16", "cp1250", "cp1252", "iso8859-2", "latin-1")
BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
PLACE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
XLS, PACKED = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"

Code = Literal[
    "empty", "too_big", "too_many_rows", "too_many_columns", "cell_too_long", "not_a_table", "old_workbook",
    "broken_workbook", "bomb", "wrong_encoding", "broken_quotes", "no_header",
]  # fmt: skip


class Unreadable(Exception):
    """No table that we take. `line`: where it breaks off, 0 when it is about the whole."""

    def __init__(self, code: Code, line: int = 0) -> None:
        super().__init__(code)
        self.code, self.line = code, line


class Reading(msgspec.Struct, frozen=True):
    """How a file is read: guessed first, mended by people. `sheet` of a workbook; the rest of a CSV file."""

    format: Literal["csv", "xlsx"]
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    sheets: tuple[str, ...] = ()


class Sheet(msgspec.Struct, frozen=True):
    """A table: its header, and (line, cells) of each row that is not empty. All rows are as long as the header."""

    header: list[str]
    rows: list[tuple[int, list[str]]]


# ------------------------------------------------------------------------------------------------ what it is
def guess(data: bytes) -> Reading:
    """How a file wants to be read, told by its bytes. Raises Unreadable."""
    if not data.strip(b"\0 \r\n\t"):
        raise Unreadable("empty")
    if len(data) > MAX_BYTES:
        raise Unreadable("too_big")
    if data.startswith(XLS):
        raise Unreadable("old_workbook")
    if data.startswith(PACKED):
        sheets = tuple(_workbook(data).sheet_names)
        return Reading("xlsx", sheet=sheets[0] if sheets else "", sheets=sheets)
    encoding = guess_encoding(data)
    return Reading("csv", encoding, guess_delimiter(_decoded(data, encoding)))


def guess_encoding(data: bytes) -> str:
    """The encoding of a text: by its mark, UTF-8 where it is valid, else the one that gives most of our own letters.

    Polish spreadsheets write cp1250, western ones cp1252, old exports ISO 8859-2; any bytes are valid in all of them.
    """
    for bom, encoding in BOMS:
        if data.startswith(bom):
            return encoding
    if data[:LOOKED_AT].count(0) > len(data[:LOOKED_AT]) / 5:
        return "utf-16"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return max(OLD_ENCODINGS, key=lambda each: sum(sign in LETTERS for sign in data.decode(each, "ignore")))
    return "utf-8"


def guess_delimiter(text: str) -> str:
    """The sign that parts the first lines into the same number of cells, the more the better."""
    head = "".join(io.StringIO(text, newline="").readlines()[:SAMPLE_LINES])
    return max(DELIMITERS, key=lambda each: (_regular(head, each), -DELIMITERS.index(each)))


def _regular(head: str, delimiter: str) -> tuple[float, int]:
    """(share of lines with the usual number of cells if that is above one, the number)."""
    try:
        widths = [len(row) for row in csv.reader(io.StringIO(head, newline=""), delimiter=delimiter) if row]
    except csv.Error:
        return 0.0, 0
    usual = mode(widths) if widths else 0
    return (widths.count(usual) / len(widths) if usual > 1 else 0.0), usual


# ------------------------------------------------------------------------------------------------ reading it
def read(data: bytes, reading: Reading, most: int = MAX_ROWS) -> Sheet:
    """The table, at most `most` rows of it (more than MAX_ROWS are refused). Raises Unreadable."""
    lines = _lines_of_workbook(data, reading) if reading.format == "xlsx" else _lines_of_text(data, reading)
    header: list[str] | None = None
    rows: list[tuple[int, list[str]]] = []
    for line, cells in lines:
        cells = [_tidy(cell, line) for cell in cells]
        if not any(cells):
            continue
        if header is None:
            header = _header(cells)
        elif len(rows) == most:
            if most == MAX_ROWS:
                raise Unreadable("too_many_rows")
            break
        else:
            rows.append((line, _fitted(cells, len(header))))
    if header is None:
        raise Unreadable("empty")
    return Sheet(header, rows)


def _header(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    if len(cells) > MAX_COLUMNS:
        raise Unreadable("too_many_columns")
    return cells


def _fitted(cells: list[str], width: int) -> list[str]:
    """As long as the header; cells beyond it have no name, so nobody can choose them."""
    return (cells + [""] * (width - len(cells)))[:width]


def _tidy(cell: str, line: int) -> str:
    if len(cell) > MAX_CELL:
        raise Unreadable("cell_too_long", line)
    return cell.replace("\0", "").strip().lstrip("\ufeff")


# ------------------------------------------------------------------------------------------------ CSV
def _lines_of_text(data: bytes, reading: Reading) -> Iterator[tuple[int, list[str]]]:
    """Records, also with line breaks inside quotes and with mixed line ends (RFC 4180, and what people really have)."""
    text = _decoded(data, reading.encoding)
    if any(sign in text[:LOOKED_AT] for sign in ("\x01", "\x02", "\x03", "\x04")):
        raise Unreadable("not_a_table")
    records = csv.reader(io.StringIO(text, newline=""), delimiter=reading.delimiter or ",", strict=True)
    line = 0
    try:
        for line, cells in enumerate(records, 1):
            yield line, cells
    except csv.Error as error:
        raise Unreadable("cell_too_long" if "larger" in str(error) else "broken_quotes", line + 1) from None


def _decoded(data: bytes, encoding: str) -> str:
    if encoding == "utf-16" and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
    try:
        return data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except (UnicodeDecodeError, LookupError):
        raise Unreadable("wrong_encoding") from None


# ------------------------------------------------------------------------------------------------ XLSX
def _lines_of_workbook(data: bytes, reading: Reading) -> Iterator[tuple[int, list[str]]]:
    workbook = _workbook(data)
    if reading.sheet not in workbook.sheet_names:
        raise Unreadable("no_header")
    try:
        rows = workbook.get_sheet_by_name(reading.sheet).to_python(skip_empty_area=False)
    except (CalamineError, zipfile.BadZipFile, ValueError):
        raise Unreadable("broken_workbook") from None
    for line, cells in enumerate(rows, 1):
        yield line, [_text(cell) for cell in cells]


def _workbook(data: bytes) -> CalamineWorkbook:
    """The workbook, once it is known to fit in memory. Raises Unreadable."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(each.file_size for each in archive.infolist()) > MAX_UNPACKED:
                raise Unreadable("bomb")
            for each in archive.infolist():
                if each.filename.startswith("xl/worksheets/") and each.filename.endswith(".xml"):
                    _check_extent(archive, each)
        return CalamineWorkbook.from_filelike(io.BytesIO(data))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, CalamineError, OSError):
        raise Unreadable("broken_workbook") from None


def _check_extent(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """One cell far away makes a huge rectangle; archives may also unpack to more than they claim."""
    rows = columns = unpacked = 0
    rest = b""
    with archive.open(member) as stream:
        while piece := stream.read(1_000_000):
            unpacked += len(piece)
            for letters, number in PLACE.findall(rest + piece):
                rows, columns = max(rows, int(number)), max(columns, _column(letters))
            rest = piece[-20:]
            if unpacked > MAX_UNPACKED or rows * columns > MAX_CELLS:
                raise Unreadable("bomb")


def _column(letters: bytes) -> int:
    """A -> 1, Z -> 26, AA -> 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _text(cell: object) -> str:
    """A cell as a person would type it into a form: whole numbers without a point, days and moments as ISO 8601."""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "minutes")
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    return "" if isinstance(cell, timedelta) else str(cell)
