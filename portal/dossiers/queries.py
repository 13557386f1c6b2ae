"""Dossiers as pages and actions need them: one, its documents, a call's form. Found through the actor, or by link."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from portal import db, tokens
from portal.actor import Actor
from portal.campaigns import form_queries
from portal.campaigns import queries as campaigns
from portal.campaigns.kinds import Question
from portal.campaigns.queries import Campaign
from portal.documents import JPEG, PDF, PNG
from portal.dossiers.rules import DOCUMENTS_MISSING
from portal.ledger.queries import MessageRow
from portal.outcomes import Missing
from portal.scope import sees_dossier

# Everything about a dossier that a page says or an action decides on, in one row.
DOSSIER = """
select d.id, d.number, d.campaign_id, d.person_id, d.status_id, d.locale, d.first_name, d.last_name, d.answers,
       d.created_at, d.submitted_at, d.withdrawn_at, d.withdrawal_note, d.changed_at, d.version, p.email::text as email,
       s.key as status_key, s.label as status_label, s.public_label, s.tone, s.is_decision,
       c.slug, c.title as campaign_title, c.locales, c.default_locale, c.time_zone, c.opens_at, c.closes_at,
       c.published, c.resubmission, c.withdrawal, c.archived_at
from dossier d
join campaign c on c.id = d.campaign_id
join status s on s.id = d.status_id
join person p on p.id = d.person_id
where d.id = $1"""

THROUGH_ACTOR = f" and {sees_dossier('d', '$2', '$3')}"

# The person's own record beside the dossier, and what is known against writing to the address.
PERSON = """
select p.id, p.email::text as email, p.first_name, p.last_name, p.locale,
       coalesce((select array_agg(x.reason order by x.scope) from suppression x where x.address = p.email),
                '{}') as reasons
from person p where p.id = $1"""

# Who moved it to where it is: what a colleague who was slower is told.
LAST_CHANGE = """
select coalesce(a.name, '') as name, c.actor_kind, c.at
from status_change c left join account a on a.id = c.account_id
where c.dossier_id = $1 order by c.id desc limit 1"""

# The status before the last one, while the letter that tells the last one to the candidate is on hold.
NOT_YET_TOLD = """
select before.public_label, before.tone, before.is_decision
from status_change c join status before on before.id = c.from_id
where c.manual and c.id = (select max(id) from status_change where dossier_id = $1) and exists (
    select from message_now m where m.dossier_id = $1 and m.person_id = $2 and m.origin_kind = 'trigger'
    and m.occurrence = c.id and m.shown = 'held')"""

FILE = """
select f.id, f.dossier_id, f.question_key, f.name, f.stored_as, f.media_type, f.size, f.created_at
from dossier_file f where f.dossier_id = $1"""


class Dossier(msgspec.Struct, frozen=True, kw_only=True):
    """A dossier with its campaign and status. Instants are aware; `opens_at`, `closes_at` wall time in `time_zone`."""

    id: int
    number: str
    campaign_id: int
    person_id: int
    status_id: int
    status_key: str
    status_label: dict[str, str]
    public_label: dict[str, str]
    tone: str
    is_decision: bool
    locale: str
    first_name: str
    last_name: str
    email: str
    answers: dict[str, Any]
    created_at: datetime
    submitted_at: datetime | None
    withdrawn_at: datetime | None
    withdrawal_note: str
    changed_at: datetime
    version: int
    slug: str
    campaign_title: dict[str, str]
    locales: list[str]
    default_locale: str
    time_zone: str
    opens_at: datetime | None
    closes_at: datetime | None
    published: bool
    resubmission: bool
    withdrawal: bool
    archived_at: datetime | None

    @property
    def name(self) -> str:
        """The candidate's name as typed in this application; the address where there is none."""
        return f"{self.first_name} {self.last_name}".strip() or self.email

    @property
    def is_draft(self) -> bool:
        """Whether the candidate still writes it."""
        return self.status_key == "draft"

    @property
    def link(self) -> str:
        """The candidate's own way back to it, as an absolute URL. A bearer link: not for colleagues."""
        return tokens.dossier_link(self.slug, self.id)


class Person(msgspec.Struct, frozen=True):
    """Who wrote it, as their own record says. `reasons`: why the address is not written to, if so."""

    id: int
    email: str | None
    first_name: str
    last_name: str
    locale: str
    reasons: list[str]

    @property
    def name(self) -> str:
        """Full name, or the address."""
        return f"{self.first_name} {self.last_name}".strip() or self.email or ""


STATUSES = """
select s.id, s.key, s.label, s.public_label, s.tone, s.is_decision, p.id as phase_id,
    case when exists (select from phase x where x.campaign_id = s.campaign_id)
        then coalesce(p.title, c.first_phase) end as phase,
    coalesce(p.position, -1) as phase_position
from status s join campaign c on c.id = s.campaign_id left join phase p on p.id = s.phase_id
where s.campaign_id = $1 order by s.position, s.id"""


class Status(msgspec.Struct, frozen=True):
    """A status of a campaign. `phase`: the title of its phase, None where there are no phases after the first one.

    `phase_id` None and `phase_position` -1: of the first phase.
    """

    id: int
    key: str
    label: dict[str, str]
    public_label: dict[str, str]
    tone: str
    is_decision: bool
    phase_id: int | None = None
    phase: dict[str, str] | None = None
    phase_position: int = -1


