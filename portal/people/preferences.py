"""/u/{token}: a person says whether optional e-mail may come. Without signing in, in her language, and at once.

GET and HEAD change nothing: scanners follow every link of a letter. The POST needs no cookie (RFC 8058): the token is
the proof, so there is nothing a forged request could gain.
"""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal import tokens
from portal.actor import candidate
from portal.outcomes import Missing
from portal.people import actions, queries
from portal.web.htmx import Request
from portal.web.limits import limited
from portal.web.pages import page, see
from portal.web.rights import public

AGAIN = "opt_in"


@get("/u/{token:str}", opt=public())
async def show_preferences(request: Request, token: FromPath[str]) -> Response[str]:
    """What she gets now, and the one button that changes it."""
    person_id = _person_of(token)
    return page(request, "people/preferences.html", token=token, opted_out=await queries.has_opted_out(person_id))


@post("/u/{token:str}", opt=public(), status_code=303, exclude_from_csrf=True, guards=[limited("opt_out", 60)])
async def change_preferences(request: Request, token: FromPath[str]) -> Response[Any]:
    """One click opts out; only the page's own button opts in again."""
    person_id, by = _person_of(token), candidate("")
    if (await request.form()).get("wish") == AGAIN:
        await actions.opt_in(person_id, by)
    else:
        await actions.opt_out(person_id, by, source="link")
    return see(request, f"/u/{token}")


def _person_of(token: str) -> int:
    person_id = tokens.verify("opt_out", token)
    if person_id is None:
        raise Missing
    return person_id


routes: list[Any] = [show_preferences, change_preferences]
