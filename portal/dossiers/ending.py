"""The end of a campaign: its dossiers and all that hangs on them go too, its messages stay in the register (E17).

All of it in one transaction: in the request when there are few dossiers, in a job when there are many.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from portal import db, timeline
from portal.actor import Actor
from portal.campaigns import queries as campaigns
from portal.campaigns.queries import Campaign
from portal.dossiers import files
from portal.i18n import _, text_in
from portal.jobs import actions as jobs
from portal.jobs import queries as job_queries
from portal.jobs import running
from portal.jobs import words as job_words
from portal.jobs.queries import Job
from portal.jobs.running import Report
from portal.ledger import actions as ledger
from portal.outcomes import Missing, Refused, Stale

JOB = "campaign_end"
AT_ONCE = 2_000  # dossiers
PORTION = 2_000  # dossiers between two words about how far it is

# What goes with a campaign. Messages are counted apart: those that wait are cancelled, none is deleted. Dossiers are
# counted status by status: the index (status_id, ...) answers without touching them.
GOING = """
select (select count(*) from dossier where campaign_id = $1) as dossiers,
    (select coalesce(sum((select count(*) from dossier d where d.status_id = s.id)), 0)::int
        from status s where s.campaign_id = $1 and s.key <> 'draft') as submitted,
    (select count(*) from dossier_file f join dossier d on d.id = f.dossier_id where d.campaign_id = $1) as documents,
    (select count(*) from note n join dossier d on d.id = n.dossier_id where d.campaign_id = $1) as notes,
    (select count(*) from score s join dossier d on d.id = s.dossier_id where d.campaign_id = $1) as scores,
    (select count(*) from question where campaign_id = $1 and kind <> 'section') as questions,
    (select count(*) from status where campaign_id = $1) as statuses,
    (select count(*) from phase where campaign_id = $1) as phases,
    (select count(*) from trigger where campaign_id = $1)
        + (select count(*) from autoresponder where campaign_id = $1) as triggers,
    count(m.id) as messages, count(m.id) filter (where m.state in ('queued', 'held')) as waiting
from message m join dossier d on d.id = m.dossier_id where d.campaign_id = $1"""

DOCUMENTS = """
select f.stored_as from dossier_file f join dossier d on d.id = f.dossier_id where d.campaign_id = $1"""


class Going(msgspec.Struct, frozen=True, kw_only=True):
    """How much goes with a campaign; of its `messages`, which stay, `waiting` have not left yet.

    `submitted`: dossiers that are no drafts.
    """

    dossiers: int
    submitted: int
    documents: int
    notes: int
    scores: int
    questions: int
    statuses: int
    phases: int
    triggers: int
    messages: int
    waiting: int


async def going(campaign_id: int) -> Going:
    """What goes with a campaign. Whoever asks has found it already."""
    found = await db.one_as(Going, GOING, campaign_id)
    assert found
    return found


async def delete(by: Actor, campaign_id: int, shown: int, title: str) -> int | None:
    """Delete a campaign with everything in it. `shown`: the number of dossiers that was read before.

    With dossiers, `title` has to be the campaign's: nobody deletes them by a slip. Waiting messages are cancelled.
    Returns the id of the job that does it when there are many dossiers; None: it is done.
    Raises Missing, Refused, and Stale when there are other dossiers by now.
    """
    campaign = await campaigns.one(by, campaign_id)
    async with db.transaction():
        count = await _locked(campaign_id, shown)
        if count and title not in titles(campaign):
            raise Refused(_("Type the title as it stands above."), field="title")
        if count > AT_ONCE:
            return await job_queries.unfinished(by, JOB, campaign_id) or await jobs.start(
                JOB, by, what={"title": campaign.title, "dossiers": count}, total=count, campaign_id=campaign_id
            )
        documents = await _delete(by, campaign, count)
    await asyncio.to_thread(_drop, documents)
    return None


async def work(job: Job, by: Actor, report: Report) -> dict[str, Any]:
    """Delete the campaign of a job (portal.jobs.running.Whole): its end commits with the job's, or nothing does.

    Raises Missing, Stale, Stopped.
    """
    if job.campaign_id is None or not by.may("campaign.edit"):
        raise Missing
    campaign = await campaigns.one(by, job.campaign_id)
    async with db.transaction():
        count = await _locked(campaign.id, job.what["dossiers"])
        documents = await _delete(by, campaign, count, report)
        result = {"dossiers": count, "documents": len(documents)}
        await running.finish(job, result)
    await asyncio.to_thread(_drop, documents)
    return result


async def _locked(campaign_id: int, shown: int) -> int:
    """How many dossiers there are; no other comes until the transaction ends. Raises Stale."""
    await db.execute("select from campaign where id = $1 for update", campaign_id)
    count = await campaigns.dossiers(campaign_id)
    if count != shown:
        raise Stale(count)
    return count


async def _delete(by: Actor, campaign: Campaign, count: int, report: Report | None = None) -> list[str]:
    """All of it, in the caller's transaction. Returns the stored documents, to be dropped after the commit."""
    documents = [row["stored_as"] for row in await db.fetch(DOCUMENTS, campaign.id)]
    await ledger.cancel_campaign(campaign.id)
    ids = [
        row["id"] for row in await db.fetch("select id from dossier where campaign_id = $1 order by id", campaign.id)
    ]
    for start in range(0, len(ids), PORTION):
        if report:
            await report(start, count)
        await db.execute("delete from dossier where id = any ($1::bigint[])", ids[start : start + PORTION])
    if report:
        await report(count, count)
    await db.execute("delete from campaign where id = $1", campaign.id)
    details: dict[str, Any] = {"title": campaign.title, "dossiers": count, "documents": len(documents)}
    await timeline.record("campaign", campaign.id, "campaign.deleted", by, campaign_id=campaign.id, **details)
    await asyncio.to_thread(_let_go, documents)
    return documents


def _let_go(documents: Sequence[str]) -> None:
    for stored_as in documents:
        files.let_go(stored_as)


def _drop(documents: Sequence[str]) -> None:
    for stored_as in documents:
        files.drop(stored_as)
        files.claimed(stored_as)


def titles(campaign: Campaign) -> set[str]:
    """The title in each language, any of which may be typed."""
    return {title for title in campaign.title.values() if title}


def _title(job: Job) -> str:
    # NOTE: name of a task. {campaign}: its title
    return _("Deletion of the campaign “{campaign}”").format(campaign=text_in(job.what["title"]))


job_words.register(
    JOB,
    job_words.Kind(
        title=_title,
        reasons={"changed": lambda: _("The number of dossiers has changed. Look at the numbers again.")},
        ended=lambda _job: (_("Campaigns"), "/campaigns"),
    ),
)
