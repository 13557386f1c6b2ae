"""Which documents are taken, under which names, and that nothing else is."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.documents import (
    DOCX,
    MAX_BYTES,
    NAME_LIMIT,
    ODS,
    XLSX,
    ZIP_MEMBERS,
    Unfit,
    clean_name,
    disposition,
    judge,
)
from portal.dossiers import files
from tests.dossiers.documents import HTML, JPEG, PDF, SVG, archive, docx, odt, png, xlsx


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (PDF, "application/pdf"),
        (png(), "image/png"),
        (JPEG, "image/jpeg"),
        (JPEG + b"\0" * 40, "image/jpeg"),
        (docx(), DOCX),
        (odt(), "application/vnd.oasis.opendocument.text"),
        (odt(ODS), ODS),
        (xlsx(), XLSX),
    ],
)
def test_documents_are_known_by_their_bytes(data: bytes, media_type: str) -> None:
    assert judge(data) == media_type


@pytest.mark.parametrize(
    "data",
    [
        SVG,
        HTML,
        b"MZ\x90\0" + b"\0" * 100,
        b"#!/bin/sh\nrm -rf /\n",
        b"GIF89a",
        b"plain text",
        PDF[:-6],
        b"\n" + PDF,
        archive(("anything.txt", b"x")),
        archive(("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", b"<x/>")),
        odt("application/vnd.oasis.opendocument.presentation"),
        docx(("word/vbaProject.bin", b"macro")),
        docx(types="application/vnd.ms-word.document.macroEnabled.main+xml"),
        archive(("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w/>")),
        docx(("../../etc/passwd", b"x")),
        docx(("word/activeX/activeX1.bin", b"x")),
        docx(
            ("word/_rels/settings.xml.rels", b'<R Type="x/attachedTemplate" TargetMode="External" Target="http://e"/>')
        ),
        xlsx(("xl/vbaProject.bin", b"macro")),
        docx(("..\\..\\evil", b"x")),
    ],
)
def test_everything_else_is_refused(data: bytes) -> None:
    with pytest.raises(Unfit) as refused:
        judge(data)
    assert refused.value.code == "wrong_type"


def test_a_question_takes_only_its_own_kinds_and_sizes() -> None:
    assert judge(PDF, ["pdf"]) == "application/pdf"
    for data, groups, most in ((PDF, ["picture", "word"], MAX_BYTES), (xlsx(), ["word"], MAX_BYTES)):
        with pytest.raises(Unfit, match="wrong_type"):
            judge(data, groups, most)
    with pytest.raises(Unfit, match="too_big"):
        judge(PDF, ["pdf"], len(PDF) - 1)


def verdict(data: bytes) -> str:
    """The media type, or why it is not taken."""
    try:
        return judge(data)
    except Unfit as unfit:
        return unfit.code


def test_polyglots_are_refused() -> None:
    for data in (PDF + archive(("x", b"y")) + b"%%EOF", png() + PDF, JPEG + archive(("x", b"y")), png() + HTML):
        with pytest.raises(Unfit) as refused:
            judge(data)
        assert refused.value.code == "wrong_type"


def test_archive_bombs_are_refused_without_being_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    def unpack(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("a bomb was opened")

    packed = docx(("word/media/bomb", b"\0" * 20_000_000))
    many = docx(*((f"word/{n}", b"") for n in range(ZIP_MEMBERS + 1)))
    monkeypatch.setattr(zipfile.ZipFile, "open", unpack)
    for data in (packed, many):
        with pytest.raises(Unfit):
            judge(data)


def test_damaged_archives_are_refused_in_words() -> None:
    whole = docx()
    for place in range(4, len(whole), 7):
        data = whole[:place] + bytes((whole[place] ^ 0xFF,)) + whole[place + 1 :]
        assert verdict(data) in (DOCX, "wrong_type")


@given(st.binary(max_size=300))
def test_no_bytes_break_the_judge(data: bytes) -> None:
    for start in (b"", b"PK\x03\x04", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xd8\xff"):
        assert verdict(start + data) in ("empty", "wrong_type", "application/pdf", "image/jpeg")


def test_ten_megabytes_are_enough() -> None:
    body = b"%PDF-1.7\n" + b" " * (MAX_BYTES - 15) + b"%%EOF\n"
    assert (len(body), judge(body)) == (MAX_BYTES, "application/pdf")
    with pytest.raises(Unfit) as refused:
        judge(body + b"\n")
    assert refused.value.code == "too_big"
    with pytest.raises(Unfit) as empty:
        judge(b"")
    assert empty.value.code == "empty"


# ------------------------------------------------------------------------------------------------ names
@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("budget.pdf", "budget.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("..\\..\\boot.ini", "boot.ini.pdf"),
        ("C:\\Users\\Ana\\plan.PDF", "plan.PDF"),
        ("evil.html", "evil.html.pdf"),
        ("page.pdf\r\nX-Evil: 1", "page.pdfX-Evil_ 1.pdf"),
        ("‮fdp.exe", "fdp.exe.pdf"),
        ("Żółty plan – wersja 2.pdf", "Żółty plan – wersja 2.pdf"),
        (".htaccess", "htaccess.pdf"),
        ("", "document.pdf"),
        ("...", "document.pdf"),
        ('a<b>"c".pdf', "a_b__c_.pdf"),
        ("x" * 300 + ".pdf", "x" * 114 + ".pdf"),
    ],
)
def test_names_are_fit_to_be_shown_and_saved(name: str, clean: str) -> None:
    assert clean_name(name, "application/pdf") == clean


@given(st.text(max_size=300))
def test_no_name_leads_out_or_breaks_a_header(name: str) -> None:
    cleaned = clean_name(name, "application/pdf")
    header = disposition(cleaned)
    assert cleaned.lower().endswith(".pdf") and not cleaned.startswith(".") and len(cleaned) <= NAME_LIMIT
    assert not set(cleaned) & set('/\\\r\n\0"')
    assert header.isascii() and header.startswith('attachment; filename="') and "\n" not in header


def test_a_polish_name_reaches_the_browser_whole() -> None:
    expected = "attachment; filename=\"Zoty plan.pdf\"; filename*=UTF-8''Z%C5%82oty%20plan.pdf"
    assert disposition("Złoty plan.pdf") == expected


# ------------------------------------------------------------------------------------------------ where they lie
async def test_bytes_lie_under_a_random_name_until_somebody_claims_them(files_folder: Path) -> None:
    kept = await files.keep("../../plan.pdf", PDF)
    assert (kept.name, kept.media_type, kept.size) == ("plan.pdf", "application/pdf", len(PDF))
    assert files.path_of(kept.stored_as).read_bytes() == PDF
    assert files.path_of(kept.stored_as).parent.parent == files_folder
    assert files.pending(kept.stored_as) == kept
    files.claimed(kept.stored_as)
    assert files.pending(kept.stored_as) is None
    assert files.path_of(kept.stored_as).exists()


async def test_two_documents_of_one_name_do_not_meet() -> None:
    first, second = await files.keep("plan.pdf", PDF), await files.keep("plan.pdf", png())
    assert first.stored_as != second.stored_as
    assert (first.name, second.name) == ("plan.pdf", "plan.pdf.png")


@pytest.mark.parametrize("name", ["", "../secret", "a" * 31, "A" * 32, "/etc/passwd", "a" * 33, "g" * 32])
def test_only_our_own_random_names_are_looked_for(name: str) -> None:
    assert files.pending(name) is None
    with pytest.raises(ValueError):
        files.path_of(name)


async def test_what_is_a_day_old_and_nobodys_is_found_by_the_sweep() -> None:
    old, young = await files.keep("a.pdf", PDF), await files.keep("b.pdf", PDF)
    os.utime(files._note(old.stored_as), (1, 1))
    assert files.stale_pending() == [old.stored_as]
    assert files.pending(young.stored_as) == young


def test_a_zip_in_memory_is_what_the_tests_think() -> None:
    assert zipfile.ZipFile(io.BytesIO(odt())).namelist()[0] == "mimetype"
