"""What all steps of a mailing share: the draft that is open, which steps are done, who may write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Response
from litestar.exceptions import PermissionDeniedException

from portal.actor import Actor
from portal.i18n import _
from portal.mailings import offers, planning, queries, words
from portal.mailings.planning import Plan, Summary
from portal.mailings.queries import Mailing
from portal.outcomes import Missing, Refused
from portal.web.htmx import Request
from portal.web.pages import see

EDITABLE = "draft"


def must_write(actor: Actor, module: str | None) -> None:
    """Only whoever may write to a module's people makes mailings to them (Z13, Z24). 403 otherwise."""
    allowed = offers.modules(actor)
    if not allowed or (module is not None and module not in allowed):
        raise PermissionDeniedException("missing right", extra={"right": words.MODULE_RIGHTS.get(module or "", "")})


async def draft(request: Request, mailing_id: int) -> Mailing:
    """A draft to be worked on: 403 without the right to write to its people, Missing unless it is a draft."""
    mailing = await queries.one(request.user, mailing_id)
    must_write(request.user, mailing.module)
    return mailing


def not_open(request: Request, mailing: Mailing) -> Response[Any] | None:
    """Where to go instead of a step, once a mailing is no draft any more."""
    return None if mailing.state == EDITABLE else see(request, f"/mailings/{mailing.id}")


def done(mailing: Mailing) -> list[str]:
    """The steps with nothing left to say."""
    who = mailing.audience != "view" or mailing.view_id is not None
    what = mailing.template_id is not None
    found = {"who": who, "what": what, "preview": who and what, "when": who and what}
    return [step for step, ready in found.items() if ready]


def next_of(mailing: Mailing, after: str = "") -> str:
    """The step to go on with: the first that is not done, or the one after `after`."""
    order = list(words.STEPS)
    ready = done(mailing)
    if after:
        following = order[order.index(after) + 1]
        return "preview" if following == "what" and "what" in ready else following
    return next((step for step in ("who", "what") if step not in ready), "review")


def after_save(request: Request, mailing: Mailing, step: str, go_on: bool) -> Response[Any]:
    """The next step, or the same one with a toast."""
    if go_on:
        return see(request, f"/mailings/{mailing.id}/{next_of(mailing, step)}")
    return see(request, f"/mailings/{mailing.id}/{step}", _("Draft saved."))


async def plan(actor: Actor, mailing: Mailing) -> tuple[Plan | None, Summary | None, str]:
    """The plan and its numbers, or why there is none, in words."""
    try:
        made = await planning.plan_of(actor, mailing)
        return made, await planning.summary(made), ""
    except Refused as refused:
        return None, None, refused.sentences
    except Missing:
        return None, None, _("Who made this mailing cannot sign in any more. Duplicate it.")


def number_of(text: str) -> int | None:
    """An id of an address, or None."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def facts(mailing: Mailing) -> Mapping[str, Any]:
    """What every step's page names."""
    return {"mailing": mailing, "done": done(mailing), "words": words}
