"""Everybody that a mailing means: of one that has not started by its plan, afterwards by the register. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from portal import db
from portal.actor import Actor
from portal.audiences.sources import KINDS
from portal.i18n import pgettext
from portal.ledger.finding import SEEN
from portal.ledger.queries import visible
from portal.ledger.words import SKIPPED
from portal.ledger.words import state_word as register_word
from portal.lists import Cursor, Slice, literal
from portal.mailings import planning, words
from portal.mailings.planning import ORDER, Plan
from portal.mailings.queries import Mailing
from portal.people import queries as people
from portal.people.queries import PersonRow
from portal.web.field import Options

PAGE = 50
PORTION = 2_000  # of all, at a time
OTHERS = 10
# States as the list offers them; what waits, is held or is being sent is one of them.
STATES = ("accepted", "queued", "failed", "uncertain", "cancelled", "skipped")

# Messages of a mailing's origin, in the order in which they were planned.
MESSAGES = f"""
select m.id as record_id, m.id as message_id, m.person_id, m.dossier_id, m.address, m.shown as state,
    trim(coalesce(d.first_name || ' ' || d.last_name, p.first_name || ' ' || p.last_name, '')) as name,
    coalesce(l.locale, '') as locale, case when m.state = 'queued' then m.waits_for else m.reason end as reason,
    m.code, coalesce(m.reply, '') as reply, m.settled_at
from message_now m left join letter l on l.id = m.id left join dossier d on d.id = m.dossier_id
left join person p on p.id = m.person_id
where {SEEN} and m.origin_id = any (array(select o.id from origin o where o.kind = 'mailing' and o.ref_id = $4))"""


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """One of them. `state`: queued or skipped in a plan, then as the register shows it; `message_id` None in a plan."""

    record_id: int
    person_id: int | None
    dossier_id: int | None
    address: str
    name: str
    locale: str
    state: str
    reason: str | None
    message_id: int | None = None
    code: int | None = None
    reply: str = ""
    settled_at: Any = None


EMPTY: Slice[Recipient] = Slice([])


async def page_of(
    actor: Actor, mailing: Mailing, query: Mapping[str, str], cursor: Cursor | None, limit: int = PAGE
) -> Slice[Recipient]:
    """One page. `query`: q, state, reason. Raises Refused while there is no audience."""
    if mailing.started_at is not None:
        return await messages(actor, mailing, query, cursor, limit)
    return await _planned(await planning.plan_of(actor, mailing), query, cursor, limit)


async def everybody(actor: Actor, mailing: Mailing) -> list[Recipient]:
    """All of them, for a file: in portions, of one plan. Raises Refused while there is no audience."""
    plan = await planning.plan_of(actor, mailing) if mailing.started_at is None else None
    found: list[Recipient] = []
    cursor = None
    while True:
        part = await (_planned(plan, {}, cursor, PORTION) if plan else messages(actor, mailing, {}, cursor, PORTION))
        found += part.items
        if part.older is None:
            return found
        cursor = ORDER.read(part.older)


async def _planned(plan: Plan, query: Mapping[str, str], cursor: Cursor | None, limit: int) -> Slice[Recipient]:
    wanted = {name: query.get(name, "") for name in ("q", "state", "reason")}
    found = await planning.rows(plan, **wanted, cursor=cursor, limit=limit)
    rows = [msgspec.convert(row, Recipient, from_attributes=True) for row in found.items]
    return Slice(rows, found.newer, found.older)


async def messages(
    actor: Actor, mailing: Mailing, query: Mapping[str, str], cursor: Cursor | None = None, limit: int = PAGE
) -> Slice[Recipient]:
    """The same of the register."""
    parameters: list[Any] = [*visible(actor), mailing.id]
    conditions = []
    state, q = query.get("state", ""), query.get("q", "").strip()
    column = "m.state::text" if state in ("queued", "accepted") else "m.attention::text"
    wished = (
        (f"{column} = {{}}", state if state in STATES else None),
        ("m.reason = {}", query.get("reason") or None),
        (
            "(m.address like lower({0}) or folded(p.first_name || ' ' || p.last_name) like folded({0}))",
            f"%{literal(q)}%" if q else None,
        ),
    )
    for condition, value in wished:
        if value is not None:
            parameters.append(value)
            conditions.append(" and " + condition.format(f"${len(parameters)}"))
    first = len(parameters) + 2
    order = _by_message(ORDER.order(cursor))
    side = _by_message(ORDER.condition(cursor, first))
    sql = f"{MESSAGES}{''.join(conditions)} and {side} order by {order} limit ${first - 1}"
    rows = await db.fetch_as(Recipient, sql, *parameters, limit + 1, *ORDER.parameters(cursor))
    return ORDER.slice(rows, cursor, limit, key=lambda row: (row.record_id,))


def _by_message(sql: str) -> str:
    """The list's order, in which a message's id stands for the record's."""
    return sql.replace("record_id", "m.id")


async def not_among(
    actor: Actor, mailing: Mailing, q: str, shown: Sequence[Recipient]
) -> list[tuple[PersonRow, list[str]]]:
    """People whom a search finds and who get nothing, with every reason that stands in the way, in words.

    Raises Refused when there are any, and the audience cannot be found.
    """
    if mailing.started_at is not None or not actor.may("person.see"):
        return []
    getting = {row.person_id for row in shown if row.state == "queued"}
    wanted = people.Filters(kind=KINDS.get(mailing.module, "candidate"), q=q)
    found = await people.search(actor, wanted, limit=OTHERS)
    missing = [person for person in found.items if person.id not in getting]
    if not missing:
        return []
    plan = await planning.plan_of(actor, mailing)
    told = [(person, await planning.why_not(plan, person.id)) for person in missing]
    return [(person, [words.left_out(reason) for reason in why]) for person, why in told if why]


def state_word(mailing: Mailing, state: str) -> str:
    """A state of the list's filter."""
    if mailing.started_at is None and state == "queued":
        return pgettext("recipient", "Will get it")
    return register_word(state)


def states(mailing: Mailing) -> Options:
    """The states that the list can be narrowed to."""
    offered = ("queued", "skipped") if mailing.started_at is None else STATES
    return [(state, state_word(mailing, state)) for state in offered]


def reasons() -> Options:
    """The reasons to be left out."""
    return sorted(((reason, words.left_out(reason).partition(":")[0]) for reason in SKIPPED), key=lambda each: each[1])
