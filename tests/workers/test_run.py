"""Worker and clock as real processes: mail goes out, and nothing depends on what Valkey remembers."""

from __future__ import annotations

import pytest

from portal import db
from portal.settings import MAILBOX_OFFSET
from tests.sending.helpers import plan, settled, states
from tests.sending.sink import Sink, running
from tests.workers.processes import house


async def test_posted_mail_leaves_by_itself_and_sigterm_ends_both_clean(fresh_database: str, valkey_url: str) -> None:
    async with running(Sink()) as sink, house(fresh_database, valkey_url, sink.port) as own:
        worker, clock = await own.worker(), await own.clock()
        await plan(40)
        await settled(0, 20)
        assert await states() == {"accepted": 40}
        assert [await own.end(worker), await own.end(clock)] == [0, 0]
    assert set(sink.ids.values()) == {1}
    assert await db.fetchval("select count(*) from run where ended_at is null") == 0


async def test_without_a_mail_server_letters_go_to_the_on_screen_mailbox(
    fresh_database: str, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(Sink()) as sink, house(fresh_database, valkey_url, sink.port) as own:
        monkeypatch.setenv("PORTAL_BIND", f"127.0.0.1:{sink.port - MAILBOX_OFFSET}")
        own.smtp_url = ""
        await own.worker()
        await plan(3)
        await settled(0, 20)
    assert len(sink.got) == 3
