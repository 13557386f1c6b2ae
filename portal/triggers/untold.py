"""Decided, not yet told (B05): dossiers with a decision whose candidate has heard nothing of it. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from portal import db
from portal.actor import Actor
from portal.scope import sees_dossier

MOST = 1_000  # counted up to here, then "1,000+"
AT_ONCE = 200  # candidates told by one click: about a second of work

# Decided dossiers whose candidate has heard nothing since the decision, and to whom nothing is on its way (B05).
# `silent`: whoever decided chose not to write. `to_tell` holds all of them, and those told within the last minute.
UNTOLD = f"""
select d.id, d.number, d.campaign_id, trim(d.first_name || ' ' || d.last_name) as name, c.title, s.label, s.tone,
       coalesce(x.at, d.changed_at) as decided_at, x.id as change_id, d.status_id, x.from_id,
       coalesce(x.mode = 'silent', false) as silent, coalesce(x.reason, '') as reason, y.state::text as state,
       coalesce(y.reason, '') as state_reason
from to_tell k
join dossier d on d.id = k.dossier_id
join status s on s.id = d.status_id and s.is_decision
join campaign c on c.id = d.campaign_id
left join lateral (
    select h.id, h.at, h.mode, h.from_id, h.reason from status_change h
    where h.dossier_id = d.id and h.to_id = d.status_id order by h.id desc limit 1) x on true
left join lateral (
    select m.state, m.reason from message m where m.dossier_id = d.id and m.person_id = d.person_id
    and m.created_at >= coalesce(x.at, d.changed_at) order by m.id desc limit 1) y on true
where {sees_dossier("d")} and ($4::int is null or d.campaign_id = $4) and d.withdrawn_at is null and not exists (
    select from message m where m.dossier_id = d.id and m.person_id = d.person_id
    and m.state in ('accepted', 'queued', 'held', 'uncertain') and m.created_at >= coalesce(x.at, d.changed_at))
order by decided_at, d.id limit $3"""


class Untold(msgspec.Struct, frozen=True, kw_only=True):
    """A decided dossier whose candidate was never told. `silent`: on purpose, for `reason`.

    `state`: of the e-mail that did not reach her (failed, skipped, cancelled); None: there was none.
    """

    id: int
    number: str
    campaign_id: int
    name: str
    title: dict[str, str]
    label: dict[str, str]
    tone: str
    decided_at: datetime
    change_id: int | None
    status_id: int
    from_id: int | None
    silent: bool
    reason: str
    state: str | None
    state_reason: str

    @property
    def tellable(self) -> bool:
        """Whether the trigger of its decision may still write: nothing has been tried yet."""
        return self.state is None and self.change_id is not None


class Count(msgspec.Struct, frozen=True):
    """How many dossiers of a status wait for somebody to tell their candidates."""

    status_id: int
    label: dict[str, str]
    tone: str
    dossiers: int


async def untold(actor: Actor, limit: int, campaign_id: int | None = None) -> list[Untold]:
    """Decided dossiers whose candidate was never told, the oldest decision first; at most `limit`, of one campaign."""
    return await db.fetch_as(Untold, UNTOLD, *actor.scope, limit, campaign_id)


async def of_campaign(actor: Actor, campaign_id: int) -> list[Count]:
    """How many of a campaign's candidates have not been told, by status, the oldest decision first.

    Whoever may not write to them need not know, and whoever was left out on purpose does not count.
    """
    if not actor.may("campaign.emails"):
        return []
    counts: dict[int, Count] = {}
    for row in await untold(actor, MOST, campaign_id):
        if not row.silent:
            before = counts.get(row.status_id)
            counts[row.status_id] = Count(row.status_id, row.label, row.tone, (before.dossiers if before else 0) + 1)
    return list(counts.values())


def told_at_once(rows: Sequence[Untold], status_id: int, dossier_id: int = 0) -> list[Untold]:
    """The candidates whom one click tells: all of a status but those left out on purpose, or one of them."""
    found = [row for row in rows if row.status_id == status_id and row.tellable]
    if dossier_id:
        return [row for row in found if row.id == dossier_id]
    return [row for row in found if not row.silent][:AT_ONCE]


async def telling(status_ids: list[int]) -> dict[int, list[str]]:
    """Status -> the names of the active automatic e-mails that tell its candidates, in the order of their page."""
    found: dict[int, list[str]] = {}
    sql = """select to_status_id as status_id, name from trigger
        where active and to_status_id = any ($1::int[]) and 'candidate' = any (recipients)
        order by family, position, id"""
    for row in await db.fetch(sql, status_ids):
        found.setdefault(row["status_id"], []).append(row["name"])
    return found
