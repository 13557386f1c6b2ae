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
    *("/reports?by=campaign", "/reports?by=mailing", "/mailings/limits"),
    "/campaigns/{campaign_id}/emails/follow-ups",
    *("/jobs", "/imports", "/views", "/audit", "/programmes", "/settings/accounts", "/settings/roles"),
    *("/campaigns/{campaign_id}/emails/log", "/campaigns/{campaign_id}/phases"),
    *("/campaigns/{campaign_id}/assessment", "/messages/decisions", "/templates/{template_id}/versions"),
    *("/templates/{template_id}/unsent", "/dossiers/{dossier_id}/history", "/dossiers/{dossier_id}/assessment"),
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
            template = await factories.template(f"Letter {campaign.id}")
            await factories.trigger(campaign, template, to_status="rejected")
            sql = (
                "insert into autoresponder (campaign_id, name, cause, template_id) values ($1, 'More', 'submitted', $2)"
            )
            await db.execute(sql, campaign.id, template.id)
        await factories.sender()
        await office(here)
        await db.execute(
            """insert into message (origin_id, person_id, dossier_id, occurrence, state, address)
            select origin_id, person_id, dossier_id, $1, 'failed', address from message limit 1""",
            1_000 + other.id,
        )
        await db.execute("insert into mailbox_letter (mail_from, rcpt_to, raw) values ('a', '{b}', '')")


async def office(here: World) -> None:
    """One more task, list from elsewhere, view, programme, role, phase, criterion, version, and line of the log."""
    values, admin = here.values, here.people["administrator"].id
    number = await db.fetchval("select count(*) from job")
    sql = "insert into job (kind, campaign_id, account_id) values ('status', $1, $2)"
    await db.execute(sql, values["campaign_id"], admin)
    sql = """insert into import_file (kind, account_id, name, stored_as, size, sha256, reading)
        select kind, $1, name, $2, size, sha256, reading from import_file limit 1"""
    await db.execute(sql, admin, f"{number:032}")
    await db.execute("insert into custom_view (module, name, owner_id) values ('dossiers', 'One more', $1)", admin)
    await db.execute("insert into programme (title) values ($1)", {"en": "One more"})
    await db.execute("insert into role (key, name) values ($1, 'One more')", f"press{number}")
    for table in ("phase", "criterion"):
        label = "title" if table == "phase" else "label"
        sql = f"insert into {table} (campaign_id, {label}, position) values ($1, $2, 9)"
        await db.execute(sql, values["campaign_id"], {"en": "One more"})
    sql = """insert into template_version (template_id, number, fallback_locale)
        select template_id, max(number) + 1, 'en' from template_version where template_id = $1 group by 1"""
    await db.execute(sql, values["template_id"])
    sql = """insert into decision (campaign_id, dossier_id, event, event_id, trigger_id, trigger_name, message_ids)
        values ($1, $2, 'status', $3, $4, 'Tell her', $5)"""
    row = (values["campaign_id"], values["dossier_id"], number, values["trigger_id"], [values["message_id"]])
    await db.execute(sql, *row)


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
