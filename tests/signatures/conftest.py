"""DNS on loopback, and no key remembered from another test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from portal import settings
from portal.sending import dkim
from tests.nameserver import NameServer, name_server


@pytest.fixture
def dns(_databases: None) -> Iterator[NameServer]:
    """The name server that the portal asks."""
    with name_server() as server:
        before = settings.settings().dns
        settings.use(dns=server.place)
        yield server
        settings.use(dns=before)


@pytest.fixture(autouse=True)
def no_keys_kept() -> Iterator[None]:
    """What a process remembers of active keys."""
    dkim.forget()
    yield
    dkim.forget()
