"""A manager makes an automatic e-mail, and it sends by itself."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser import steps
from tests.browser.conftest import Visit
from tests.browser.portal import STORIES, Applicant, Portal
from tests.browser.test_decisions import ACCEPTED, choose, confirm, promised
from tests.browser.words import Words


async def way_in(alice: Page, say: Words, campaign_id: int) -> None:
    """From the campaign to its tab, to the second section, to its button."""
    await alice.goto(f"/campaigns/{campaign_id}")
    await alice.get_by_role("navigation", name=say("Campaign")).get_by_role("link", name=say("E-mails", "tab")).click()
    section = alice.get_by_role("region", name=say("Manager’s or evaluator’s action"))
    await section.locator("header").get_by_role("link", name=say("Create an automatic e-mail")).click()


async def refused_without_a_status(alice: Page, say: Words, template: str) -> None:
    """The sentence stands beside the field and in the summary; everything else is kept."""
    await alice.get_by_label(say("Template"), exact=True).select_option(template)
    await alice.get_by_label(say("Name")).fill("Good news")
    await alice.get_by_role("button", name=say("Save and continue")).click()
    await expect(alice.locator("#to-status")).to_have_attribute("aria-invalid", "true")
    sentence = await alice.locator("#to-status-error").inner_text()
    await expect(alice.locator("#to-status")).to_have_accessible_description(sentence)
    await expect(alice.get_by_role("alert").get_by_role("link", name=sentence)).to_be_visible()
    await expect(alice.get_by_label(say("Name"))).to_have_value("Good news")
    await expect(alice.get_by_label(say("Template"), exact=True)).to_have_value(template)


async def saved_and_tried(alice: Page, say: Words, ines: Applicant, subject: str) -> None:
    """The recap tries it on the one dossier there is, and shows the letter."""
    await alice.locator("#to-status").select_option(label=ACCEPTED[say.locale])
    await alice.get_by_role("button", name=say("Save and continue")).click()
    await expect(alice).to_have_url(re.compile(r"/emails/recap"))
    case = alice.locator("section", has=alice.get_by_role("heading", name=ACCEPTED[say.locale], exact=True))
    await expect(case).to_contain_text(ines.email)
    await expect(case.locator("summary")).to_have_text(subject)
    await case.locator("summary").click()
    await expect(case.frame_locator("iframe").locator("body")).to_contain_text(ines.number)


@pytest.mark.seed("E05")
@pytest.mark.seed("E10")
@pytest.mark.seed("E12")
@pytest.mark.seed("E14")
@pytest.mark.seed("E15")
@pytest.mark.parametrize("locale", STORIES)
async def test_E05_E10_E12_E14_E15_a_manager_makes_a_trigger_and_it_fires(
    portal: Portal, visit: Visit, locale: str
) -> None:
    say, team = Words(locale), portal.teams[locale]
    ines = team.first
    alice, bob = await visit(who=team.manager), await visit(who=team.evaluator)
    await way_in(alice, say, team.new_call)
    await refused_without_a_status(alice, say, str(portal.templates["acceptance"]))
    await saved_and_tried(alice, say, ines, promised(ines))

    await bob.goto(f"/dossiers/{ines.dossier_id}")
    await confirm(await choose(bob, say, "accepted"), say, letters=1)
    await expect(bob.locator(".timeline .mail").first).to_contain_text(promised(ines))
    letter = await steps.letter(alice, ines.email, promised(ines))
    await expect(letter.locator("body")).to_contain_text(ines.number)
