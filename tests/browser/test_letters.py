"""A manager writes a letter in the editor."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.conftest import Visit
from tests.browser.portal import Portal

PAINTED = "Object.fromEntries([...CSS.highlights].map(([name, ranges]) => [name, [...ranges].map(String)]))"


async def test_fields_stand_out_in_the_editor_and_are_stored_as_typed(portal: Portal, visit: Visit) -> None:
    alice = await visit(who=portal.teams["fr"].manager)
    await alice.goto("/templates/new")
    editor, stored = alice.locator("trix-editor"), alice.locator("#body-value")
    await editor.click()
    await alice.keyboard.type("Dear {{ first_name }},{% if closing_date %} until {{ clsing_date }}{% endif %}")
    await alice.locator("details.fields summary").click()
    await alice.locator("[data-insert=dossier_link]").click()
    await expect(editor).to_contain_text("{{ dossier_link }}")
    assert await alice.evaluate(PAINTED) == {
        "field": ["{{ first_name }}", "{{ dossier_link }}"],
        "condition": ["{% if closing_date %}", "{% endif %}"],
        "unknown": ["{{ clsing_date }}"],
    }
    sentence = "Dear {{ first_name }},{% if closing_date %} until {{ clsing_date }}{% endif %}{{ dossier_link }}"
    await expect(stored).to_have_value(f"<p>{sentence}</p>")


async def test_no_break_spaces_stay_where_they_are_in_the_editor(portal: Portal, visit: Visit) -> None:
    """French and Polish letters are full of them; the editor itself knows only plain spaces."""
    alice = await visit("fr", who=portal.teams["fr"].manager)
    await alice.goto("/templates")
    path = await alice.locator("main tbody a").first.get_attribute("href")
    await alice.goto(f"{path}?locale=fr")
    stored = await (await alice.request.get(alice.url)).text()
    await alice.locator("trix-editor").click()
    await alice.keyboard.press("Control+End")
    await alice.keyboard.type(" Merci.")
    sent = await alice.evaluate("new FormData(document.getElementById('letter')).get('body')")
    letter = stored.partition('id="body"')[2].partition("</textarea>")[0]
    assert sent.count("\u00a0") == letter.count("\u00a0") > 0
    assert sent.endswith(" Merci.</p>")
    assert "\u2060" not in sent
