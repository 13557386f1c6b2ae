"""Signing in and out, and one's own account."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from portal import zones
from portal.accounts import actions, factor_pages, factors, middleware, oidc_pages, queries, rules, words
from portal.accounts.doors import after_login, judged, login_form, signed_in, whence
from portal.accounts.forms import HandleForm, KeyForm, LoginForm, PasswordForm, ProfileForm, labels, languages, reaches
from portal.accounts.queries import AccountRow
from portal.accounts.sessions import end_session, hashed
from portal.i18n import _
from portal.outcomes import Missing, Refused, Stale
from portal.timeline_words import days_of
from portal.web.conflicts import conflict
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.limits import limited
from portal.web.pages import own_path, page, see
from portal.web.rights import needs, public

ACCOUNT = "/account"
TRIES_OF_AN_ADDRESS = 60  # a minute, right or wrong: each costs a tenth of a second


# ------------------------------------------------------------------------------------------------ in and out
@get("/login", opt=public())
async def login_page(request: Request, next: FromQuery[str] = "", done: FromQuery[str] = "") -> Response[Any]:
    """The sign-in page; whoever has signed in already goes on."""
    if request.visitor is not None:
        return see(request, after_login(next))
    return login_form(request, LoginForm({"next": own_path(next, "")}), done=done)


@post("/login", opt=public(), status_code=303, guards=[limited("login", TRIES_OF_AN_ADDRESS)])
async def login(request: Request) -> Response[Any]:
    """Sign in; where a second factor is asked for, the next page asks."""
    form = await LoginForm.read(request)
    if form.valid:
        before = middleware.cookie_of(request)
        try:
            with judged():
                secret = await actions.sign_in(form.email, form.password, *whence(request), before)
        except Refused as refused:
            form.refuse(refused)
    if not form.valid:
        return login_form(request, form, status_code=422)
    return await signed_in(request, secret, form.next)


@post("/logout", opt=public(), status_code=303)
async def logout(request: Request) -> Response[Any]:
    """Sign out: the session ends on the server, and the browser forgets its cookie."""
    if secret := middleware.cookie_of(request):
        await end_session(secret)
    answer = see(request, "/login")
    answer.set_cookie(middleware.over(request))
    return answer


# ------------------------------------------------------------------------------------------------ one's own account
@get(ACCOUNT, opt=needs("home.see"))
async def account_page(request: Request) -> Response[Any]:
    """Name, language, clock, password, sessions and keys."""
    return await _account_page(request)


@post(ACCOUNT, opt=needs("home.see"), status_code=303)
async def change_profile(request: Request) -> Response[Any]:
    """Change one's name, language and time zone."""
    form = await ProfileForm.read(request, choices={"locale": languages()})
    if not form.valid:
        return await _account_page(request, profile=form, status_code=422)
    try:
        await actions.change_profile(request.user, form.name, form.locale, form.time_zone, form.version)
    except Refused as refused:
        form.refuse(refused)
        return await _account_page(request, profile=form, status_code=422)
    except Stale as stale:
        theirs = _profile_of(stale.theirs)
        return conflict(request, stale, form, theirs, labels=labels(), action=ACCOUNT, back=ACCOUNT)
    return see(request, ACCOUNT, _("Saved."))


@post(f"{ACCOUNT}/password", opt=needs("home.see"), status_code=303, guards=[limited("password", TRIES_OF_AN_ADDRESS)])
async def change_password(request: Request) -> Response[Any]:
    """Change one's password, which ends all other sessions and renews this one."""
    form = await PasswordForm.read(request)
    if form.valid:
        try:
            with judged():
                secret = await actions.change_password(request.user, form.current, form.new, *whence(request))
        except Refused as refused:
            form.refuse(refused)
    if not form.valid:
        return await _account_page(request, password=form, status_code=422)
    cookie = middleware.begin(request, secret)
    answer = see(request, ACCOUNT, _("Password changed. Your other sessions have ended."))
    answer.set_cookie(cookie)
    return answer


@post(f"{ACCOUNT}/sessions/end", opt=needs("home.see"), status_code=303)
async def end_other_session(request: Request) -> Response[Any]:
    """Sign out somewhere else."""
    form = await HandleForm.read(request)
    try:
        await actions.end_session(request.user, form.handle)
    except Missing:  # it has ended by itself meanwhile, which is what was wanted
        return see(request, ACCOUNT)
    return see(request, ACCOUNT, _("Session ended."))


@post(f"{ACCOUNT}/keys", opt=needs("home.see"), status_code=200)
async def create_key(request: Request) -> Response[Any]:
    """Make a key. The answer is the page that shows it: it is stored nowhere, so no other page could."""
    form = await KeyForm.read(request, choices={"reach": reaches()})
    if not form.valid:
        return await _account_page(request, key=form, status_code=422)
    rights = None if form.reach == "all" else rules.reading(request.user.rights)
    key = await actions.create_api_key(request.user.email, rights, request.user)
    return page(request, "accounts/key.html", api_key=key)


@post(f"{ACCOUNT}/keys/{{key_id:int}}/revoke", opt=needs("home.see"), status_code=303)
async def revoke_key(request: Request, key_id: FromPath[int]) -> Response[Any]:
    """End a key, for good."""
    hint = await actions.revoke_api_key(request.user, key_id)
    return see(request, ACCOUNT, _("The key {hint}… opens nothing any more.").format(hint=hint))


@get(f"{ACCOUNT}/keys/{{key_id:int}}/revoke", opt=needs("home.see"))
async def revoke_key_page(request: Request, key_id: FromPath[int]) -> Response[Any]:
    """Ask before a key is ended."""
    keys = {key.id: key for key in await queries.keys_of(request.user.account_id or 0)}
    if key_id not in keys:
        raise Missing
    return page(request, "accounts/revoke_key.html", key=keys[key_id])


async def _account_page(
    request: Request,
    *,
    profile: Form | None = None,
    password: Form | None = None,
    key: Form | None = None,
    status_code: int = 200,
) -> Response[Any]:
    account = await queries.by_id(request.user.account_id or 0)
    if account is None:
        raise Missing
    here = hashed(middleware.cookie_of(request) or "")
    return page(
        request,
        "accounts/account.html",
        status_code=status_code,
        account=account,
        profile=profile or _profile_of(account),
        password=password or PasswordForm(),
        key=key or KeyForm({"reach": "all"}, choices={"reach": reaches()}),
        standing=await factors.standing(account.id),
        sessions=await queries.sessions_of(account.id, here),
        activity=days_of(await queries.activity_of(account.id, 20)),
        keys=await queries.keys_of(account.id),
        cities=zones.cities(),
        roles=await queries.role_names(account.roles),
        reach_word=words.reach_word,
        agent_words=words.agent_words,
    )


def _profile_of(account: AccountRow) -> ProfileForm:
    values = {name: getattr(account, name) for name in ("name", "locale", "time_zone", "version")}
    return ProfileForm(values, choices={"locale": languages()})


routes: list[Any] = [
    login_page, login, logout, account_page, change_profile, change_password, end_other_session, create_key,
    revoke_key_page, revoke_key, *factor_pages.routes, *oidc_pages.routes,
]  # fmt: skip
