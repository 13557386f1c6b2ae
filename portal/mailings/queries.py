"""Mailings as pages, the API and actions need them, found through the actor. Reads only.

A mailing of a campaign is seen by whoever sees the campaign, one without a campaign by everybody who may see mailings.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from portal import db
from portal.accounts import queries as accounts
from portal.actor import Actor
from portal.audiences.sources import Chosen
from portal.lists import Cursor, Keyset, Slice, literal
from portal.outcomes import Missing
from portal.timeline import COLUMNS, Event

PAGE = 50
LATEST = Keyset(("m.changed_at", datetime), ("m.id", int))

VISIBLE = """($1::bool or m.campaign_id is null or m.campaign_id = any (array(
    select member.campaign_id from campaign_member member where member.account_id = $2::int)))"""

MAILING = f"""
select m.id, m.name, m.module, m.campaign_id, m.audience, m.view_id, m.criteria, m.template_id, m.version_id, m.per,
    m.from_kind, m.reply_kind, m.trial, m.state, m.problem, m.starts_at, m.time_zone, m.due_at, m.schedule_id,
    m.follows_id, m.expected, m.total, m.hold_seconds, m.asked_by, m.approved_by, m.launched_by, m.launched_at,
    m.started_at, m.ended_at, m.created_by, m.created_at, m.changed_at, m.version, c.title as campaign_title,
    coalesce(t.name, '') as template_name, coalesce(v.name, '') as view_name, coalesce(w.name, '') as schedule_name,
    coalesce(f.name, '') as follows_name, coalesce(creator.name, '') as created_name,
    coalesce(changer.name, '') as changed_name, coalesce(asker.name, '') as asked_name,
    coalesce(approver.name, '') as approved_name, coalesce(launcher.name, '') as launched_name
from mailing m
left join campaign c on c.id = m.campaign_id left join template t on t.id = m.template_id
left join custom_view v on v.id = m.view_id left join schedule w on w.id = m.schedule_id
left join mailing f on f.id = m.follows_id left join account creator on creator.id = m.created_by
left join account changer on changer.id = m.changed_by left join account asker on asker.id = m.asked_by
left join account approver on approver.id = m.approved_by left join account launcher on launcher.id = m.launched_by
where {VISIBLE}"""

HISTORY = f"""
select {COLUMNS} from timeline_event where subject = 'mailing' and subject_id = $1 order by id desc limit 200"""


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of mailings is narrowed to. `q`: a part of the name; `states`: any of these."""

    q: str = ""
    states: tuple[str, ...] = ()
    module: str = ""
    campaign_id: int | None = None
    schedule_id: int | None = None
    created_by: int | None = None

    @property
    def narrowed(self) -> bool:
        """Whether any filter is set."""
        return bool(
            self.q.strip() or self.states or self.module or self.campaign_id or self.schedule_id or self.created_by
        )


class Mailing(msgspec.Struct, frozen=True, kw_only=True):
    """A mailing with the names that its page needs. `starts_at` is local wall time in `time_zone`; instants are aware.

    `expected`: the number on the button that was pressed; `total`: the rows of its plan, since it has started.
    `problem`: why it waits or needs a decision.
    """

    id: int
    name: str
    module: str
    campaign_id: int | None
    audience: str
    view_id: int | None
    criteria: dict[str, Any]
    template_id: int | None
    version_id: int | None
    per: str
    from_kind: str
    reply_kind: str
    trial: bool
    state: str
    problem: str
    starts_at: datetime | None
    time_zone: str
    due_at: datetime | None
    schedule_id: int | None
    follows_id: int | None
    expected: int | None
    total: int | None
    hold_seconds: int
    asked_by: int | None
    approved_by: int | None
    launched_by: int | None
    launched_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    created_by: int | None
    created_at: datetime
    changed_at: datetime
    version: int
    campaign_title: dict[str, str] | None
    template_name: str
    view_name: str
    schedule_name: str
    follows_name: str
    created_name: str
    changed_name: str
    asked_name: str
    approved_name: str
    launched_name: str

    @property
    def chosen(self) -> Chosen:
        """Whom it is for."""
        return Chosen(
            module=self.module,
            campaign_id=self.campaign_id if self.module == "dossiers" else None,
            view_id=self.view_id if self.audience == "view" else None,
            criteria=self.criteria if self.audience == "criteria" else {},
            picked_by_mailing=self.id if self.audience == "picked" else None,
        )

    @property
    def at_once(self) -> bool:
        """Whether the button starts it, rather than a clock."""
        return self.starts_at is None and self.schedule_id is None

    @property
    def hold(self) -> int:
        """Seconds for which its letters wait after the start, so that it can be undone."""
        return self.hold_seconds if self.at_once else 0


