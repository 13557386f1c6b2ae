"""What every way of signing in has in common: whence somebody comes, too many tries, where it leads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from litestar import Response
from litestar.exceptions import TooManyRequestsException

from portal.accounts import middleware, oidc, sessions
from portal.accounts.tries import Locked
from portal.i18n import _
from portal.settings import settings
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.limits import client_address
from portal.web.pages import own_path, page, see
from portal.web.templating import url

HOME = "/"
SECOND = "/login/second-factor"


@contextmanager
def judged() -> Iterator[None]:
    """Answer 429 where too many wrong tries have locked the account or the address."""
    try:
        yield
    except Locked as locked:
        raise TooManyRequestsException(headers={"Retry-After": str(locked.seconds)}) from None


def login_form(request: Request, form: Form, *, done: str = "", status_code: int = 200) -> Response[Any]:
    """The sign-in page, with the way to the provider where there is one. `done`: what has just been done."""
    name = (settings().oidc_name or _("single sign-on")) if oidc.configured() else ""
    return page(request, "accounts/login.html", status_code=status_code, form=form, done=done, elsewhere=name)


def whence(request: Request) -> tuple[str, str]:
    """The network address of whoever asks, and what the browser calls itself."""
    return client_address(request), request.headers.get("user-agent", "")


async def signed_in(request: Request, secret: str, wanted: str) -> Response[Any]:
    """On to the page that was wanted, or to the second step, with the session's cookie."""
    whole = await sessions.find(secret) is not None
    cookie = middleware.begin(request, secret)
    answer = see(request, after_login(wanted) if whole else url(SECOND, next=own_path(wanted, "")))
    answer.set_cookie(cookie)
    return answer


def after_login(wanted: str) -> str:
    """Where to go after signing in: an own path, but not back to the door."""
    path = own_path(wanted, HOME)
    door = path.partition("?")[0]
    return HOME if door in ("/logout", "/login") or door.startswith(("/login/", "/welcome/", "/reset/")) else path
