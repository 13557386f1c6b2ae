"""Refusals and failures as sentences in the reader's language.

A whole page when a page was asked for, a fragment when htmx asked for a part, `application/problem+json` (RFC 9457)
under `/api`. What went wrong inside is told to the log, with a reference that the page shows.
"""

from __future__ import annotations

import logging
import secrets
from typing import Any, cast
from urllib.parse import quote

import asyncpg
import msgspec
from litestar import MediaType, Response
from litestar.exceptions import HTTPException, NotAuthorizedException
from litestar.types import ExceptionHandlersMap

from portal import i18n
from portal.formats import when
from portal.i18n import _
from portal.outcomes import Missing, Refused, Stale
from portal.web.htmx import Request
from portal.web.language import wanted
from portal.web.pages import DIALOG, here, page, see
from portal.web.rights import API

log = logging.getLogger(__name__)

PROBLEM = "application/problem+json"
TOO_LARGE = ("Request Entity Too Large",)  # Litestar says so with status 400
GONE = "client disconnected prematurely"  # and so with 500: whoever was sending has left, nobody has to mend anything


class Problem(msgspec.Struct, frozen=True):
    """What the page says: a heading, a sentence on what to do, perhaps one per field."""

    status: int
    title: str
    detail: str
    errors: dict[str, str] = {}


def handlers() -> ExceptionHandlersMap:
    """The app's exception handlers."""
    by_type: dict[type[Exception], Any] = {HTTPException: on_http, Refused: on_refused, Stale: on_stale}
    by_type |= {Missing: on_missing, asyncpg.DataError: on_data, Exception: on_bug}
    by_type |= {asyncpg.ForeignKeyViolationError: on_gone}
    return cast(ExceptionHandlersMap, by_type)


def on_http(request: Request, error: HTTPException) -> Response[Any]:
    """401 leads to the sign-in page; the others are said."""
    with _language(request):
        if isinstance(error, NotAuthorizedException) and not _is_api(request):
            return _to_sign_in(request)
        status = 413 if error.detail in TOO_LARGE else 400 if error.detail == GONE else error.status_code
        if status >= 500:
            return _bug(request, error)
        answer = say(request, _problem(status, _is_api(request), error))
        return _with_headers(answer, error)


def on_refused(request: Request, error: Refused) -> Response[Any]:
    """422: the user can mend it. Pages usually catch it themselves and show it in their form."""
    with _language(request):
        return say(request, Problem(422, _("Nothing has been saved"), error.sentences, error.errors))


def on_stale(request: Request, error: Stale) -> Response[Any]:
    """409: somebody was faster. Pages with texts compare both versions instead."""
    with _language(request):
        if error.by and error.at:
            detail = _("Somebody saved changes here first ({name}, {time}). Compare before you save.")
            detail = detail.format(name=error.by, time=when(error.at))
        else:
            detail = _("Somebody saved changes here first. Reload the page and try again.")
        return say(request, Problem(409, _("Changed in the meantime"), detail))


def on_missing(request: Request, error: Missing) -> Response[Any]:
    """404, whether it does not exist or may not be seen."""
    with _language(request):
        return say(request, _problem(404, _is_api(request)))


def on_data(request: Request, error: asyncpg.DataError) -> Response[Any]:
    """404: a number or a sign in the address that no column can hold names nothing that is there."""
    log.warning("no such value: %s %s: %s", request.method, _route(request), type(error).__name__)
    return on_missing(request, Missing())


def on_gone(request: Request, error: asyncpg.ForeignKeyViolationError) -> Response[Any]:
    """409: what the request names was deleted, or what it deletes was used, while it was under way."""
    return on_stale(request, Stale())


def on_bug(request: Request, error: Exception) -> Response[Any]:
    """500: our fault."""
    with _language(request):
        return _bug(request, error)


def say(request: Request, problem: Problem) -> Response[Any]:
    """The problem as JSON, as a fragment shown on top of the page (or in the dialog), or as a page."""
    if _is_api(request):
        return api_problem(problem)
    headers = {}
    if request.htmx.partial and request.htmx.target != DIALOG:
        headers = {"HX-Retarget": "#problem", "HX-Reswap": "innerHTML"}
        request.htmx.target = "problem"
    return page(request, "errors/problem.html", status_code=problem.status, headers=headers, problem=problem)


def api_problem(problem: Problem) -> Response[Any]:
    """RFC 9457. `errors` names the fields."""
    body: dict[str, Any] = {"type": "about:blank", "title": problem.title}
    body |= {"status": problem.status, "detail": problem.detail}
    if problem.errors:
        body["errors"] = problem.errors
    return Response(body, status_code=problem.status, media_type=PROBLEM)


def _bug(request: Request, error: Exception) -> Response[Any]:
    reference = secrets.token_hex(4)
    log.error("unhandled, reference %s: %s %s", reference, request.method, _route(request), exc_info=error)
    # NOTE: {reference}: eight characters, e.g. 3fa91c20; the same stands in the log
    detail = _("Try again. If it happens again, tell an administrator this reference: {reference}.")
    problem = Problem(500, _("Something went wrong here"), detail.format(reference=reference))
    try:
        return say(request, problem)
    except Exception:  # what is broken may be the page itself
        log.exception("reference %s: the page of the failure failed too", reference)
        return Response(f"{problem.title}\n{problem.detail}\n", status_code=500, media_type=MediaType.TEXT)


def _route(request: Request) -> str:
    """The route as it is declared: the path itself may hold a candidate's link, which opens an application."""
    return str(request.scope.get("path_template") or "no route")


def _problem(status: int, api: bool, error: HTTPException | None = None) -> Problem:
    texts = {
        400: (_("This request cannot be read"), _("Go back, reload the page and try again.")),
        401: (_("No valid key"), _("Send a valid API key: Authorization: Bearer …")),
        403: (_("No permission"), _("You may not see this page. Ask an administrator.")),
        404: (_("Page not found"), _("There is nothing at this address, or you may not see it.")),
        405: (_("This address cannot do that"), _("Go back, reload the page and try again.")),
        413: (_("Too large"), _("What you sent is too large. Choose a smaller file.")),
        429: (_("Too many attempts"), _("Wait a little, then try again.")),
    }
    title, detail = texts.get(status, texts[400])
    if status == 403 and error is not None and not (isinstance(error.extra, dict) and "right" in error.extra):
        title, detail = _("This page has expired"), _("Nothing has been saved. Go back, reload the page and try again.")
    if api and error is not None and status in (400, 404, 405):
        return Problem(status, title, error.detail, _field_errors(error))
    return Problem(status, title, detail)


def _field_errors(error: HTTPException) -> dict[str, str]:
    """Litestar's list of what does not fit the declared body, by field."""
    found = error.extra if isinstance(error.extra, list) else []
    return {str(each.get("key", "")): str(each.get("message", "")) for each in found if isinstance(each, dict)}


def _to_sign_in(request: Request) -> Response[Any]:
    """The sign-in page, which comes back here; a part of a page makes the browser itself go there."""
    origin = here(request)
    return see(request, "/login" if origin == "/" else f"/login?next={quote(origin, safe='/')}")


def _with_headers(answer: Response[Any], error: HTTPException) -> Response[Any]:
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    return answer


def _is_api(request: Request) -> bool:
    return request.scope["path"].startswith(API)


def _language(request: Request) -> Any:
    """The request's language also where no route, hence no middleware, was reached."""
    return i18n.use(request.scope["state"].get("locale") or wanted(request))
