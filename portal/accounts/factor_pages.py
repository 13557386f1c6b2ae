"""The second step of signing in, and setting the second factor up: at the door, or on one's own account."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import segno
from litestar import Response, get, post
from litestar.params import FromQuery

from portal import db
from portal.accounts import actions, factors, middleware, queries, sessions, tries
from portal.accounts.doors import SECOND, after_login, judged, signed_in, whence
from portal.accounts.forms import CodeForm, NextForm
from portal.accounts.queries import AccountRow
from portal.i18n import _
from portal.outcomes import Refused
from portal.web.htmx import Request
from portal.web.limits import limited
from portal.web.pages import own_path, page, see
from portal.web.rights import needs, public
from portal.web.templating import url

OWN = "/account/second-factor"
TRIES_OF_AN_ADDRESS = 60  # a minute


# ------------------------------------------------------------------------------------------------ at the door
@get(SECOND, opt=public())
async def second_step(request: Request, next: FromQuery[str] = "") -> Response[Any]:
    """The code of the app; or, where the role needs a second factor and there is none, how to set one up."""
    account = await sessions.find_half(middleware.cookie_of(request))
    if account is None:
        return see(request, url("/login", next=own_path(next, "")))
    return await _door(request, account, CodeForm({"next": own_path(next, "")}))


@post(SECOND, opt=public(), status_code=303, guards=[limited("login-code", TRIES_OF_AN_ADDRESS)])
async def enter_code(request: Request) -> Response[Any]:
    """Finish signing in with a code of the app, or with a recovery code."""
    half = middleware.cookie_of(request) or ""
    account = await sessions.find_half(half)
    form = await CodeForm.read(request)
    if account is None:
        return see(request, "/login")
    if form.valid:
        try:
            with judged():
                secret = await actions.complete(half, form.code, *whence(request))
            return await signed_in(request, secret, form.next)
        except Refused as refused:
            form.refuse(refused)
    return await _door(request, account, form, status_code=422)


@post(f"{SECOND}/begin", opt=public(), status_code=303)
async def begin_at_the_door(request: Request) -> Response[Any]:
    """Make the secret whose QR code the page shows."""
    account = await sessions.find_half(middleware.cookie_of(request))
    form = await NextForm.read(request)
    if account is not None:
        await factors.begin(account.id)
    return see(request, url(SECOND, next=own_path(form.next, "")))


@post(f"{SECOND}/confirm", opt=public(), status_code=200, guards=[limited("login-code", TRIES_OF_AN_ADDRESS)])
async def confirm_at_the_door(request: Request) -> Response[Any]:
    """The first code of the app: signs in, and shows the recovery codes once."""
    half = middleware.cookie_of(request) or ""
    account = await sessions.find_half(half)
    form = await CodeForm.read(request)
    if account is None:
        return see(request, "/login")
    if form.valid:
        try:
            async with db.transaction():
                codes = await factors.confirm(queries.actor_of(account), form.code)
                secret = await actions.whole_session(account, half, *whence(request), "app")
            cookie = middleware.begin(request, secret)
            answer = _codes_page(request, codes, after_login(form.next))
            answer.set_cookie(cookie)
            return answer
        except Refused as refused:
            form.refuse(refused)
    return await _door(request, account, form, status_code=422)


async def _door(request: Request, account: AccountRow, form: CodeForm, status_code: int = 200) -> Response[Any]:
    standing = await factors.standing(account.id)
    context = await _setting_up(request, account.id, account.email) if standing.since is None else {}
    template = "accounts/second_step.html" if standing.since else "accounts/first_factor.html"
    return page(request, template, status_code=status_code, form=form, **context)


# ------------------------------------------------------------------------------------------------ one's own account
@get(OWN, opt=needs("home.see"))
async def own_factor(request: Request) -> Response[Any]:
    """Set up, renew recovery codes, remove."""
    return await _own(request, CodeForm())


@post(f"{OWN}/begin", opt=needs("home.see"), status_code=303)
async def begin(request: Request) -> Response[Any]:
    """Make the secret whose QR code the page shows."""
    await factors.begin(request.user.account_id or 0)
    return see(request, OWN)


@post(f"{OWN}/confirm", opt=needs("home.see"), status_code=200)
async def confirm(request: Request) -> Response[Any]:
    """The first code of the app: shows the recovery codes once."""
    return await _codes(request, "confirm")


@post(f"{OWN}/codes", opt=needs("home.see"), status_code=200)
async def renew_codes(request: Request) -> Response[Any]:
    """Other recovery codes, shown once."""
    return await _codes(request, "renew")


async def _codes(request: Request, verb: str) -> Response[Any]:
    form = await CodeForm.read(request)
    if form.valid:
        try:
            made = factors.confirm if verb == "confirm" else factors.renew_codes
            async with _counted(request):
                codes = await made(request.user, form.code)
            return _codes_page(request, codes, OWN)
        except Refused as refused:
            form.refuse(refused)
    return await _own(request, form, status_code=422)


@post(f"{OWN}/remove", opt=needs("home.see"), status_code=303)
async def remove(request: Request) -> Response[Any]:
    """Sign in without a second factor again. Where the role needs one, the next sign-in sets up another."""
    form = await CodeForm.read(request)
    if form.valid:
        try:
            async with _counted(request):
                await factors.remove(request.user, form.code)
            return await _removed(request)
        except Refused as refused:
            form.refuse(refused)
    return await _own(request, form, status_code=422)


async def _removed(request: Request) -> Response[Any]:
    account_id = request.user.account_id or 0
    if (await factors.standing(account_id)).required:
        await sessions.end_all(account_id)
        return await signed_in(request, await sessions.open_session(account_id, *whence(request), half=True), OWN)
    return see(request, OWN, _("Second factor removed."))


@asynccontextmanager
async def _counted(request: Request) -> AsyncIterator[None]:
    """Count a code as a try of the account; the right one starts anew. Answers 429 where the account is locked."""
    subject = tries.of_account(request.user.account_id or 0)
    with judged():
        await tries.count(subject)
    yield
    await tries.forgive(subject)


async def _own(request: Request, form: CodeForm, status_code: int = 200) -> Response[Any]:
    account_id = request.user.account_id or 0
    standing = await factors.standing(account_id)
    context = await _setting_up(request, account_id, request.user.email)
    return page(
        request, "accounts/second_factor.html", status_code=status_code, form=form, standing=standing, **context
    )


# ------------------------------------------------------------------------------------------------ shared
async def _setting_up(request: Request, account_id: int, email: str) -> dict[str, Any]:
    """The QR code as a picture, and the secret in groups for those who type it; empty before `begin`."""
    secret = await factors.pending_secret(account_id)
    if secret is None:
        return {"picture": "", "secret": ""}
    house = request.scope["state"].get("organisation") or request.app.state.house
    code = segno.make(factors.app_address(secret, email, house.name), error="m", micro=False)
    picture = code.svg_data_uri(scale=5, border=4, light="#fff", dark="#000")
    return {"picture": picture, "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))}


def _codes_page(request: Request, codes: list[str], onwards: str) -> Response[Any]:
    return page(request, "accounts/recovery_codes.html", codes=codes, onwards=onwards)


routes: list[Any] = [
    second_step, enter_code, begin_at_the_door, confirm_at_the_door, own_factor, begin, confirm, renew_codes, remove,
]  # fmt: skip
