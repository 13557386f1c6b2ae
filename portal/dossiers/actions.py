"""What happens to dossiers: made, saved, submitted, moved. One verb, one transaction, one row of history."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from portal import db
from portal.actor import Actor
from portal.campaigns import actions as campaigns
from portal.campaigns.reading import Answer
from portal.dossiers import applicants, checks, documents, letters, queries, words
from portal.dossiers.files import Kept
from portal.dossiers.queries import Dossier, Status
from portal.dossiers.recording import change_of, record, stale, write_change
from portal.dossiers.rules import Mode, is_manual, refuse_change
from portal.dossiers.superseding import settle_waiting
from portal.outcomes import Refused, Stale
from portal.triggers import actions as triggers

# A second click of the same form waits here for the first to commit, and then finds its dossier.
ONE_FORM_AT_A_TIME = "select pg_advisory_xact_lock(hashtextextended($1, 727274))"

INSERT = """
insert into dossier (campaign_id, person_id, number, status_id, locale, first_name, last_name, answers, once)
select $1, $2, $3, s.id, $4, $5, $6, $7, $8 from status s where s.campaign_id = $1 and s.key = 'draft' returning id"""

# Only a draft can be written, and only from the version that was seen: 0 rows means that somebody was faster.
SAVE = """
update dossier d set first_name = $3, last_name = $4, locale = $5, answers = $6,
    changed_at = now(), version = d.version + 1
from status s where s.id = d.status_id and s.key = 'draft' and d.id = $1 and d.version = $2"""

SUBMIT = """
update dossier d set status_id = submitted.id, submitted_at = now(), changed_at = now(), version = d.version + 1,
    answers = $3
from status draft, status submitted
where draft.id = d.status_id and draft.key = 'draft' and submitted.campaign_id = d.campaign_id
and submitted.key = 'submitted' and d.id = $1 and d.version = $2"""

# A dossier that leaves the draft by a colleague's hand counts as submitted then.
MOVE = """
update dossier set status_id = $3, changed_at = now(), version = version + 1,
    submitted_at = case when $4 then coalesce(submitted_at, now()) else submitted_at end
where id = $1 and version = $2"""

# What the change has planned: letters that go or wait, and how long the longest undo window is.
MOVED = """
select $2::bigint as change_id, count(*) filter (where m.state = 'queued') as going,
       count(*) filter (where m.state = 'held') as held,
       coalesce(ceil(max(extract(epoch from m.due_at - m.created_at)) filter (where m.state = 'queued') / 60),
                0)::int as minutes,
       coalesce(ceil(min(extract(epoch from m.due_at - m.created_at)) filter (where m.state = 'queued') / 60),
                0)::int as soonest
