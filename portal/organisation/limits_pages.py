"""The page of the limits of mass mail. For administrators."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from portal.i18n import _
from portal.organisation import limits, queries
from portal.organisation.forms import LimitsForm, limit_choices, limit_labels
from portal.outcomes import Refused, Stale
from portal.web.conflicts import conflict
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

HERE = "/settings/organisation/limits"
RIGHT = needs("organisation.edit")


@get(HERE, opt=RIGHT)
async def limits_page(request: Request) -> Response[Any]:
    """What mass mail is held to."""
    return await _page(request, await _filled())


@post(HERE, opt=RIGHT, status_code=303)
async def change_limits(request: Request) -> Response[Any]:
    """Change it."""
    form = await LimitsForm.read(request, choices=limit_choices((await queries.current()).time_zone))
    if form.valid:
        try:
            await limits.change(form.limits(), request.user)
            return see(request, HERE, _("Saved. The limits hold from now on."))
        except Refused as refused:
            form.refuse(refused)
        except Stale as stale:
            return conflict(request, stale, form, await _filled(), labels=limit_labels(), action=HERE, back=HERE)
    return await _page(request, form, status_code=422)


async def _filled() -> LimitsForm:
    now = await limits.current()
    values = {name: getattr(now, name) for name in now.__struct_fields__}
    return LimitsForm(values, choices=limit_choices((await queries.current()).time_zone))


async def _page(request: Request, form: LimitsForm, status_code: int = 200) -> Response[Any]:
    senders = [sender for sender in await queries.senders() if sender.daily_cap is not None]
    labels = limit_labels()
    return page(request, "organisation/limits.html", status_code=status_code, form=form, senders=senders, labels=labels)


routes: list[Any] = [limits_page, change_limits]
