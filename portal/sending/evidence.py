"""Did it arrive? What our own relay knows about messages that were not confirmed (P4): its queue, its log, the mailbox.

Presence proves that the relay has the letter: it counts as sent. Absence proves something only in a log (or mailbox)
that covers the whole time in question: then the letter never arrived and goes again, once, in any lane.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import structlog

from portal import db
from portal.addresses import domain_to_ascii
from portal.ledger import actions as ledger
from portal.ledger import resend
from portal.ledger.actions import Proof
from portal.sending import relay_log
from portal.sending.verp import bounced_message
from portal.settings import settings

log = structlog.get_logger(__name__)

AT_ONCE = 5_000
DAYS = 7  # logs are not kept for ever; what is older waits for a person
PATIENCE = 20.0  # seconds for the command that lists the queue
MOST = 64 << 20  # octets of its answer
EARLIER = timedelta(minutes=5)  # how far the relay's clock and ours may be apart
SETTLED = timedelta(minutes=2)  # after which what has not been logged will not be

# `since`: when the letter can have arrived at the earliest. After an earlier try that was not confirmed either, that is
# when it was planned; else when this try was due.
DOUBTS = """
select m.id, m.message_id as uuid, coalesce(l.from_address, '') as from_address, m.settled_at as until,
    case when (select count(*) from attempt a where a.message_id = m.id and a.state = 'uncertain') > 1
        then m.created_at else least(m.due_at, m.settled_at) end as since, now() as now
from message m left join letter l on l.id = m.id
where m.attention = 'uncertain' and m.settled_at > now() - make_interval(days => $1)
order by m.id desc limit $2"""
IN_MAILBOX = "select distinct message_id from mailbox_letter where message_id = any ($1::text[])"


class Doubt(msgspec.Struct, frozen=True):
    """A message that was not confirmed: if its letter arrived, then between `since` and `until`."""

    id: int
    uuid: UUID
    from_address: str
    until: datetime
    since: datetime
    now: datetime

    @property
    def header_id(self) -> str:
        """Its Message-ID without brackets."""
        return f"{self.uuid}@{domain_to_ascii(self.from_address.rpartition('@')[2])}"


class Evidence(msgspec.Struct, frozen=True):
    """What is known: messages that arrived, and how we know; ids of those that certainly did not."""

    arrived: dict[UUID, Proof]
    missing: list[int]


async def settle() -> tuple[int, int]:
    """Look for evidence and act on it; then let go again what the organisation allows. -> (proven, sent again)"""
    doubts = await db.fetch_as(Doubt, DOUBTS, DAYS, AT_ONCE)
    if not doubts:
        return 0, 0
    found = await gather(doubts)
    proven = await ledger.prove_all(found.arrived) if found.arrived else 0
    return proven, await resend.never_arrived(found.missing) + await resend.by_policy()


async def gather(doubts: Sequence[Doubt]) -> Evidence:
    """All that can be found out about these. A source that cannot be read says nothing."""
    if settings().smtp is None:
        return await in_mailbox(doubts)
    arrived: dict[UUID, Proof] = {}
    missing: list[int] = []
    if settings().relay_log and (said := await in_log(doubts)):
        arrived |= {doubt.uuid: "by_log" for doubt in doubts if doubt.uuid in said.taken}
        missing = [
            doubt.id for doubt in doubts if said.excludes(doubt.uuid, doubt.since - EARLIER, doubt.until + SETTLED)
        ]
    if settings().relay_queue:
        queued = await in_queue()
        arrived |= {doubt.uuid: "by_queue" for doubt in doubts if doubt.uuid in queued}
    return Evidence(arrived, [doubt.id for doubt in doubts if doubt.id in set(missing) and doubt.uuid not in arrived])


async def in_mailbox(doubts: Sequence[Doubt]) -> Evidence:
    """The on-screen mailbox keeps a letter before it says so, and keeps all of them."""
    rows = await db.fetch(IN_MAILBOX, [doubt.header_id for doubt in doubts])
    kept = {row["message_id"] for row in rows}
    arrived: dict[UUID, Proof] = {doubt.uuid: "by_mailbox" for doubt in doubts if doubt.header_id in kept}
    old = [doubt for doubt in doubts if doubt.until + SETTLED < doubt.now]
    return Evidence(arrived, [doubt.id for doubt in old if doubt.uuid not in arrived])


async def in_log(doubts: Sequence[Doubt]) -> relay_log.Log | None:
    """What the relay's log says about the time in question; None when it cannot be read."""
    path = settings().relay_log
    assert path
    since = min(doubt.since for doubt in doubts) - EARLIER
    try:
        return await asyncio.to_thread(relay_log.read, path, since, secret(), doubts[0].now)
    except OSError as refused:
        log.warning("the relay's log cannot be read", path=str(path), reason=str(refused))
        return None


async def in_queue() -> set[UUID]:
    """The messages that wait in the relay's queue, as PORTAL_RELAY_QUEUE lists it: a JSON object a line."""
    try:
        answer = await run(shlex.split(settings().relay_queue))
    except (OSError, ValueError, TimeoutError) as failed:
        log.warning("the relay's queue cannot be listed", reason=str(failed) or type(failed).__name__)
        return set()
    found = (bounced_message(sender, secret()) for sender in senders(answer))
    return {message for message in found if message}


def senders(answer: bytes) -> list[str]:
    """The envelope senders of `postqueue -j`; lines that are something else are left out."""
    found = []
    for line in answer.splitlines():
        try:
            found.append(msgspec.json.decode(line, type=dict[str, object]).get("sender"))
        except msgspec.DecodeError:
            continue
    return [each for each in found if isinstance(each, str)]


async def run(command: Sequence[str]) -> bytes:
    """A command's standard output. Raises OSError, TimeoutError, or ValueError when it failed or said too much."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout
    try:
        async with asyncio.timeout(PATIENCE):
            answer = await read_all(process.stdout)
            status = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if status:
        raise ValueError(f"status {status}")
    return answer


async def read_all(stream: asyncio.StreamReader) -> bytes:
    """All of it, up to MOST octets. Raises ValueError beyond."""
    parts, size = [], 0
    while part := await stream.read(1 << 16):
        parts.append(part)
        size += len(part)
        if size > MOST:
            raise ValueError("the list is too long")
    return b"".join(parts)


def secret() -> bytes:
    """What bounce addresses are signed with."""
    return settings().secret_key.encode()
