"""A mailing is launched: approved where that is wanted, withdrawn, and started (B01, B16, Z22, Z23, Z25).

`launch` says what was seen: the number on the button and the seal of the plan. Whatever has changed since is shown and
asked again. The template's version is frozen with it: what was seen, or approved, is what goes. Nothing is written to
the register here: `work.start` does, from the same plan, once, a moment later or at the time that was chosen.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from portal import db
from portal.actor import Actor
from portal.campaigns.rules import instant
from portal.i18n import _
from portal.mailings import actions, planning, problems, queries, rules
from portal.mailings.planning import Summary
from portal.mailings.queries import Mailing
from portal.outcomes import Missing, Refused

CHANNEL = "mailings"

MOVE = """
update mailing set state = $3, problem = '', expected = $4, due_at = $5, asked_by = $6, approved_by = $7,
    launched_by = $8, launched_at = case when $8::int is not null then now() end, changed_by = $9, changed_at = now(),
    version = version + 1,
    version_id = coalesce(version_id, (select t.version_id from template t where t.id = mailing.template_id))
where id = $1 and version = $2 and state = any ($10::text[])"""

BACK = """
update mailing set state = 'draft', problem = '', due_at = null, asked_by = null, approved_by = null,
    launched_by = null, launched_at = null, version_id = null, changed_by = $3, changed_at = now(),
    version = version + 1
where id = $1 and state = any ($2::text[]) and started_at is null"""

OVER = "select approval_over from organisation"


class Changed(Refused):
    """The plan is another one than was shown. `summary`: as it is now."""

    def __init__(self, summary: Summary) -> None:
        super().__init__(_("The recipients have changed since you saw them. Check the new number."))
        self.summary = summary


# ------------------------------------------------------------------------------------------------ to launch
async def launch(by: Actor, mailing_id: int, version: int, expected: int, seal: str) -> Mailing:
    """Send it, or ask a second person for approval (B16). Returns the mailing as it is now.

    `expected`: the number that was pressed. Raises Missing, Stale, Refused (what to mend), Changed (asked again).
    """
    mailing = await _seen(by, mailing_id, version, "launch")
    counted = await checked(by, mailing, expected, seal)
    due_at = _due(mailing)
    over = await db.fetchval(OVER)
    if over is not None and counted.going > over:
        return await _move(mailing, by, "approval", "mailing.asked", counted, due_at, asked_by=by.account_id)
    return await _move(mailing, by, _goes(due_at), "mailing.launched", counted, due_at, launched_by=by.account_id)


async def approve(by: Actor, mailing_id: int, version: int, expected: int, seal: str) -> Mailing:
    """A second person agrees: it goes as whoever asked wanted it. Raises as `launch`, Refused to who asked."""
    mailing = await _seen(by, mailing_id, version, "approve")
    _second(by, mailing)
    counted = await checked(by, mailing, expected, seal)
    due_at = _due(mailing)
    who = {"asked_by": mailing.asked_by, "approved_by": by.account_id, "launched_by": mailing.asked_by}
    return await _move(mailing, by, _goes(due_at), "mailing.approved", counted, due_at, **who)


async def send_back(by: Actor, mailing_id: int, note: str) -> None:
    """The second person does not agree, and says why: a draft again. Raises Missing, Refused, Stale."""
    mailing = await queries.one(by, mailing_id)
    _second(by, mailing)
    await _back(by, mailing, ("approval",), "mailing.sent_back", note=" ".join(note.split())[:1_000])


def _second(by: Actor, mailing: Mailing) -> None:
    if not by.may("mailing.approve"):
        raise Missing
    if by.account_id == mailing.asked_by:
        raise Refused(_("Somebody else has to approve it."))


async def checked(by: Actor, mailing: Mailing, expected: int, seal: str) -> Summary:
    """The plan counted again. Raises Refused with all that is wrong, Changed when it is another than was shown."""
    found = await problems.of_letter(mailing)
    if found:
        raise problems.refused(found)
    plan = await planning.plan_of(by, mailing)
    counted = await planning.summary(plan)
    if found := await problems.of_plan(plan, counted):
        raise problems.refused(found)
    if (counted.going, counted.seal) != (expected, seal):
        raise Changed(counted)
    return counted


def _due(mailing: Mailing) -> datetime:
    """When it starts. A time that has passed is asked for again, rather than taken for now."""
    now = datetime.now(UTC)
    if mailing.starts_at is None:
        return now
    due_at = instant(mailing.starts_at, mailing.time_zone)
    if due_at < now:
        raise Refused(_("This time has passed. Choose another one, or send it now."), field="starts_at")
    return due_at


def _goes(due_at: datetime) -> str:
    return "scheduled" if due_at > datetime.now(UTC) else "starting"


async def _seen(by: Actor, mailing_id: int, version: int, verb: rules.Verb) -> Mailing:
    mailing = await queries.one(by, mailing_id)
    actions.require(by, mailing.module)
    if mailing.version != version or not rules.allowed(verb, mailing.state):
        raise actions.stale(mailing)
    return mailing


async def _move(
    mailing: Mailing, by: Actor, state: str, what: str, counted: Summary, due_at: datetime, **who: int | None
) -> Mailing:
    async with db.transaction():
        people = [who.get(name) for name in ("asked_by", "approved_by", "launched_by")]
        row = (state, counted.going, due_at, *people, by.account_id, [mailing.state])
        if not await db.execute(MOVE, mailing.id, mailing.version, *row):
            raise actions.stale(await queries.one(by, mailing.id))
        details: dict[str, Any] = {"n": counted.going, "due_at": due_at.isoformat()}
        await actions.record(mailing, what, by, **details)
        await db.notify(CHANNEL, str(mailing.id))
        return await queries.one(by, mailing.id)


# ------------------------------------------------------------------------------------------------ not to, after all
async def withdraw(by: Actor, mailing_id: int) -> None:
    """A mailing that has not started is a draft again. Raises Missing, Refused, Stale when it has started."""
    mailing = await queries.one(by, mailing_id)
    actions.require(by, mailing.module)
    await _back(by, mailing, ("approval", "scheduled", "waiting", "starting", "needs_decision"), "mailing.withdrawn")


async def _back(by: Actor, mailing: Mailing, states: tuple[str, ...], what: str, **details: Any) -> None:
    async with db.transaction():
        if not await db.execute(BACK, mailing.id, list(states), by.account_id):
            raise actions.stale(await queries.one(by, mailing.id))
        await actions.record(mailing, what, by, **details)
