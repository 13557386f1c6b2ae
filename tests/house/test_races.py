"""Two things at the same moment, over real commits."""

from __future__ import annotations

import asyncio

import pytest

from portal import db
from portal.accounts import actions as accounts
from portal.accounts import passwords
from portal.campaigns import copies
from portal.outcomes import Refused
from tests import factories


async def test_a_password_that_changes_while_it_is_verified_opens_nothing(
    fresh_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await factories.account("Alice", "manager")
    verify = passwords.verify_password

    async def slowly(stored: str, password: str) -> bool:
        right = await verify(stored, password)
        await db.execute("update account set password_hash = 'another'")
        await db.execute("delete from session")
        return right

    monkeypatch.setattr(passwords, "verify_password", slowly)
    with pytest.raises(Refused):
        await accounts.sign_in(alice.email, factories.PASSWORD)
    assert await db.fetchval("select count(*) from session") == 0


async def test_two_clicks_on_copy_make_two_campaigns_with_their_own_addresses(fresh_database: str) -> None:
    alice = await factories.account("Alice", "manager")
    campaign = await factories.campaign(managers=(alice,))
    await asyncio.gather(*(copies.duplicate(alice.actor, campaign.id) for _ in range(4)))
    assert await db.fetchval("select count(distinct slug) from campaign") == 5
