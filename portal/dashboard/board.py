"""The dashboard put together: only what the actor may see, in the order of urgency. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from portal.actor import Actor
from portal.campaigns import queries as campaigns
from portal.campaigns.queries import CampaignRow
from portal.catalogs.queries import Progress, progress
from portal.dashboard import queries, rules, words
from portal.dashboard.words import Need
from portal.ledger.decisions import all_of
from portal.ledger.totals import last_check
from portal.mailings.schedule_queries import waiting
from portal.triggers.reminders import late
from portal.triggers.untold import MOST, Untold, telling, told_at_once, untold

CAMPAIGNS_SHOWN = 8
STATE_ORDER = ("open", "not_yet_open", "closed", "not_published")


class Line(msgspec.Struct, frozen=True):
    """A campaign's row: its dossiers by status, and its submissions of the last two weeks."""

    campaign: CampaignRow
    days: list[int]
    points: list[tuple[float, float]]


class Day(msgspec.Struct, frozen=True):
    """Today's e-mails: by hour as bars and numbers, and by campaign (None: of none) as rows."""

    hours: list[rules.Hour]
    bars: list[rules.Bar]
    now: int
    rows: list[tuple[CampaignRow | None, rules.Told]]

    @property
    def sent(self) -> int:
        """E-mails that left today."""
        return sum(hour.sent for hour in self.hours)

    @property
    def due(self) -> int:
        """E-mails still to come today."""
        return sum(hour.due for hour in self.hours)


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """The page. A part is None where the actor may not see it."""

    needs: list[Need] | None
    day: Day | None
    campaigns: list[Line] | None
    total: int
    open: int
    translations: list[Progress] | None


async def board(actor: Actor, now: datetime, zone: str) -> Board:
    """Everything for one actor, at `now`, on the clock of `zone`."""
    mine = await campaigns.list_for(actor) if actor.may("campaign.see") else []
    return Board(
        needs=await needs_of(actor),
        day=await _day(actor, mine, now, zone) if actor.may("message.see") else None,
        campaigns=await _lines(mine, now, zone) if actor.may("campaign.see") else None,
        total=len(mine),
        open=sum(each.state == "open" for each in mine),
        translations=progress() if actor.may("catalog.see") else None,
    )


async def needs_of(actor: Actor) -> list[Need] | None:
    """What waits for this actor, the most urgent first; None when nothing ever does."""
    if not actor.may("message.act") and not actor.may("campaign.emails"):
        return None
    needs: list[Need] = []
    if actor.may("message.see") and (need := words.proof_need(await last_check())):
        needs.append(need)
    if actor.may("message.act") and (need := words.decisions_need(await all_of(actor), await late(actor))):
        needs.append(need)
    if actor.may("mailing.see") and (need := words.schedules_need(await waiting(actor))):
        needs.append(need)
    if actor.may("campaign.emails") and (need := words.untold_need(await untold(actor, MOST))):
        needs.append(need)
    if actor.may("message.act"):
        needs += words.attention_needs(await queries.attention(actor))
    if actor.may("template.edit") and (missing := await queries.unwritten(actor)):
        needs.append(words.unwritten_need(missing))
    return needs


async def _day(actor: Actor, mine: Sequence[CampaignRow], now: datetime, zone: str) -> Day:
    start, end = rules.day_of(now, zone)
    hours, told = await queries.today(actor, zone, start, end)
    by_id = {each.id: each for each in mine}
    rows = [(by_id.get(each.campaign_id or 0), each) for each in sorted(told, key=lambda each: -each.sent - each.due)]
    return Day(hours, rules.bars(hours), rules.place_of(now.astimezone(ZoneInfo(zone))), rows)


async def _lines(mine: Sequence[CampaignRow], now: datetime, zone: str) -> list[Line]:
    """Open ones first, then those that closed last."""
    shown = sorted(mine, key=lambda each: STATE_ORDER.index(each.state))[:CAMPAIGNS_SHOWN]
    first_day = now.astimezone(ZoneInfo(zone)).date() - timedelta(days=queries.SPARK_DAYS - 1)
    since = rules.day_of(now - timedelta(days=queries.SPARK_DAYS - 1), zone)[0]
    days = await queries.submitted([each.id for each in shown], zone, first_day, since)
    return [Line(each, days[each.id], rules.spark(days[each.id])) for each in shown]


# ------------------------------------------------------------------------------------------------ decided, not yet told
class Group(msgspec.Struct, frozen=True):
    """The untold dossiers of one decision. `triggers`: names of the active ones that would tell the candidate."""

    first: Untold
    rows: list[Untold]
    triggers: list[str]
    at_once: int


async def decided_groups(rows: Sequence[Untold]) -> list[Group]:
    """Untold dossiers by campaign and status, in the order of their oldest decision."""
    by_status: dict[int, list[Untold]] = {}
    for row in rows:
        by_status.setdefault(row.status_id, []).append(row)
    tellers = await telling(list(by_status))
    groups = []
    for status_id, found in by_status.items():
        names = tellers.get(status_id, [])
        groups.append(Group(found[0], found, names, len(told_at_once(found, status_id)) if names else 0))
    return groups
