"""A list is checked row by row and brought in whole or not at all; it sends nothing; a killed one leaves nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from portal import db as database
from portal.imports import actions, queries, writing
from portal.imports.queries import Choices, Import
from portal.imports.reading import Reading
from portal.jobs import actions as jobs
from portal.jobs import running
from portal.outcomes import Missing, Refused, Stale
from tests import factories
from tests.factories import AccountRow, CampaignRow
from workers.jobs import WHOLE

LEASE = 60.0
PEOPLE = "email;Vorname;first name;last name;language\nana@people.example;x;Ana;Nowak;pl\njan@people.example;;Jan;;\n"


async def work() -> int:
    return await running.work({}, WHOLE, LEASE)


async def people(by: AccountRow, text: str = PEOPLE, **choices: Any) -> Import:
    """Uploaded, its columns as guessed, checked."""
    return await checked(by, await actions.upload(by.actor, "people", None, "list.csv", text.encode()), **choices)


async def checked(by: AccountRow, import_id: int, **choices: Any) -> Import:
    found = await queries.one(by.actor, import_id)
    kept = await actions.choose(by.actor, import_id, found.version, found.reading, found.mapping, Choices(**choices))
    await actions.start_check(by.actor, import_id, kept.version)
    await work()
    return await queries.one(by.actor, import_id)


async def run(by: AccountRow, found: Import) -> Import:
    await actions.start_run(by.actor, found.id, found.version, found.ready)
    await work()
    return await queries.one(by.actor, found.id)


@pytest.fixture
async def alice(fresh_database: str) -> AccountRow:
    return await factories.account("Alice")


# ------------------------------------------------------------------------------------------------ people
async def test_alice_brings_people_in(alice: AccountRow) -> None:
    found = await people(alice, person="contact")
    assert (found.state, found.ready, found.counts.wrong) == ("checked", 2, 0)
    done = await run(alice, found)
    assert (done.state, done.counts.created) == ("done", 2)
    rows = await database.fetch("select kind, email::text, first_name, last_name, locale from person order by id")
    assert [tuple(row.values()) for row in rows] == [
        ("contact", "ana@people.example", "Ana", "Nowak", "pl"),
        ("contact", "jan@people.example", "Jan", "", "en"),
    ]
    said = await database.fetch("select what, actor_kind, actor_name from timeline_event order by id")
    assert [tuple(row.values()) for row in said] == [
        ("person.created", "import", "Alice"), ("person.created", "import", "Alice"),
        ("import.people", "user", "Alice"),
    ]  # fmt: skip


@pytest.mark.parametrize(("known", "name"), [("leave", "Anna"), ("update", "Ana")])
async def test_people_who_are_known_are_left_or_brought_up_to_date(alice: AccountRow, known: str, name: str) -> None:
    ana = await factories.person("Anna", "Nowak", email="ANA@people.example")
    found = await people(alice, known=known)
    assert (found.counts.known, found.counts.new) == (1, 1)
    await run(alice, found)
    assert await database.fetchval("select first_name from person where id = $1", ana.id) == name
    assert await database.fetchval("select count(*) from person") == 2


async def test_rows_with_errors_are_said_and_left_out(alice: AccountRow) -> None:
    text = "email,language\nana@people.example,pl\nnobody,pl\nANA@people.example,\njan@people.example,klingon\n"
    found = await people(alice, text)
    assert (found.ready, found.counts.wrong) == (1, 3)
    problems = [(each.line, each.problem) for each in await queries.problems(found.id)]
    assert problems == [(3, "email_wrong"), (4, "email_twice"), (5, "locale_unknown")]
    assert (await run(alice, found)).counts.created == 1


# ------------------------------------------------------------------------------------------------ dossiers
async def campaign_of(alice: AccountRow) -> CampaignRow:
    campaign = await factories.campaign(managers=(alice,))
    await factories.question(campaign.id, "area", kind="choice", choices=(("sea", "Sea"), ("land", "Land")))
    await factories.question(campaign.id, "budget", kind="number")
    return campaign


@pytest.mark.seed("E11")
async def test_E11_imported_dossiers_get_numbers_and_send_nothing(alice: AccountRow) -> None:
    campaign = await campaign_of(alice)
    await factories.trigger(campaign)
    text = (
        "correo;nombre;estado;area;budget;fecha de presentación\n"
        "ana@people.example;Ana;;Sea;12 500,50;2026-11-02 09:30\n"
        "jan@people.example;Jan;draft;;;\n"
        "eva@people.example;Eva;;Moon;lots;\n"
    )
    number = await actions.upload(alice.actor, "dossiers", campaign.id, "list.csv", text.encode("cp1252"))
    found = await checked(alice, number, locale="es")
    assert (found.ready, found.counts.wrong) == (2, 1)
    assert {each.problem for each in await queries.problems(number)} == {"not_a_choice", "not_a_number"}
    assert (await run(alice, found)).counts.created == 2
    rows = await database.fetch(
        """select d.number, s.key, d.answers, d.locale, d.submitted_at is not null as submitted
        from dossier d join status s on s.id = d.status_id order by d.id"""
    )
    assert [row["number"][-4:] for row in rows] == ["0001", "0002"]
    assert [(row["key"], row["answers"], row["locale"], row["submitted"]) for row in rows] == [
        ("submitted", {"area": "sea", "budget": 12500.5}, "es", True),
        ("draft", {}, "es", False),
    ]
    assert await database.fetchval("select count(*) from message") == 0
    assert await database.fetchval("select bool_or(manual) from status_change") is False
    assert await database.fetchval("select last_number from campaign where id = $1", campaign.id) == 2


async def test_who_has_applied_already_is_left_out(alice: AccountRow) -> None:
    campaign = await campaign_of(alice)
    ana = await factories.person("Ana", email="ana@people.example")
    await factories.dossier(campaign, ana)
    text = "email\nana@people.example\njan@people.example\n"
    number = await actions.upload(alice.actor, "dossiers", campaign.id, "list.csv", text.encode())
    found = await checked(alice, number)
    assert (found.counts.applied, found.ready) == (1, 1)
    assert (await run(alice, found)).counts.created == 1
    assert await database.fetchval("select count(*) from dossier where campaign_id = $1", campaign.id) == 2


async def test_only_managers_of_the_campaign_bring_dossiers_in(alice: AccountRow) -> None:
    campaign = await campaign_of(alice)
    dana = await factories.account("Dana")
    with pytest.raises(Missing):
        await actions.upload(dana.actor, "dossiers", campaign.id, "list.csv", b"email\nana@people.example")
    number = await actions.upload(alice.actor, "dossiers", campaign.id, "list.csv", b"email\nana@people.example")
    with pytest.raises(Missing):
        await queries.one(dana.actor, number)


# ------------------------------------------------------------------------------------------------ nothing half-imported
async def test_an_import_that_breaks_in_the_middle_leaves_nothing_and_begins_again(
    alice: AccountRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await people(alice)
    whole = writing.write

    async def broken(*args: Any) -> writing.Written:
        await whole(*args)
        raise asyncio.CancelledError  # what a killed worker's transaction looks like to the database

    monkeypatch.setattr(writing, "write", broken)
    await actions.start_run(alice.actor, found.id, found.version, found.ready)
    with pytest.raises(asyncio.CancelledError):
        await work()
    assert await database.fetchval("select count(*) from person") == 0
    monkeypatch.undo()
    await database.execute("update job set lease_until = null")
    await work()
    assert (await queries.one(alice.actor, found.id)).counts.created == 2
    await database.execute("update job set state = 'running', lease_until = null where kind = 'import'")
    await work()
    assert await database.fetchval("select count(*) from person") == 2


async def test_a_cancelled_import_brings_nothing_in_and_can_be_put_away(
    alice: AccountRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await people(alice)
    job_id = await actions.start_run(alice.actor, found.id, found.version, found.ready)
    whole = writing.write

    async def slow(*args: Any) -> writing.Written:
        made = await whole(*args)
        job = await database.fetchval("select version from job where id = $1", job_id)
        await running.aside(jobs.change(job_id, "cancel", job, alice.actor))
        return made

    monkeypatch.setattr(writing, "write", slow)
    await work()
    stopped = await queries.one(alice.actor, found.id)
    assert (stopped.state, await database.fetchval("select count(*) from person")) == ("failed", 0)
    await actions.put_away(alice.actor, found.id, stopped.version)
    assert (await queries.one(alice.actor, found.id)).state == "cancelled"


async def test_the_number_on_the_button_is_what_happens(alice: AccountRow) -> None:
    found = await people(alice)
    with pytest.raises(Stale):
        await actions.start_run(alice.actor, found.id, found.version, 3)
    with pytest.raises(Stale):
        await actions.start_run(alice.actor, found.id, found.version - 1, 2)


# ------------------------------------------------------------------------------------------------ columns
async def test_columns_must_name_addresses_and_each_only_one_field(alice: AccountRow) -> None:
    number = await actions.upload(alice.actor, "people", None, "list.csv", b"a;b\nana@people.example;x")
    found = await queries.one(alice.actor, number)
    for mapping, field in (({"first_name": 1}, "email"), ({"email": 0, "first_name": 0}, "first_name")):
        with pytest.raises(Refused) as refused:
            await actions.choose(alice.actor, number, found.version, found.reading, mapping, Choices())
        assert list(refused.value.errors) == [field]


async def test_another_way_of_reading_guesses_the_columns_anew(alice: AccountRow) -> None:
    data = "imię;email\nŻ;z@people.example".encode("cp1250")
    number = await actions.upload(alice.actor, "people", None, "list.csv", data)
    found = await queries.one(alice.actor, number)
    wrong = await actions.choose(alice.actor, number, found.version, Reading("csv", "cp1250", ","), {}, Choices())
    assert (wrong.header, wrong.mapping) == (["imię;email"], {})
    right = await actions.choose(alice.actor, number, wrong.version, Reading("csv", "cp1250", ";"), {}, Choices())
    assert right.mapping == {"first_name": 0, "email": 1}
