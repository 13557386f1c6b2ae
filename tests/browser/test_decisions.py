"""Evaluators decide about dossiers: with the e-mails before their eyes, and two at the same time."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser import steps
from tests.browser.conftest import Visit
from tests.browser.portal import STORIES, TITLE, Applicant, Portal
from tests.browser.words import Words, subject
from tests.factories import PASSWORD, AccountRow

ACCEPTED = {"en": "Accepted", "fr": "Retenu", "pl": "Zakwalifikowany"}
UNDER_REVIEW = {"fr": "En cours d’évaluation", "pl": "W trakcie oceny"}


async def sign_in(page: Page, say: Words, who: AccountRow) -> None:
    """Through the page."""
    await page.goto("/login")
    await page.get_by_label(say("E-mail address")).fill(who.email)
    await page.get_by_label(say("Password")).fill(PASSWORD)
    await page.get_by_role("button", name=say("Sign in")).click()
    await expect(page.get_by_role("button", name=say("Sign out"))).to_be_visible()


async def find(page: Page, say: Words, who: Applicant) -> None:
    """By typing into the search of the list; the rows follow."""
    await page.goto("/dossiers")
    await page.get_by_label(say("Search")).press_sequentially(who.number.lower())
    rows = page.locator("#rows tbody tr")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text(who.name)
    await page.get_by_role("link", name=who.number, exact=True).click()
    await expect(page.locator("h1")).to_contain_text(who.name)


async def choose(page: Page, say: Words, status: str, *, scripts: bool = True) -> Locator:
    """A status on the dossier's card. Returns what asks about the e-mails: a dialog, or without scripts a page."""
    await page.get_by_label(say("New status")).select_option(status)
    await page.get_by_role("button", name=say("See the e-mails and decide…")).click()
    dialog = page.get_by_role("dialog") if scripts else page.locator(".confirm")
    await expect(dialog).to_be_visible()
    return dialog


async def confirm(asked: Locator, say: Words, letters: int) -> None:
    """Press the button, which says how many e-mails go."""
    words = say.count("Change the status: {n} e-mail", "Change the status: {n} e-mails", letters)
    await asked.get_by_role("button", name=words).click()


def promised(who: Applicant) -> str:
    """The subject of the acceptance, in the candidate's language."""
    return subject("acceptance", who.locale, campaign_title=TITLE[who.locale])


@pytest.mark.seed("E02")
@pytest.mark.seed("E08")
@pytest.mark.parametrize("locale", STORIES)
async def test_E02_E08_an_evaluator_decides_and_sees_what_goes_to_whom(
    portal: Portal, visit: Visit, locale: str
) -> None:
    say, team = Words(locale), portal.teams[locale]
    zofia = team.decided
    bob = await visit(locale)
    await sign_in(bob, say, team.evaluator)
    await find(bob, say, zofia)

    dialog = await choose(bob, say, "accepted")
    planned = say(
        "This e-mail will be sent. Recipient: {name}. Language: {language}.",
        name=zofia.name,
        language=say.language(zofia.locale),
    )
    await expect(dialog).to_contain_text(planned)
    await expect(dialog.locator("dd", has_text=zofia.email)).to_be_visible()
    await expect(dialog.locator("dd b")).to_have_text(promised(zofia))
    greeting = {"fr": "Bonjour Zofia", "pl": "Szanowni Państwo"}[zofia.locale]
    await expect(dialog.frame_locator("iframe").locator("body")).to_contain_text(greeting)

    await confirm(dialog, say, letters=1)
    done = say.count(
        "Status: “{status}”. {n} e-mail goes now.",
        "Status: “{status}”. {n} e-mails go now.",
        1,
        status=ACCEPTED[locale],
    )
    await expect(bob.locator("#toasts")).to_contain_text(done)
    await expect(dialog).to_be_hidden()
    await expect(bob.locator("main .status").first).to_have_text(ACCEPTED[locale])
    await expect(bob.locator(".timeline .mail").first).to_contain_text(promised(zofia))

    alice = await visit(who=team.manager)
    letter = await steps.letter(alice, zofia.email, promised(zofia))
    await expect(letter.locator("body")).to_contain_text(greeting)
    await the_timeline_links_to_it(alice, say, zofia)


async def the_timeline_links_to_it(alice: Page, say: Words, zofia: Applicant) -> None:
    """Who may read messages gets from the dossier's timeline to the letter, and to the one that arrived."""
    await alice.goto(f"/dossiers/{zofia.dossier_id}")
    mail = alice.locator(".timeline .mail", has_text=promised(zofia))
    await expect(mail.locator(".status")).to_have_text(say("Sent", "message state"))
    await mail.get_by_role("link", name=promised(zofia)).click()
    await expect(alice).to_have_url(re.compile(r"/messages/\d+$"))
    await expect(alice.locator("h1")).to_have_text(promised(zofia))
    await expect(alice.frame_locator("iframe").locator("body")).to_contain_text(zofia.number)
    await alice.go_back()
    await mail.get_by_role("link", name=say("Open it in the mailbox")).click()
    await expect(alice).to_have_url(re.compile(r"/mailbox/\d+$"))
    await expect(alice.locator("h1")).to_have_text(promised(zofia))
    await expect(alice.locator("main header dd", has_text=zofia.email).first).to_be_visible()


@pytest.mark.parametrize("locale", STORIES)
async def test_two_evaluators_decide_at_once_and_the_second_sees_both(
    portal: Portal, visit: Visit, locale: str
) -> None:
    say, team = Words(locale), portal.teams[locale]
    chloe = team.contested
    bob, beata = await visit(who=team.evaluator), await visit(who=team.colleague, java_script_enabled=False)
    for page in (bob, beata):
        await page.goto(f"/dossiers/{chloe.dossier_id}")
    mine = await choose(bob, say, "accepted")
    theirs = await choose(beata, say, "under_review", scripts=False)
    await expect(theirs).to_contain_text(say("No e-mail will be sent."))
    await theirs.get_by_role("button", name=say("Change the status", "button"), exact=True).click()
    await expect(beata.locator("#toasts")).to_contain_text(UNDER_REVIEW[locale])
    await expect(beata.locator("main .status").first).to_have_text(UNDER_REVIEW[locale])

    async with bob.expect_response(lambda answer: answer.request.method == "POST") as posted:
        await confirm(mine, say, letters=1)
    assert (await posted.value).status == 409
    await expect(mine.get_by_role("heading", level=1)).to_have_text(say("Somebody was faster"))
    await expect(mine.get_by_role("alert")).to_contain_text(team.colleague.name)
    await expect(mine.get_by_role("region", name=say("Saved now"))).to_contain_text(UNDER_REVIEW[locale])
    await expect(mine.get_by_role("region", name=say("Yours, not saved"))).to_contain_text(ACCEPTED[locale])

    await mine.get_by_role("link", name=say("Use the other one")).click()
    await expect(mine).to_be_hidden()
    await expect(bob.locator("main .status").first).to_have_text(UNDER_REVIEW[locale])
    await expect(bob.locator(".timeline .mail", has_text=promised(chloe))).to_have_count(0)
    assert not await (await steps.in_mailbox(await visit(who=team.manager), chloe.email, promised(chloe))).count()
