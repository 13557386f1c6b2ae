"""A manager builds a form with a condition; a candidate fills it in in Spanish, in a browser with scripts."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from tests.browser import steps
from tests.browser.conftest import Visit
from tests.browser.portal import Portal
from tests.browser.words import Words
from tests.dossiers.documents import PDF

FR, ES = Words("fr"), Words("es")
ACCOUNTS = {"name": "cuentas.pdf", "mimeType": "application/pdf", "buffer": PDF}


async def add_question(alice: Page, kind: str, english: str, spanish: str) -> None:
    """The page of a new question with its kind and its words; the preview shows it while one types."""
    await alice.get_by_role("link", name=FR("Add a question")).click()
    await alice.locator("#kind").select_option(kind)
    await alice.locator("#label-en").fill(english)
    await alice.locator("#label-es").fill(spanish)
    await expect(alice.locator("#question-preview")).to_contain_text(spanish)  # of these two, the first of the house


async def save(alice: Page) -> None:
    await alice.get_by_role("button", name=FR("Add the question")).click()
    await expect(alice.locator("#toasts")).to_contain_text(FR("Question added."))


async def builds_a_form(alice: Page) -> None:
    """Who applies; and for companies only, in a part of their own, an account, telephone and documents."""
    await add_question(alice, "choice", "Who applies?", "¿Quién solicita?")
    await alice.locator("#lines-en").fill("A person\nA company")
    await alice.locator("#lines-es").fill("Una persona\nUna empresa")
    await expect(alice.locator("#mask")).to_be_hidden()
    await save(alice)
    await add_question(alice, "section", "Your company", "Su empresa")
    await alice.locator("#depends-on").select_option("who_applies")
    await alice.locator("[value='who_applies:a_company']").check()
    await save(alice)
    await add_question(alice, "pattern", "Bank account", "Cuenta bancaria")
    await alice.locator("[value=iban]").check()
    await alice.locator("#is-required").check()
    await save(alice)
    await add_question(alice, "file", "Annual accounts", "Cuentas anuales")
    await alice.locator("#files").fill("2")
    await save(alice)


async def test_a_form_with_a_condition_is_built_and_filled_in_in_spanish(portal: Portal, visit: Visit) -> None:
    team = portal.teams["fr"]
    alice = await visit(who=team.manager)
    await alice.goto(f"/campaigns/{team.empty_call}/form")
    await builds_a_form(alice)
    assert await steps.fits(alice)

    ana = await visit("es", viewport={"width": 390, "height": 844})
    await ana.goto("/apply/empty-call-fr")
    part = ana.get_by_role("region", name="Su empresa")
    await expect(part).to_be_hidden()
    await ana.get_by_label("Una empresa").check()
    await expect(part).to_be_visible()
    await expect(ana.locator("[data-if-said]").first).to_be_hidden()
    assert await steps.fits(ana)

    await ana.get_by_label(ES("First name")).fill("Ana")
    await ana.get_by_label(ES("E-mail address")).fill("ana-empresa@people.example")
    await ana.locator("[name=answer_motive]").fill("Un taller para el pueblo.")
    await ana.locator("[name=answer_size]").first.check()
    account = part.get_by_label("Cuenta bancaria")
    await account.fill("ES91 2100 0418 4502 0005 1333")
    await part.get_by_label("Cuentas anuales").set_input_files([ACCOUNTS, {**ACCOUNTS, "name": "informe.pdf"}])
    await ana.get_by_role("button", name=ES("Submit the application", "button")).click()
    await expect(account).to_have_attribute("aria-invalid", "true")
    await expect(part).to_contain_text("informe.pdf")

    await account.fill("es9121000418450200051332")
    await ana.get_by_role("button", name=ES("Submit the application", "button")).click()
    await expect(ana.locator("h1")).to_have_text(re.compile(r"ECFR-\d{4}-\d{4}"))
    for text in ("Una empresa", "ES91 2100 0418 4502 0005 1332", "cuentas.pdf", "informe.pdf"):
        await expect(ana.locator("main")).to_contain_text(text)
