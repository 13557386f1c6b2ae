"""A mailing is written: made, changed, given its recipients one by one, copied, deleted. One transaction each.

Several people may work on a draft: each change starts from the version that was seen, and whoever comes second gets
`Stale` with the mailing as it is now. What happens from the launch on is in `launching` and `running`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from portal import db, timeline
from portal.actor import Actor
from portal.audiences import sources
from portal.audiences.sources import Chosen
from portal.i18n import _
from portal.mailings import queries, rules
from portal.mailings.queries import Mailing
from portal.mailings.rules import Draft
from portal.outcomes import Missing, Refused, Stale

COLUMNS = ", ".join(rules.FIELDS)
PLACES = ", ".join(f"${number}" for number in range(3, len(rules.FIELDS) + 3))
INSERT = f"""
insert into mailing (created_by, changed_by, follows_id, {COLUMNS}) values ($1, $1, $2, {PLACES}) returning id"""

# Only from the version that was seen, and only while it is a draft: no row means that somebody was faster.
UPDATE = f"""
update mailing set {", ".join(f"{name} = ${number}" for number, name in enumerate(rules.FIELDS, 4))},
    changed_by = $3, changed_at = now(), version = version + 1
where id = $1 and version = $2 and state = 'draft'"""

TOUCH = """
update mailing set changed_by = $2, changed_at = now(), version = version + 1 where id = $1 and state = 'draft'"""
DELETE = "delete from mailing where id = $1 and version = $2 and state = any ($3::text[])"
PICK = """
insert into mailing_pick (mailing_id, record_id) select ${place}::int, c.record_id from ({found}) c
on conflict do nothing"""
UNPICK = """
delete from mailing_pick where mailing_id = ${place}::int and record_id in (select c.record_id from ({found}) c)"""
COPY_PICKS = """
insert into mailing_pick (mailing_id, record_id) select $2, record_id from mailing_pick where mailing_id = $1"""

# Who did not get it: letters that ended without arriving. Skipped ones were left out for a reason, and still would be.
# Who did not answer: got it, and her dossier has not moved on since (a dossier that was submitted, or changed).
NOT_REACHED = """
select coalesce(m.dossier_id, m.person_id) as record_id from message m join origin o on o.id = m.origin_id
where o.kind = 'mailing' and o.ref_id = $1 and m.state in ('failed', 'cancelled')"""
NOT_ANSWERED = """
select coalesce(m.dossier_id, m.person_id) as record_id from message m join origin o on o.id = m.origin_id
where o.kind = 'mailing' and o.ref_id = $1 and m.state = 'accepted' and not exists (
    select from timeline_event e where e.person_id = m.person_id and e.actor_kind = 'candidate' and e.at > m.settled_at)
