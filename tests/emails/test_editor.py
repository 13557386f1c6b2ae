"""The editor in a real browser: it writes what the server understands, the preview follows, the policy holds."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn
from litestar import Litestar
from playwright.async_api import FilePayload, Page, async_playwright

from portal import db
from portal.emails import queries
from tests import factories
from tests.dossiers.documents import drawn

SUBJECT, BODY = (
    "Receipt {{ dossier_number }}",
    "<p>Dear {{ first_name }},</p>\n<p>Kind regards,<br>\n{{ sender_name }}</p>",
)


@pytest.fixture
async def address(app: Litestar, fresh_database: str) -> AsyncIterator[str]:
    """The portal on a port of its own, for a browser."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await task


@pytest.fixture
async def page(chromium: str) -> AsyncIterator[Page]:
    """A page of a real browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield await browser.new_page()
        await browser.close()


async def test_alice_writes_a_letter_and_sees_it_as_she_types(address: str, page: Page) -> None:
    await factories.organisation()
    alice = await factories.account("Alice")
    template = await factories.template("Receipt", variants={"en": (SUBJECT, BODY)})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    await page.goto(f"{address}/login?next=/templates/{template.id}")
    await page.fill("[name=email]", alice.email)
    await page.fill("[name=password]", factories.PASSWORD)
    await page.press("[name=password]", "Enter")
    await page.wait_for_url(f"**/templates/{template.id}")
    await page.locator("trix-editor[connected]").click()
    await page.keyboard.press("Control+End")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await page.keyboard.type("{{ frist_name }}")
    await page.locator("#notes [data-tone=bad]").wait_for()
    assert await page.locator("#notes [data-tone=bad]").inner_text() == (
        "Line 4, column 7: no field is called “frist_name”. Did you mean “first_name”?"
    )
    for _ in "{{ frist_name }}":
        await page.keyboard.press("Backspace")
    await page.keyboard.type("Call: ")
    await page.locator("details.fields summary").click()
    await page.locator("[data-insert=campaign_title]").click()
    await page.frame_locator("#letter-frame").get_by_text("Call: Rural Labs 2027").wait_for()
    garden = FilePayload(name="garden.png", mimeType="image/png", buffer=drawn())
    await page.set_input_files("[data-picture-file]", files=[garden])
    await page.locator("trix-editor figure img").click()
    caption = page.locator("trix-editor textarea.attachment__caption-editor").first
    await caption.fill("Our garden")
    await caption.press("Enter")
    await page.frame_locator("#letter-frame").locator("img[alt='Our garden']").wait_for()
    await page.locator("#letter > .actions button").first.click()
    await page.locator("#toasts p", has_text="Version 2 saved.").wait_for()
    stored = (await queries.current(template.id)).variants["en"].body
    key = await db.fetchval("select key from picture")
    shown = f'<img src="/pictures/{key}" alt="Our garden" width="40" height="20">'
    assert stored == f"{BODY}\n<p>Call: {{{{ campaign_title }}}}</p>\n<p>{shown}</p>"
    assert complaints == []


async def test_without_scripts_it_is_a_form_with_a_preview_button(address: str, chromium: str) -> None:
    await factories.organisation()
    alice = await factories.account("Alice")
    template = await factories.template("Receipt", variants={"en": (SUBJECT, BODY)})
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page(java_script_enabled=False)
        await page.goto(f"{address}/login?next=/templates/{template.id}")
        await page.fill("[name=email]", alice.email)
        await page.fill("[name=password]", factories.PASSWORD)
        await page.press("[name=password]", "Enter")
        await page.fill("textarea", "One\n\nTwo {{ first_name }}")
        await page.get_by_role("button", name="Preview").click()
        await page.frame_locator("#letter-frame").get_by_text("Two Alice").wait_for()
        await browser.close()
