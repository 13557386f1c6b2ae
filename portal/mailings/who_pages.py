"""The step *Who*: a view, criteria, or people ticked one by one; the numbers beside it; everybody in a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from portal.audiences import forms as criteria_forms
from portal.audiences import rules as criteria
from portal.audiences.builder import build
from portal.i18n import _, pgettext
from portal.mailings import actions, offers, picking, planning, queries, recipients, steps, words
from portal.mailings.forms import WhoForm
from portal.mailings.queries import Mailing
from portal.outcomes import Refused, Stale
from portal.web.conflicts import conflict
from portal.web.field import Options
from portal.web.htmx import Request
from portal.web.lists import asked, chips
from portal.web.pages import page
from portal.web.rights import needs

ONE = "/mailings/{mailing_id:int}"
SEE = needs("mailing.see")
SAMPLE = 5


@get(ONE + "/who", opt=SEE)
async def who(request: Request, mailing_id: FromPath[int]) -> Response[Any]:
    """Whom it is for, in one of three ways; another way can be looked at without being chosen."""
    mailing = await steps.draft(request, mailing_id)
    if elsewhere := steps.not_open(request, mailing):
        return elsewhere
    by = request.query_params.get("by", "")
    shown = msgspec.structs.replace(mailing, audience=by) if by in words.AUDIENCES else mailing
    form = _filled(shown, await _choices(request, mailing))
    return await _page(request, shown, form, criteria.read(shown.criteria))


@post(ONE + "/who", opt=SEE, status_code=303)
async def save_who(request: Request, mailing_id: FromPath[int]) -> Response[Any]:
    """Save it; a button of the builder only shows the page again."""
    mailing = await steps.draft(request, mailing_id)
    form, meant = await _read(request, mailing)
    if criteria_forms.again(form.raw):
        return await _page(request, _as_typed(mailing, form, meant), form, meant, status_code=200)
    if form.valid:
        try:
            saved = await actions.change(request.user, mailing_id, form.version, _part(form))
        except Refused as refused:
            form.refuse(refused)
        except Stale as stale:
            return await _conflict(request, stale, form)
        else:
            return steps.after_save(request, saved, "who", form.go == "on")
    return await _page(request, _as_typed(mailing, form, meant), form, meant, status_code=422)


@post(ONE + "/count", opt=SEE, status_code=200)
async def count(request: Request, mailing_id: FromPath[int]) -> Response[Any]:
    """The numbers of what is being typed; nothing is kept."""
    mailing = await steps.draft(request, mailing_id)
    form, meant = await _read(request, mailing)
    return await _page(request, _as_typed(mailing, form, meant), form, meant, status_code=200)


async def _read(request: Request, mailing: Mailing) -> tuple[WhoForm, criteria.Group]:
    """The form and the criteria as they were typed."""
    form = await WhoForm.read(
        request, choices=await _choices(request, mailing), extra=await criteria_forms.criteria_fields(request)
    )
    return form, criteria_forms.typed(form.raw) if form.audience == "criteria" else criteria.Group()


async def _choices(request: Request, mailing: Mailing) -> dict[str, Options]:
    return {
        "campaign_id": await offers.campaigns(request.user),
        "view_id": await offers.view_choices(request.user, mailing.module),
        "audience": [(each, word()) for each, word in words.AUDIENCES.items()],
    }


def _filled(mailing: Mailing, choices: Mapping[str, Options]) -> WhoForm:
    names = ("version", "name", "audience")
    ids = {"campaign_id": mailing.campaign_id or 0, "view_id": mailing.view_id or 0}
    return WhoForm({name: getattr(mailing, name) for name in names} | ids, choices=choices)


def _part(form: WhoForm) -> dict[str, Any]:
    """What the form changes. Raises Refused when the criteria cannot be kept."""
    return {
        "name": form.name,
        "campaign_id": form.campaign_id or None,
        "audience": form.audience,
        "view_id": form.view_id or None,
        "criteria": criteria_forms.read_criteria(form.raw) if form.audience == "criteria" else {},
    }


def _as_typed(mailing: Mailing, form: WhoForm, meant: criteria.Group) -> Mailing:
    """The mailing as it would be, for its numbers."""
    whole = criteria.Group(meant.join, tuple(each for each in meant.items if not _blank(each)))
    return msgspec.structs.replace(
        mailing,
        audience=form.audience if form.audience in words.AUDIENCES else mailing.audience,
        view_id=form.view_id or None,
        campaign_id=form.campaign_id or None,
        criteria=criteria.written(whole),
    )


def _blank(item: criteria.Rule | criteria.Group) -> bool:
    if isinstance(item, criteria.Rule):
        return not item.field
    return all(_blank(each) for each in item.items)


async def _page(
    request: Request, mailing: Mailing, form: WhoForm, meant: criteria.Group, *, status_code: int = 200
) -> Response[Any]:
    made, summary, problem = None, None, ""
    if mailing.audience == "view" and mailing.view_id is None:
        problem = _("Choose a view to see whom it means.")
    else:
        made, summary, problem = await steps.plan(request.user, mailing)
    sample = (await planning.rows(made, state="queued", limit=SAMPLE)).items if made else []
    campaign_id = mailing.campaign_id if mailing.module == "dossiers" else None
    by_criteria = mailing.audience == "criteria" and not request.htmx.partial
    return page(
        request,
        "mailings/who.html",
        status_code=status_code,
        form=form,
        audience=mailing.audience,
        builder=await build(request.user, mailing.module, meant, campaign_id) if by_criteria else None,
        picks=await picking.shown(request, mailing) if mailing.audience == "picked" else None,
        summary=summary,
        problem=problem,
        sample=sample,
        **steps.facts(mailing),
    )


async def _conflict(request: Request, stale: Stale, form: WhoForm) -> Response[Any]:
    theirs = _filled(stale.theirs, form.choices)
    own = f"/mailings/{stale.theirs.id}/who"
    labels = {
        "name": pgettext("mailing", "Name"),
        "audience": _("Recipients"),
        "view_id": _("Custom view"),
        "campaign_id": _("Campaign"),
    }
    return conflict(request, stale, form, theirs, labels=labels, action=own, back=own)


# ------------------------------------------------------------------------------------------------ one by one
@post(ONE + "/pick", opt=SEE, status_code=303)
async def pick(request: Request, mailing_id: FromPath[int]) -> Response[Any]:
    """Keep the ticks of a page, or tick all that a search finds; then the next page, or the same."""
    mailing = await steps.draft(request, mailing_id)
    return await picking.keep(request, mailing)


# ------------------------------------------------------------------------------------------------ everybody
@get(ONE + "/people", opt=SEE)
async def people(request: Request, mailing_id: FromPath[int]) -> Response[Any]:
    """Who gets it, who does not and why: of a draft by its plan, afterwards by the register."""
    mailing = await queries.one(request.user, mailing_id)
    query = _query(request)
    cursor = asked(request, planning.ORDER)
    problem = ""
    found: Any = recipients.EMPTY
    try:
        found = await recipients.page_of(request.user, mailing, query, cursor)
    except Refused as refused:
        problem = refused.sentences
    others = await recipients.not_among(request.user, mailing, query["q"], found.items) if query["q"] else []
    path = f"/mailings/{mailing_id}/people"
    return page(
        request,
        "mailings/people.html",
        found=found,
        others=others,
        query={name: value for name, value in query.items() if value},
        asked=query,
        problem=problem,
        planned=mailing.started_at is None,
        chips=chips(path, _active(query, mailing), {name: value for name, value in query.items() if value}),
        states=recipients.states(mailing),
        reasons=recipients.reasons(),
        mailing=mailing,
        words=words,
    )


def _query(request: Request) -> dict[str, str]:
    given = request.query_params
    return {name: given.get(name, "").replace("\0", "").strip()[:100] for name in ("q", "state", "reason")}


def _active(query: dict[str, str], mailing: Mailing) -> list[tuple[str, str]]:
    said = {
        "q": lambda value: _("Search: {words}").format(words=value),
        "state": lambda value: _("State: {state}").format(state=recipients.state_word(mailing, value)),
        "reason": lambda value: _("Reason: {reason}").format(reason=words.left_out(value)),
    }
    return [(name, said[name](value)) for name, value in query.items() if value]


routes: list[Any] = [who, save_who, count, pick, people]
