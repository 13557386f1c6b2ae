"""A foreign id is a 404 and writes nothing: every route that names a row, as somebody with every right but no place."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from litestar import Litestar

from portal import db
from portal.accounts.actions import create_api_key
from portal.accounts.rules import ROLES as ACCOUNTS
from portal.accounts.rules import reading, rights_of
from portal.web.templating import CSRF_FIELD
from tests import factories
from tests.clients import Client
from tests.house.furnished import furnished
from tests.house.routes import PARAMETER, SAFE, World, routes
from tests.house.test_crawl import contents
from tests.house.test_hostile import BODIES, Back

OF_A_CAMPAIGN = {"campaign_id", "dossier_id", "message_id", "trigger_id", "status_id", "question_id", "file_id",
    "phase_id", "criterion_id", "note_id",
}  # fmt: skip
OF_AN_ACCOUNT = {"key_id", "job_id", "view_id", "import_id"}
ROLES = ("manager", "evaluator")


async def asked(client: Client, method: str, url: str, key: str, sent: dict[str, Any]) -> tuple[int, bool]:
    """(status, whether anything was written); rolled back."""
    token = await client._token()
    before = await contents()
    with contextlib.suppress(Back):
        async with db.transaction():
            if url.startswith("/api/"):
                headers = {"Authorization": f"Bearer {key}"}
                answer = await client.http.request(method, url, headers=headers, json=sent)
            else:
                answer = await client.http.request(method, url, data=sent | {CSRF_FIELD: token})
            written = await contents() != before
            raise Back
    return answer.status_code, written


@pytest.mark.parametrize("role", ROLES)
async def test_a_stranger_of_the_campaign_finds_nothing_and_changes_nothing(
    client: Client, app: Litestar, role: str
) -> None:
    here = await furnished()
    dana = await factories.account("Dana", role)
    own = await factories.campaign(**{f"{role}s": (dana,)})
    await client.sign_in(dana.email)
    key = await create_api_key(dana.email)
    acted = []
    for route in routes(app):
        named = set(PARAMETER.findall(route.path))
        theirs = OF_A_CAMPAIGN | OF_AN_ACCOUNT | ({"person_id"} if role == "evaluator" else set())
        if not named & theirs or route.right is None:
            continue
        expected = 404 if route.right in rights_of((role,)) else 403
        for url in foreign(here, route.path, own):
            body = BODIES.get(route.path.removeprefix("/api/v1"), {})
            url += "?version=1" if route.method == "DELETE" else ""
            status, written = await asked(client, route.method, url, key, body)
            acted += [f"{route} {url}: {status}"] if status != expected or written else []
    assert acted == []


def foreign(here: World, path: str, own: factories.CampaignRow) -> list[str]:
    """The address with the other's ids; below a campaign also with one's own campaign and the other's row in it."""
    urls = [here.url(path) or ""]
    if "campaign_id" in path and len(PARAMETER.findall(path)) > 1:
        urls.append(here.url_with(path, "campaign_id", str(own.id)) or "")
    return urls


@pytest.mark.parametrize("role", [*ACCOUNTS, None])
async def test_nobody_does_what_their_rights_do_not_allow(client: Client, app: Litestar, role: str | None) -> None:
    here = await furnished()
    rights = rights_of((role,)) if role else frozenset()
    key = "cv_nobody"
    if role is not None:
        await client.sign_in(here.people[role].email)
        key = await create_api_key(here.people[role].email)
    done = []
    for route in routes(app):
        if route.method not in SAFE and route.right is not None and route.right not in rights:
            status, written = await asked(client, route.method, here.some_url(route.path), key, {})
            expected = 403 if role else 401 if route.path.startswith("/api/") else 303
            done += [f"{route}: {status}"] if status != expected or written else []
    assert done == []


async def test_a_key_narrowed_to_looking_changes_nothing(client: Client, app: Litestar) -> None:
    here = await furnished()
    email = here.people["administrator"].email
    key = await create_api_key(email, reading(rights_of(("administrator",))))
    done = []
    for route in routes(app):
        if route.path.startswith("/api/") and route.method not in SAFE:
            body = BODIES.get(route.path.removeprefix("/api/v1"), {})
            status, written = await asked(client, route.method, here.url(route.path) or "", key, body)
            done += [f"{route}: {status}"] if status != 403 or written else []
    assert done == []


async def test_nobody_puts_a_dossier_into_a_campaign_of_others(client: Client) -> None:
    here = await furnished()
    dana = await factories.account("Dana", "manager")
    await factories.campaign(managers=(dana,))
    await client.sign_in(dana.email)
    foreign_id = here.values["campaign_id"]
    body = BODIES["/dossiers"] | {"campaign": foreign_id}
    assert await asked(client, "POST", "/api/v1/dossiers", await create_api_key(dana.email), body) == (404, False)
    form = {"campaign": foreign_id, "email": "eve@people.example", "locale": "en"}
    assert await asked(client, "POST", "/dossiers/new", "", form) == (422, False)
