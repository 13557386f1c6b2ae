"""Accounts of colleagues: the list, one account, invitations, deactivation."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from portal.accounts import factors
from portal.accounts import queries as accounts
from portal.accounts import words as account_words
from portal.accounts.forms import languages
from portal.i18n import _, current_locale, text_in
from portal.outcomes import Missing, Refused, Stale
from portal.staff import actions, door_pages, places, queries, role_pages, words
from portal.staff.actions import Invitation
from portal.staff.forms import (
    ColleagueForm,
    FactorForm,
    InvitationForm,
    LeavingForm,
    colleague_form,
    invitation_choices,
    role_options,
)
from portal.staff.paths import HERE, ONE, RIGHT
from portal.timeline_words import days_of
from portal.web.conflicts import conflict
from portal.web.field import clean
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.pages import page, see


# ------------------------------------------------------------------------------------------------ the list
@get(HERE, opt=RIGHT)
async def list_page(request: Request, q: FromQuery[str] = "", kind: FromQuery[str] = "") -> Response[Any]:
    """Everybody who signs in, or may."""
    return await _list(request, q=clean(q), kind=kind)


@post(HERE, opt=RIGHT, status_code=303)
async def invite(request: Request) -> Response[Any]:
    """Invite a colleague by e-mail."""
    form = await InvitationForm.read(request, choices=invitation_choices(await role_options()))
    if form.valid:
        try:
            wanted = Invitation(form.email, form.name, form.roles, form.locale)
            account_id = await actions.invite(wanted, request.user)
            return see(request, f"{HERE}/{account_id}", _("Invitation sent to {address}.").format(address=form.email))
        except Refused as refused:
            form.refuse(refused)
    return await _list(request, form=form, status_code=422)


@post(f"{HERE}/second-factor", opt=RIGHT, status_code=303)
async def require_factor(request: Request) -> Response[Any]:
    """Which roles must have a second factor."""
    form = await FactorForm.read(request, choices={"roles": await role_options()})
    if form.valid:
        try:
            await actions.require_factor(form.roles, request.user)
            return see(request, HERE, _("Saved."))
        except Refused as refused:
            form.refuse(refused)
    return await _list(request, factor=form, status_code=422)


async def _list(
    request: Request,
    *,
    q: str = "",
    kind: str = "",
    form: Form | None = None,
    factor: Form | None = None,
    status_code: int = 200,
) -> Response[Any]:
    roles = await role_options()
    empty = InvitationForm({"locale": current_locale.get()}, choices=invitation_choices(roles))
    return page(
        request,
        "staff/list.html",
        status_code=status_code,
        found=await queries.colleagues(q, kind),
        q=q,
        kind=kind,
        states=words.states(),
        state_of=words.state_of,
        names=dict(roles),
        form=form or empty,
        factor=factor or FactorForm({"roles": await queries.required()}, choices={"roles": roles}),
    )


# ------------------------------------------------------------------------------------------------ one account
@get(ONE, opt=RIGHT)
async def one_page(request: Request, account_id: FromPath[int]) -> Response[Any]:
    """Name and roles, how somebody signs in, campaigns, activity."""
    return await _one(request, account_id)


@post(ONE, opt=RIGHT, status_code=303)
async def change(request: Request, account_id: FromPath[int]) -> Response[Any]:
    """Change name and roles; 409 compares when somebody was faster."""
    own, roles = f"{HERE}/{account_id}", await role_options()
    form = await ColleagueForm.read(request, choices={"roles": roles})
    if form.valid:
        try:
            await actions.change(account_id, form.name, form.roles, form.version, request.user)
            return see(request, own, _("Saved."))
        except Refused as refused:
            form.refuse(refused)
        except Stale as stale:
            labels = {"name": _("Name"), "roles": _("Roles")}
            return conflict(
                request, stale, form, colleague_form(stale.theirs, roles), labels=labels, action=own, back=own
            )
    return await _one(request, account_id, form=form, status_code=422)


@post(f"{ONE}/{{verb:str}}", opt=RIGHT, status_code=303)
async def act(request: Request, account_id: FromPath[int], verb: FromPath[str]) -> Response[Any]:
    """One of the buttons of the page."""
    if verb not in VERBS:
        raise Missing
    try:
        await VERBS[verb](account_id, request.user)
    except Refused as refused:
        return await _one(request, account_id, refusal=refused.message, status_code=422)
    return see(request, HERE if verb == "withdraw" else f"{HERE}/{account_id}", _done(verb))


VERBS = {
    "invite-again": actions.invite_again,
    "withdraw": actions.withdraw,
    "send-reset": actions.send_reset,
    "end-sessions": actions.end_sessions,
    "remove-factor": actions.remove_factor,
    "reactivate": actions.reactivate,
}


def _done(verb: str) -> str:
    words = {
        "invite-again": lambda: _("Invitation sent again. The link of the letter before has ended."),
        "withdraw": lambda: _("Invitation withdrawn."),
        "send-reset": lambda: _("A link for a new password is on its way."),
        "end-sessions": lambda: _("Signed out everywhere."),
        "remove-factor": lambda: _("Second factor removed, signed out everywhere."),
        "reactivate": lambda: _("Account reactivated."),
    }
    return words[verb]()


async def _one(
    request: Request,
    account_id: int,
    *,
    form: Form | None = None,
    refusal: str = "",
    status_code: int = 200,
) -> Response[Any]:
    colleague = await queries.one(account_id)
    state, tone = words.state_of(colleague)
    return page(
        request,
        "staff/one.html",
        status_code=status_code,
        colleague=colleague,
        state=state,
        tone=tone,
        refusal=refusal,
        standing=await factors.standing(account_id),
        form=form or colleague_form(colleague, await role_options()),
        place=await places.form_of(request),
        team=await queries.places_of(account_id),
        team_word=account_words.role_word,
        language=dict(languages())[colleague.locale],
        sessions=await accounts.sessions_of(account_id, b""),
        agent_words=account_words.agent_words,
        activity=days_of(await accounts.activity_of(account_id, 50)),
    )


# ------------------------------------------------------------------------------------------------ leaving
@get(f"{ONE}/deactivate", opt=RIGHT)
async def deactivate_page(request: Request, account_id: FromPath[int]) -> Response[Any]:
    """Say what happens to the things of an account before it is deactivated."""
    return await _leaving(request, account_id)


@post(f"{ONE}/deactivate", opt=RIGHT, status_code=303)
async def deactivate(request: Request, account_id: FromPath[int]) -> Response[Any]:
    """Deactivate; somebody may take over."""
    form = await LeavingForm.read(request, choices={"heir": await _heirs(account_id)})
    if form.valid:
        try:
            await actions.deactivate(account_id, form.heir or None, request.user)
            return see(request, f"{HERE}/{account_id}", _("Account deactivated."))
        except Refused as refused:
            form.refuse(refused)
    return await _leaving(request, account_id, form=form, status_code=422)


async def _leaving(
    request: Request, account_id: int, *, form: Form | None = None, status_code: int = 200
) -> Response[Any]:
    colleague = await queries.one(account_id)
    if not colleague.active:
        raise Missing
    return page(
        request,
        "staff/deactivate.html",
        status_code=status_code,
        colleague=colleague,
        form=form or LeavingForm(choices={"heir": await _heirs(account_id)}),
        alone=[text_in(each.title) for each in await queries.places_of(account_id) if each.alone],
        left=await queries.belongings_of(account_id),
    )


async def _heirs(account_id: int) -> list[tuple[int, str]]:
    """Who could take campaigns over."""
    active = await accounts.active()
    return [(each.id, each.name) for each in active if each.id != account_id and "campaign.edit" in each.full_rights]


routes: list[Any] = [
    list_page, invite, require_factor, one_page, change, deactivate_page, deactivate, act,
    *places.routes, *role_pages.routes, *door_pages.routes,
]  # fmt: skip
