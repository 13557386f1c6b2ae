"""Two things at the same moment, over real commits."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from portal import db
from portal.accounts import actions as accounts
from portal.accounts import passwords
from portal.campaigns import copies, queries
from portal.campaigns.queries import StatusUse
from portal.outcomes import Refused
from tests import factories
from tests.clients import Client


async def test_a_password_that_changes_while_it_is_verified_opens_nothing(
    fresh_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await factories.account("Alice", "manager")
    verify = passwords.verify_password

    async def slowly(stored: str, password: str) -> bool:
        right = await verify(stored, password)
        await db.execute("update account set password_hash = 'another'")
        await db.execute("delete from session")
        return right

    monkeypatch.setattr(passwords, "verify_password", slowly)
    with pytest.raises(Refused):
        await accounts.sign_in(alice.email, factories.PASSWORD)
    assert await db.fetchval("select count(*) from session") == 0


async def test_two_clicks_on_copy_make_two_campaigns_with_their_own_addresses(fresh_database: str) -> None:
    alice = await factories.account("Alice", "manager")
    campaign = await factories.campaign(managers=(alice,))
    await asyncio.gather(*(copies.duplicate(alice.actor, campaign.id) for _ in range(4)))
    assert await db.fetchval("select count(distinct slug) from campaign") == 5


async def test_a_status_that_was_used_while_it_was_deleted_stays(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await factories.account("Alice", "manager")
    campaign = await factories.campaign(managers=(alice,))
    await factories.dossier(campaign, status="under_review")

    async def as_before(status_id: int) -> StatusUse:
        return StatusUse(dossiers=0, history=0, triggers=0)

    monkeypatch.setattr(queries, "status_use", as_before)
    await client.sign_in(alice.email)
    path = f"/campaigns/{campaign.id}/statuses/{campaign.status['under_review']}/delete"
    page = await client.post(path)
    assert (page.status, page.h1) == (409, "Changed in the meantime")


@pytest.mark.parametrize("campaigns", [1, 3])
async def test_the_apis_list_of_campaigns_takes_as_many_queries_for_three_as_for_one(
    client: Client, monkeypatch: pytest.MonkeyPatch, campaigns: int
) -> None:
    alice = await factories.account("Alice", "manager")
    for _number in range(campaigns):
        await factories.campaign(managers=(alice,))
    key = await accounts.create_api_key(alice.email)
    asked: list[str] = []
    fetch = db.fetch

    async def counted(sql: str, *args: Any) -> list[Any]:
        asked.append(sql)
        return await fetch(sql, *args)

    monkeypatch.setattr(db, "fetch", counted)
    answer = await client.http.get("/api/v1/campaigns", headers={"Authorization": f"Bearer {key}"})
    assert [len(each["statuses"]) for each in answer.json()["items"]] == [8] * campaigns
    assert len(asked) == 2


async def test_tries_at_an_account_are_counted_together_however_its_address_is_written(client: Client) -> None:
    alice = await factories.account("Alice", "manager", email="alice.i@team.example")
    for email in (
        "alice.i@team.example",
        "ALICE.I@TEAM.example",
        "al\u0130ce.\u0130@team.example",
        "alice.i@TEAM.example",
    ):
        await client.post("/login", {"email": email, "password": "wrong wrong wrong"})
    same = await db.fetchval("select $1::citext = $2::citext", alice.email, "al\u0130ce.\u0130@team.example")
    counted = await db.fetchval("select count(distinct subject) from sign_in_failure where subject ~ '^email'")
    assert counted == (1 if same else 2)
