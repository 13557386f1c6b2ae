"""What several stories do: look into the on-screen mailbox, read a letter, measure a page."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

from playwright.async_api import FrameLocator, Locator, Page, expect

ARRIVES_WITHIN = 20.0
LOOK_EVERY = 0.2


async def letter(staff: Page, to: str, subject: str) -> FrameLocator:
    """Wait for a letter as people do, looking again and again; open it. Returns its body."""
    async with asyncio.timeout(ARRIVES_WITHIN):
        while not await (found := await in_mailbox(staff, to, subject)).count():
            await asyncio.sleep(LOOK_EVERY)
    await found.click()
    await expect(staff.locator("h1")).to_have_text(subject)
    return staff.frame_locator("iframe")


async def in_mailbox(staff: Page, to: str, subject: str) -> Locator:
    """The link to a letter in the mailbox's list, found by its address."""
    await staff.goto("/mailbox?" + urlencode({"q": to}))
    return staff.locator("#rows").get_by_role("link", name=subject, exact=True)


async def fits(page: Page) -> bool:
    """Whether nothing has to be scrolled sideways."""
    return bool(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"))