class LastChange(msgspec.Struct, frozen=True):
    """The newest move of a dossier. `name` is empty for candidates and machines."""

    name: str
    actor_kind: str
    at: datetime


class File(msgspec.Struct, frozen=True):
    """A document of a dossier. `size` in octets."""

    id: int
    dossier_id: int
    question_key: str
    name: str
    stored_as: str
    media_type: str
    size: int
    created_at: datetime

    @property
    def viewable(self) -> bool:
        """Whether a browser may show it as it is."""
        return self.media_type in (PDF, PNG, JPEG)


# ------------------------------------------------------------------------------------------------ one dossier
async def one(actor: Actor, dossier_id: int) -> Dossier:
    """The dossier, if the actor sees it. Raises Missing."""
    found = await db.one_as(Dossier, DOSSIER + THROUGH_ACTOR, dossier_id, *actor.scope)
    if found is None:
        raise Missing
    return found


async def by_link(slug: str, token: str) -> Dossier:
    """The dossier that a candidate's link opens. Raises Missing for anything not signed here, or under another slug."""
    dossier_id = tokens.verify("dossier", token)
    found = await db.one_as(Dossier, DOSSIER, dossier_id) if dossier_id else None
    if found is None or found.slug != slug:
        raise Missing
    return found


async def by_id(dossier_id: int) -> Dossier:
    """The dossier, for whoever has found it already. Raises Missing."""
    found = await db.one_as(Dossier, DOSSIER, dossier_id)
    if found is None:
        raise Missing
    return found


async def as_told(dossier: Dossier) -> Dossier:
    """The dossier as its candidate may see it: a page must not tell a decision whose letter can still be undone."""
    before = await db.fetchrow(NOT_YET_TOLD, dossier.id, dossier.person_id)
    return msgspec.structs.replace(dossier, **dict(before)) if before else dossier


async def takes_documents(dossier: Dossier) -> bool:
    """Whether its candidate may add documents now: some are missing, and the candidate may know it."""
    return dossier.status_key == DOCUMENTS_MISSING and await as_told(dossier) is dossier


async def made_by(once: str) -> int | None:
    """The dossier that this very form has made before."""
    found = await db.fetchval("select id from dossier where once = $1", once)
    return None if found is None else int(found)


async def check_campaign(actor: Actor, campaign_id: int) -> None:
    """That the actor may put dossiers into a campaign. Raises Missing."""
    sql = """select true from campaign c where c.id = $1
        and ($2::bool or exists (select from campaign_member m where m.campaign_id = c.id and m.account_id = $3))"""
    if not await db.fetchval(sql, campaign_id, *actor.scope):
        raise Missing


async def person(person_id: int) -> Person:
    """The person behind a dossier that the actor may see."""
    found = await db.one_as(Person, PERSON, person_id)
    if found is None:
        raise Missing
    return found


async def last_change(dossier_id: int) -> LastChange | None:
    """Who moved the dossier last."""
    return await db.one_as(LastChange, LAST_CHANGE, dossier_id)


async def statuses(campaign_id: int) -> list[Status]:
    """The campaign's statuses in their order."""
    return await db.fetch_as(Status, STATUSES, campaign_id)


def message_ids(messages: Sequence[MessageRow]) -> dict[int, str]:
    """The Message-ID (without angle brackets) of each of these messages that was sent."""
    return {message.id: message.header_id.strip("<>") for message in messages if message.state == "accepted"}


# ------------------------------------------------------------------------------------------------ documents
async def files(dossier_id: int) -> list[File]:
    """The documents of a dossier that the caller has found already."""
    return await db.fetch_as(File, f"{FILE} order by f.id", dossier_id)


async def file(dossier_id: int, file_id: int) -> File:
    """One document of a dossier that the caller has found already. Raises Missing."""
    found = await db.one_as(File, f"{FILE} and f.id = $2", dossier_id, file_id)
    if found is None:
        raise Missing
    return found


# ------------------------------------------------------------------------------------------------ the public form
async def call(slug: str) -> Campaign:
    """A published campaign. Raises Missing: whether an unpublished one exists is nobody's business."""
    found = await campaigns.by_slug(slug)
    if not found.published:
        raise Missing
    return found


async def calls() -> list[Campaign]:
    """All published campaigns, those that close first on top. Whether they are open is for the rules to say."""
    sql = (
        f"select {campaigns.COLUMNS} from campaign c where c.published order by c.closes_at nulls last, c.id limit 200"
    )
    return await db.fetch_as(Campaign, sql)


async def questions(campaign_id: int, phase_id: int | None = None) -> list[Question]:
    """The questions of a campaign's form (of a later phase's), in their order, without retired ones."""
    return await form_queries.form(campaign_id, phase_id)


async def has_return_link(dossier_id: int) -> bool:
    """Whether the candidate has been sent the way back to the draft."""
    sql = """select exists (select from message m join origin o on o.id = m.origin_id
        where m.dossier_id = $1 and o.kind = 'return_link' and m.state not in ('skipped', 'cancelled'))"""
    return bool(await db.fetchval(sql, dossier_id))
