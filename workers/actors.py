"""All actors: primitives in, one call into portal. Rows are the truth; running one twice or never changes nothing."""

from __future__ import annotations

import dramatiq
import msgspec
import structlog

from portal import timeline
from portal.accounts import actions as accounts
from portal.autoresponders import running as follow_ups
from portal.dossiers import documents, exporting
from portal.imports import actions as imports
from portal.ledger import blocks, checks, sweeper, takeover
from portal.mailings import schedule_running
from portal.mailings import work as mailings
from portal.sending import evidence, notices
from portal.settings import settings
from portal.triggers import reminding, telling
from workers import jobs
from workers.broker import process

log = structlog.get_logger(__name__)

A_DAY = 86_400_000  # milliseconds
AN_HOUR = 3_600_000


@dramatiq.actor(queue_name="wake")
async def deliver(lane: int) -> None:
    """Something is due in a lane: the sender of this process looks at once."""
    process.wake()


@dramatiq.actor(queue_name="house")
async def take_over() -> None:
    """Seal runs whose worker fell silent, and free what they held (P6)."""
    if taken := await takeover.take_over_dead(settings().lease_seconds):
        log.warning("took over runs of silent workers", runs=taken)
        process.wake()


@dramatiq.actor(queue_name="house")
async def seal() -> None:
    """Close the chain over the latest history."""
    await timeline.seal()


@dramatiq.actor(queue_name="house")
async def check_totals() -> None:
    """The proof, every minute (P12): what was intended is all there, once."""
    found = await checks.check()
    if found and (not found.balanced or found.duplicates):
        log.error("ledger does not add up", **msgspec.structs.asdict(found))


@dramatiq.actor(queue_name="house")
async def settle_doubts() -> None:
    """Messages that were not confirmed: proven by the relay, or sent again as far as that was decided (P4)."""
    proven, again = await evidence.settle()
    if proven or again:
        log.info("unconfirmed messages", proven=proven, sent_again=again)


@dramatiq.actor(queue_name="house")
async def sweep() -> None:
    """Write rows for what closed gates have stopped."""
    await sweeper.sweep()


@dramatiq.actor(queue_name="house")
async def tell_owners() -> None:
    """E-mails to whoever must decide about what a rule has paused."""
    await notices.tell()


@dramatiq.actor(queue_name="house", time_limit=A_DAY, notify_shutdown=True)
async def do_jobs() -> None:
    """Long work waits. Interrupted, a portion has never happened; the next worker takes the job up there."""
    await jobs.work()


@dramatiq.actor(queue_name="house")
async def remind() -> None:
    """Letters before a closing whose hour has come (B07); what is late waits for a person."""
    if posted := await reminding.remind():
        log.info("reminders", messages=posted)


@dramatiq.actor(queue_name="house", time_limit=AN_HOUR)
async def follow_up() -> None:
    """E-mails that follow a form, a status or a date by themselves (Z30)."""
    if planned := await follow_ups.run():
        log.info("automatic follow-ups", messages=planned)


@dramatiq.actor(queue_name="house")
async def keep_wishes() -> None:
    """Breaks end when they are over (B08); kinds of mail that were refused during a plan do not leave (Z31)."""
    await blocks.expire()
    await blocks.cancel_recent_topics()


@dramatiq.actor(queue_name="house")
async def run_schedules() -> None:
    """Scheduled mailings whose time has come (Z23); what is late or has changed waits for a person."""
    if made := await schedule_running.run_due():
        log.info("scheduled mailings", started=made)


@dramatiq.actor(queue_name="house", time_limit=AN_HOUR)
async def send_mailings() -> None:
    """Start the mailings that are due, and tell those that have ended (Z22, Z23, Z25)."""
    if started := await mailings.sweep():
        log.info("mailings started", mailings=started)


@dramatiq.actor(queue_name="house")
async def sweep_told() -> None:
    """Candidates who have been told of their decision need not be looked at again (B05)."""
    await telling.sweep()


@dramatiq.actor(queue_name="house")
async def tidy_up() -> None:
    """What nobody needs any more: ended runs, old sessions, uploads that no dossier claimed, old exports."""
    await takeover.forget_old_runs()
    await accounts.forget_old()
    await documents.sweep()
    exporting.sweep()
    await imports.forget_old()
