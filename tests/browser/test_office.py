"""A manager sets up a call from nothing and comes to its first fifty decisions, in Spanish and in English."""

from __future__ import annotations

import asyncio
import re
from collections import Counter

import asyncpg
import pytest
from playwright.async_api import FilePayload, Page, expect

from portal.accounts import sessions
from tests import factories
from tests.browser import steps
from tests.browser.conftest import Visit
from tests.browser.office import (
    BOTH,
    CANDIDATES,
    COMPANY,
    CONSENT,
    KINDS,
    RETHOUGHT,
    STATUS,
    WHO,
    Office,
    adds_a_status,
    builds_the_form,
    creates_the_campaign,
    makes_a_team,
    makes_the_letters,
    publishes,
)
from tests.browser.portal import Portal, working_on
from tests.browser.test_decisions import choose, confirm
from tests.browser.words import Words

# The minutes for changing one's mind are over; senders see it within a second.
TIME_PASSES = """
update batch set due_at = now() where waits_for = 'undo' and done_at is null and origin_id in (
    select o.id from origin o join trigger t on o.kind = 'trigger' and o.ref_id = t.id where t.campaign_id = $1)"""


@pytest.fixture(params=["es", "en"])
async def office(portal: Portal, request: pytest.FixtureRequest) -> Office:
    """A manager with no campaign, and two evaluators who belong to none."""
    locale = request.param
    async with working_on(portal.database, portal.base_url):
        people = [
            await factories.account(name, role, locale=locale, time_zone="Europe/Madrid")
            for name, role in (("Carmen", "manager"), ("Elena", "evaluator"), ("Oscar", "evaluator"))
        ]
        portal.sessions |= {who.email: await sessions.open_session(who.id) for who in people}
    return Office(locale, people[0], tuple(people[1:]), Words(locale))


# ------------------------------------------------------------------------------------------------ candidates
async def applies(maria: Page, office: Office, address: str) -> str:
    """The first candidate, through the page. Returns her number."""
    say, mine = office.say, office.locale
    await maria.goto(address)
    await expect(maria.get_by_label(COMPANY[mine])).to_be_hidden()
    await maria.get_by_label(say("First name"), exact=True).fill("María")
    await maria.locator("#last-name").fill("Primera")
    await maria.get_by_label(say("E-mail address")).fill(office.address(0))
    await maria.get_by_label(KINDS[mine][1]).check()
    await maria.get_by_label(COMPANY[mine]).fill("La Huerta")
    await maria.get_by_label(CONSENT[mine]).check()
    await maria.get_by_role("button", name=say("Submit the application", "button")).click()
    heading = maria.locator("h1")
    await expect(heading).to_have_text(re.compile(r"[A-Z]\w*-\d{4}-0001"))
    await expect(maria.locator("main")).to_contain_text("La Huerta")
    return (await heading.inner_text()).split()[-1]


async def imports_the_others(carmen: Page, office: Office, campaign_id: int) -> None:
    """49 applications on paper, from a table in which the columns are called as in the form."""
    say, mine = office.say, office.locale
    lines = [f"email;{say('First name')};{say('Last name')};{say('Language')};{WHO[mine]}"]
    for n in range(1, CANDIDATES):
        lines.append(f"{office.address(n)};Ana;Número {n};{office.reads(n)};{KINDS[mine][0]}")
    table = FilePayload(name="paper.csv", mimeType="text/csv", buffer="\n".join(lines).encode())
    await carmen.goto(f"/campaigns/{campaign_id}/dossiers")
    await carmen.get_by_role("link", name=say("Import", "button"), exact=True).click()
    await carmen.locator("#file").set_input_files(table)
    await carmen.get_by_role("button", name=say("Upload the file")).click()
    await carmen.get_by_role("button", name=say("Check the list")).click()
    await carmen.get_by_role("button", name=say.count("Import {n} dossier", "Import {n} dossiers", 49)).click()
    await expect(carmen.locator(".sum dd")).to_have_text(["49"])
    await carmen.get_by_role("link", name=say("See the dossiers")).click()


async def spreads_them(carmen: Page, office: Office, campaign_id: int) -> None:
    """Over both evaluators, one for each dossier."""
    say = office.say
    await carmen.goto(f"/campaigns/{campaign_id}/assessment")
    await carmen.get_by_role("link", name=say("Spread dossiers evenly…")).click()
    await carmen.locator("#each").fill("1")
    await carmen.get_by_role("button", name=say("See what it comes to")).click()
    words = say.count("Make {n} assignment", "Make {n} assignments", CANDIDATES)
    await carmen.get_by_role("button", name=words).click()
    for each in office.evaluators:
        row = carmen.get_by_role("row", name=each.name)
        await expect(row.locator("td").first).to_have_text("25")


# ------------------------------------------------------------------------------------------------ decisions
async def accepts_all(carmen: Page, office: Office, campaign_id: int) -> None:
    """All that match, with counts by letter and language, and the letter in each of them before the eyes."""
    say = office.say
    await carmen.goto(f"/campaigns/{campaign_id}/dossiers")
    await carmen.locator(".bulk a.ghost[href*='all=1']").click()
    await carmen.get_by_role("button", name=say("Change the status…", "button")).click()
    await carmen.get_by_label(say("New status")).select_option("accepted")
    await carmen.get_by_role("button", name=say("Show what it would send", "button")).click()
    letters = carmen.get_by_role("region", name=say.count("{n} e-mail", "{n} e-mails", CANDIDATES))
    for locale in BOTH:
        row = letters.locator("tbody tr", has_text=say.language(locale))
        await expect(row.locator("td.num")).to_have_text("25")
    samples = carmen.locator("article.preview")
    await expect(samples).to_have_count(len(BOTH))
    number = await samples.first.locator("dd a").inner_text()
    await expect(samples.first.frame_locator("iframe").locator("body")).to_contain_text(number)
    assert await steps.fits(carmen)
    await confirm(carmen.locator("main"), say, letters=CANDIDATES)
    done = say.count(
        "{n} dossier is now “{status}”.",
        "{n} dossiers are now “{status}”.",
        CANDIDATES,
        status=STATUS["accepted"][office.locale],
    )
    await expect(carmen.locator("#toasts")).to_contain_text(done)


