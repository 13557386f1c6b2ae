"""What a manager does before anybody can apply: the campaign, its form, its letters, its team."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from playwright.async_api import Page, expect

from portal.campaigns.defaults import STATUSES
from tests.browser.words import Words, subject
from tests.factories import AccountRow

BOTH = ("en", "es")
CANDIDATES = 50
RETHOUGHT = 7  # the one whose acceptance is taken back
STATUS = {each.key: each.label for each in STATUSES}
TITLES = {
    "en": {"en": "Village Libraries", "es": "Bibliotecas de pueblo"},
    "es": {"en": "School Gardens", "es": "Huertos escolares"},
}
SHORTLISTED = {"en": "Shortlisted", "es": "Preseleccionado"}
WHO = {"en": "Who applies?", "es": "¿Quién solicita?"}
KINDS = {"en": ("A person", "A company"), "es": ("Una persona", "Una empresa")}
COMPANY = {"en": "Name of the company", "es": "Nombre de la empresa"}
CONSENT = {"en": "I agree to the rules of the call.", "es": "Acepto las bases de la convocatoria."}


@dataclass(frozen=True)
class Office:
    """Who works there in one language, and on what."""

    locale: str
    manager: AccountRow
    evaluators: tuple[AccountRow, ...]
    say: Words

    @property
    def other(self) -> str:
        """The language of half of the candidates."""
        return next(each for each in BOTH if each != self.locale)

    @property
    def titles(self) -> dict[str, str]:
        """What the campaign is called."""
        return TITLES[self.locale]

    def address(self, n: int) -> str:
        """Where the nth candidate reads her letters."""
        return f"candidate{n}@{self.domain}"

    @property
    def domain(self) -> str:
        """The part of all their addresses that nobody else has."""
        return f"office-{self.locale}.example"

    def reads(self, n: int) -> str:
        """The nth candidate's language: every second one's is the other."""
        return self.other if n % 2 else self.locale

    def promised(self, letter: str, n: int, **fields: str) -> str:
        """The subject of a letter to the nth candidate."""
        reads = self.reads(n)
        return subject(letter, reads, campaign_title=self.titles[reads], **fields)


# ------------------------------------------------------------------------------------------------ setting up
async def tab(carmen: Page, say: Words, name: str) -> None:
    """One of the campaign's places."""
    places = carmen.get_by_role("navigation", name=say("Campaign"), exact=True)
    await places.get_by_role("link", name=say(name, "tab"), exact=True).click()


async def fill_both(carmen: Page, field: str, words: dict[str, str]) -> None:
    for locale in BOTH:
        await carmen.locator(f"#{field}-{locale}").fill(words[locale])


async def creates_the_campaign(carmen: Page, office: Office) -> int:
    """With a closing date and two languages; its address and its numbers are made from the title. Returns its id."""
    say = office.say
    await carmen.goto("/campaigns")
    await carmen.get_by_role("link", name=say("Create the first campaign")).click()
    await fill_both(carmen, "title", office.titles)
    for locale in ("fr", "pl"):
        await carmen.locator(f"[name=locales][value={locale}]").uncheck()
    await carmen.locator("#closes-at").fill(f"{date.today() + timedelta(days=30)}T23:59")
    await carmen.get_by_role("button", name=say("Create the campaign")).click()
    await expect(carmen.locator("h1")).to_have_text(office.titles[office.locale])
    return int(carmen.url.rpartition("/")[2])


