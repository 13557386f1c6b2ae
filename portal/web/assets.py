"""Static files under URLs that change with their content, so that browsers may keep them for ever."""

from __future__ import annotations

import hashlib
from pathlib import Path

from litestar import Router
from litestar.datastructures import CacheControlHeader
from litestar.static_files import create_static_files_router

from portal.web.rights import public

FOR_EVER = CacheControlHeader(max_age=31_536_000, public=True, immutable=True)
DIGITS = 12


class Assets:
    """One hash over the whole folder: style sheets name fonts and icons by relative paths."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hash = _hash(folder)

    def url(self, path: str) -> str:
        """`css/portal.css` -> `/static/3fa1.../css/portal.css`."""
        return f"/static/{self.hash}/{path}"

    def router(self) -> Router:
        """The route that serves them."""
        return create_static_files_router(
            path=f"/static/{self.hash}",
            directories=[self.folder],
            cache_control=FOR_EVER,
            opt=public(),
            include_in_schema=False,
            name="static",
        )


def _hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:DIGITS]