async def thinks_again(carmen: Page, office: Office, campaign_id: int) -> str:
    """One acceptance is taken back before it leaves, and becomes a rejection, which leaves at once. Its number."""
    say = office.say
    await carmen.goto(f"/campaigns/{campaign_id}/dossiers?q={office.address(RETHOUGHT)}")
    await carmen.locator("#rows tbody td a").first.click()
    waiting = carmen.locator(".pending")
    await expect(waiting).to_contain_text(office.promised("acceptance", RETHOUGHT))
    await waiting.get_by_role("button", name=say("Undo", "button")).click()
    status = carmen.locator("main .status").first
    await expect(status).to_have_text(STATUS["submitted"][office.locale])
    await expect(waiting).to_have_count(0)
    await confirm(await choose(carmen, say, "rejected"), say, letters=1)
    await expect(status).to_have_text(STATUS["rejected"][office.locale])
    number = await carmen.locator("h1 .quiet").inner_text()
    about = office.promised("rejection", RETHOUGHT, dossier_number=number)
    await steps.letter(carmen, office.address(RETHOUGHT), about)
    return number


async def time_passes(portal: Portal, campaign_id: int) -> None:
    connection = await asyncpg.connect(portal.database)
    await connection.execute(TIME_PASSES, campaign_id)
    await connection.close()


async def mailbox(carmen: Page, office: Office) -> Counter[tuple[str, str]]:
    """(to, subject) of every letter to these candidates, as often as the on-screen mailbox shows it, page by page."""
    found: Counter[tuple[str, str]] = Counter()
    await carmen.goto(f"/mailbox?q={office.domain}")
    while True:
        rows = await carmen.locator("#rows tbody tr").all()
        cells = [await row.locator("th, td").all_inner_texts() for row in rows]
        found.update((to.strip(), about.strip()) for about, to, *_rest in cells)
        older = carmen.get_by_role("link", name=office.say("Older", "list"))
        if not await older.count():
            return found
        await older.click()
        await expect(carmen.locator("a[rel=prev]")).to_be_visible()


async def everybody_is_told_once(carmen: Page, office: Office, first: str, rethought: str) -> None:
    """An acceptance to 49, a rejection to one, an acknowledgement to who came through the page: nothing else."""
    told = {n: office.promised("acceptance", n) for n in range(CANDIDATES)}
    told[RETHOUGHT] = office.promised("rejection", RETHOUGHT, dossier_number=rethought)
    expected = Counter((office.address(n), text) for n, text in told.items())
    expected[office.address(0), office.promised("acknowledgement", 0, dossier_number=first)] += 1
    async with asyncio.timeout(steps.ARRIVES_WITHIN):
        while (await mailbox(carmen, office)).total() < expected.total():
            await asyncio.sleep(steps.LOOK_EVERY)
    assert await mailbox(carmen, office) == expected


async def the_register_adds_up(carmen: Page, office: Office, campaign_id: int) -> None:
    """Planned is what the states come to, nothing was sent twice; the one taken back is there, and why."""
    await carmen.goto("/messages/check")
    planned, *states, twice = [_number(text) for text in await carmen.locator(".sum dd").all_inner_texts()]
    assert (planned, twice) == (sum(states), 0)
    await expect(carmen.locator("main .note[data-tone=bad]")).to_have_count(0)
    await carmen.goto(f"/messages?campaign={campaign_id}&state=cancelled")
    await expect(carmen.locator("#rows tbody tr")).to_have_count(1)
    await expect(carmen.locator("#rows tbody tr")).to_contain_text(office.address(RETHOUGHT))
    await carmen.goto(f"/campaigns/{campaign_id}/emails")
    sent = carmen.get_by_role("region", name=office.say("Manager’s or evaluator’s action")).locator("td.num")
    said = [office.say.count("{n} sent", "{n} sent", n) for n in (CANDIDATES - 1, 1)]
    assert [text for text in await sent.all_inner_texts() if text in said] == said


def _number(text: str) -> int:
    return int(re.sub(r"\D", "", text))


async def test_a_call_from_nothing_to_its_first_fifty_decisions(portal: Portal, visit: Visit, office: Office) -> None:
    say, carmen = office.say, await visit(who=office.manager)
    campaign_id = await creates_the_campaign(carmen, office)
    await builds_the_form(carmen, office)
    await adds_a_status(carmen, office)
    await makes_the_letters(carmen, office, portal.templates)
    await makes_a_team(carmen, office, campaign_id)
    address = await publishes(carmen, say)

    first = await applies(await visit(office.locale), office, address)
    await imports_the_others(carmen, office, campaign_id)
    await spreads_them(carmen, office, campaign_id)

    await accepts_all(carmen, office, campaign_id)
    rethought = await thinks_again(carmen, office, campaign_id)
    await time_passes(portal, campaign_id)
    await everybody_is_told_once(carmen, office, first, rethought)
    await the_register_adds_up(carmen, office, campaign_id)
    await carmen.goto(f"/campaigns/{campaign_id}")
    for key, dossiers in (("accepted", CANDIDATES - 1), ("rejected", 1)):
        await expect(carmen.locator("main .legend")).to_contain_text(f"{STATUS[key][office.locale]} {dossiers}")
