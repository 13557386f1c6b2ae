"""The linter over the real audience (B11): everybody's letter is looked at, and the numbers are right."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from portal import db as database
from portal.campaigns import phases
from portal.campaigns.queries import statuses
from portal.emails import fields, queries
from portal.emails.letters import trees
from portal.proofreading import links
from portal.proofreading.readers import campaign as campaign_of
from portal.proofreading.readers import groups, of_rule, of_status
from portal.proofreading.routes import _report
from portal.triggers import queries as triggers
from tests import factories
from tests.clients import Client
from tests.factories import AccountRow, CampaignRow, TemplateRow

BODY = (
    "<p>Dear {{ first_name }} {{ last_name }}, {% if answer_title %}“{{ answer_title }}”{% else %}{{ answer_motive }}"
    "{% endif %} {{ closing_date }} {{ answer_never_asked }}</p>"
)
PEOPLE = [  # first name, last name, address, locale, answers
    ("Ana", "Nowak", "", "en", {"title": "A", "motive": "B"}),
    ("Ana", "", "", "es", {"title": " \n", "motive": "B"}),
    (" ", "Nowak", "", "fr", {"title": "A"}),
    ("Inès", "Lefèvre", "", "pl", {}),
    ("Łucja", "", "", "pl", {"motive": None, "title": []}),
    ("Bo", "Bee", None, "en", {}),
    ("Cy", "Cee", "blocked@people.example", "en", {}),
]


async def call(*managers: AccountRow) -> tuple[CampaignRow, TemplateRow]:
    """A campaign without an end, with people of every kind, and a template in two languages."""
    await factories.organisation(locale="fr")
    campaign = await factories.campaign(managers=managers, default_locale="fr", closes_at=None)
    for key in ("title", "motive"):
        await factories.question(campaign.id, key)
    for first, last, email, locale, answers in PEOPLE:
        person = await factories.person(first, last, email=email, locale=locale)
        await factories.dossier(campaign, person, answers=answers)
    sql = "insert into suppression (address, scope, reason) values ('blocked@people.example', 'all', 'complaint')"
    await database.execute(sql)
    template = await factories.template(variants={"en": ("S", BODY), "fr": ("S {{ full_name }}", BODY)})
    return campaign, template


@pytest.mark.seed("B11")
async def test_B11_the_numbers_are_those_of_letters_planned_one_by_one(db: None) -> None:
    alice = await factories.account("Alice")
    call_, template = await call(alice)
    version = await queries.current(template.id)
    campaign = await campaign_of(alice.actor, call_.id)
    found = await _report(alice.actor, version, campaign, of_status(campaign, None))
    letters: Counter[str] = Counter()
    gaps: Counter[tuple[str, str, str]] = Counter()
    for dossier_id, address, blocked in await _everybody(call_.id):
        if not address or blocked:
            gaps["blocked" if address else "no_email", "", blocked or ""] += 1
            continue
        wished = (await queries.recipient(alice.actor, dossier_id)).locale  # type: ignore[union-attr]
        locale, other = queries.pick(version, wished, "fr", "fr")
        letters[locale] += 1
        gaps.update([("fallback", wished, locale)] if other else [])
        merged = fields.values(await queries.facts_of_dossier(dossier_id, locale), locale)
        gaps.update(("empty", locale, name) for name in trees(version.variants[locale]).empty_fields(merged))
    assert found.people == len(PEOPLE) and found.letters == letters
    assert {(each.kind, each.locale, each.detail): each.people for each in found.gaps} == gaps
    assert gaps["empty", "fr", "last_name"] == 2 and gaps["empty", "fr", "answer_motive"] == 2


async def _everybody(campaign_id: int) -> list[tuple[int, str | None, str | None]]:
    sql = """select d.id, p.email::text as email, s.reason from dossier d join person p on p.id = d.person_id
        left join suppression s on s.address = p.email where d.campaign_id = $1"""
    return [(row["id"], row["email"], row["reason"]) for row in await database.fetch(sql, campaign_id)]


async def test_a_triggers_people_are_those_whom_its_conditions_let_through(db: None) -> None:
    alice = await factories.account("Alice")
    call_, template = await call(alice)
    trigger_id = await factories.trigger(call_, template, from_status="submitted")
    campaign = await campaign_of(alice.actor, call_.id)

    async def people(conditions: dict[str, object]) -> int:
        await database.execute("update trigger set conditions = $2 where id = $1", trigger_id, conditions)
        [rule] = await triggers.rules_of(call_.id)
        audience = of_rule(campaign, rule, await statuses(call_.id), await phases.of_campaign(call_.id))
        return sum(each.people for each in await groups(alice.actor, call_.id, audience, False, []))

    assert await people({}) == len(PEOPLE)
    assert await people({"locales": ["pl", "es"]}) == 3
    assert await people({"answers": [{"key": "title", "is": ["A", "Z"]}]}) == 2
    assert await people({"evaluators": [alice.id]}) == 0
    await database.execute("update dossier set withdrawn_at = now() where locale = 'pl' and campaign_id = $1", call_.id)
    assert await people({}) == len(PEOPLE)
    remind = """update trigger set family = 'deadline', to_status_id = null, days_before = 3, at_time = '09:00'
        where id = $1"""
    await database.execute(remind, trigger_id)
    assert await people({}) == len(PEOPLE) - 2  # nobody reminds those who have withdrawn


async def test_the_page_names_them_and_leads_to_their_previews(client: Client) -> None:
    alice = await factories.account("Alice")
    call_, template = await call(alice)
    everybody = ("candidate", "managers", "address:archive@passerelle.example")
    await factories.trigger(call_, template, name="Tell the winners", recipients=everybody)
    await client.sign_in(alice.email)
    page = await client.get(f"/templates/{template.id}/recipients")
    said = page.texts(".checks summary")
    assert "French: 2 people have nothing in the field “Last name”" in said
    assert "Polish is not written: 2 people get the letter in another language: French" in said
    assert "No e-mail address: 1" in said and "Address blocked: reported as spam: 1" in said
    assert "7 people · Letters: 5 · French: 4 · English: 1" in page.words
    others = [each for each in page.texts(".checks li") if "@" in each]
    assert others == [f"Alice ({alice.email}): English", "archive@passerelle.example: French"]
    assert any("as=" in link for link in page.links)
    page = await client.get(
        f"/templates/{template.id}/recipients?campaign={call_.id}&who=status:{call_.status['accepted']}"
    )
    assert "Nobody matches at the moment" in page.words


async def test_nobody_reads_over_foreign_people(client: Client) -> None:
    alice, dana = await factories.account("Alice"), await factories.account("Dana")
    call_, template = await call(alice)
    await client.sign_in(dana.email)
    here = f"/templates/{template.id}/recipients"
    assert "There is no campaign whose dossiers you see" in (await client.get(here)).words
    assert (await client.get(f"{here}?campaign={call_.id}")).status == 404


# ------------------------------------------------------------------------------------------------ links
@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A server of the web that knows one page."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1]
        status = {b"/here": b"200 OK", b"/moved": b"301 Moved", b"/ill": b"503 Ill"}.get(path, b"404 Not Found")
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.mark.seed("B11")
@pytest.mark.parametrize(
    ("path", "state"), [("/here", "ok"), ("/moved", "ok"), ("/gone", "gone"), ("/ill", "broken"), ("/ü", "silent")]
)
async def test_B11_dead_links_are_found(port: int, path: str, state: str) -> None:
    async def resolve(host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    tried = await links.try_one(f"http://a.example{path}", resolve=resolve, allowed=lambda each: True, port=port)
    assert tried.state == state


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.8", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00::1", "0.0.0.0", "224.0.0.1"],
)
async def test_a_name_that_leads_into_our_network_is_never_asked(port: int, address: str) -> None:
    async def resolve(host: str, _port: int) -> list[str]:
        return ["93.184.216.34", address]

    assert (await links.try_one("https://a.example/", resolve=resolve)).state == "inside"
    assert (await links.try_one(f"http://a.example:{port}/")).state == "inside"


async def test_a_name_that_is_none_is_silent() -> None:
    async def resolve(host: str, _port: int) -> list[str]:
        raise OSError("no such name")

    assert (await links.try_one("https://nobody.example/", resolve=resolve)).state == "silent"
    assert (await links.try_one("https://[half/")).state == "silent"
