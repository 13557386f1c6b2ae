"""The Emails tab of a campaign: its triggers as lines, and the statuses on which nothing is sent. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

import msgspec

from portal import db
from portal.emails.rules import missing_locales, pick_locale
from portal.outcomes import Missing
from portal.triggers import reminders
from portal.triggers.facts import ACCOUNT, ALWAYS, FAMILIES, ROLE, Conditions, Family
from portal.triggers.reminders import Counted, Latest

DAYS_COUNTED = 30

# One row per trigger with everything its sentence says, what it sent lately and what of it waits. Messages are found
# through the trigger's origin, of which there is at most one, and counted by the ledger's tally, which agrees with its
# rows at every instant. Of those for one event (`rivals`) the order matters.
ROWS = """
select t.id, t.name, t.family, t.template_id, m.name as template_name, m.category = 'optional' as optional,
       array(select x.locale from template_variant x where x.version_id = m.version_id order by x.locale) as locales,
       coalesce(v.fallback_locale, 'en') as fallback_locale, t.from_status_id, f.label as from_label, t.to_status_id,
       s.label as to_label, t.recipients, t.cc, t.delay_minutes, t.active, t.version,
       coalesce(s.is_decision, false) as is_decision, p.title as phase, t.conditions, t.stop, t.days_before, t.at_time,
       case when t.family = 'deadline' then 0 else (
           select count(*) - 1 from trigger r where r.campaign_id = t.campaign_id
           and r.family = t.family and r.to_status_id is not distinct from t.to_status_id) end::int as rivals,
       (select coalesce(sum(k.n), 0) from origin o join tally k on k.origin_id = o.id where o.kind = 'trigger'
           and o.ref_id = t.id and k.state = 'accepted' and k.minute > now() - make_interval(days => $2))::int as sent,
       (select coalesce(sum(k.n), 0) from origin o join tally k on k.origin_id = o.id where o.kind = 'trigger'
           and o.ref_id = t.id and k.state in ('queued', 'held'))::int as waiting
from trigger t
join template m on m.id = t.template_id
left join template_version v on v.id = m.version_id
left join status f on f.id = t.from_status_id
left join status s on s.id = t.to_status_id
left join phase p on p.id = t.phase_id
where t.campaign_id = $1
order by t.family, s.position nulls first, t.position, t.id"""

STATUSES = """
select s.id, s.key, s.label, s.tone, s.is_decision, s.protected,
       (select count(*) from dossier d where d.status_id = s.id)::int as dossiers
from status s where s.campaign_id = $1 order by s.is_decision desc, s.position, s.id"""

READERS = "select locale, count(*)::int as readers from dossier where campaign_id = $1 group by locale"

ASKED = """
select key, kind, label, choices from question
where campaign_id = $1 and kind in ('choice', 'choices', 'consent') order by retired_at nulls first, position, id"""

NAMES = "select id, name from account where id = any ($1::int[])"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A trigger as its line says it. `sent` counts the last 30 days, `waiting` what has not left yet."""

    id: int
    name: str
    family: Family
    template_id: int
    template_name: str
    optional: bool
    locales: list[str]
    fallback_locale: str
    from_status_id: int | None
    from_label: dict[str, str] | None
    to_status_id: int | None
    to_label: dict[str, str] | None
    recipients: list[str]
    cc: list[str]
    delay_minutes: int
    active: bool
    version: int
    sent: int
    waiting: int
    is_decision: bool = False
    phase: dict[str, str] | None = None
    conditions: Conditions = ALWAYS
    stop: bool = False
    days_before: int | None = None
    at_time: time | None = None
    rivals: int = 0

    @property
    def tells_candidate(self) -> bool:
        """Whether the candidate is among its recipients."""
        return "candidate" in self.recipients

    @property
    def roles(self) -> list[str]:
        """The roles that it writes to."""
        return [word.removeprefix(ROLE) for word in self.recipients if word.startswith(ROLE)]


class StatusRow(msgspec.Struct, frozen=True):
    """A status and how many dossiers are at it."""

    id: int
    key: str
    label: dict[str, str]
    tone: str
    is_decision: bool
    protected: bool
    dossiers: int


class Asked(msgspec.Struct, frozen=True):
    """A question whose answers are known beforehand, so that a trigger can ask for them. `choices` as stored."""

    key: str
    kind: str
    label: dict[str, str]
    choices: list[dict[str, Any]]


class Gap(msgspec.Struct, frozen=True):
    """A status on which nothing is sent, or nothing to the candidate (`staff_only`)."""

    status: StatusRow
    staff_only: bool = False


