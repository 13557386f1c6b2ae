"""Lists ask the database as often for three rows as for one, and never more than a few dozen times."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from portal import db
from tests import factories
from tests.clients import Client
from tests.house.furnished import furnished
from tests.house.routes import World

LISTS = (
    *("/", "/campaigns", "/dossiers", "/people/candidates", "/templates", "/messages", "/mailbox", "/untold", "/apply"),
    *("/settings/organisation", "/campaigns/{campaign_id}/dossiers", "/campaigns/{campaign_id}/statuses"),
    *("/campaigns/{campaign_id}/form", "/campaigns/{campaign_id}/emails", "/campaigns/{campaign_id}/settings"),
    *("/suppressions", "/settings/organisation/topics"),
    *("/people/{person_id}", "/dossiers/{dossier_id}", "/dossiers/{dossier_id}/answers"),
)
MOST = 30


async def asked(client: Client, monkeypatch: pytest.MonkeyPatch, here: World) -> dict[str, int]:
    """How many times each list goes to the database."""
    connection = db._connection
    times: list[int] = []

    @asynccontextmanager
    async def counted() -> AsyncIterator[Any]:
        times.append(1)
        async with connection() as found:
            yield found

    found = {}
    with monkeypatch.context() as patch:
        patch.setattr(db, "_connection", counted)
        for path in LISTS:
            times.clear()
            page = await client.get(path.format_map(here.values))
            assert page.status == 200, path
            found[path] = len(times)
    return found


async def more(here: World) -> None:
    """Two more of everything that the lists show."""
    manager = here.people["manager"]
    statuses = await db.fetch("select key, id from status where campaign_id = $1", here.values["campaign_id"])
    ids = {row["key"]: row["id"] for row in statuses}
    same = factories.CampaignRow(here.values["campaign_id"], here.values["slug"], 1, ids)
    ana = factories.PersonRow(here.values["person_id"], "ana@people.example", "Ana", "Nowak", "en", 1)
    for _number in range(2):
        other = await factories.campaign(managers=(manager,))
        for campaign in (same, other):
            await factories.dossier(campaign, ana, "accepted")
            await factories.dossier(campaign, status="rejected")
            await factories.question(campaign.id)
            await factories.status(campaign.id)
            await factories.trigger(campaign, await factories.template(f"Letter {campaign.id}"), to_status="rejected")
        await factories.sender()
        await db.execute(
            """insert into message (origin_id, person_id, dossier_id, occurrence, state, address)
            select origin_id, person_id, dossier_id, $1, 'failed', address from message limit 1""",
            1_000 + other.id,
        )
        await db.execute("insert into mailbox_letter (mail_from, rcpt_to, raw) values ('a', '{b}', '')")


async def test_a_list_takes_as_many_queries_for_three_rows_as_for_one(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await furnished()
    await client.sign_in(here.people["administrator"].email)
    await more(here)  # some of everything: a list without rows may ask once more whether there are any at all
    one = await asked(client, monkeypatch, here)
    await more(here)
    three = await asked(client, monkeypatch, here)
    assert {path: (one[path], three[path]) for path in LISTS if three[path] > one[path]} == {}
    assert {path: times for path, times in three.items() if times > MOST} == {}
