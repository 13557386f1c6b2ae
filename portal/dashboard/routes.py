"""The first page after signing in, and the list behind its most urgent line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery

from portal.dashboard import actions, words
from portal.dashboard.board import board, decided_groups
from portal.dashboard.forms import TellForm
from portal.formats import day_heading, number
from portal.i18n import current_zone, ngettext
from portal.outcomes import Stale
from portal.triggers.untold import MOST, untold
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

UNTOLD = "/untold"


@get("/", opt=needs("home.see"))
async def dashboard(request: Request) -> Response[Any]:
    """What needs you, today's e-mails, how the campaigns stand."""
    now = datetime.now(UTC)
    shown = await board(request.user, now, current_zone.get())
    return page(
        request,
        "dashboard/today.html",
        board=shown,
        heading=day_heading(now, now - timedelta(days=1)),
        lede=words.lede(now, shown.open) if shown.campaigns is not None else "",
        words=words,
    )


@get(UNTOLD, opt=needs("campaign.emails"))
async def untold_page(request: Request, campaign: FromQuery[int] = 0) -> Response[Any]:
    """Decided, not yet told: by decision, with the button that tells them (B05); of one campaign, or of all."""
    return await _untold_page(request, campaign=campaign)


@post(UNTOLD, opt=needs("campaign.emails"), status_code=303)
async def tell(request: Request) -> Response[Any]:
    """Tell the candidates of one decision."""
    form = await TellForm.read(request)
    try:
        count = await actions.tell(form.status, form.announced, request.user, form.dossier)
    except Stale as stale:
        return await _untold_page(request, changed=(form.announced, stale.theirs))
    done = ngettext("{n} e-mail queued.", "{n} e-mails queued.", count).format(n=number(count))
    return see(request, UNTOLD, done)


async def _untold_page(request: Request, changed: tuple[int, int] | None = None, campaign: int = 0) -> Response[Any]:
    """`changed`: the number announced and the number now, when somebody was faster (409)."""
    rows = await untold(request.user, MOST, campaign or None)
    groups = await decided_groups(rows)
    status_code = 409 if changed else 200
    return page(request, "dashboard/untold.html", status_code=status_code, groups=groups, changed=changed, words=words)


routes: list[Any] = [dashboard, untold_page, tell]
