"""Documents leave the house only to be saved: never shown, never run."""

from __future__ import annotations

import asyncio

from litestar import Response

from portal.dossiers import files
from portal.dossiers.queries import File
from portal.outcomes import Missing

POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


async def document(file: File) -> Response[bytes]:
    """The bytes of a document that the caller may have. Raises Missing when they are gone."""
    try:
        data = await asyncio.to_thread(files.path_of(file.stored_as).read_bytes)
    except FileNotFoundError:
        raise Missing from None
    headers = {
        "Content-Disposition": files.disposition(file.name),
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return Response(data, media_type=file.media_type, headers=headers)
