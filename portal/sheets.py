"""Tables as files for spreadsheets: CSV and XLSX, in which nothing that people typed is ever a formula.

Cells are texts, numbers, instants (written in the reader's zone) or None.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import IO, Any

import xlsxwriter  # type: ignore[import-untyped]

from portal.formats import local
from portal.i18n import current_locale

BOM = "\ufeff"  # spreadsheets take a file without it for another encoding
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # also their full-width kin
LONGEST_CELL = 32_767  # characters: what a spreadsheet keeps
ROWS_OF_A_SHEET = 1_048_576
TYPES = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def plain(text: str) -> str:
    """A text that no spreadsheet calculates (CWE-1236): an apostrophe stands before what could begin a formula."""
    return f"'{text}" if text.startswith(FORMULA) or text.lstrip().startswith(FORMULA) else text


def delimiter() -> str:
    """What separates cells where the reader's spreadsheet writes a comma in its numbers."""
    return "," if current_locale.get() == "en" else ";"


def csv_lines(rows: Iterable[Sequence[Any]], *, first: bool = False) -> bytes:
    """Rows as a piece of a CSV file (RFC 4180, UTF-8); the first piece says its encoding."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter(), lineterminator="\r\n").writerows(
        [_text(each) for each in row] for row in rows
    )
    return ((BOM if first else "") + text.getvalue()).encode()


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return local(value).strftime("%Y-%m-%d %H:%M")
        case bool():
            return str(int(value))
        case int() | float():
            return f"{value:g}" if isinstance(value, float) else str(value)
    return plain(str(value))


def begin(form: str, file: IO[bytes], name: str, header: Sequence[str]) -> CsvFile | Workbook:
    """A file of one of TYPES with its first row. `name`: of a workbook's sheet. Blocks: use it off the event loop."""
    return Workbook(file, name, header) if form == "xlsx" else CsvFile(file, header)


def whole(form: str, name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A whole file of one of TYPES. Blocks."""
    file = io.BytesIO()
    book = begin(form, file, name, header)
    book.write(rows)
    book.close()
    return file.getvalue()


class CsvFile:
    """A CSV file that is written as a workbook is."""

    def __init__(self, file: IO[bytes], header: Sequence[str]) -> None:
        self.file = file
        file.write(csv_lines([header], first=True))

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """More rows."""
        self.file.write(csv_lines(rows))

    def close(self) -> None:
        """Nothing is left to be written."""


class Workbook:
    """An XLSX file that is written row by row; `close()` ends it. Blocks: use it off the event loop."""

    def __init__(self, file: IO[bytes], name: str, header: Sequence[str]) -> None:
        self.book = xlsxwriter.Workbook(file, OPTIONS)
        self.sheet = self.book.add_worksheet(name[:31])
        self.moment = self.book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        bold = self.book.add_format({"bold": True})
        self.sheet.freeze_panes(1, 0)
        self.sheet.set_column(0, max(0, len(header) - 1), 20)
        self.row = 0
        for place, label in enumerate(header):
            self.sheet.write_string(0, place, label[:LONGEST_CELL], bold)

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """More rows. Beyond what a sheet holds they are left out."""
        for row in rows:
            self.row += 1
            if self.row < ROWS_OF_A_SHEET:
                for place, value in enumerate(row):
                    self._cell(place, value)

    def _cell(self, place: int, value: Any) -> None:
        match value:
            case None | "":
                return
            case datetime():
                self.sheet.write_datetime(self.row, place, local(value).replace(tzinfo=None), self.moment)
            case int() | float() if not isinstance(value, bool) and math.isfinite(value):
                self.sheet.write_number(self.row, place, value)
            case _:
                self.sheet.write_string(self.row, place, str(value)[:LONGEST_CELL])

    def close(self) -> None:
        """End the file."""
        self.book.close()
