"""Answers: a page or the part of it that htmx asked for, and the 303 after something was done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from jinja2 import Environment, Template
from litestar import Response
from litestar.response import Redirect
from markupsafe import Markup

from portal.i18n import current_locale
from portal.web.htmx import VARY, Request, split
from portal.web.session import Toast, add_toast, take_toasts, visitor
from portal.web.templating import lone_block, rendering

HTML = "text/html"
NO_CONTENT = 204
DIALOG = "dialog"
LETTER_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "base-uri 'none'; frame-ancestors 'self'"
)


def page(
    request: Request,
    template: str,
    *,
    status_code: int = 200,
    headers: Mapping[str, str] | None = None,
    background: bool = False,
    **context: Any,
) -> Response[str]:
    """The page, or the block of it that is named after the element htmx will replace.

    The element `<div id="mail-preview">` is the block `mail_preview`. When the page has no such block, the whole page
    is sent. Handlers never ask whether it is htmx. `background`: nobody asked for it by hand, so that it must not take
    the toasts which the next page is to show (that page may be under way).
    """
    env = cast(Environment, request.app.state.templates)
    body = render(request, env.get_template(template), context, background=background)
    return Response(body, status_code=status_code, media_type=HTML, headers={"Vary": VARY, **(headers or {})})


def render(request: Request, template: Template, context: Mapping[str, Any], *, background: bool = False) -> str:
    """The text of `page`, for what is not quite a page (errors)."""
    token = rendering.set(request)
    try:
        if request.htmx.partial and request.htmx.target:
            name = request.htmx.target.replace("-", "_")
            part = lone_block(template, name, {**_common(request, []), **context})
            if part is not None:
                return part if background else part + _late_toasts(request, template.environment)
        return template.render({**_common(request, take_toasts(request)), **context})
    finally:
        rendering.reset(token)


def _common(request: Request, toasts: Iterable[Toast]) -> dict[str, Any]:
    """What every template may name, beside the globals."""
    state = request.scope["state"]
    return {
        "me": visitor(request),
        "locale": current_locale.get(),
        "here": here(request),
        "path": request.scope["path"],
        "toasts": list(toasts),
        "organisation": state.get("organisation") or request.app.state.house,
        "has_mailbox": request.app.state.has_mailbox,
    }


def here(request: Request) -> str:
    """The page one is on, as an own path: after a refused POST that is the page the form stood on."""
    if request.method == "GET":
        query = request.scope["query_string"].decode("latin-1")
        return f"{request.scope['path']}?{query}" if query else request.scope["path"]
    return own_path(split(request.headers.get("referer"))._replace(scheme="", netloc="", fragment="").geturl())


def _late_toasts(request: Request, env: Environment) -> str:
    """Toasts that ride on a part of a page, after an action within it."""
    toasts = take_toasts(request)
    if not toasts:
        return ""
    lines = Markup("").join(env.globals["ui"].toast(toast) for toast in toasts)  # type: ignore[attr-defined]
    return f'<hx-partial hx-target="#toasts" hx-swap="beforeend">{lines}</hx-partial>'


def see(request: Request, url: str, toast: str | Toast | None = None) -> Response[Any]:
    """303 to an own page after something was done; the toast is shown there.

    From a dialog, or from a part of another page, the browser itself has to go: then the answer is `HX-Redirect`.
    """
    if toast is not None:
        add_toast(request, toast if isinstance(toast, Toast) else Toast(toast))
    url = own_path(url)
    if request.htmx.partial and (request.htmx.target == DIALOG or _elsewhere(request, url)):
        return Response(None, status_code=NO_CONTENT, headers={"HX-Redirect": url})
    return Redirect(url, status_code=303)


def _elsewhere(request: Request, url: str) -> bool:
    return split(request.htmx.current_url).path != split(url).path


def own_path(url: str | None, default: str = "/") -> str:
    """`url` if it is a path of this site, else `default`: never a way to another site (`//evil`, `/\\evil`)."""
    if not url or not url.startswith("/") or url.startswith(("//", "/\\")):
        return default
    return default if any(ord(character) <= ord(" ") or character == "\\" for character in url) else url


def letter(html: str) -> Response[str]:
    """A letter or an incoming message for a sandboxed frame: no script, no remote picture, its own policy."""
    headers = {"Content-Security-Policy": LETTER_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return Response(html, media_type=HTML, headers=headers)
