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
