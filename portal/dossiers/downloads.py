"""Documents leave the house to be saved, or to be looked at where a browser can do no more than show them."""

from __future__ import annotations

import asyncio

from litestar import Response

from portal import documents as kinds
from portal.dossiers import files
from portal.dossiers.queries import File
from portal.outcomes import Missing

SAVED = "default-src 'none'; sandbox; frame-ancestors 'none'"
# What is looked at is what its bytes say (documents.judge) and nothing else (nosniff). The sandbox would keep browsers
# from showing a PDF at all; their viewers run none of it in the page, and the policy lets it load nothing.
SHOWN = {
    kinds.PNG: "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'",
    kinds.JPEG: "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'",
    kinds.PDF: "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}


async def document(file: File, *, shown: bool = False) -> Response[bytes]:
    """The bytes of a document that the caller may have. `shown`: in the browser, where that is safe.

    Raises Missing when they are gone.
    """
    try:
        data = await asyncio.to_thread(files.path_of(file.stored_as).read_bytes)
    except FileNotFoundError:
        raise Missing from None
    shown = shown and file.media_type in SHOWN
    headers = {
        "Content-Disposition": files.disposition(file.name, "inline" if shown else "attachment"),
        "Content-Security-Policy": SHOWN[file.media_type] if shown else SAVED,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
        "Referrer-Policy": "no-referrer",
    }
    return Response(data, media_type=file.media_type, headers=headers)
