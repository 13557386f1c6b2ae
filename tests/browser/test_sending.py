"""Adam watches the page *Sending*: it counts by itself, keeps what he unfolded, and rests while nobody looks."""

from __future__ import annotations

import asyncpg
from playwright.async_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.portal import Portal

HIDE = """() => {
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => "hidden" });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
SHOW = """() => { delete document.visibilityState; document.dispatchEvent(new Event("visibilitychange")); }"""
ASKED = "() => performance.getEntriesByType('resource').filter((each) => each.name.includes('/sending')).length"


async def clock(adam: Page) -> str:
    """When the figures on the page were counted."""
    return await adam.locator("#now .pages > span:last-child").first.inner_text()


async def test_adam_sees_new_figures_without_asking_and_none_while_he_looks_elsewhere(
    portal: Portal, visit: Visit
) -> None:
    adam = await visit("en", who=portal.admin)
    await adam.goto("/sending?period=day")
    await adam.locator("#chart-numbers summary").click()
    before = await clock(adam)
    database = await asyncpg.connect(portal.database)
    await database.execute("update sender set daily_cap = 432 where id = (select sender_id from organisation)")
    await expect(adam.locator("section[aria-labelledby=senders-h]")).to_contain_text("/ 432")
    await database.execute("update sender set daily_cap = null")
    await database.close()
    assert await clock(adam) != before
    await expect(adam.locator("#chart-numbers")).to_have_attribute("open", "")
    await adam.evaluate(HIDE)
    await adam.wait_for_load_state("networkidle")
    asked = await adam.evaluate(ASKED)
    await adam.wait_for_timeout(4_500)
    assert await adam.evaluate(ASKED) == asked
    await adam.evaluate(SHOW)
    await adam.wait_for_function(f"() => ({ASKED})() > {asked}")