async def search(actor: Actor, filters: Filters, cursor: Cursor | None = None, limit: int = PAGE) -> Slice[Mailing]:
    """One page of the mailings that the actor sees, last changed first."""
    if not actor.may("mailing.see"):
        return Slice([])
    conditions, parameters = _conditions(actor, filters)
    first = len(parameters) + 2
    sql = f"""{MAILING} {"".join(f" and {each}" for each in conditions)} and {LATEST.condition(cursor, first=first)}
        order by {LATEST.order(cursor)} limit ${first - 1}"""
    rows = await db.fetch_as(Mailing, sql, *parameters, limit + 1, *LATEST.parameters(cursor))
    return LATEST.slice(rows, cursor, limit, key=lambda row: (row.changed_at, row.id))


def _conditions(actor: Actor, filters: Filters) -> tuple[list[str], list[Any]]:
    conditions: list[str] = []
    parameters: list[Any] = [*actor.scope]
    wished = (
        ("folded(m.name) like folded({})", f"%{literal(filters.q.strip())}%" if filters.q.strip() else None),
        ("m.state = any ({}::text[])", list(filters.states) or None),
        ("m.module = {}", filters.module or None),
        ("m.campaign_id = {}::int", filters.campaign_id),
        ("m.schedule_id = {}::int", filters.schedule_id),
        ("m.created_by = {}::int", filters.created_by),
    )
    for condition, value in wished:
        if value is not None:
            parameters.append(value)
            conditions.append(condition.format(f"${len(parameters)}"))
    return conditions, parameters


async def one(actor: Actor, mailing_id: int) -> Mailing:
    """A mailing, if the actor may see it. Raises Missing."""
    found = None
    if actor.may("mailing.see") or actor.kind == "rule":
        found = await db.one_as(Mailing, f"{MAILING} and m.id = $3::int", *actor.scope, mailing_id)
    if found is None:
        raise Missing
    return found


async def picks(mailing_id: int) -> int:
    """How many were picked by hand for a mailing."""
    return int(await db.fetchval("select count(*) from mailing_pick where mailing_id = $1", mailing_id))


async def picked_of(mailing_id: int, record_ids: list[int]) -> set[int]:
    """Which of these are picked: for the ticks of a page."""
    sql = "select record_id from mailing_pick where mailing_id = $1 and record_id = any ($2::bigint[])"
    return {row["record_id"] for row in await db.fetch(sql, mailing_id, record_ids)}


async def history_of(mailing: Mailing) -> list[Event]:
    """What happened to a mailing, newest first."""
    return await db.fetch_as(Event, HISTORY, mailing.id)


async def author_of(mailing: Mailing, reader: Actor) -> Actor:
    """As whom the mailing is planned: whoever launched it or asked for its approval; else whoever looks at it."""
    account_id = mailing.launched_by or mailing.asked_by
    if mailing.state in ("draft", "needs_decision") or account_id in (None, reader.account_id):
        return reader
    account = await accounts.by_id(account_id)
    return accounts.actor_of(account) if account is not None and account.active else reader
