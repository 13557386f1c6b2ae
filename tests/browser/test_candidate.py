"""A candidate applies: on a computer, and on a telephone whose browser runs no scripts."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser import steps
from tests.browser.conftest import Visit
from tests.browser.portal import QUESTIONS, SIZES, STORIES, Portal
from tests.browser.words import Words, subject
from tests.dossiers.documents import PDF

TELEPHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
COMPUTER: dict[str, Any] = {}
NUMBER = re.compile(r"RL-\d{4}-\d{4}")
WISH = "Our village has no workshop.\nWe would open one."


async def fill_in(page: Page, say: Words, email: str) -> None:
    """Everything but the answer that is required."""
    await page.get_by_label(say("First name")).fill("Ana")
    await page.get_by_label(say("Last name")).fill("Nowak")
    await page.get_by_label(say("E-mail address")).fill(email)
    await page.get_by_label(QUESTIONS["budget"][say.locale]).fill("12500")
    await page.get_by_label(SIZES[say.locale][1]).check()
    await page.get_by_label(QUESTIONS["plan"][say.locale]).set_input_files(
        {"name": "plan.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )


async def sees_what_is_missing(page: Page, say: Words, email: str) -> None:
    """The sentence beside the question and in the summary, and everything kept."""
    motive = page.get_by_label(QUESTIONS["motive"][say.locale])
    await expect(motive).to_have_attribute("aria-invalid", "true")
    await expect(motive).to_have_accessible_description(re.compile(re.escape(say("Enter an answer."))))
    await expect(page.get_by_role("alert")).to_contain_text(QUESTIONS["motive"][say.locale])
    await expect(page.get_by_label(say("First name"))).to_have_value("Ana")
    await expect(page.get_by_label(say("E-mail address"))).to_have_value(email)
    await expect(page.get_by_label(QUESTIONS["budget"][say.locale])).to_have_value("12500")
    await expect(page.get_by_label(SIZES[say.locale][1])).to_be_checked()
    await expect(
        page.get_by_text(say("Kept: {file}. Choose another one to replace it.", file="plan.pdf"))
    ).to_be_visible()


@pytest.mark.seed("E07")
@pytest.mark.seed("E13")
@pytest.mark.parametrize("device", [COMPUTER, TELEPHONE], ids=["computer", "telephone_without_scripts"])
@pytest.mark.parametrize("locale", STORIES)
async def test_E07_E13_a_candidate_applies_and_follows_her_application(
    portal: Portal, visit: Visit, locale: str, device: dict[str, Any]
) -> None:
    say, email = Words(locale), f"ana-{locale}-{'t' if device else 'c'}@people.example"
    ana = await visit(locale, **device, java_script_enabled=not device)
    await ana.goto(f"/apply/{portal.slug}")
    await expect(ana.locator("html")).to_have_attribute("lang", locale)
    assert await steps.fits(ana)

    await fill_in(ana, say, email)
    submit = ana.get_by_role("button", name=say("Submit the application", "button"))
    await submit.click()
    await sees_what_is_missing(ana, say, email)
    assert await steps.fits(ana)

    await ana.get_by_label(QUESTIONS["motive"][locale]).fill(WISH)
    await submit.click()
    number = NUMBER.search(await ana.locator("h1").inner_text())[0]  # type: ignore[index]
    received = say("We have received your application. Its number is {number}.", number=number)
    await expect(ana.locator(".note")).to_have_text(received)
    assert await steps.fits(ana)

    alice = await visit(who=portal.teams[locale].manager)
    letter = await steps.letter(alice, email, subject("acknowledgement", locale, dossier_number=number))
    address = await letter.locator("a[href*='/apply/']").first.get_attribute("href")
    assert address
    assert address.startswith(f"{portal.base_url}/apply/{portal.slug}/")

    await ana.goto(address)
    await expect(ana.locator("h1")).to_contain_text(number)
    public = {"fr": "Déposé", "pl": "Złożony"}[locale]
    await expect(ana.locator(".status")).to_have_text(public)
    await expect(ana.get_by_text(WISH.splitlines()[0])).to_be_visible()
    assert await steps.fits(ana)
