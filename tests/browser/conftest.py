"""Chromium before the real processes. One portal for all browser tests; every page is watched for complaints."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
import redis
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from portal.embedded.servers import Urls
from tests.browser.portal import Portal, running
from tests.conftest import NAME, valkey_database
from tests.factories import AccountRow

PATIENCE = 20_000  # milliseconds until a condition has to hold
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WIDE = {"width": 1280, "height": 900}
EXPECTED = {409, 422}  # answers that a person can mend
REPEATED = re.compile("Failed to load resource")  # the console says of such answers what the response says already

Visit = Callable[..., Awaitable[Page]]
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="package")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """One Chromium; visits have profiles of their own."""
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield started
        await started.close()


@pytest.fixture(scope="package")
async def portal(
    browser: Browser, servers: Urls, _databases: None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Portal]:
    """All processes with a database and a Valkey of their own, as long as the browser tests run."""
    name, valkey = f"{NAME}_browser", valkey_database(servers.redis, 1)
    database = urlsplit(servers.database)._replace(path=f"/{name}").geturl()
    with redis.Redis.from_url(valkey) as client:
        client.flushdb()
    await _command(servers, f"create database {name} template {NAME}_template")
    async with running(database, valkey, tmp_path_factory.mktemp("portal")) as there:
        yield there
    await _command(servers, f"drop database {name} with (force)")


async def _command(servers: Urls, sql: str) -> None:
    connection = await asyncpg.connect(servers.database)
    await connection.execute(sql)
    await connection.close()


@pytest.fixture
async def visit(portal: Portal, browser: Browser) -> AsyncIterator[Visit]:
    """`await visit("pl", who=alice)`: a page of a new visitor. Afterwards, nothing may have gone wrong on any."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    async def visit(locale: str = "en", *, who: AccountRow | None = None, **settings: Any) -> Page:
        context = await browser.new_context(
            **{"base_url": portal.base_url, "locale": locale, "viewport": WIDE, "reduced_motion": "reduce", **settings}
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        if who is not None:
            await context.add_cookies([{"name": "session", "value": portal.session(who), "url": portal.base_url}])
        watch(context, portal.base_url, complaints)
        return await context.new_page()

    yield visit
    for context in contexts:
        await context.close()
    assert complaints == []


def watch(context: BrowserContext, base_url: str, complaints: list[str]) -> None:
    """Collect what the console, the policy and the server complain about, and requests to anywhere else."""

    def heard(text: str, where: str) -> None:
        if not REPEATED.search(text):
            complaints.append(f"{where}: {text}")

    def answered(status: int, url: str) -> None:
        if status >= 400 and status not in EXPECTED:
            complaints.append(f"{url} answered {status}")

    def asked(url: str) -> None:
        if not url.startswith((base_url, "data:", "about:")):
            complaints.append(f"request to {url}")

    context.on("console", lambda message: message.type == "error" and heard(message.text, message.location["url"]))
    context.on("weberror", lambda error: heard(str(error.error), "script"))
    context.on("response", lambda response: answered(response.status, response.url))
    context.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
    context.on("request", lambda request: asked(request.url))