class Fallback(msgspec.Struct, frozen=True):
    """People of a campaign who read `locale` and will get a trigger's letter in `instead`."""

    locale: str
    instead: str
    readers: int


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the tab shows. `sections` by family, `names` of the accounts that are named as recipients.

    `deadlines` and `latest`: of each reminder its dates, and what became of it last; `questions`: key -> label.
    """

    sections: dict[Family, list[Row]]
    gaps: list[Gap]
    intended: list[StatusRow]
    fallbacks: dict[int, list[Fallback]]
    missing: dict[int, list[str]]
    names: dict[int, str]
    acknowledged: bool
    has_sender: bool
    deadlines: dict[int, Counted]
    latest: dict[int, Latest]
    questions: dict[str, Asked]

    @property
    def rows(self) -> list[Row]:
        """All triggers."""
        return [row for rows in self.sections.values() for row in rows]


async def overview(campaign_id: int, locales: Sequence[str], default_locale: str) -> Overview:
    """The tab of a campaign that the caller has found through the actor. `locales`: the campaign's languages."""
    rows = await db.fetch_nested(Row, ROWS, campaign_id, DAYS_COUNTED)
    statuses = await db.fetch_as(StatusRow, STATUSES, campaign_id)
    readers = {row["locale"]: row["readers"] for row in await db.fetch(READERS, campaign_id)}
    told = [row for row in rows if row.tells_candidate]
    return Overview(
        sections={family: [row for row in rows if row.family == family] for family in FAMILIES},
        gaps=gaps(statuses, rows),
        intended=[status for status in statuses if status.key == "draft"],
        fallbacks={row.id: fallbacks(row, readers, default_locale) for row in told},
        missing={row.id: missing_locales(row.locales, locales) for row in told},
        names=await names(rows),
        acknowledged=any(row.family == "candidate" and row.active for row in rows),
        has_sender=await has_sender(),
        deadlines={each.id: each for each in await reminders.counted(campaign_id)},
        latest=await reminders.latest_of([row.id for row in rows if row.family == "deadline"]),
        questions={each.key: each for each in await asked(campaign_id)},
    )


async def one(campaign_id: int, trigger_id: int) -> tuple[Row, bool]:
    """A trigger's line, and whether it alone tells the candidates of its event. Raises Missing."""
    rows = await db.fetch_nested(Row, ROWS, campaign_id, DAYS_COUNTED)
    found = next((row for row in rows if row.id == trigger_id), None)
    if found is None:
        raise Missing
    event = (found.family, found.to_status_id)
    others = [row for row in rows if row.id != trigger_id and (row.family, row.to_status_id) == event]
    return found, not any(row.active and row.tells_candidate for row in others)


async def asked(campaign_id: int) -> list[Asked]:
    """The questions of all phases that are answered by choosing or ticking."""
    return await db.fetch_as(Asked, ASKED, campaign_id)


async def statuses_of(campaign_id: int) -> list[StatusRow]:
    """The campaign's statuses, decisions first."""
    return await db.fetch_as(StatusRow, STATUSES, campaign_id)


async def has_sender() -> bool:
    """Whether the organisation has an address to write from."""
    return bool(await db.fetchval("select exists (select from organisation where sender_id is not null)"))


async def names(rows: Sequence[Row]) -> dict[int, str]:
    """The names of the accounts that the rows name."""
    ids = {int(word.removeprefix(ACCOUNT)) for row in rows for word in row.recipients if word.startswith(ACCOUNT)}
    ids |= {account_id for row in rows for account_id in row.conditions.evaluators}
    return {row["id"]: row["name"] for row in await db.fetch(NAMES, list(ids))} if ids else {}


# ------------------------------------------------------------------------------------------------ pure
def gaps(statuses: Sequence[StatusRow], rows: Sequence[Row]) -> list[Gap]:
    """Statuses without any trigger, and decisions that tell everybody but the candidate; decisions first.

    A paused trigger counts: its own line says that it is paused. Draft and Submitted belong to the candidate's action.
    """
    entered = {row.to_status_id for row in rows}
    told = {row.to_status_id for row in rows if row.tells_candidate}
    found = []
    for status in statuses:
        if status.protected:
            continue
        if status.id not in entered:
            found.append(Gap(status))
        elif status.is_decision and status.id not in told:
            found.append(Gap(status, staff_only=True))
    return sorted(found, key=lambda gap: not gap.status.is_decision)


def fallbacks(row: Row, readers: Mapping[str, int], default_locale: str) -> list[Fallback]:
    """Who will not read a trigger's letter in her own language; those who are most first."""
    if not row.locales:
        return []
    found = [
        Fallback(locale, pick_locale(row.locales, (locale, default_locale), row.fallback_locale)[0], count)
        for locale, count in readers.items()
        if locale not in row.locales
    ]
    return sorted(found, key=lambda each: (-each.readers, each.locale))
