"""The JSON API's common part: lists by cursor, local times, the answer to whoever was slower, the interactive docs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec
from litestar import Response, get

from portal.i18n import _
from portal.lists import Cursor, Slice
from portal.outcomes import Refused, Stale
from portal.web.errors import PROBLEM
from portal.web.field import YEARS
from portal.web.htmx import Request
from portal.web.pages import page
from portal.web.rights import public

T = TypeVar("T")
DEFAULT, MOST = 50, 200


class Listing(msgspec.Struct, Generic[T]):
    """One page of a list. `next` is the cursor of the following page, null on the last."""

    items: list[T]
    next: str | None = None


def bounded(limit: int | None) -> int:
    """A page's length: 50 unless asked for, at most 200."""
    return min(max(limit or DEFAULT, 1), MOST)


def listing(slice_: Slice[Any], shape: Callable[[Any], T]) -> Listing[T]:
    """A page of rows in the API's shape."""
    return Listing([shape(row) for row in slice_.items], slice_.older)


def cut(rows: Sequence[Any], limit: int | None, cursor: str | None, shape: Callable[[Any], T]) -> Listing[T]:
    """A page of a short list that is in memory; the cursor is the id of the last row seen."""
    ids = [row.id for row in rows]
    start = next((place for place, number in enumerate(ids, 1) if str(number) == cursor), 0)
    items = list(rows[start : start + bounded(limit)])
    more = start + len(items) < len(rows)
    return Listing([shape(row) for row in items], str(items[-1].id) if more else None)


def wall_time(text: str | None, field: str) -> datetime | None:
    """A local date and time such as 2026-01-01T00:00, without zone. Raises Refused beside the field."""
    if not text:
        return None
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        value = None
    if value is None or value.tzinfo is not None or value.year not in YEARS:
        raise Refused(_("Enter a date and a time."), field=field)
    return value


def wall_text(value: datetime | None) -> str | None:
    """The reverse of `wall_time`."""
    return value.strftime("%Y-%m-%dT%H:%M") if value else None


def slower(stale: Stale, current: Any) -> Response[Any]:
    """409 for whoever acted on an old version, with what is there now."""
    body = {
        "type": "about:blank",
        "status": 409,
        "title": _("Changed in the meantime"),
        "detail": _("Somebody saved changes here first. Reload the page and try again."),
        "by": stale.by,
        "current": current,
    }
    return Response(body, status_code=409, media_type=PROBLEM)


def cursor_of(text: str | None, read: Callable[[str | None], Cursor | None]) -> Cursor | None:
    """The cursor of a request. Raises Refused when it was not made here, rather than starting over."""
    cursor = read(text)
    if text and cursor is None:
        raise Refused(_("This cursor is not valid."), field="cursor")
    return cursor


@get("/api/docs", opt=public(), include_in_schema=False)
async def api_docs(request: Request) -> Response[str]:
    """The interactive documentation, made in the browser from /api/v1/openapi.json."""
    return page(request, "api/docs.html")


@get("/api/v1/openapi.json", opt=public(), include_in_schema=False)
async def api_description(request: Request) -> Response[Any]:
    """OpenAPI. Served by ourselves: beside its own routes Litestar answers unknown paths with a page of its own."""
    return Response(request.app.openapi_schema.to_schema())


docs = [api_docs, api_description]
