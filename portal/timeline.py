"""The one history: who did what to which subject, append-only, with a hash chain that shows tampering.

`record` writes a row inside the caller's transaction. The chain is closed a moment later by `seal`, one sealer at a
time: sealing inside `record` would make every transaction wait for every other.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from portal import db
from portal.actor import Actor

SEAL_LOCK = 727_272
SEALS_AT_ONCE = 5_000
GENESIS = b"\0" * 32

INSERT = """
insert into timeline_event
    (subject, subject_id, campaign_id, dossier_id, person_id, what, actor_kind, account_id, actor_name, details)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning id"""

COLUMNS = """id, at, subject, subject_id, campaign_id, dossier_id, person_id, what, actor_kind, account_id, actor_name,
    details"""
WALK = f"select {COLUMNS}, seal, hash from timeline_event where seal > $1 order by seal limit $2"
Progress = Callable[[int], Awaitable[None]]
LAST_SEAL = "select seal, hash from timeline_event where seal is not null order by seal desc limit 1"


def columns_of(alias: str) -> str:
    """COLUMNS of a table that a query calls `alias`."""
    return ", ".join(f"{alias}.{name.strip()}" for name in COLUMNS.split(","))


class Event(msgspec.Struct, frozen=True):
    """A row of the history as pages show it. `at` is aware, UTC."""

    id: int
    at: datetime
    subject: str
    subject_id: int
    campaign_id: int | None
    dossier_id: int | None
    person_id: int | None
    what: str
    actor_kind: str
    account_id: int | None
    actor_name: str
    details: dict[str, Any]


async def record(
    subject: str,
    subject_id: int,
    what: str,
    by: Actor,
    *,
    campaign_id: int | None = None,
    dossier_id: int | None = None,
    person_id: int | None = None,
    **details: Any,
) -> int:
    """Add one event to the history, in the caller's transaction. Returns its id.

    `what` is `noun.verb` in the past (`status.changed`); `details` hold plain JSON values, before and after.
    """
    row = (subject, subject_id, campaign_id, dossier_id, person_id, what, by.kind, by.account_id, by.name, details)
    return int(await db.fetchval(INSERT, *row))


async def of_dossier(dossier_id: int, limit: int = 500) -> list[Event]:
    """The dossier's history, newest first. Whoever asks has already found the dossier through the actor."""
    sql = f"select {COLUMNS} from timeline_event where dossier_id = $1 order by id desc limit $2"
    return await db.fetch_as(Event, sql, dossier_id, limit)


async def of_person(person_id: int, limit: int = 500) -> list[Event]:
    """The person's history, newest first."""
    sql = f"select {COLUMNS} from timeline_event where person_id = $1 order by id desc limit $2"
    return await db.fetch_as(Event, sql, person_id, limit)


async def of_campaign(campaign_id: int, limit: int = 100) -> list[Event]:
    """What happened to the campaign itself (not to its dossiers), newest first."""
    sql = f"""select {COLUMNS} from timeline_event
        where campaign_id = $1 and dossier_id is null order by id desc limit $2"""
    return await db.fetch_as(Event, sql, campaign_id, limit)


def link_hash(before: bytes, event: Event) -> bytes:
    """The chain's next hash: sha256 of the hash before and the event's canonical JSON."""
    plain = msgspec.json.encode(event, order="sorted")
    return hashlib.sha256(before + plain).digest()


async def seal() -> int:
    """Close the chain over events written since the last call. Returns how many; 0 when another sealer is at work."""
    async with db.transaction():
        if not await db.fetchval("select pg_try_advisory_xact_lock($1)", SEAL_LOCK):
            return 0
        last = await db.fetchrow(LAST_SEAL)
        start, before = (last["seal"], last["hash"]) if last else (0, GENESIS)
        sql = f"select {COLUMNS} from timeline_event where hash is null order by id limit $1"
        events = await db.fetch_as(Event, sql, SEALS_AT_ONCE)
        sealed = []
        for place, event in enumerate(events, start + 1):
            before = link_hash(before, event)
            sealed.append((event.id, place, before))
        await db.executemany("update timeline_event set seal = $2, hash = $3 where id = $1", sealed)
        return len(sealed)


class Verdict(msgspec.Struct, frozen=True):
    """What a walk along the chain found. `broken`: the first event that does not fit, 0: the end is gone.

    `seal`: how many events fit; with the `hash` of the last of them a fingerprint, which, kept elsewhere, shows later
    if the end was cut off. `unsealed`: written a moment ago, or never sealed.
    """

    seal: int
    hash: str
    broken: int | None
    unsealed: int


async def check(expected: tuple[int, str] | None = None, progress: Progress | None = None) -> Verdict:
    """Walk the chain in portions, hashing beside the event loop.

    `expected`: seal and hash that the chain had once (a fingerprint); the event at that place must still have it.
    `progress`: told now and then how many events have been looked at.
    """
    before, seal, broken = GENESIS, 0, None
    while broken is None and (rows := await db.fetch(WALK, seal, SEALS_AT_ONCE)):
        before, seal, broken = await asyncio.to_thread(_walk, rows, before, seal, expected)
        if progress is not None:
            await progress(seal)
    if broken is None and expected is not None and expected[0] > seal:
        broken = 0
    unsealed = await db.fetchval("select count(*) from timeline_event where hash is null")
    return Verdict(seal, before.hex(), broken, unsealed)


async def length() -> int:
    """How many events are sealed."""
    last = await db.fetchrow(LAST_SEAL)
    return int(last["seal"]) if last else 0


def _walk(
    rows: Sequence[asyncpg.Record], before: bytes, seal: int, expected: tuple[int, str] | None
) -> tuple[bytes, int, int | None]:
    """Along one portion: (the last hash that fits, its seal, the event that does not fit)."""
    for row in rows:
        fields = dict(row)
        stored, place = fields.pop("hash"), fields.pop("seal")
        linked = link_hash(before, msgspec.convert(fields, Event))
        if linked != stored or place != seal + 1:
            return before, seal, int(row["id"])
        if expected is not None and place == expected[0] and stored.hex() != expected[1]:
            return before, seal, int(row["id"])
        before, seal = linked, place
    return before, seal, None