async def builds_the_form(carmen: Page, office: Office) -> None:
    """Who applies; the company's name, of companies only; a consent."""
    say, mine = office.say, office.locale
    await tab(carmen, say, "Form")
    await carmen.get_by_role("link", name=say("Add the first question")).click()
    await carmen.locator("#kind").select_option("choice")
    await fill_both(carmen, "label", WHO)
    await fill_both(carmen, "lines", {locale: "\n".join(KINDS[locale]) for locale in BOTH})
    await carmen.locator("#is-required").check()
    await carmen.get_by_role("button", name=say("Add the question")).click()

    await carmen.get_by_role("link", name=say("Add a question")).click()
    await carmen.locator("#kind").select_option("short")
    await fill_both(carmen, "label", COMPANY)
    await carmen.locator("#depends-on").select_option(label=WHO[mine])
    await carmen.get_by_role("checkbox", name=KINDS[mine][1]).check()
    await carmen.get_by_role("button", name=say("Add the question")).click()

    await carmen.get_by_role("link", name=say("Add a question")).click()
    await carmen.locator("#kind").select_option("consent")
    await fill_both(carmen, "label", CONSENT)
    await carmen.locator("#is-required").check()
    await carmen.get_by_role("button", name=say("Add the question")).click()
    depends = say("Only after certain answers to “{question}”", question=WHO[mine])
    await expect(carmen.locator("tbody tr", has_text=COMPANY[mine])).to_contain_text(depends)
    await expect(carmen.locator("ul.counts li .status")).to_have_text([say("complete", "translation")] * 2)


async def adds_a_status(carmen: Page, office: Office) -> None:
    await tab(carmen, office.say, "Statuses")
    await carmen.get_by_role("link", name=office.say("Add a status")).click()
    await fill_both(carmen, "label", SHORTLISTED)
    await carmen.locator("[name=tone][value=teal]").check()
    await carmen.get_by_role("button", name=office.say("Add the status")).click()
    await expect(carmen.locator("tbody")).to_contain_text(SHORTLISTED[office.locale])


async def new_letter(carmen: Page, say: Words, section: str, template: int) -> None:
    """The form of an automatic e-mail, from the section's button, with a template of the library."""
    header = carmen.get_by_role("region", name=say(section)).locator("header")
    await header.get_by_role("link", name=say("Create an automatic e-mail")).click()
    await carmen.get_by_label(say("Template"), exact=True).select_option(str(template))


async def makes_the_letters(carmen: Page, office: Office, templates: dict[str, int]) -> None:
    """An acceptance that can be taken back for five minutes, a rejection that goes at once, a reminder for drafts."""
    say = office.say
    await tab(carmen, say, "E-mails")
    for letter, status, minutes in (("acceptance", "accepted", 5), ("rejection", "rejected", 0)):
        await new_letter(carmen, say, "Manager’s or evaluator’s action", templates[letter])
        await carmen.locator("#to-status").select_option(label=STATUS[status][office.locale])
        await carmen.locator("#delay-minutes").fill(str(minutes))
        await save_the_letter(carmen, say)
    await new_letter(carmen, say, "Before the closing date", templates["missing_documents"])
    await carmen.locator("#days-before").fill("7")
    await carmen.locator("#at-time").fill("09:00")
    await carmen.locator("#from-status").select_option(label=STATUS["draft"][office.locale])
    await save_the_letter(carmen, say)
    await expect(carmen.get_by_role("region", name=say("Before the closing date"))).to_contain_text("7")
    await expect(carmen.locator("tr[data-gap]", has_text=STATUS["accepted"][office.locale])).to_have_count(0)


async def save_the_letter(carmen: Page, say: Words) -> None:
    """By way of the dry run back to the list."""
    await carmen.get_by_role("button", name=say("Save and continue")).click()
    await expect(carmen).to_have_url(re.compile("/emails/recap"))
    await carmen.get_by_role("link", name=say("Back to the e-mails")).click()


async def makes_a_team(carmen: Page, office: Office, campaign_id: int) -> None:
    await tab(carmen, office.say, "Settings")
    for each in office.evaluators:
        await carmen.locator("#member-account").select_option(str(each.id))
        await carmen.get_by_role("button", name=office.say("Add to the team")).click()
        await expect(carmen.locator("#team tbody")).to_contain_text(each.email)


async def publishes(carmen: Page, say: Words) -> str:
    """Returns the public address."""
    await tab(carmen, say, "Overview")
    await carmen.get_by_role("button", name=say("Publish", "button")).click()
    address = await carmen.get_by_role("link", name=say("Open the public page")).get_attribute("href")
    assert address
    return address
