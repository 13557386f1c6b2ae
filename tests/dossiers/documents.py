"""Small documents of every accepted kind, and some that are not what they seem."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from PIL import Image

from portal.documents import DOCX, ODT, XLSX

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"


def png() -> bytes:
    """One grey pixel."""
    parts = ((b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(b"\0\0")), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


def drawn(kind: str = "PNG", size: tuple[int, int] = (40, 20), mode: str = "RGB", **how: object) -> bytes:
    """A picture of one colour; `how` it is saved: what Pillow's Image.save takes."""
    out = io.BytesIO()
    Image.new(mode, size, "#1f5c4d").save(out, kind, **how)
    return out.getvalue()


def archive(*members: tuple[str, bytes], packed: bool = True) -> bytes:
    """A zip of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as made:
        for name, data in members:
            made.writestr(name, data)
    return out.getvalue()


def docx(*more: tuple[str, bytes], types: str = f"{DOCX}.main+xml") -> bytes:
    """A Word document with nothing in it, and `more` members."""
    return archive(
        ("[Content_Types].xml", f'<Types><Override ContentType="{types}"/></Types>'.encode()),
        ("word/document.xml", b"<w:document/>"),
        *more,
    )


def odt(media_type: str = ODT) -> bytes:
    """An OpenDocument text with nothing in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr(zipfile.ZipInfo("mimetype"), media_type)
        made.writestr("content.xml", "<office:document-content/>")
    return out.getvalue()


def xlsx(*more: tuple[str, bytes]) -> bytes:
    """An Excel workbook with nothing in it, and `more` members."""
    types = f'<Types><Override ContentType="{XLSX}.main+xml"/></Types>'.encode()
    return archive(("[Content_Types].xml", types), ("xl/workbook.xml", b"<workbook/>"), *more)
