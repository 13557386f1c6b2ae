"""What a dossier's letters still wait for: the e-mails that have not left, and the change that they tell (B03)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from portal import db
from portal.dossiers.queries import Dossier

# Automatic e-mails that have not left, receipts excepted: a later change cancels them. `going`: a worker holds them.
LETTERS = """
select m.id, m.occurrence, coalesce(l.subject, '') as subject, m.address, coalesce(l.to_name, '') as name,
       m.person_id is not null as candidate, coalesce(l.locale, '') as locale, m.state = 'held' as held,
       m.shown = 'sending' as going, m.shown = 'held' and m.state = 'queued' and m.waits_for is distinct from 'undo'
           as stopped, coalesce(m.batch_due_at, m.due_at) as due_at,
       coalesce(v.for_message is not null, false) as edited, l.version_id is not null as written
from message_now m left join letter l on l.id = m.id left join template_version v on v.id = l.version_id
where m.dossier_id = $1 and m.origin_kind = 'trigger' and m.lane <> 0 and m.state in ('held', 'queued')
and m.shown <> 'cancelled'
order by m.id"""

LAST_CHANGE = """
select c.id, c.from_id, f.key as from_key, f.label as from_label, f.tone as from_tone, c.to_id, c.manual, c.at,
       coalesce(a.name, '') as by
from status_change c join status f on f.id = c.from_id left join account a on a.id = c.account_id
where c.dossier_id = $1 order by c.id desc limit 1"""

# Which changes the waiting letters are about, and the status that each of them left.
WAITING_CHANGES = """
select distinct m.occurrence as id, c.from_id
from message m join origin o on o.id = m.origin_id and o.kind = 'trigger' and o.lane > 0
left join status_change c on c.id = m.occurrence and c.dossier_id = m.dossier_id
where m.dossier_id = $1 and m.state in ('queued', 'held')"""

# The letters to the candidate that have left: what she has been told already, the latest first.
TOLD = """
select coalesce(l.subject, '') as subject, s.label, m.settled_at as at
from message m join origin o on o.id = m.origin_id and o.kind = 'trigger' and o.lane > 0
join status_change c on c.id = m.occurrence and c.dossier_id = m.dossier_id
join status s on s.id = c.to_id and s.is_decision
left join letter l on l.id = m.id
where m.dossier_id = $1 and m.person_id = $2 and m.state in ('accepted', 'uncertain')
order by m.id desc limit 1"""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """An e-mail that has not left. `due_at`: when it goes by itself; `held`: only when somebody releases it.

    `stopped`: something else keeps it back (a paused trigger or sender); `edited`: for this recipient alone.
    """

    id: int
    occurrence: int
    subject: str
    address: str
    name: str
    candidate: bool
    locale: str
    held: bool
    going: bool
    stopped: bool
    due_at: datetime
    edited: bool
    written: bool

    @property
    def editable(self) -> bool:
        """Whether its text may be changed: it comes from a template, and no worker has it."""
        return self.written and not self.going


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """The newest change of a dossier's status. `by` is empty for machines."""

    id: int
    from_id: int
    from_key: str
    from_label: dict[str, str]
    from_tone: str
    to_id: int
    manual: bool
    at: datetime
    by: str


class Told(msgspec.Struct, frozen=True):
    """The last decision that the candidate has been written about."""

    subject: str
    label: dict[str, str]
    at: datetime | None


class WaitingChange(msgspec.Struct, frozen=True):
    """A change whose letters wait; `from_id` None: something else than a change of status (a reminder)."""

    id: int
    from_id: int | None


class Pending(msgspec.Struct, frozen=True):
    """What the page of a dossier says about letters that wait. `undo`: the change that can be taken back with them."""

    letters: Sequence[Letter]
    undo: Change | None


async def of_dossier(dossier: Dossier) -> Pending:
    """What waits. A change can be undone while it is the newest one and a letter of it has not left."""
    waiting = await letters(dossier.id)
    last = await last_change(dossier.id) if waiting else None
    fits = last is not None and last.manual and last.to_id == dossier.status_id
    return Pending(waiting, last if last and fits and any(one.occurrence == last.id for one in waiting) else None)


async def letters(dossier_id: int) -> list[Letter]:
    """The automatic e-mails about a dossier that have not left, the oldest first."""
    return await db.fetch_as(Letter, LETTERS, dossier_id)


async def last_change(dossier_id: int) -> Change | None:
    """The newest change of status; None when it never left its first one."""
    return await db.one_as(Change, LAST_CHANGE, dossier_id)


async def waiting_changes(dossier_id: int) -> list[WaitingChange]:
    """What the letters that wait are about."""
    return await db.fetch_as(WaitingChange, WAITING_CHANGES, dossier_id)


async def told(dossier: Dossier) -> Told | None:
    """The last decision that the candidate has been told; None: nothing yet."""
    return await db.one_as(Told, TOLD, dossier.id, dossier.person_id)
