"""Every route obeys the house: it declares its right, and acts only on our own forms."""

from __future__ import annotations

from collections.abc import Callable

from litestar import Litestar

from portal.accounts.rules import RIGHTS
from tests.clients import Client
from tests.house.routes import SAFE, routes, world

NO_FORM = ("/api/", "/u/{token:str}")  # keys; mail programs unsubscribe with one POST (RFC 8058)

BY_TOKEN = "/u/{token:str}"  # one-click opt-out (RFC 8058): mail programs send no form's token, the link is the proof


def test_every_route_declares_a_right_that_exists(app: Litestar) -> None:
    undeclared = [str(each) for each in routes(app) if not each.declared]
    unknown = [f"{each}: {each.right}" for each in routes(app) if each.right is not None and each.right not in RIGHTS]
    assert (undeclared, unknown) == ([], [])


def test_pages_answer_get_and_post_only(app: Litestar) -> None:
    odd = [
        str(each) for each in routes(app) if not each.path.startswith("/api/") and each.method not in ("GET", "POST")
    ]
    assert odd == []


async def test_no_page_acts_without_the_forms_token(client: Client, app: Litestar) -> None:
    here = await world()
    await client.sign_in(here.people["administrator"].email)
    acted = []
    for each in routes(app):
        if each.method not in SAFE and not each.path.startswith(NO_FORM):
            page = await client.post(here.some_url(each.path), csrf=False, follow=False)
            acted += [f"{each}: {page.status}"] if page.status != 403 else []
    assert acted == []


async def test_no_page_acts_for_another_site(client: Client, app: Litestar) -> None:
    here = await world()
    await client.sign_in(here.people["administrator"].email)
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    acted = []
    for each in routes(app):
        if each.method not in SAFE and not each.path.startswith("/api/"):
            page = await client.post(here.some_url(each.path), follow=False, headers=headers)
            acted += [f"{each}: {page.status}"] if page.status != 403 else []
    assert acted == []


async def test_the_api_knows_no_cookies(db: None, make_client: Callable[..., Client], app: Litestar) -> None:
    here = await world()
    client = make_client(checked=False)
    await client.sign_in(here.people["administrator"].email)
    opened = []
    for each in routes(app):
        if each.path.startswith("/api/v1/") and each.right is not None:
            answer = await client.http.request(each.method, here.some_url(each.path), json={})
            opened += [f"{each}: {answer.status_code}"] if answer.status_code not in (401, 404, 405) else []
    assert opened == []
