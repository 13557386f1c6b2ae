"""Follow-ups come to pass (Z30): whom they are for is found and planned in one statement each, once.

Workers may look at the same time: a row is held by one of them, the ledger's planners take turns, and its key (origin,
occurrence, address) stands behind both. What is late by more than seven days is written down as left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog

from portal import db
from portal.actor import SYSTEM
from portal.audiences import sources
from portal.audiences.sources import Source
from portal.autoresponders import due, queries
from portal.autoresponders.queries import Autoresponder
from portal.emails import queries as emails
from portal.emails.queries import Version
from portal.ledger import epoch
from portal.ledger import planning as ledger
from portal.ledger.rules import Lane
from portal.mailings import letters, planning
from portal.mailings.planning import Plan
from portal.mailings.queries import Mailing
from portal.mailings.relation import Reason, Relation

log = structlog.get_logger(__name__)

KIND = "autoresponder"  # of origins

# An answer in each dossier of a campaign is a long look; dates are due at whole hours.
DUE = """
select id from autoresponder where active and active_from is not null
and (cause <> 'date' or looked_at is null or looked_at < now() - interval '5 minutes') order by id"""
HOLD = "select now() from autoresponder where id = $1 and active for update skip locked"
LOOKED = "update autoresponder set looked_at = $2 where id = $1"
SERVES = """
update origin set campaign_id = $2 where kind = 'autoresponder' and ref_id = $1 and campaign_id is distinct from $2"""
SENDER = "select id from sender where address = $1::citext"


class DueRelation(Relation):
    """The plan of a mailing, in which what is too late is left out before anything else is asked."""

    def _reasons(self) -> Sequence[Reason]:
        return [Reason("'overdue'", "c.overdue"), *super()._reasons()]


async def run() -> int:
    """Look at every active follow-up. Returns how many messages were planned."""
    if not await epoch.may_send():
        return 0
    planned = 0
    for row in await db.fetch(DUE):
        try:
            planned += await run_one(row["id"])
        except Exception:
            log.exception("follow-up could not be planned", autoresponder=row["id"])
    return planned


async def run_one(autoresponder_id: int) -> int:
    """One follow-up, in one transaction. What cannot be sent waits: nothing is marked as looked at."""
    async with db.transaction():
        now: datetime | None = await db.fetchval(HOLD, autoresponder_id)
        one = await queries.by_id(autoresponder_id) if now else None
        if now is None or one is None or one.problem or one.campaign_archived:
            return 0
        found = due.source(one, due.window(one, now), now, now)
        planned = 0
        if found is not None:
            counted = await sources.counted(found, planning.ONE_BY_ONE)
            if counted.n or not counted.exact:
                planned = await _post(one, await plan_of(one, found, many=not counted.exact))
        await db.execute(LOOKED, autoresponder_id, now)
        return planned


async def plan_of(one: Autoresponder, found: Source, *, many: bool) -> Plan:
    """The letters of a follow-up: those that a mailing of its template to these dossiers would write."""
    assert one.version_id is not None
    version = await emails.version(one.version_id)
    mailing = _mailing(one, version)
    terms = await planning.terms_of(SYSTEM, mailing, version, many=many)
    relation = DueRelation(found, terms)
    return Plan(
        mailing=mailing,
        version=version,
        relation=relation,
        sql=relation.planned(),
        parameters=relation.parameters.values,
        terms=terms,
    )


def _mailing(one: Autoresponder, version: Version) -> Mailing:
    """One letter a person, in the person's language, from the address of the template or else the organisation's."""
    known: dict[str, Any] = dict.fromkeys(Mailing.__struct_fields__)
    known |= {
        "name": one.name,
        "module": "dossiers",
        "campaign_id": one.campaign_id,
        "template_id": one.template_id,
        "version_id": version.id,
        "per": "person",
        "from_kind": "template" if version.sender_id else "organisation",
        "reply_kind": "template" if version.reply_to else "organisation",
        "trial": False,
    }
    return Mailing(**known)


async def _post(one: Autoresponder, plan: Plan) -> int:
    sender = plan.terms.sender
    assert sender is not None
    audience = await letters.audience_of(plan)
    sender_id = int(await db.fetchval(SENDER, sender.address))
    planned = await ledger.post_all(KIND, one.id, sender_id, Lane.mass, audience)
    await db.execute(SERVES, one.id, one.campaign_id)
    return planned
