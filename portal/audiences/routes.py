"""The criteria builder while somebody works with it: rules that come and go, and whom they mean at the moment."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, post

from portal.audiences.builder import build
from portal.audiences.forms import typed
from portal.audiences.rules import Group, Unreadable, read
from portal.audiences.sources import may_choose
from portal.outcomes import Missing
from portal.web.htmx import Request
from portal.web.pages import page
from portal.web.rights import needs

DIGITS = 10  # a campaign's id has fewer


@post("/audiences/criteria", opt=needs("dossier.see"), status_code=200)
async def criteria(request: Request) -> Response[Any]:
    """The builder again, of whatever form it stands in. Nothing is kept."""
    data = await request.form()
    sent = {name: data.getall(name) for name in data if name.startswith("c.")}
    module = _text(sent, "c.module")
    if not may_choose(request.user, module):
        raise Missing
    campaign = _text(sent, "c.campaign")
    numbered = campaign.isascii() and campaign.isdigit() and len(campaign) < DIGITS
    filters = _filters(_text(sent, "c.filters"))
    builder = await build(request.user, module, typed(sent), int(campaign) if numbered else None, filters)
    counted = request.htmx.target == "criteria-count"
    return page(request, "audiences/criteria.html", builder=builder, here_only=counted)


def _filters(text: str) -> Group:
    """What narrows them beside the rules; nothing that can be read is nothing."""
    try:
        return read(msgspec.json.decode(text or "{}"))
    except (Unreadable, msgspec.DecodeError, UnicodeError):
        return Group()


def _text(sent: dict[str, list[Any]], name: str) -> str:
    value = next(iter(sent.get(name, [])), "")
    return value if isinstance(value, str) else ""


routes: list[Any] = [criteria]
