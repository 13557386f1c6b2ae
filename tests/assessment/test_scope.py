"""Where a campaign says so, an evaluator finds nothing of a dossier that is not assigned to her, on any page."""

from __future__ import annotations

import pytest
from litestar import Litestar

from portal import db as database
from portal.accounts.actions import create_api_key
from tests.clients import Client
from tests.house.furnished import furnished
from tests.house.routes import PARAMETER, routes

THEIRS = {"dossier_id", "message_id", "person_id", "file_id", "note_id"}


@pytest.mark.parametrize("assigned", [False, True])
async def test_no_page_tells_of_a_dossier_that_is_not_assigned(client: Client, app: Litestar, assigned: bool) -> None:
    here = await furnished()
    bob = here.people["evaluator"]
    await database.execute("update campaign set assigned_only = true")
    if not assigned:
        await database.execute("delete from assignment")
    secrets = await database.fetchrow("select d.number, p.email from dossier d join person p on p.id = d.person_id")
    assert secrets
    await client.sign_in(bob.email)
    key = await create_api_key(bob.email)
    told, found = [], []
    for route in routes(app):
        url = here.url(route.path)
        if route.method != "GET" or url is None or route.right is None:
            continue
        headers = {"Authorization": f"Bearer {key}"} if url.startswith("/api/") else {}
        answer = await client.http.get(url, headers=headers)
        if any(str(secret) in answer.text for secret in secrets):
            told.append(str(route))
        if answer.status_code == 200 and set(PARAMETER.findall(route.path)) & THEIRS:
            found.append(str(route))
    assert bool(told) is assigned, told
    assert bool(found) is assigned, found