and not exists (
    select from dossier d join timeline_event e on e.dossier_id = d.id
    where d.person_id = m.person_id and e.actor_kind = 'candidate' and e.at > m.settled_at)"""
FOLLOWED = {"not_reached": NOT_REACHED, "not_answered": NOT_ANSWERED}


# ------------------------------------------------------------------------------------------------ drafts
async def create(by: Actor, draft: Draft, *, picked: Sequence[int] = (), follows_id: int | None = None) -> int:
    """A new draft. `picked`: its records, when its audience is picked one by one. Returns its id.

    Raises Refused (by field), Missing (a campaign that the actor does not see).
    """
    draft = rules.tidy(draft)
    await check(by, draft)
    async with db.transaction():
        mailing_id = int(await db.fetchval(INSERT, by.account_id, follows_id, *_row(draft)))
        if picked:
            await _pick(by, mailing_id, Chosen(module=draft.module, ids=tuple(picked)), PICK)
        await record(await queries.one(by, mailing_id), "mailing.created", by)
    return mailing_id


async def change(by: Actor, mailing_id: int, version: int, part: Mapping[str, Any]) -> Mailing:
    """Change some fields of a draft (by the names of rules.Draft). Returns it as it is now.

    Raises Missing, Refused (by field), Stale when it has another version or is no draft any more.
    """
    before = await queries.one(by, mailing_id)
    require(by, before.module)
    draft = rules.tidy(msgspec.structs.replace(draft_of(before), **part))
    if before.version != version or not rules.allowed("change", before.state):
        raise stale(before)
    await check(by, draft)
    async with db.transaction():
        if not await db.execute(UPDATE, mailing_id, version, by.account_id, *_row(draft)):
            raise stale(await queries.one(by, mailing_id))
        if draft.module != before.module:
            await db.execute("delete from mailing_pick where mailing_id = $1", mailing_id)
        return await queries.one(by, mailing_id)


async def pick(by: Actor, mailing_id: int, chosen: Chosen, ticked: bool = True) -> int:
    """Tick records of a draft that is picked one by one, or take their ticks away. Returns how many are ticked now.

    `chosen`: the records of one page (`ids`), or all of a list. Picks survive paging and searching. Raises Missing,
    Refused, Stale (it is no draft any more).
    """
    before = await queries.one(by, mailing_id)
    require(by, before.module)
    if chosen.module != before.module:
        raise Missing
    async with db.transaction():
        if not await db.execute(TOUCH, mailing_id, by.account_id):
            raise stale(before)
        await _pick(by, mailing_id, chosen, PICK if ticked else UNPICK)
        return await queries.picks(mailing_id)


async def _pick(by: Actor, mailing_id: int, chosen: Chosen, sql: str) -> None:
    found = await sources.source(by, chosen)
    await db.execute(sql.format(place=len(found.parameters) + 1, found=found.sql), *found.parameters, mailing_id)


async def delete_draft(by: Actor, mailing_id: int, version: int) -> None:
    """Delete a draft, or a mailing that was cancelled before it started. Raises Missing, Refused, Stale."""
    before = await queries.one(by, mailing_id)
    require(by, before.module)
    if before.started_at is not None:
        raise Refused(_("This mailing has been sent, at least in part: it stays as a proof."))
    async with db.transaction():
        if not await db.execute(DELETE, mailing_id, version, list(rules.FROM["delete"])):
            raise stale(await queries.one(by, mailing_id))
        await record(before, "mailing.deleted", by)


async def duplicate(by: Actor, mailing_id: int, *, same_name: bool = False) -> int:
    """A new draft with the same recipients and letter, to be sent at once. Returns its id. Raises Missing, Refused."""
    before = await queries.one(by, mailing_id)
    # NOTE: the name of a copy. {name}: e.g. Closing reminder
    name = before.name if same_name else _("{name} (copy)").format(name=before.name)[: rules.LONGEST_NAME]
    async with db.transaction():
        made = await create(by, msgspec.structs.replace(draft_of(before), name=name, starts_at=None))
        await db.execute(COPY_PICKS, mailing_id, made)
        return made


async def follow_up(by: Actor, mailing_id: int, whom: Literal["not_reached", "not_answered"]) -> int:
    """A new draft to those who did not get a mailing, or got it and did nothing since. Returns its id.

    Raises Missing, Refused when there is nobody, or while nothing has left.
    """
    before = await queries.one(by, mailing_id)
    if not rules.allowed("follow_up", before.state) or before.started_at is None:
        raise Refused(_("Nothing of this mailing has left yet."))
    ids = sorted({row["record_id"] for row in await db.fetch(FOLLOWED[whom], mailing_id) if row["record_id"]})
    if not ids:
        raise Refused(_("No one is left to write to."))
    words = {
        # NOTE: the names of mailings that follow another. {name}: e.g. Closing reminder
        "not_reached": _("{name}: not received"),
        "not_answered": _("{name}: not answered"),
    }
    name = words[whom].format(name=before.name)[: rules.LONGEST_NAME]
    draft = msgspec.structs.replace(draft_of(before), name=name, starts_at=None, audience="picked")
    return await create(by, draft, picked=ids, follows_id=mailing_id)


# ------------------------------------------------------------------------------------------------ shared
def draft_of(mailing: Mailing) -> Draft:
    """What somebody may change of a mailing."""
    return Draft(**{name: getattr(mailing, name) for name in rules.FIELDS})


def require(by: Actor, module: str) -> None:
    """Only whoever may write to a module's people writes to them (Z13, Z24). Raises Refused."""
    if not by.may(rules.RIGHTS[module]):
        words = {
            "contacts": lambda: _("You may not send mass e-mail to contacts."),
            "candidates": lambda: _("You may not send mass e-mail to candidates."),
        }
        raise Refused(words["contacts" if module == "contacts" else "candidates"]())


async def check(by: Actor, draft: Draft) -> None:
    """What a draft needs to be kept. Whether it can be launched is asked at its launch. Raises Missing, Refused."""
    require(by, draft.module)
    if not draft.name:
        raise Refused(_("Give the mailing a name."), field="name")
    if len(draft.name) > rules.LONGEST_NAME:
        raise Refused(_("This is too long."), field="name")
    seen = "select exists (select from campaign m where m.id = $3::int and ($1::bool or m.id = any (array("
    seen += "select member.campaign_id from campaign_member member where member.account_id = $2::int))))"
    if draft.campaign_id and not await db.fetchval(seen, *by.scope, draft.campaign_id):
        raise Missing


def _row(draft: Draft) -> list[Any]:
    return [getattr(draft, name) for name in rules.FIELDS]


def stale(theirs: Mailing) -> Stale:
    """Somebody was faster."""
    return Stale(theirs, by=theirs.changed_name, at=theirs.changed_at)


async def record(mailing: Mailing, what: str, by: Actor, **details: Any) -> None:
    """One line of the history."""
    about = {"campaign_id": mailing.campaign_id, "title": mailing.name, **details}
    await timeline.record("mailing", mailing.id, what, by, **about)
