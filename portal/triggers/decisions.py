"""The log (B02): every trigger that was considered at every event, the first condition that failed, or the messages."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from portal import db
from portal.actor import Actor
from portal.lists import Cursor, Keyset, Slice, literal
from portal.scope import sees_dossier

Event = Literal["submitted", "status", "deadline"]
Outcome = Literal["", "sent", "not", "all"]

ORDER = Keyset(("x.id", int))
PAGE = 50
AT_ONCE = 2_000  # lines of one dossier
MOST_PEOPLE = 200  # dossiers of a name or an address whose lines are looked at

OF_DOSSIER = """
select x.id, x.at, x.event, x.event_id, x.trigger_id, x.trigger_name, x.why_not, x.details, x.message_ids
from decision x where x.dossier_id = $1 order by x.id desc limit $2"""

# A trigger that was never meant for the event is a line too, but not what people look for. As the index has it.
CONCERNED = "x.why_not not in ('other_family', 'other_status')"
OUTCOMES: dict[Outcome, str] = {
    "": CONCERNED,
    "sent": f"{CONCERNED} and x.why_not = ''",
    "not": f"{CONCERNED} and x.why_not <> ''",
    "all": "true",
}

# Dossiers by number, name or address: each way by its own index.
OF_PEOPLE = """x.dossier_id in (
    (select f.id from dossier f where f.campaign_id = $3 and f.search like '%' || folded($4) || '%' limit {most})
    union (select f.id from person p join dossier f on f.person_id = p.id
           where f.campaign_id = $3 and p.search like '%' || folded($4) || '%' limit {most}))"""

# A page of a campaign's log: ids first, then what the page says of them.
LINES = """
select x.id, x.at, x.event, x.event_id, x.trigger_id, x.trigger_name, x.why_not, x.details, x.message_ids,
       x.dossier_id, d.number, trim(d.first_name || ' ' || d.last_name) as name, a.label as old, b.label as new,
       exists (select from trigger t where t.id = x.trigger_id) as there,
       (select jsonb_agg(jsonb_build_object('id', m.id, 'address', m.address, 'state', m.shown,
               'reason', coalesce(m.reason, m.waits_for)) order by m.id)
        from message_now m where m.id = any (x.message_ids)) as messages
from decision x join dossier d on d.id = x.dossier_id
left join status_change h on x.event <> 'deadline' and h.id = x.event_id and h.dossier_id = x.dossier_id
left join status a on a.id = h.from_id left join status b on b.id = h.to_id
where x.campaign_id = $3 and {sees} and {outcome} and {people} and {trigger} and {place}
order by {order} limit {limit}"""

# Every trigger that the log of a campaign may name: those there are, and deleted ones by what they did lately.
TRIGGERS = """
select t.id, t.name from trigger t where t.campaign_id = $1
union
select x.trigger_id, max(x.trigger_name) from (
    select y.trigger_id, y.trigger_name from decision y where y.campaign_id = $1 order by y.id desc limit 2000) x
where not exists (select from trigger t where t.id = x.trigger_id) group by x.trigger_id
order by 2, 1"""


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """One trigger at one event. `why_not`: a `reasons.WhyNot`, or "" when it fired."""

    id: int
    at: datetime
    event: Event
    event_id: int
    trigger_id: int
    trigger_name: str
    why_not: str
    details: dict[str, Any]
    message_ids: list[int]


class Message(msgspec.Struct, frozen=True):
    """An e-mail that a trigger planned, as it stands now."""

    id: int
    address: str
    state: str
    reason: str | None


class Line(Decided, frozen=True, kw_only=True):
    """The same with its dossier, the statuses of a change, and what became of the e-mails. `there`: not deleted."""

    dossier_id: int
    number: str
    name: str
    old: dict[str, str] | None
    new: dict[str, str] | None
    there: bool
    messages: list[Message] | None


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for. `person`: of a number, a name or an address; `trigger`: its id, 0 for all."""

    person: str = ""
    trigger: int = 0
    outcome: Outcome = ""

    @property
    def asks_why(self) -> bool:
        """Whether somebody asks about one person and one trigger: then every line counts."""
        return bool(self.person and self.trigger and not self.outcome)


async def of_dossier(dossier_id: int) -> list[Decided]:
    """The log of a dossier that the caller has found, in the order in which the triggers were asked."""
    rows = await db.fetch_as(Decided, OF_DOSSIER, dossier_id, AT_ONCE)
    return rows[::-1]


async def search(actor: Actor, campaign_id: int, filters: Filters, cursor: Cursor | None = None) -> Slice[Line]:
    """A page of the log of a campaign that the caller has found, the latest first: dossiers that the actor sees."""
    sql = LINES.format(
        sees=sees_dossier("d"),
        outcome=OUTCOMES["all" if filters.asks_why else filters.outcome],
        people=OF_PEOPLE.format(most=MOST_PEOPLE) if filters.person else "$4::text is not null",
        trigger="x.trigger_id = $5" if filters.trigger else "$5::int is not null",
        place=ORDER.condition(cursor, 6),
        order=ORDER.order(cursor),
        limit=PAGE + 1,
    )
    asked = (campaign_id, literal(filters.person), filters.trigger, *ORDER.parameters(cursor))
    rows = await db.fetch_nested(Line, sql, *actor.scope, *asked)
    return ORDER.slice(rows, cursor, PAGE, lambda row: (row.id,))


async def triggers(campaign_id: int) -> list[tuple[int, str]]:
    """(id, name) of the triggers that a campaign's log may be searched for."""
    return [(row["id"], row["name"]) for row in await db.fetch(TRIGGERS, campaign_id)]
