"""How far a mailing is, and what became of it: read from kept totals, so that a million costs what a hundred does."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from portal import db
from portal.ledger.rules import STATES
from portal.mailings.queries import Mailing

SPAN = 300  # seconds over which the rate is measured
LATEST = 8

# The kept totals of the mailing's origin (portal.ledger.totals): a few dozen rows, folded together by the timetable.
BY_STATE = """
select o.id as origin_id, o.gate, o.gate_reason, t.state::text as state, coalesce(sum(t.n), 0)::int as n,
    coalesce(sum(t.n) filter (where t.minute > now() - make_interval(secs => $2) and t.n > 0), 0)::int as lately
from origin o left join tally t on t.origin_id = o.id
where o.kind = 'mailing' and o.ref_id = $1 group by 1, 2, 3, 4"""

# What ended otherwise than sent, by reason: an index holds just these, and the letters themselves are not read.
REASONS = """
select m.attention::text as state, coalesce(m.ended_for, '') as reason, count(*)::int as n
from message m where m.origin_id = $1 and m.attention in ('failed', 'uncertain', 'held')
group by 1, 2 order by 3 desc"""
SKIPPED = """
select coalesce(m.ended_for, '') as reason, count(*)::int as n
from message m where m.origin_id = $1 and m.attention = 'skipped' group by 1 order by 2 desc"""

# The last that left. Messages leave in the order of their ids: below the first free batch, next to it.
LATEST_SENT = """
select m.id, m.address, coalesce(l.to_name, '') as name, m.settled_at, m.dossier_id, m.person_id
from (select id, address, settled_at, dossier_id, person_id from message
      where origin_id = $1 and state = 'accepted' and id < coalesce((
          select min(b.lo) from batch b where b.origin_id = $1 and b.done_at is null and b.run_id is null),
          9223372036854775807)
      order by id desc limit $2) m
left join letter l on l.id = m.id order by m.settled_at desc, m.id desc"""
TWICE = """
select coalesce(sum(c.duplicates), 0)::int from part_check c
where c.duplicates > 0 and c.part in (select distinct t.part from tally t where t.origin_id = $1)"""
WAITS = """
select b.waits_for, min(b.due_at) as until from batch b
where b.origin_id = $1 and b.done_at is null and b.run_id is null and b.due_at > now() and b.waits_for is not null
group by 1 order by 2 limit 1"""

# The whole of a mailing by language and by domain: one pass over it, for the page of results, not for each second.
BY_LANGUAGE = """
select coalesce(l.locale, '') as key, m.state::text as state, count(*)::int as n
from message m join letter l on l.id = m.id where m.origin_id = $1 and m.state <> 'skipped' group by 1, 2"""
BY_DOMAIN = """
select split_part(lower(m.address), '@', 2) as key, m.state::text as state, count(*)::int as n
from message m where m.origin_id = $1 and m.state <> 'skipped' group by 1, 2"""


class Latest(msgspec.Struct, frozen=True, kw_only=True):
    """A letter that has just left."""

    id: int
    address: str
    name: str
    settled_at: datetime | None
    dossier_id: int | None
    person_id: int | None


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a mailing is. `by_state`: all states; `total` their sum. `rate`: e-mails a minute over the last minutes.

    `left_seconds`: until the last has left at this rate; None while nothing leaves. `failures`: reasons of those that
    failed or could not be confirmed. `gate_reason`: why a rule has paused it. `waits_for`, `until`: what the rest waits
    for, if it does. `sent_twice`: letters that a mail server took more than once.
    """

    total: int
    by_state: dict[str, int]
    rate: float
    left_seconds: int | None
    gate: str
    gate_reason: str
    failures: dict[str, int]
    skipped: dict[str, int]
    latest: list[Latest]
    waits_for: str | None
    until: datetime | None
    sent_twice: int

    @property
    def planned(self) -> int:
        """Those that were meant to go."""
        return self.total - self.by_state["skipped"]

    @property
    def done(self) -> int:
        """Of those, the ones that have ended."""
        return self.planned - self.left

    @property
    def left(self) -> int:
        """Those that still wait."""
        return self.by_state["queued"] + self.by_state["held"]


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """A mailing by state, of each language and of each receiving domain (the largest 20; the others together as "")."""

    by_language: dict[str, dict[str, int]]
    by_domain: dict[str, dict[str, int]]


async def of(mailing: Mailing) -> Progress:
    """How far it is now. Cheap whatever its size: a page asks every second."""
    rows = await db.fetch(BY_STATE, mailing.id, SPAN)
    origin_id = rows[0]["origin_id"] if rows else 0
    by_state = dict.fromkeys(STATES, 0) | {row["state"]: row["n"] for row in rows if row["state"]}
    if by_state["queued"] and rows and rows[0]["gate"] == "cancelled":  # what the sweeper has not written down yet
        by_state["cancelled"] += by_state["queued"]
        by_state["queued"] = 0
    lately = sum(row["lately"] for row in rows if row["state"] in ("accepted", "failed", "uncertain"))
    rate = lately * 60 / _span(mailing)
    left = by_state["queued"] + by_state["held"]
    waits = await db.fetchrow(WAITS, origin_id)
    return Progress(
        total=sum(by_state.values()),
        by_state=by_state,
        rate=rate,
        left_seconds=round(left * 60 / rate) if rate and left else (0 if not left else None),
        gate=rows[0]["gate"] if rows else "open",
        gate_reason=rows[0]["gate_reason"] if rows else "",
        failures={row["reason"]: row["n"] for row in await db.fetch(REASONS, origin_id)},
        skipped={row["reason"]: row["n"] for row in await db.fetch(SKIPPED, origin_id)},
        latest=await db.fetch_as(Latest, LATEST_SENT, origin_id, LATEST),
        waits_for=waits["waits_for"] if waits else None,
        until=waits["until"] if waits else None,
        sent_twice=int(await db.fetchval(TWICE, origin_id)),
    )


def _span(mailing: Mailing) -> float:
    """Seconds that the rate is measured over: since the first could leave, at most SPAN."""
    if mailing.started_at is None:
        return SPAN
    since = (datetime.now(mailing.started_at.tzinfo) - mailing.started_at).total_seconds() - mailing.hold
    return min(max(since, 1.0), SPAN)


async def results(mailing: Mailing) -> Results:
    """What became of it, by language and by domain."""
    origin_id = await db.fetchval("select id from origin where kind = 'mailing' and ref_id = $1", mailing.id) or 0
    return Results(
        by_language=_table(await db.fetch(BY_LANGUAGE, origin_id)),
        by_domain=_largest(_table(await db.fetch(BY_DOMAIN, origin_id))),
    )


def _table(rows: list[Any]) -> dict[str, dict[str, int]]:
    made: dict[str, dict[str, int]] = {}
    for row in rows:
        made.setdefault(row["key"], {})[row["state"]] = row["n"]
    return dict(sorted(made.items(), key=lambda each: (-sum(each[1].values()), each[0])))


def _largest(table: dict[str, dict[str, int]], most: int = 20) -> dict[str, dict[str, int]]:
    made = dict(list(table.items())[:most])
    for states in list(table.values())[most:]:
        rest = made.setdefault("", {})
        for state, n in states.items():
            rest[state] = rest.get(state, 0) + n
    return made