from message m join origin o on o.id = m.origin_id and o.kind = 'trigger'
where m.dossier_id = $1 and m.occurrence = $2"""


class Application(msgspec.Struct, frozen=True, kw_only=True):
    """What a form or a script brings. `answers` as `rules.check_answers` made them; `documents` by question key.

    `removed`: ids of documents that are taken away.
    """

    email: str
    first_name: str = ""
    last_name: str = ""
    locale: str
    answers: dict[str, Answer] = {}
    documents: dict[str, list[Kept]] = {}
    removed: Sequence[int] = ()


class Moved(msgspec.Struct, frozen=True):
    """What a change of status has planned. `minutes`: how long e-mails wait before they go; `soonest`: some of them."""

    change_id: int
    going: int = 0
    held: int = 0
    minutes: int = 0
    soonest: int = 0

    @property
    def letters(self) -> int:
        """E-mails that go or wait on hold."""
        return self.going + self.held


class Recount(msgspec.Struct, frozen=True):
    """The page announced `before` e-mails; it would be `now`."""

    before: int
    now: int


# ------------------------------------------------------------------------------------------------ writing it
async def create(
    campaign_id: int, application: Application, by: Actor, *, once: str | None = None, submitting: bool = False
) -> int:
    """A new draft, at once submitted if `submitting`; else a candidate is sent the way back to it.

    Twice with the same `once` and address: the first's id; what was changed in between is saved in it.
    Raises Refused (closed; with `submitting`, an answer is missing). Whoever calls has found the campaign already.
    """
    async with db.transaction():
        if key := applicants.form_key(once, campaign_id, application.email):
            await db.execute(ONE_FORM_AT_A_TIME, key)
            if made := await queries.made_by(key):
                await _save_again(made, application, by, submitting)
                return made
        dossier_id = await _insert(campaign_id, application, by, key)
        dossier = await queries.by_id(dossier_id)
        checks.check_open(dossier, by, submitting=submitting)
        replaced = await documents.attach(dossier_id, application.documents, application.removed)
        await record(dossier, "dossier.created", by, number=dossier.number)
        if submitting:
            await _submit(dossier, by)
        elif by.kind == "candidate":
            await letters.post_return_link(dossier)
    documents.settle(application.documents, replaced)
    return dossier_id


async def _save_again(dossier_id: int, application: Application, by: Actor, submitting: bool) -> None:
    """The same form once more: a second click changes nothing, somebody who went back and changed it is not ignored."""
    there = await queries.by_id(dossier_id)
    same = (there.first_name, there.last_name, there.locale, there.answers) == (
        *applicants.names(application.first_name, application.last_name),
        application.locale,
        application.answers,
    )
    if there.is_draft and (submitting or not same or application.documents):
        await save_answers(dossier_id, there.version, application, by, submitting=submitting)


async def create_by_hand(campaign_id: int, application: Application, by: Actor) -> int:
    """A draft that a colleague makes for somebody who cannot. Fires nothing. Raises Missing, Refused (address)."""
    async with db.transaction():
        await queries.check_campaign(by, campaign_id)
        return await create(campaign_id, application, by)


async def save_answers(
    dossier_id: int, version: int, application: Application, by: Actor, *, submitting: bool = False
) -> None:
    """Save a draft, and submit it if `submitting`. The person's own record and address stay as they are.

    Raises Refused (closed; an answer is missing), Stale (theirs: the dossier as it is now).
    """
    async with db.transaction():
        dossier = await queries.by_id(dossier_id)
        checks.check_open(dossier, by, submitting=submitting)
        names = applicants.names(application.first_name, application.last_name)
        answers = {**await checks.other_answers(dossier), **application.answers}
        if not await db.execute(SAVE, dossier_id, version, *names, application.locale, answers):
            raise await stale(dossier_id)
        replaced = await documents.attach(dossier_id, application.documents, application.removed)
        await record(dossier, "dossier.saved", by, version=version + 1)
        if submitting:
            await _submit(await queries.by_id(dossier_id), by)
    documents.settle(application.documents, replaced)


async def submit(dossier_id: int, version: int | None, by: Actor) -> None:
    """Submit a draft; fires the candidate family once (E07). `version` None: whatever it is now.

    Raises Refused (closed, not a draft any more, an answer is missing), Stale.
    """
    async with db.transaction():
        dossier = await queries.by_id(dossier_id)
        if version is not None and dossier.version != version:
            raise await stale(dossier_id)
        if not dossier.is_draft:
            raise Refused(words.submitted_already())
        checks.check_open(dossier, by, submitting=True)
        await _submit(dossier, by)


async def _insert(campaign_id: int, application: Application, by: Actor, once: str | None) -> int:
    person_id = await applicants.person_of(
        application.email, application.first_name, application.last_name, application.locale, by
    )
    number = await campaigns.next_number(campaign_id)
    names = applicants.names(application.first_name, application.last_name)
    row = (campaign_id, person_id, number, application.locale, *names, application.answers, once)
    return int(await db.fetchval(INSERT, *row))


async def _submit(dossier: Dossier, by: Actor) -> None:
    """The move from draft to submitted, whole: answers, row, history, triggers. `dossier` as just read."""
    answers = await checks.check_complete(dossier)
    if not await db.execute(SUBMIT, dossier.id, dossier.version, answers):
        raise await stale(dossier.id)
    to_id = await db.fetchval("select status_id from dossier where id = $1", dossier.id)
    event_id = await write_change(dossier, to_id, by)
    await record(dossier, "dossier.submitted", by, change_id=event_id, number=dossier.number)
    await triggers.fire(change_of(dossier, event_id, to_id, by, kind="submitted", manual=False))


# ------------------------------------------------------------------------------------------------ moving it
async def change_status(
    dossier_id: int,
    to_status: str,
    version: int,
    by: Actor,
    mode: Mode | None = None,
    reason: str = "",
    *,
    shown: int | None = None,
) -> Moved:
    """Move a dossier to a status (by key). By hand it fires the manager family (E08); otherwise nothing (E11).

    `mode` says what becomes of the e-mails; a user who says nothing sends, a script that says nothing fires nothing.
    `shown`: how many e-mails the page announced. Raises Missing, Refused, Stale (theirs: a Dossier, or a Recount).
    """
    chosen: Mode | None = "send" if by.kind == "user" and mode is None else mode
    async with db.transaction():
        dossier = await queries.one(by, dossier_id)
        to = await _target(dossier, to_status, chosen, reason)
        if not await db.execute(MOVE, dossier_id, version, to.id, dossier.is_draft):
            raise await stale(dossier_id)
        manual = is_manual(by.kind, chosen)
        event_id = await write_change(dossier, to.id, by, manual=manual, mode=chosen, reason=reason.strip())
        await _record_move(dossier, to, by, event_id, chosen, reason.strip())
        await settle_waiting(dossier_id, to, manual=manual)
        await triggers.fire(
            change_of(dossier, event_id, to.id, by, kind="status", manual=manual, mode=chosen or "send")
        )
        moved = await db.one_as(Moved, MOVED, dossier_id, event_id) or Moved(event_id)
        if shown not in (None, moved.letters):
            raise Stale(Recount(before=shown or 0, now=moved.letters))
    return moved


async def _target(dossier: Dossier, to_status: str, mode: Mode | None, reason: str) -> Status:
    if refusal := refuse_change(dossier.status_key, to_status, mode, reason):
        raise Refused(words.refusal_word(refusal), field=refusal.field)
    for status in await queries.statuses(dossier.campaign_id):
        if status.key == to_status:
            return status
    raise Refused(words.unknown_status(), field="status")


async def _record_move(dossier: Dossier, to: Status, by: Actor, event_id: int, mode: Mode | None, reason: str) -> None:
    """Labels as they are now: a status renamed later does not change what happened."""
    before = {"old": dossier.status_label, "old_key": dossier.status_key, "old_tone": dossier.tone}
    after = {"new": to.label, "new_key": to.key, "new_tone": to.tone}
    await record(dossier, "status.changed", by, **before, **after, mode=mode, reason=reason, change_id=event_id)
