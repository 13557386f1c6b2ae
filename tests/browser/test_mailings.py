"""Alice writes to the candidates of one call without those of another, pauses in the middle, and has the proof."""

from __future__ import annotations

import re
from dataclasses import dataclass

import asyncpg
import pytest
from playwright.async_api import Page, expect

from portal import db
from portal.actor import candidate
from portal.dossiers import actions as dossiers
from portal.dossiers.actions import Application
from tests import factories
from tests.browser import steps
from tests.browser.conftest import Visit
from tests.browser.portal import STORIES, Applicant, Portal, Team, applicant, call, join, working_on
from tests.browser.words import Words

NAMES = ("Nadia", "Boris", "Wanda")
LETTERS = {"fr": "Les documents de l’appel", "pl": "Dokumenty naboru"}
TEXT = "<p>{{ first_name }}</p>"
SUBMITTED = "submitted"
# The minute in which a launch can be taken back is over.
A_MINUTE_LATER = """
with held as (update batch b set due_at = now() from origin o where o.id = b.origin_id and o.kind = 'mailing'
    and o.ref_id = $1 and b.done_at is null)
update mailing set hold_seconds = 0 where id = $1"""


@dataclass(frozen=True)
class Calls:
    """Two calls and whoever applied for the first: Boris for the second, too; Wanda has opted out."""

    first: int
    view: int
    template: int
    people: dict[str, Applicant]


async def two_calls(portal: Portal, team: Team, locale: str) -> Calls:
    """What lies there when Alice begins."""
    async with working_on(portal.database, portal.base_url):
        first = await call(portal.admin, f"documents-{locale}", f"DO{locale.upper()}")
        second = await call(portal.admin, f"others-{locale}", f"OT{locale.upper()}")
        for each in (first, second):
            await join(each, team.manager, team.evaluator)
        people = {name: await applicant(first, name, "Poczta", locale) for name in NAMES}
        boris = Application(email=people["Boris"].email, first_name="Boris", last_name="Poczta", locale=locale)
        boris.answers.update({"motive": "So.", "size": "small"})
        await dossiers.create(second, boris, candidate("Boris"), submitting=True)
        sql = "insert into suppression (address, scope, reason, source) values ($1, 'optional', 'opted_out', 'link')"
        await db.execute(sql, people["Wanda"].email)
        variants = {each: (subject, TEXT) for each, subject in LETTERS.items()}
        made = await factories.template(
            f"Documents {locale}", category="optional", variants=variants, fallback_locale="fr"
        )
        rules = [
            {"field": "status", "op": "is", "value": [SUBMITTED]},
            {"field": "applied", "op": "is_not", "value": [str(second)]},
        ]
        sql = """insert into custom_view (module, campaign_id, name, owner_id, criteria)
            values ('dossiers', $1, 'Only here', $2, $3) returning id"""
        view = await db.fetchval(sql, first, team.manager.id, {"join": "all", "items": rules})
    return Calls(first, view, made.id, people)


async def opens_a_mailing(alice: Page, say: Words, calls: Calls) -> None:
    """From a view of the list: submitted, and not in the other call. It opens on its letter (Z14)."""
    await alice.goto(f"/mailings/new?module=dossiers&campaign={calls.first}&view={calls.view}")
    await alice.locator("#name").fill("Documents")
    await alice.locator("#template-id").select_option(str(calls.template))
    await alice.get_by_role("button", name=say("Save and continue"), exact=True).click()


async def leaves_out_the_other_call(alice: Page, say: Words, calls: Calls) -> None:
    """Boris is not counted: he has a dossier in the other call. Wanda is, as left out, with her reason."""
    await expect(alice.locator("#numbers .figure")).to_have_text("1")
    await expect(alice.locator("#numbers .tally a")).to_have_text([say("Opted out of optional e-mail")])


async def launches(alice: Page, say: Words) -> int:
    """By way of the review, with the button that says the number. Returns the mailing's id."""
    await alice.get_by_role("button", name=say("Save and continue"), exact=True).click()
    await expect(alice).to_have_url(re.compile("/preview"))
    await alice.goto(alice.url.rpartition("/")[0] + "/review")
    await expect(alice.locator("dl.words")).to_contain_text(say("Opted out of optional e-mail"))
    await alice.get_by_role("button", name=say.count("Send {n} e-mail", "Send {n} e-mails", 1)).click()
    await expect(alice).to_have_url(re.compile(r"/mailings/\d+$"))
    return int(alice.url.rpartition("/")[2])


async def pauses_and_resumes(alice: Page, say: Words, portal: Portal, mailing_id: int) -> None:
    """While it goes: the page follows by itself."""
    await alice.get_by_role("button", name=say("Pause", "button"), exact=True).click()
    await expect(alice.locator("#progress .status").first).to_have_text(say("Paused", "mailing state"))
    database = await asyncpg.connect(portal.database)
    await database.execute(A_MINUTE_LATER, mailing_id)
    await database.close()
    await alice.get_by_role("button", name=say.count("Resume: {n} e-mail waits", "Resume: {n} e-mails wait", 1)).click()
    await expect(alice.locator("#progress .status").first).to_have_text(say("Finished", "mailing state"))
    await expect(alice.locator(".sum dd")).to_have_text(["1", "1", "0"])


@pytest.mark.seed("Z14")
@pytest.mark.seed("Z22")
@pytest.mark.parametrize("locale", STORIES)
async def test_Z14_Z22_alice_writes_to_those_of_one_call_without_those_of_another(
    portal: Portal, visit: Visit, locale: str
) -> None:
    say, team = Words(locale), portal.teams[locale]
    calls = await two_calls(portal, team, locale)
    alice = await visit(locale, who=team.manager)
    await opens_a_mailing(alice, say, calls)
    await leaves_out_the_other_call(alice, say, calls)
    assert await steps.fits(alice)
    mailing_id = await launches(alice, say)
    await pauses_and_resumes(alice, say, portal, mailing_id)

    await alice.get_by_role("link", name=say("Opted out of optional e-mail")).click()
    await expect(alice.locator("#rows tbody tr")).to_have_count(1)
    await expect(alice.locator("#rows tbody")).to_contain_text("Wanda")
    await alice.set_viewport_size({"width": 390, "height": 800})
    assert await steps.fits(alice)
    adam = await visit("en", who=portal.admin)
    body = await steps.letter(adam, calls.people["Nadia"].email, LETTERS[locale])
    await expect(body.locator("body")).to_contain_text("Nadia")
    for other in ("Boris", "Wanda"):
        assert not await (await steps.in_mailbox(adam, calls.people[other].email, LETTERS[locale])).count()

    bob = await visit(locale, who=team.evaluator)
    await bob.goto("/dossiers")
    await expect(bob.get_by_role("link", name=say("Mailings", "navigation"), exact=True)).to_have_count(0)
    assert (await bob.request.get(f"/mailings/{mailing_id}")).status == 403
