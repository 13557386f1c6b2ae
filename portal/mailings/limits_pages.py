"""What the day's limits leave, what waits for them, and what the next days hold (Z08, Z09, B10); the same as JSON."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec
from litestar import Response, get

from portal.i18n import _, pgettext
from portal.mailings import limits
from portal.mailings.limits import Coming, Pool
from portal.web.htmx import Request
from portal.web.pages import page
from portal.web.rights import needs

HERE = "/mailings/limits"
SEE = needs("mailing.see")
PAGES = {
    "mailing": "/mailings/{id}",
    "schedule": "/mailings/schedules/{id}",
}


class PoolOut(msgspec.Struct):
    """A limit a day. `kind`: organisation, account or sender; `cap` null: none, `used` is then what has left today."""

    kind: str
    id: int | None
    name: str
    cap: int | None
    used: int
    left: int | None
    waiting: int


class DayOut(msgspec.Struct):
    """How many e-mails of mailings leave on a day, as far as they are under way or planned."""

    day: date
    n: int


class LimitsOut(msgspec.Struct):
    """Today's limits. `day` and `resets_at` follow `time_zone`."""

    day: date
    time_zone: str
    resets_at: datetime
    pools: list[PoolOut]
    next_days: list[DayOut]


@get(HERE, opt=SEE)
async def limits_page(request: Request) -> Response[Any]:
    """Today's use, and the next days."""
    today, pools = await limits.house(), await limits.pools(request.user)
    coming = await limits.coming(request.user, today, pools)
    days = limits.days(today, coming)
    return page(
        request,
        "mailings/limits.html",
        today=today,
        pools=pools,
        waiting=await limits.waiting(request.user),
        coming=coming,
        days=days,
        busiest=max(1, today.mass_cap or 0, *(n for _day, n in days)),
        pool_words=pool_words,
        left_words=left_words,
        called=called,
        path_of=path_of,
    )


@get("/limits", opt=SEE, tags=["mailings"], summary="The day's limits")
async def get_limits(request: Request) -> LimitsOut:
    """What is used of them, what waits, and what leaves on the next seven days."""
    today, pools = await limits.house(), await limits.pools(request.user)
    days = limits.days(today, await limits.coming(request.user, today, pools))
    return LimitsOut(
        today.day,
        today.zone,
        today.resets_at,
        [pool_out(pool) for pool in pools],
        [DayOut(day, n) for day, n in days],
    )


def pool_out(pool: Pool) -> PoolOut:
    """A limit in the API's shape."""
    _kind, _colon, id_ = pool.pool.partition(":")
    return PoolOut(pool.kind, int(id_) if id_ else None, pool.name, pool.cap, pool.used, pool.left, pool.waiting)


def pool_words(pool: Pool) -> str:
    """Whose limit it is."""
    if pool.kind == "organisation":
        return _("All mass mail")
    # NOTE: whose daily limit. {name}: a colleague's
    return _("Mass mail started by {name}").format(name=pool.name) if pool.kind == "account" else pool.name


def left_words(pool: Pool) -> str:
    """That nothing of it is left, or that it has no limit."""
    return _("Daily limit reached") if pool.left == 0 else pgettext("limit", "No limit")


def called(row: Any) -> str:
    """What something is called; without its name where the reader does not see its campaign."""
    if row.name is None:
        return _("From another campaign")
    if row.name:
        return str(row.name)
    return _("Automatic e-mail") if row.kind == "trigger" else _("Other e-mail")


def path_of(row: Coming | limits.Waiting) -> str | None:
    """Its page, where the reader may open it."""
    pattern = PAGES.get(row.kind)
    return pattern.format(id=row.ref_id) if pattern and row.name is not None else None


routes: list[Any] = [limits_page]
api: list[Any] = [get_limits]
