"""Did it arrive? Our own relay's queue, log and mailbox settle what was not confirmed (P4)."""

from __future__ import annotations

import json
import shlex
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from portal import db
from portal import settings as portal_settings
from portal.actor import SYSTEM
from portal.ledger import queries
from portal.ledger.rules import Lane
from portal.ledger.settling import record
from portal.sending import evidence
from portal.sending.verp import bounce_address
from tests.sending.helpers import plan

pytestmark = pytest.mark.usefixtures("db")
BOUNCES = "bounces.passerelle.example"


@pytest.fixture(autouse=True)
def no_mailbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """A relay of our own, of which nothing is known yet."""
    use(monkeypatch, smtp_url="smtp://relay.example")


def use(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Settings for one test."""
    monkeypatch.setattr(portal_settings, "_settings", portal_settings.settings().model_copy(update=changes))


async def doubts(count: int, lane: Lane = Lane.mass, minutes: int = 30, ref_id: int = 1) -> list[int]:
    """Messages whose reply never came, so many minutes ago."""
    ids = await plan(count, lane, ref_id=ref_id)
    await record(db, [(each, 0, -1, "connection_lost") for each in ids])
    await db.execute("update batch set done_at = now()")
    sql = """update message set settled_at = now() - make_interval(mins => $2), created_at = now() - interval '2 hours',
        due_at = now() - make_interval(mins => $2 + 1) where id = any ($1)"""
    await db.execute(sql, ids, minutes)
    return ids


async def state_of(message_id: int) -> tuple[str, str | None]:
    """State and reason."""
    message = await queries.one(SYSTEM, message_id)
    return message.state, message.reason


async def sender_of(message_id: int) -> str:
    """The envelope sender of its letter."""
    uuid = (await queries.one(SYSTEM, message_id)).message_id
    return bounce_address(uuid, BOUNCES, evidence.secret())


def lists(folder: Path, *lines: str, status: int = 0) -> str:
    """A command that answers as `postqueue -j` does."""
    program = folder / "queue.py"
    program.write_text(f"import sys\nprint({chr(10).join(lines)!r})\nsys.exit({status})\n")
    return shlex.join([sys.executable, str(program)])


def entry(sender: str) -> str:
    """A letter in the relay's queue."""
    recipient = {"address": "ana@people.example", "delay_reason": "connect: Connection refused"}
    row = {"queue_name": "deferred", "queue_id": "4Zk1Qh5WcRz9vNw", "arrival_time": 1795000000, "message_size": 9822}
    return json.dumps({**row, "forced_expire": False, "sender": sender, "recipients": [recipient]})


def line(minutes: float, words: str) -> str:
    """A line of the relay's log, so many minutes ago."""
    return f"{(datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()} mx postfix/{words}\n"


def taken(minutes: float, sender: str) -> str:
    """The relay has taken a letter."""
    return line(minutes, f"qmgr[9]: 4Zk1: from=<{sender}>, size=9822, nrcpt=1 (queue active)")


async def test_P4_a_letter_in_the_relays_queue_was_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = await doubts(2)
    answer = [entry(await sender_of(first)), entry("somebody@else.example"), "not json", "[1]", '{"sender": 7}']
    use(monkeypatch, relay_queue=lists(tmp_path, *answer))
    assert await evidence.settle() == (1, 0)
    assert [await state_of(first), await state_of(second)] == [
        ("accepted", "by_queue"),
        ("uncertain", "connection_lost"),
    ]


@pytest.mark.parametrize("command", ["false", "no-such-program --list", "'", "sh -c 'echo {}; exit 69'"])
async def test_a_queue_that_cannot_be_listed_proves_nothing(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    [message] = await doubts(1)
    use(monkeypatch, relay_queue=command)
    assert await evidence.settle() == (0, 0)
    assert await state_of(message) == ("uncertain", "connection_lost")


async def test_P4_the_log_settles_both_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arrived, lost, known = await doubts(3)
    await db.execute("update message set state = 'accepted' where id = $1", known)
    log = line(300, "anvil[1]: statistics") + taken(31, await sender_of(arrived)) + taken(20, await sender_of(known))
    (tmp_path / "mail.log").write_text(log + line(1, "anvil[1]: statistics"))
    use(monkeypatch, relay_log=tmp_path / "mail.log")
    assert await evidence.settle() == (1, 1)
    assert await state_of(arrived) == ("accepted", "by_log")
    assert await state_of(lost) == ("queued", "resent")
    assert await evidence.settle() == (0, 0)


async def test_what_waits_in_the_queue_is_not_missing_from_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, known = await doubts(2)
    await db.execute("update message set state = 'accepted' where id = $1", known)
    (tmp_path / "mail.log").write_text(
        line(300, "anvil[1]: x") + taken(20, await sender_of(known)) + line(1, "x[1]: y")
    )
    queue = lists(tmp_path, entry(await sender_of(waiting)))
    use(monkeypatch, relay_log=tmp_path / "mail.log", relay_queue=queue)
    assert await evidence.settle() == (1, 0)


async def test_after_two_doubts_the_log_must_cover_both() -> None:
    [message] = await doubts(1)
    await db.execute("update message set attempts = 1 where id = $1", message)
    await db.execute("insert into attempt (message_id, try, state, code) values ($1, 1, 'uncertain', -1)", message)
    (doubt,) = [each for each in await db.fetch(evidence.DOUBTS, 7, 10) if each["id"] == message]
    assert doubt["since"] < datetime.now(UTC) - timedelta(minutes=100)


async def test_a_log_that_cannot_be_read_proves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [message] = await doubts(1)
    use(monkeypatch, relay_log=tmp_path / "not here.log")
    assert await evidence.settle() == (0, 0)
    assert await state_of(message) == ("uncertain", "connection_lost")


async def test_P4_the_mailbox_knows_what_it_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, smtp_url=None)
    kept, lost = await doubts(2)
    [fresh] = await doubts(1, minutes=1, ref_id=2)
    sql = "insert into mailbox_letter (mail_from, rcpt_to, message_id, raw) values ('', '{}', $1, '')"
    await db.execute(sql, (await queries.one(SYSTEM, kept)).header_id.strip("<>"))
    assert await evidence.settle() == (1, 1)
    assert await state_of(kept) == ("accepted", "by_mailbox")
    assert await state_of(lost) == ("queued", "resent")
    assert await state_of(fresh) == ("uncertain", "connection_lost")


async def test_nothing_in_doubt_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, relay_queue="no-such-program")
    assert await evidence.settle() == (0, 0)
