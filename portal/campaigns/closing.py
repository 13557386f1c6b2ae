"""What moves with a closing date (B07): shown before it is saved. Reads only."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from portal import db
from portal.campaigns import rules, scheduled
from portal.triggers import reminders
from portal.triggers.reminders import Moved

# Candidates who have begun and not submitted, in the initial phase or in a later one; and letters that tell the date.
DRAFTS = "select count(*) from dossier where campaign_id = $1 and submitted_at is null and withdrawn_at is null"
PHASE_DRAFTS = """
select count(*) from phase_submission s join dossier d on d.id = s.dossier_id
where s.phase_id = $1 and s.submitted_at is null and d.withdrawn_at is null"""
LETTERS = """
select count(*) from message m join dossier d on d.id = m.dossier_id join letter l on l.id = m.id
where d.campaign_id = $1 and m.state in ('queued', 'held') and l.values ->> 'closing_date' <> ''"""

Turn = Literal["closes", "reopens", ""]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A reminder or a scheduled mailing that moves. Times are wall time in the zone of their saying; None: not sent."""

    name: str
    before: datetime | None
    after: datetime | None
    readers: int
    sent: bool
    passed: bool


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """A closing that is about to move. Times are wall time in `zone_before` and `zone_after`; None: never by itself.

    `turn`: whether the call closes at once by it, or opens again. `drafts`: begun and not submitted. `letters`: written
    with the old date and not sent yet.
    """

    before: datetime | None
    after: datetime | None
    zone_before: str
    zone_after: str
    turn: Turn
    drafts: int
    letters: int
    reminders: list[Line]
    mailings: list[Line]

    @property
    def seal(self) -> str:
        """A short name for what is shown: who confirms it has seen just this. Counts may change meanwhile."""
        seen = [self.before, self.after, self.zone_before, self.zone_after, self.turn]
        lines = [[each.name, each.before, each.after, each.passed] for each in (*self.reminders, *self.mailings)]
        return hashlib.sha256(msgspec.json.encode([seen, lines])).hexdigest()[:16]


async def of_campaign(
    campaign: Any, closes_at: datetime | None, time_zone: str, now: datetime | None = None
) -> Move | None:
    """What moves with the closing of a campaign (a queries.Campaign); None when nothing does, or nothing can."""
    after = _Dates(campaign.published, time_zone, campaign.opens_at, closes_at)
    if _same(campaign, after):
        return None
    drafts, letters = await db.fetchval(DRAFTS, campaign.id), await db.fetchval(LETTERS, campaign.id)
    moved = await reminders.moved(campaign.id, None, closes_at, time_zone)
    mailings = await scheduled.moved(campaign.id, closes_at, time_zone)
    return _move(campaign, after, moved, drafts, letters, now or datetime.now(UTC), mailings)


async def of_phase(phase: Any, closes_at: datetime | None, now: datetime | None = None) -> Move | None:
    """The same for a later phase (a phases.Phase)."""
    after = _Dates(phase.published, phase.time_zone, phase.opens_at, closes_at)
    if _same(phase, after):
        return None
    drafts = await db.fetchval(PHASE_DRAFTS, phase.id)
    moved = await reminders.moved(phase.campaign_id, phase.id, closes_at)
    return _move(phase, after, moved, drafts, 0, now or datetime.now(UTC))


class _Dates(msgspec.Struct, frozen=True):
    """A call with its new closing."""

    published: bool
    time_zone: str
    opens_at: datetime | None
    closes_at: datetime | None


def _same(before: rules.Call, after: _Dates) -> bool:
    return _closing(before) == _closing(after)


def _closing(call: rules.Call) -> datetime | None:
    return call.closes_at and rules.instant(call.closes_at, call.time_zone)


def _move(
    before: rules.Call,
    after: _Dates,
    moved: list[Moved],
    drafts: int,
    letters: int,
    now: datetime,
    mailings: Sequence[Moved] = (),
) -> Move | None:
    turn = _turn(rules.state(before, now), rules.state(after, now))
    if not (turn or drafts or letters or moved or mailings):
        return None
    return Move(
        before=before.closes_at,
        after=after.closes_at,
        zone_before=before.time_zone,
        zone_after=after.time_zone,
        turn=turn,
        drafts=drafts,
        letters=letters,
        reminders=[_line(each, before.time_zone, after.time_zone) for each in moved],
        mailings=[_line(each, before.time_zone, after.time_zone) for each in mailings],
    )


def _turn(before: rules.State, after: rules.State) -> Turn:
    if (before, after) == ("open", "closed"):
        return "closes"
    return "reopens" if (before, after) == ("closed", "open") else ""


def _line(moved: Moved, zone_before: str, zone_after: str) -> Line:
    return Line(
        name=moved.name,
        before=moved.before and _wall(moved.before, zone_before),
        after=moved.after and _wall(moved.after, zone_after),
        readers=moved.readers,
        sent=moved.sent,
        passed=moved.passed,
    )


def _wall(at: datetime, time_zone: str) -> datetime:
    return at.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None)
