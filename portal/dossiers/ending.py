"""The end of a campaign: its dossiers and all that hangs on them go too, its messages stay in the register (E17)."""

from __future__ import annotations

from typing import Any

import msgspec

from portal import db, timeline
from portal.actor import Actor
from portal.campaigns import queries as campaigns
from portal.campaigns.queries import Campaign
from portal.dossiers import files
from portal.i18n import _
from portal.ledger import actions as ledger
from portal.outcomes import Refused, Stale

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
    (select count(*) from trigger where campaign_id = $1) as triggers,
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


async def delete(by: Actor, campaign_id: int, shown: int, title: str) -> None:
    """Delete a campaign with everything in it. `shown`: the number of dossiers that was read before.

    With dossiers, `title` has to be the campaign's: nobody deletes them by a slip. Waiting messages are cancelled.
    Raises Missing, Refused, and Stale when there are other dossiers by now.
    """
    campaign = await campaigns.one(by, campaign_id)
    async with db.transaction():
        await db.execute("select from campaign where id = $1 for update", campaign_id)
        count = await campaigns.dossiers(campaign_id)
        if count != shown:
            raise Stale(count)
        if count and title not in titles(campaign):
            raise Refused(_("Type the title as it stands above."), field="title")
        documents = [row["stored_as"] for row in await db.fetch(DOCUMENTS, campaign_id)]
        await ledger.cancel_campaign(campaign_id)
        await db.execute("delete from dossier where campaign_id = $1", campaign_id)
        await db.execute("delete from campaign where id = $1", campaign_id)
        details: dict[str, Any] = {"title": campaign.title, "dossiers": count, "documents": len(documents)}
        await timeline.record("campaign", campaign_id, "campaign.deleted", by, campaign_id=campaign_id, **details)
    for stored_as in documents:
        files.drop(stored_as)


def titles(campaign: Campaign) -> set[str]:
    """The title in each language, any of which may be typed."""
    return {title for title in campaign.title.values() if title}
