"""The on-screen mailbox: letters as a mail client shows them. Only while no mail server is configured."""

from __future__ import annotations

from typing import Any

from litestar import Response, Router, get
from litestar.connection import ASGIConnection
from litestar.exceptions import NotFoundException
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, FromQuery

from portal.mailbox import queries
from portal.mailbox.queries import NEWEST, Received
from portal.mailbox.reading import read
from portal.outcomes import Missing
from portal.web.htmx import Request
from portal.web.lists import asked
from portal.web.pages import letter, page, see
from portal.web.rights import needs

HERE = "/mailbox"
LONGEST_WORDS = 200
PLAIN = "text/plain"


def only_on_screen(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """With a real mail server there is no such page."""
    if not connection.app.state.has_mailbox:
        raise NotFoundException


@get("/")
async def letters(request: Request, q: FromQuery[str] = "") -> Response[Any]:
    """The list, newest first."""
    words = q.replace("\0", "")[:LONGEST_WORDS]
    found = await queries.search(words, asked(request, NEWEST))
    return page(
        request, "mailbox/list.html", found=found, q=words, any_letter=bool(found) or await queries.any_letter()
    )


@get("/{letter_id:int}")
async def one(request: Request, letter_id: FromPath[int]) -> Response[Any]:
    """A letter."""
    received = await _received(letter_id)
    return page(request, "mailbox/letter.html", received=received, letter=read(received.raw))


@get("/{letter_id:int}/html")
async def html_part(letter_id: FromPath[int]) -> Response[str]:
    """The html part, for a sandboxed frame."""
    html = read((await _received(letter_id)).raw).html
    if html is None:
        raise Missing
    return letter(html)


@get("/{letter_id:int}/raw")
async def raw(letter_id: FromPath[int]) -> Response[str]:
    """The bytes as they came, readable as text."""
    received = await _received(letter_id)
    return Response(received.raw.decode("utf-8", "replace"), media_type=PLAIN)


@get("/by-id/{message_id:str}")
async def by_message_id(request: Request, message_id: FromPath[str]) -> Response[Any]:
    """The letter of a Message-ID: where timelines lead to."""
    letter_id = await queries.id_of(message_id)
    if letter_id is None:
        raise Missing
    return see(request, f"{HERE}/{letter_id}")


async def _received(letter_id: int) -> Received:
    received = await queries.letter(letter_id)
    if received is None:
        raise Missing
    return received


routes: list[Any] = [
    Router(
        HERE,
        route_handlers=[letters, one, html_part, raw, by_message_id],
        opt=needs("mailbox.see"),
        guards=[only_on_screen],
    )
]
