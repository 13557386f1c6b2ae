"""The addresses of an uploaded list, and the rows that hold none. Values in, values out; reading blocks."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from portal.addresses import valid_email
from portal.imports import reading
from portal.imports.reading import MAX_ROWS, Sheet
from portal.imports.rules import SHOWN_VALUE, suggested

MOST = 50_000  # addresses of one list
MAX_BYTES = 10_000_000


class NoColumn(Exception):
    """No column of the list says that it holds addresses."""


class TooMany(Exception):
    """More rows than are taken at once."""


class Found(msgspec.Struct, frozen=True):
    """`addresses`: each once, in the order of the file; `wrong`: (line, what stands there) of rows without one."""

    addresses: list[str]
    wrong: list[tuple[int, str]]


def read(data: bytes) -> Found:
    """A CSV file or workbook, however it was written. Raises Unreadable, NoColumn, TooMany."""
    found = addresses_of(reading.read(data, reading.guess(data), MAX_ROWS))
    if len(found.addresses) + len(found.wrong) > MOST:
        raise TooMany
    return found


def addresses_of(sheet: Sheet) -> Found:
    """The column that is called e-mail in one of our languages; a list without headings begins with an address."""
    first = next((place for place, cell in enumerate(sheet.header) if valid_email(cell)), None)
    column = first if first is not None else suggested(sheet.header, "people", {}).get("email")
    if column is None:
        raise NoColumn
    rows = sheet.rows if first is None else [(1, sheet.header), *sheet.rows]
    known: dict[str, str] = {}
    wrong: list[tuple[int, str]] = []
    for line, cells in rows:
        if valid_email(cells[column]):
            known.setdefault(cells[column].lower(), cells[column])
        else:
            wrong.append((line, cells[column][:SHOWN_VALUE]))
    return Found(list(known.values()), wrong)


def ranges(lines: Sequence[int]) -> str:
    """Lines as people would name them: `3, 7–9`; ascending."""
    parts: list[list[int]] = []
    for line in lines:
        if parts and line == parts[-1][-1] + 1:
            parts[-1][1:] = [line]
        else:
            parts.append([line])
    return ", ".join("–".join(map(str, part)) for part in parts)
