"""A manager makes an automatic e-mail, and it sends by itself."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser import steps
from tests.browser.conftest import Visit
from tests.browser.portal import STORIES, TITLE, Portal
from tests.browser.test_decisions import ACCEPTED, choose
from tests.browser.words import Words, subject


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
    alice = await visit(who=team.manager)
    await alice.goto(f"/campaigns/{team.new_call}")
    await alice.get_by_role("navigation", name=say("Campaign")).get_by_role("link", name=say("E-mails", "tab")).click()
    section = alice.get_by_role("region", name=say("Manager’s or evaluator’s action"))
    await section.locator("header").get_by_role("link", name=say("Create an automatic e-mail")).click()

    # refused: no status was chosen
    await alice.get_by_label(say("Template"), exact=True).select_option(str(portal.templates["acceptance"]))
    await alice.get_by_label(say("Name")).fill("Good news")
    save = alice.get_by_role("button", name=say("Save and continue"))
    await save.click()
    status = alice.locator("#to-status")
    await expect(status).to_have_attribute("aria-invalid", "true")
    sentence = await alice.locator("#to-status-error").inner_text()
    await expect(status).to_have_accessible_description(sentence)
    await expect(alice.get_by_role("alert").get_by_role("link", name=sentence)).to_be_visible()
    await expect(alice.get_by_label(say("Name"))).to_have_value("Good news")
    await expect(alice.get_by_label(say("Template"), exact=True)).to_have_value(str(portal.templates["acceptance"]))

    # saved: the recap tries it on the one dossier there is
    await status.select_option(label=ACCEPTED[locale])
    await save.click()
    await expect(alice).to_have_url(re.compile(r"/emails/recap"))
    promised = subject("acceptance", ines.locale, campaign_title=TITLE[ines.locale])
    case = alice.locator("section", has=alice.get_by_role("heading", name=ACCEPTED[locale], exact=True))
    await expect(case).to_contain_text(ines.email)
    await expect(case.locator("summary")).to_have_text(promised)
    await case.locator("summary").click()
    await expect(case.frame_locator("iframe").locator("body")).to_contain_text(ines.number)

    # it fires
    bob = await visit(who=team.evaluator)
    await bob.goto(f"/dossiers/{ines.dossier_id}")
    dialog = await choose(bob, say, "accepted")
    await dialog.get_by_role(
        "button", name=say.count("Change the status: {n} e-mail", "Change the status: {n} e-mails", 1)
    ).click()
    await expect(bob.locator(".timeline .mail").first).to_contain_text(promised)
    letter = await steps.letter(alice, ines.email, promised)
    await expect(letter.locator("body")).to_contain_text(ines.number)
