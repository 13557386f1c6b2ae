"""What a real Postfix writes is what we read: its log settles five lost replies and two lost letters."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from portal import db
from portal import settings as portal_settings
from portal.actor import SYSTEM
from portal.ledger import actions, queries
from portal.sending import evidence
from tests.sending import postfix
from tests.sending.helpers import SECRET, plan, sending, states, until
from tests.sending.sink import Sink

pytestmark = [
    pytest.mark.usefixtures("fresh_database"),
    pytest.mark.skipif(bool(postfix.missing()), reason=postfix.missing() or "Postfix is there"),
]


async def five_sent() -> bool:
    """The paused two stay."""
    return await states() == {"accepted": 5, "queued": 2}


async def test_P4_a_real_postfix_proves_what_it_took_and_what_it_did_not() -> None:
    with postfix.running() as relay, pytest.MonkeyPatch.context() as patch:  # undone before the database is gone
        patch.setattr(evidence, "EARLIER", timedelta(0))  # the log is as young as the test
        patch.setattr(evidence, "SETTLED", timedelta(0))
        changes = {"relay_log": relay.home / "log", "secret_key": SECRET.decode(), "smtp_url": "smtp://127.0.0.1"}
        patch.setattr(portal_settings, "_settings", portal_settings.settings().model_copy(update=changes))
        taken, never = await plan(5), await plan(2, kind="test", ref_id=2)
        await actions.set_gate("test", 2, "paused")
        await asyncio.sleep(1.1)  # the log knows seconds only: what follows is certainly later
        async with sending(Sink(port=relay.modern)):
            await until(five_sent)
        await actions.set_gate("test", 2, "open")
        await db.execute("update message set state = 'uncertain', reason = 'connection_lost', settled_at = due_at")
        await db.execute("update batch set done_at = now()")
        assert await evidence.settle() == (5, 2)
    found = [(message.state, message.reason) for message in [await queries.one(SYSTEM, each) for each in taken + never]]
    assert found == [("accepted", "by_log")] * 5 + [("queued", "resent")] * 2
