"""Alice's spreadsheets come from everywhere: each is read as it was meant, or she is told what is wrong with it."""

from __future__ import annotations

import contextlib
import csv
import io
import zipfile

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from portal.imports import reading
from portal.imports.reading import Reading, Sheet, Unreadable, guess, read

POLISH = "imię;nazwisko;email\nŻaneta;Łoś;zaneta@people.example\nÓscar;Wąż;oscar@people.example\n"
FRENCH = "prénom;nom;courriel\nÉloïse;Müller;eloise@people.example\n"
SPANISH = "nombre;apellidos;correo\nIñigo;Peña;inigo@people.example\n"


def table(data: bytes) -> Sheet:
    return read(data, guess(data))


def workbook(*rows: list[object], far: bool = False) -> bytes:
    """An XLSX file of these rows; `far`: with one more cell at the other end of the sheet."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet("Łódź")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        if far:
            sheet.write(1_048_575, 16_000, "far")
    return file.getvalue()


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (POLISH, "cp1250"), (POLISH, "iso8859-2"), (POLISH, "utf-8"), (POLISH, "utf-8-sig"), (POLISH, "utf-16"),
        (POLISH, "utf-16-le"), (FRENCH, "cp1252"), (SPANISH, "cp1252"), (SPANISH, "utf-16-be"),
    ],
)  # fmt: skip
def test_old_and_new_encodings_are_told_by_their_letters(text: str, encoding: str) -> None:
    rows = [line.split(";") for line in text.splitlines()]
    found = table(text.encode(encoding))
    assert [found.header, *(cells for _line, cells in found.rows)] == rows


@pytest.mark.parametrize("delimiter", reading.DELIMITERS)
def test_commas_semicolons_tabs_and_bars_are_told_apart(delimiter: str) -> None:
    lines = [["email", "city"], ["ana@people.example", "Łódź"], ["jan@people.example", "Lyon"]]
    data = "\r\n".join(delimiter.join(line) for line in lines).encode()
    assert guess(data).delimiter == delimiter
    assert table(data) == Sheet(lines[0], [(2, lines[1]), (3, lines[2])])


def test_mixed_line_ends_and_breaks_within_quotes_keep_the_lines() -> None:
    found = table(b'email;note\rana@people.example;one\n\r\njan@people.example;"two\r\nlines"\r\n')
    cells = [["ana@people.example", "one"], ["jan@people.example", "two\r\nlines"]]
    assert [each for _line, each in found.rows] == cells


def test_rows_are_as_long_as_the_header_and_empty_ones_are_passed_over() -> None:
    assert table(b"email;name;;\na@b.example\n;;\nc@d.example;C;x;y\n") == Sheet(
        ["email", "name"], [(2, ["a@b.example", ""]), (4, ["c@d.example", "C"])]
    )


def test_a_workbook_gives_its_cells_as_people_would_type_them() -> None:
    found = table(workbook(["email", "n", "share", "yes"], ["ana@people.example", 3, 0.5, True]))
    assert found == Sheet(["email", "n", "share", "yes"], [(2, ["ana@people.example", "3", "0.5", "1"])])
    assert guess(workbook(["email"])).sheets == ("Łódź",)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b" \r\n\0", "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old_workbook"),
        (b"PK\x03\x04 but no archive", "broken_workbook"),
        (b'email;note\nana@people.example;"open', "broken_quotes"),
        (b"email;note\nana@people.example;" + b"x" * 20_001, "cell_too_long"),
        (b"email;note\nana@people.example;\x01\x02\x03", "not_a_table"),
        (b";".join(b"c" for _ in range(201)), "too_many_columns"),
    ],
)
def test_what_is_no_table_is_refused_with_its_reason(data: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        table(data)
    assert refused.value.code == code


def test_one_cell_far_away_does_not_fill_the_memory() -> None:
    with pytest.raises(Unreadable) as refused:
        guess(workbook(["email"], far=True))
    assert refused.value.code == "bomb"


def test_an_archive_that_unpacks_to_far_more_is_not_opened() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(4):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", b" " * 80_000_000)
    with pytest.raises(Unreadable) as refused:
        guess(file.getvalue())
    assert refused.value.code == "bomb"


def test_another_encoding_can_be_chosen_and_the_wrong_one_is_said() -> None:
    assert read(POLISH.encode("cp1250"), Reading("csv", "latin-1", ";")).header == ["imiê", "nazwisko", "email"]
    with pytest.raises(Unreadable) as refused:
        read(POLISH.encode("cp1250"), Reading("csv", "utf-8", ";"))
    assert refused.value.code == "wrong_encoding"


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\x01\x02\x03\x04\ufeff\r"), min_size=1, max_size=8)


@given(st.lists(st.lists(CELLS.map(lambda each: f"x{each.strip()}x"), min_size=2, max_size=4), min_size=2, max_size=6))
def test_whatever_a_spreadsheet_writes_is_read_back(rows: list[list[str]]) -> None:
    width = len(rows[0])
    rows = [(row + ["x"] * width)[:width] for row in rows]
    file = io.StringIO()
    csv.writer(file, delimiter=";").writerows(rows)
    found = read(file.getvalue().encode(), Reading("csv", "utf-8", ";"))
    assert [found.header, *(cells for _line, cells in found.rows)] == rows


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_a_sentence(data: bytes) -> None:
    with contextlib.suppress(Unreadable):
        assert table(data).header
