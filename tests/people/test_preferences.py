"""Z31: her own page says what a person gets; one click opts out, and she may opt in again with what she read kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal import db as database
from portal import timeline, tokens
from portal.actor import SYSTEM, candidate
from portal.ledger import actions as ledger
from portal.ledger import blocks
from portal.people import consent, wishes
from portal.settings import settings
from tests import factories
from tests.clients import Client

TOPICS = ({"en": "New calls", "pl": "Nowe nabory"}, {"en": "Quarterly letter", "pl": "List kwartalny"})


def link_of(person_id: int) -> str:
    return tokens.opt_out_link(person_id).removeprefix(settings().base_url.rstrip("/"))


async def reasons(person_id: int) -> list[str]:
    return [each.reason for each in (await wishes.of(person_id)).blocks]


async def topics() -> list[int]:
    sql = "insert into topic (name, position) values ($1, $2) returning id"
    return [int(await database.fetchval(sql, name, place)) for place, name in enumerate(TOPICS)]


async def wanted(person_id: int) -> list[bool]:
    return [each.wanted for each in (await wishes.of(person_id)).topics]


async def queued(person: factories.PersonRow, topic_id: int | None, category: str = "optional") -> int:
    """A message to her of a template of a kind, which waits."""
    template = await factories.template(category=category)
    await database.execute("update template set topic_id = $2 where id = $1", template.id, topic_id)
    sql = """with origin as (insert into origin (kind, ref_id, sender_id, lane)
            select 'mailing', $1, sender_id, 3 from organisation returning id),
        made as (insert into message (origin_id, person_id, address, optional)
            select id, $2, $3, $4 from origin returning id)
        insert into letter (id, version_id, locale, from_address, subject, values)
        select m.id, t.version_id, 'en', 'office@example.org', 'Hello', '{}' from made m, template t where t.id = $1
        returning id"""
    return int(await database.fetchval(sql, template.id, person.id, person.email, category == "optional"))


async def state(message_id: int) -> tuple[str, str | None]:
    row = await database.fetchrow("select state::text, reason from message where id = $1", message_id)
    assert row
    return row["state"], row["reason"]


@pytest.mark.seed("Z31")
async def test_Z31_one_click_opts_out_without_cookie_token_or_redirect(client: Client) -> None:
    ana = await factories.person()
    body = {"List-Unsubscribe": "One-Click"}
    answer = await client.post(link_of(ana.id), body, csrf=False, follow=False)
    assert (answer.status, await reasons(ana.id)) == (200, ["opted_out"])
    assert (await client.post(link_of(ana.id), body, csrf=False, follow=False)).status == 200
    records = [(each.given, each.wording, each.source) for each in await consent.of_person(ana.id)]
    assert records == [(False, "Opt out of optional e-mail", "one_click")]


@pytest.mark.seed("Z31")
async def test_Z31_a_scanner_that_looks_changes_nothing(client: Client) -> None:
    ana = await factories.person()
    await topics()
    before = await database.fetchval("select xmin::text from person where id = $1", ana.id)
    for method in ("HEAD", "GET"):
        for query in ("", "?wish=opt_out", "?List-Unsubscribe=One-Click", "?wish=choose&offered=1"):
            await client.http.request(method, link_of(ana.id) + query)
    assert await client.get(link_of(ana.id))
    assert (await reasons(ana.id), await wanted(ana.id)) == ([], [True, True])
    assert await database.fetchval("select xmin::text from person where id = $1", ana.id) == before
    assert await timeline.of_person(ana.id) == []


@pytest.mark.seed("Z31")
async def test_Z31_she_opts_out_and_in_again_and_what_she_read_is_kept(
    make_client: Callable[..., Client], db: None
) -> None:
    await factories.organisation("Passerelle")
    ana, client = await factories.person(email="ana@people.example", locale="fr"), make_client(locale="en")
    link = link_of(ana.id)
    page = await client.get(link)
    assert page.one("html").attrs["lang"] == "fr"  # the language of her letters
    assert "a••••@people.example" in page.words
    assert "ana@people.example" not in page.text
    assert (await client.post("/language", {"locale": "en", "next": link})).one("html").attrs["lang"] == "en"
    page = await client.post(link, {"wish": "opt_out"})
    assert "You will get no more optional e-mail." in page.words
    wording = "I agree to get optional e-mail from Passerelle, too. I can opt out again at any time."
    assert wording in page.words
    page = await client.post(link, {"wish": "opt_in"})
    assert (await reasons(ana.id), "Opening this page has changed nothing." in page.words) == ([], True)
    records = [(each.given, each.wording, each.source, each.locale) for each in await consent.of_person(ana.id)]
    assert records[0] == (True, wording, "preferences", "en")
    assert [each.what for each in await timeline.of_person(ana.id)] == ["address.unblocked", "address.blocked"]


@pytest.mark.seed("Z31")
async def test_Z31_a_break_lasts_a_month_and_can_end_earlier(client: Client) -> None:
    ana = await factories.person()
    page = await client.post(link_of(ana.id), {"wish": "break"})
    assert "You take a break from optional e-mail until" in page.words
    assert await reasons(ana.id) == ["taking_a_break"]
    days = "select (expires_at - at) between interval '29 days' and interval '31 days' from suppression"
    assert await database.fetchval(days)
    await client.post(link_of(ana.id), {"wish": "opt_in"})
    assert await reasons(ana.id) == []


@pytest.mark.seed("Z31")
async def test_Z31_she_chooses_kinds_and_her_language_and_what_waits_of_the_others_never_leaves(
    client: Client,
) -> None:
    await factories.organisation()
    ana = await factories.person(locale="en")
    jan = await factories.person()
    calls, letter = await topics()
    mine, kept, necessary, his = (
        await queued(ana, letter),
        await queued(ana, calls),
        await queued(ana, letter, "transactional"),
        await queued(jan, letter),
    )
    page = await client.get(link_of(ana.id))
    assert [each.attrs["value"] for each in page.all("input[name=topic][checked]")] == [str(calls), str(letter)]
    chosen = {"wish": "choose", "offered": [str(calls), str(letter)], "topic": [str(calls)], "locale": "pl"}
    assert "Zapisano Państwa wybór." in (await client.post(link_of(ana.id), chosen)).words
    assert (await wanted(ana.id), await reasons(ana.id)) == ([True, False], [])
    assert await state(mine) == ("cancelled", "opted_out")
    assert [await state(each) for each in (kept, necessary, his)] == [("queued", None)] * 3
    assert (await wishes.of(ana.id)).locale == "pl"
    records = [(each.what, each.given, each.wording) for each in await consent.of_person(ana.id)]
    assert records == [("topic", False, "Quarterly letter")]
    await client.post(link_of(ana.id), {**chosen, "offered": [str(calls)], "topic": [str(letter)]})
    assert await wanted(ana.id) == [False, False]  # only what the page offered changes


@pytest.mark.seed("B08")
async def test_B08_a_kind_refused_while_a_mailing_was_planned_is_caught_a_moment_later(db: None) -> None:
    await factories.organisation()
    ana = await factories.person()
    _calls, letter = await topics()
    await wishes.choose_topics(ana.id, candidate(""), {letter: False})
    late = await queued(ana, letter)
    assert await blocks.cancel_recent_topics() == 1
    assert await state(late) == ("cancelled", "opted_out")


async def test_a_link_that_the_database_made_opens_the_same_page(client: Client) -> None:
    ana = await factories.person(locale="en")
    pads = tokens.pads("opt_out")
    link = "/u/" + await database.fetchval(
        f"select {tokens.in_sql('$1::bigint', '$2::bytea', '$3::bytea')}", ana.id, *pads
    )
    assert "What we send to" in (await client.get(link)).words
    assert (await client.get(link[:-1] + ("0" if link[-1] != "0" else "1"))).status == 404
    await client.post(link, {"List-Unsubscribe": "One-Click"}, csrf=False)
    assert await reasons(ana.id) == ["opted_out"]


async def test_a_forged_link_opens_nothing(client: Client) -> None:
    ana = await factories.person()
    link = link_of(ana.id)
    other = link[:-1] + ("a" if link[-1] != "a" else "b")
    for forged in (other, f"/u/{tokens.sign('dossier', ana.id)}", f"/u/{ana.id}", link + "a", "/u/" + "9" * 30 + "-a"):
        assert (await client.get(forged)).status == 404
        assert (await client.post(forged, {"List-Unsubscribe": "One-Click"}, csrf=False)).status == 404
    assert await reasons(ana.id) == []


async def test_she_takes_back_that_our_mail_is_spam(client: Client) -> None:
    await factories.organisation("Passerelle")
    ana = await factories.person(locale="en")
    await ledger.suppress(ana.email or "", "all", "complaint", "", SYSTEM)
    page = await client.get(link_of(ana.id))
    assert "What you will always get" not in page.texts("h2")
    await client.post(link_of(ana.id), {"wish": "opt_in"})
    wording = "I agree to get e-mail from Passerelle again. I can opt out of what is optional at any time."
    assert (await reasons(ana.id), [each.wording for each in await consent.of_person(ana.id)]) == ([], [wording])


async def test_wishes_that_no_page_offers_change_nothing(client: Client) -> None:
    ana = await factories.person(locale="en")
    await topics()
    for wish in ({"wish": "everything"}, {"wish": "choose", "locale": "de", "offered": ["x", "-1", "9" * 12]}):
        assert (await client.post(link_of(ana.id), wish)).status == 200
    assert (await reasons(ana.id), await wanted(ana.id), (await wishes.of(ana.id)).locale) == ([], [True, True], "en")


async def test_wishes_follow_to_her_new_address(db: None) -> None:
    alice, ana = await factories.account("Alice"), await factories.person()
    _calls, letter = await topics()
    await wishes.take_a_break(ana.id, candidate(""))
    await wishes.choose_topics(ana.id, candidate(""), {letter: False})
    await wishes.carry(ana.email or "", "new@people.example", alice.actor)
    await database.execute("update person set email = 'new@people.example' where id = $1", ana.id)
    assert (await reasons(ana.id), await wanted(ana.id)) == (["taking_a_break"], [True, False])
    assert (await wishes.of(ana.id)).blocks[0].expires_at is not None
