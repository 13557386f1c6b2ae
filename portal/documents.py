"""Documents that people send: which are taken, told by their bytes alone, and what their names become."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Collection
from urllib.parse import quote

MAX_BYTES = 10_000_000
ZIP_MEMBERS = 2_000
ZIP_UNPACKED = 100_000_000  # octets that a document may claim to unpack to
ZIP_RATIO = 200
MEMBER_READ = 100_000
NAME_LIMIT = 120

PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EXTENSIONS = {
    PDF: (".pdf",),
    PNG: (".png",),
    JPEG: (".jpg", ".jpeg"),
    ODT: (".odt",),
    ODS: (".ods",),
    DOCX: (".docx",),
    XLSX: (".xlsx",),
}
# What questions name (campaigns.kinds.FILE_TYPES), by media types.
GROUPS = {"pdf": (PDF,), "word": (DOCX,), "opendocument": (ODT,), "picture": (PNG, JPEG), "sheet": (XLSX, ODS)}

SEPARATORS = re.compile(r"[/\\]")


class Unfit(Exception):
    """Not a document we take. `code`: empty, too_big, wrong_type."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


# ------------------------------------------------------------------------------------------------ what is accepted
def judge(data: bytes, groups: Collection[str] = (), most: int = MAX_BYTES) -> str:
    """The media type of a document, told by its bytes alone. Raises Unfit: empty, too_big, wrong_type.

    `groups`: the kinds of files that are taken (none: all); `most`: octets.
    """
    if not data:
        raise Unfit("empty")
    if len(data) > min(most, MAX_BYTES):
        raise Unfit("too_big")
    for media_type in media_types(groups):
        if TESTS[media_type](data):
            return media_type
    raise Unfit("wrong_type")


def media_types(groups: Collection[str] = ()) -> list[str]:
    """The media types of some kinds of files; of all kinds, if none is named."""
    return [each for group, types in GROUPS.items() if not groups or group in groups for each in types]


def accept(groups: Collection[str] = ()) -> str:
    """The same as browsers want it: ".pdf,.png,.jpg"."""
    return ",".join(ending for each in media_types(groups) for ending in EXTENSIONS[each])


def _is_pdf(data: bytes) -> bool:
    """Starts and ends as a PDF, and cannot be opened as an archive too."""
    return bool(re.match(rb"%PDF-[12]\.\d", data)) and b"%%EOF" in data[-1024:] and not _is_archive(data)


def _is_png(data: bytes) -> bool:
    """Whole chunks from the header to IEND, and nothing after it."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"):
        return False
    place = 8
    while place + 12 <= len(data):
        length, kind = int.from_bytes(data[place : place + 4]), data[place + 4 : place + 8]
        place += 12 + length
        if kind == b"IEND":
            return place == len(data)
    return False


def _is_jpeg(data: bytes) -> bool:
    """Starts and ends as a JPEG (cameras pad the end with zeros), and cannot be opened as an archive too."""
    return data.startswith(b"\xff\xd8\xff") and data.rstrip(b"\0").endswith(b"\xff\xd9") and not _is_archive(data)


def _is_archive(data: bytes) -> bool:
    return zipfile.is_zipfile(io.BytesIO(data))


def _is_docx(data: bytes) -> bool:
    """A Word document without macros and without a template that it would fetch from elsewhere."""
    return _is_office(data, "word/document.xml", DOCX) and not _fetches_a_template(data)


def _is_xlsx(data: bytes) -> bool:
    """An Excel workbook without macros."""
    return _is_office(data, "xl/workbook.xml", XLSX)


def _is_office(data: bytes, main: str, media_type: str) -> bool:
    """The main part's name and the declared content type agree, and nothing in it runs."""
    names, types = _look_inside(data, "[Content_Types].xml")
    runs = any("vba" in name.lower() or "activex" in name.lower() for name in names)
    return main in names and media_type.encode() + b".main+xml" in types and not runs


def _fetches_a_template(data: bytes) -> bool:
    _names, relations = _look_inside(data, "word/_rels/settings.xml.rels")
    return b"attachedTemplate" in relations and b'TargetMode="External"' in relations


def _is_odt(data: bytes) -> bool:
    return _is_opendocument(data, ODT)


def _is_ods(data: bytes) -> bool:
    return _is_opendocument(data, ODS)


def _is_opendocument(data: bytes, media_type: str) -> bool:
    """Its first member is its uncompressed media type (OpenDocument 1.3, part 2, 3.3); no scripts of its own."""
    if data[30 : 38 + len(media_type)] != b"mimetype" + media_type.encode():
        return False
    names = _look_inside(data, "mimetype")[0]
    return "content.xml" in names and not any(name.startswith(("Basic/", "Scripts/")) for name in names)


def _look_inside(data: bytes, member: str) -> tuple[list[str], bytes]:
    """The names in an archive and the beginning of one member; nothing of what is no archive or a bomb."""
    if not data.startswith(b"PK\x03\x04"):
        return [], b""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if not _is_bounded(archive.infolist(), len(data)):
                return [], b""
            with archive.open(member) as file:
                return archive.namelist(), file.read(MEMBER_READ)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, ValueError, RuntimeError, OSError, KeyError, EOFError):
        return [], b""


def _is_bounded(members: list[zipfile.ZipInfo], packed: int) -> bool:
    """Of bounded size when unpacked, not encrypted, and no path leads out."""
    unpacked = sum(member.file_size for member in members)
    plain = all(not member.flag_bits & 1 and ".." not in SEPARATORS.split(member.filename) for member in members)
    return plain and len(members) <= ZIP_MEMBERS and unpacked <= min(ZIP_UNPACKED, packed * ZIP_RATIO)


TESTS = {PDF: _is_pdf, PNG: _is_png, JPEG: _is_jpeg, ODT: _is_odt, ODS: _is_ods, DOCX: _is_docx, XLSX: _is_xlsx}


# ------------------------------------------------------------------------------------------------ names
def bare_name(name: str) -> str:
    """A file's name without folders, and without control or direction characters."""
    name = unicodedata.normalize("NFC", SEPARATORS.split(name)[-1])
    return "".join(sign for sign in name if unicodedata.category(sign)[0] != "C")


def clean_name(name: str, media_type: str) -> str:
    """A file's name fit to be shown and saved: as `bare_name` leaves it, and with an honest ending."""
    name = re.sub(r'[<>:"|?*]', "_", " ".join(bare_name(name).split())).strip(". ")
    stem, dot, ending = name.rpartition(".")
    honest = EXTENSIONS[media_type]
    if not dot or f".{ending.lower()}" not in honest:
        stem, ending = name, honest[0][1:]
    return f"{stem[: NAME_LIMIT - 6].strip('. ') or 'document'}.{ending}"


def disposition(name: str, how: str = "attachment") -> str:
    """`Content-Disposition` (RFC 6266), to save unless `how` is inline: a plain name beside the true one."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", plain)
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
