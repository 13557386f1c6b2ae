"""The audit log: searched, exported, verified, and seen through the actor."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest

from portal import db as database
from portal import sheets, timeline
from portal.actor import Actor
from portal.audit import actions, rules
from portal.audit.actions import VERIFY_JOB
from portal.jobs import queries as jobs
from portal.timeline_words import WORDS
from tests import factories
from tests.clients import Client, Page, fields
from workers.jobs import WHOLE


async def adam(client: Client) -> Actor:
    account = await factories.account("Adam", "administrator")
    await client.sign_in(account.email)
    return account.actor


def told(page: Page) -> list[str]:
    """The sentences of the page."""
    return page.texts("ol.timeline p:not(.small-print)")


async def test_adam_finds_who_did_what_by_part_person_campaign_day_and_thing(client: Client) -> None:
    me = await adam(client)
    alice, campaign = await factories.account("Alice"), await factories.campaign()
    await timeline.record("campaign", campaign.id, "campaign.published", alice.actor, campaign_id=campaign.id)
    event = await timeline.record("template", 7, "template.created", alice.actor)
    old = datetime(2026, 3, 1, 12, tzinfo=UTC)
    await database.execute("update timeline_event set at = $2 where id = $1", event, old)
    assert told(await client.get("/audit")) == [
        "Alice created the template",
        "Alice published the campaign",
        f"Adam signed in from {client.address}. Unknown browser",
    ]
    for query, sentences in {
        "area=templates": ["Alice created the template"],
        f"who={alice.id}&area=campaigns": ["Alice published the campaign"],
        f"campaign={campaign.id}": ["Alice published the campaign"],
        "since=2026-03-01&until=2026-03-01": ["Alice created the template"],
        "until=2026-02-28": [],
        f"subject=campaign&number={campaign.id}": ["Alice published the campaign"],
    }.items():
        assert told(await client.get(f"/audit?{query}")) == sentences, query
    assert me.account_id


async def test_a_long_log_is_read_page_by_page(client: Client) -> None:
    me = await adam(client)
    for number in range(120):
        await timeline.record("template", number, "template.created", me)
    first = await client.get("/audit?area=templates")
    (older,) = [link for link in first.links if "cursor=" in link]
    second = await client.get(older)
    assert (len(told(first)), len(told(second))) == (50, 50)


async def test_a_manager_sees_what_she_manages_and_no_sign_in_of_others(client: Client) -> None:
    alice, dana = await factories.account("Alice"), await factories.account("Dana")
    hers, other = await factories.campaign(managers=(alice,)), await factories.campaign(managers=(dana,))
    both = await factories.campaign(managers=(dana,), evaluators=(alice,))
    for campaign in (hers, other, both):
        dossier = await factories.dossier(campaign)
        await timeline.record("campaign", campaign.id, "campaign.published", dana.actor, campaign_id=campaign.id)
        await timeline.record("dossier", dossier.id, "dossier.submitted", dana.actor, dossier_id=dossier.id)
    await timeline.record("account", dana.id, "account.signed_in", dana.actor)
    await timeline.record("template", 1, "template.created", dana.actor)
    await timeline.record("organisation", 1, "organisation.changed", dana.actor)
    await client.sign_in(alice.email)
    page = await client.get("/audit")
    assert told(page)[0].startswith("Alice signed in")
    assert told(page)[1:] == [
        "Dana created the template",
        "Dana submitted the application for the candidate",
        "Dana published the campaign",
    ]
    assert told(await client.get(f"/audit?campaign={other.id}")) == []
    assert told(await client.get(f"/audit?who={dana.id}&area=signing_in")) == []
    exported = await client.post("/audit/export", {"area": "signing_in"})
    assert "Dana" not in exported.text


async def test_the_export_says_the_same_and_runs_no_formula(client: Client) -> None:
    me = await adam(client)
    evil = Actor(kind="user", name="=HYPERLINK(1)")
    for number in range(3):
        await timeline.record("template", number, "template.created", evil, title={"en": "x"})
    await timeline.record("template", 9, "template.archived", me)
    form = (await client.get("/audit?area=templates")).one("#rows form")  # comes with the rows when filters change
    assert form.attrs["action"] == "/audit/export"
    page = await client.post("/audit/export", fields(form))
    assert page.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(page.text.removeprefix("\ufeff"))))
    assert [row["what"] for row in rows] == ["template.archived", *["template.created"] * 3]
    assert rows[1]["actor"] == "'=HYPERLINK(1)"
    assert rows[1]["sentence"] == "'=HYPERLINK(1) created the template"
    assert await database.fetchval("select count(*) from timeline_event where what = 'audit.exported'") == 1


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert sheets.plain(text) == f"'{text}"
    assert sheets.plain("1=1") == "1=1"


async def test_the_page_says_whether_the_chain_verifies(client: Client) -> None:
    me = await adam(client)
    event = await timeline.record("template", 1, "template.created", me)
    await timeline.seal()
    page = await client.post("/audit/verify")
    assert "The chain verifies: 2 entries, none changed or missing. Last verified" in page.words
    await database.execute("update timeline_event set actor_name = 'Dana' where id = $1", event)
    page = await client.post("/audit/verify")
    assert f"The chain does not verify: entry {event} was changed" in page.words


async def test_a_long_chain_is_verified_by_a_worker(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    me = await adam(client)
    for number in range(3):
        await timeline.record("template", number, "template.created", me)
    await timeline.seal()
    monkeypatch.setattr(actions, "MOST_AT_ONCE", 2)
    page = await client.post("/audit/verify")
    job = await jobs.one(me, int(page.path.rpartition("/")[2]))
    assert (page.h1, job.kind, job.total) == ("Verifying the audit log", VERIFY_JOB, 4)
    heard = []

    async def report(done: int, total: int) -> None:
        heard.append((done, total))

    result = await WHOLE[VERIFY_JOB](job, me, report)
    assert (result["seal"], result["broken"], heard) == (4, None, [(4, 4)])
    assert "The chain verifies: 4 entries" in (await client.get("/audit")).words


async def test_an_end_that_was_cut_off_shows_by_the_fingerprint(db: None) -> None:
    me = Actor(kind="user", name="Adam")
    for number in range(3):
        await timeline.record("template", number, "template.created", me)
    await timeline.seal()
    before = await timeline.check()
    assert (before.seal, before.broken, before.unsealed) == (3, None, 0)
    kept = (before.seal, before.hash)
    await timeline.record("template", 4, "template.created", me)
    await timeline.seal()
    assert (await timeline.check(kept)).broken is None
    await database.execute("delete from timeline_event where seal >= 3")
    assert (await timeline.check()).broken is None
    assert (await timeline.check(kept)).broken == 0


def test_every_event_belongs_to_a_part_of_the_log() -> None:
    in_parts = {name for area in rules.AREAS for name in rules.names_of(area, list(WORDS))}
    assert sorted(set(WORDS) - in_parts) == []
    assert set(rules.SIGNING_IN) <= set(WORDS)


async def test_the_history_of_a_person_hides_what_happened_in_campaigns_of_others(client: Client) -> None:
    alice, dana = await factories.account("Alice"), await factories.account("Dana")
    ana = await factories.person("Ana", "Nowak")
    for owner in (alice, dana):
        campaign = await factories.campaign(managers=(owner,))
        dossier = await factories.dossier(campaign, ana)
        about = {"campaign_id": campaign.id, "dossier_id": dossier.id, "person_id": ana.id}
        await timeline.record("dossier", dossier.id, "dossier.created", owner.actor, **about)
    await timeline.record("person", ana.id, "person.changed", dana.actor, person_id=ana.id)
    await client.sign_in(alice.email)
    page = await client.get(f"/people/{ana.id}/history")
    assert page.texts("ol.timeline p") == ["Dana changed the record", "Alice created the dossier"]


async def test_the_history_of_a_dossier_is_found_through_the_actor(client: Client) -> None:
    alice, dana = await factories.account("Alice"), await factories.account("Dana")
    dossier = await factories.dossier(await factories.campaign(managers=(alice,)))
    await timeline.record("dossier", dossier.id, "dossier.created", alice.actor, dossier_id=dossier.id)
    await client.sign_in(alice.email)
    page = await client.get(f"/dossiers/{dossier.id}/history")
    assert (page.h1, page.texts("ol.timeline p")) == (f"{dossier.number}: history", ["Alice created the dossier"])
    await client.post("/logout")
    await client.sign_in(dana.email)
    assert (await client.get(f"/dossiers/{dossier.id}/history")).status == 404
