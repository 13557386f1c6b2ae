"""A script with a key of Alice the manager."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from litestar import Litestar

from portal.accounts.actions import create_api_key
from portal.actor import SYSTEM
from portal.emails.defaults import install_defaults
from portal.organisation.actions import ensure
from tests import factories
from tests.clients import BASE_URL

API = f"{BASE_URL}/api/v1"


@pytest.fixture
async def alice(db: None) -> factories.AccountRow:
    """A manager, in a portal that has its organisation and the usual templates."""
    await ensure()
    await install_defaults(SYSTEM)
    return await factories.account("Alice", "manager")


def script(app: Litestar, key: str) -> httpx.AsyncClient:
    """A client that sends a key."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=API, headers={"Authorization": f"Bearer {key}"})


@pytest.fixture
async def api(app: Litestar, alice: factories.AccountRow) -> AsyncIterator[httpx.AsyncClient]:
    """Alice's script."""
    async with script(app, await create_api_key(alice.email)) as client:
        yield client
