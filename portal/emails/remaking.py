"""Letters that have not left are written again after a correction: never one that a worker has in its hands."""

from __future__ import annotations

from collections.abc import Sequence

from portal import db, timeline
from portal.actor import Actor
from portal.emails import queries, unsent
from portal.emails.queries import Version
from portal.emails.unsent import Unsent
from portal.i18n import _
from portal.jobs import actions as jobs
from portal.jobs.queries import Job
from portal.outcomes import Refused, Stale

JOB = "regenerate"
AT_ONCE = 200  # letters; more are a task

# The messages and, of queued ones, their batches, locked: a claim skips a locked batch. What has left, was cancelled or
# is in a worker's hands is not among the rows.
LOCK_MESSAGES = """
select id, state = 'held' as held from message
where id = any ($1::bigint[]) and state in ('held', 'queued') order by id for update"""
LOCK_BATCHES = """
select m.id, b.id as batch_id from message m join batch b on b.origin_id = m.origin_id and b.done_at is null
    and b.run_id is null and b.attempt = m.attempts and (m.id between b.lo and b.hi or m.id = any (b.ids))
where m.id = any ($1::bigint[]) and m.state = 'queued' order by b.id for update of b skip locked"""
WRITE = """
update letter set version_id = $3, locale = $4, subject = $5, values = $6, reply_to = $7, attachments = $8
where id = $1 and version_id = $2"""


async def remake_all(template_id: int, seen: int, expected: int, by: Actor) -> tuple[int, int | None]:
    """Write all unsent letters of a template again with its version in force. Returns (how many, the task's id).

    `seen`: the number of the version that was looked at, `expected`: how many letters. Raises Missing; Stale when
    either is another now; Refused when there is none.
    """
    async with db.transaction():
        version = await queries.current(template_id)
        letters = await unsent.unsent(by, template_id)
        if (version.number, len(letters)) != (seen, expected):
            raise Stale(len(letters))
        if not letters:
            raise Refused(_("No e-mail waits that was written with an earlier version."))
        await timeline.record("template", template_id, "template.remade", by, number=seen, count=expected)
        if len(letters) > AT_ONCE:
            what = {"template": template_id, "version": version.id, "name": version.name, "number": version.number}
            ids = [letter.id for letter in letters]
            return len(letters), await jobs.start(JOB, by, what=what, items=ids)
        return await remake(letters, version, by), None


async def remake(letters: Sequence[Unsent], version: Version, by: Actor) -> int:
    """Write these letters again, in the caller's transaction. Returns how many; the others are leaving."""
    still = await caught([letter.id for letter in letters])
    return sum([await _write(letter, version, by) for letter in letters if letter.id in still])


async def caught(messages: list[int]) -> set[int]:
    """Those that cannot leave until this transaction ends."""
    locked = await db.fetch(LOCK_MESSAGES, messages)
    in_batches = {row["id"] for row in await db.fetch(LOCK_BATCHES, [row["id"] for row in locked])}
    return in_batches | {row["id"] for row in locked if row["held"]}


async def _write(letter: Unsent, version: Version, by: Actor) -> int:
    new = await unsent.remade(letter, version)
    files = [each.id for each in version.attachments]
    row = (letter.id, letter.version_id, version.id, new.locale, new.subject, new.values, version.reply_to, files)
    if not await db.execute(WRITE, *row):
        return 0  # somebody has edited it for its recipient meanwhile
    await timeline.record(
        "message",
        letter.id,
        "message.remade",
        by,
        campaign_id=letter.campaign_id,
        dossier_id=letter.dossier_id,
        person_id=letter.person_id,
        address=letter.address,
        before=letter.version_id,
        after=version.id,
        number=version.number,
    )
    return 1


async def remake_one(job: Job, message_id: int, actor: Actor) -> str | None:
    """One letter of a task (portal.jobs): None when it is written again, else why not."""
    version = await queries.version(int(job.what["version"]))
    if not version.in_force:
        return "newer"
    letters = await unsent.unsent(actor, version.template_id, [message_id])
    return None if letters and await remake(letters, version, actor) else "left"
