"""Asked twice with the same key, done once, answered the same."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from litestar import Litestar

from portal import db as database
from portal.accounts.actions import create_api_key
from tests import factories
from tests.api.conftest import script

PERSON = {"email": "ana@example.org", "first_name": "Ana", "last_name": "Nowak", "locale": "pl"}
ONCE = {"Idempotency-Key": "import-2026-11-22-1"}


async def people() -> int:
    return int(await database.fetchval("select count(*) from person"))


async def test_a_repeated_request_gets_the_first_answer_and_does_nothing(api: httpx.AsyncClient) -> None:
    first = await api.post("/people", json=PERSON, headers=ONCE)
    again = await api.post("/people", json=PERSON, headers=ONCE)
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert await people() == 1


async def test_a_key_is_not_taken_for_another_request(api: httpx.AsyncClient) -> None:
    await api.post("/people", json=PERSON, headers=ONCE)
    other = await api.post("/people", json=PERSON | {"email": "eva@example.org"}, headers=ONCE)
    assert other.status_code == 422
    assert await people() == 1


async def test_a_refused_request_leaves_its_key_free(api: httpx.AsyncClient) -> None:
    refused = await api.post("/people", json=PERSON | {"email": "nonsense"}, headers=ONCE)
    mended = await api.post("/people", json=PERSON, headers=ONCE)
    assert (refused.status_code, mended.status_code) == (422, 201)


async def test_keys_of_two_accounts_do_not_meet(app: Litestar, api: httpx.AsyncClient) -> None:
    bob = await factories.account("Bea", "manager")
    await api.post("/people", json=PERSON, headers=ONCE)
    async with script(app, await create_api_key(bob.email)) as other:
        answer = await other.post("/people", json=PERSON | {"email": "eva@example.org"}, headers=ONCE)
    assert answer.status_code == 201


async def test_an_endless_key_is_refused(api: httpx.AsyncClient) -> None:
    answer = await api.post("/people", json=PERSON, headers={"Idempotency-Key": "k" * 201})
    assert answer.status_code == 400


@pytest.mark.usefixtures("fresh_database")
async def test_two_at_once_make_one(app: Litestar) -> None:
    alice = await factories.account("Alice", "manager")
    async with script(app, await create_api_key(alice.email)) as api:
        asked = [api.post("/people", json=PERSON, headers=ONCE) for _ in range(5)]
        answers = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert await people() == 1
