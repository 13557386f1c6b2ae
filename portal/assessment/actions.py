"""What happens in the assessment: dossiers given to evaluators and taken back. One transaction each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from portal import db
from portal.actor import Actor
from portal.assessment import queries, rules
from portal.assessment.rules import WhyNot
from portal.i18n import _
from portal.outcomes import Refused

# One event of the dossier's history for each pair that was really made or ended, in the statement that does it.
TOLD = """
insert into timeline_event
    (subject, subject_id, campaign_id, dossier_id, person_id, what, actor_kind, account_id, actor_name, details)
select 'dossier', d.id, d.campaign_id, d.id, d.person_id, $3, $4, $5, $6,
    jsonb_build_object('account', a.id, 'who', a.name)
from done join dossier d on d.id = done.dossier_id join account a on a.id = done.account_id
order by d.id, a.id"""
PAIRS = "pair as (select distinct * from unnest($1::bigint[], $2::int[]) p(dossier_id, account_id))"
ASSIGN = f"""
with {PAIRS},
done as (
    insert into assignment (dossier_id, account_id, assigned_by, campaign_id)
    select d.id, pair.account_id, $5, d.campaign_id from pair join dossier d on d.id = pair.dossier_id
    on conflict do nothing returning dossier_id, account_id),
told as ({TOLD})
select dossier_id from done order by dossier_id"""
UNASSIGN = f"""
with {PAIRS},
done as (
    delete from assignment x using pair where x.dossier_id = pair.dossier_id and x.account_id = pair.account_id
    returning x.dossier_id, x.account_id),
told as ({TOLD})
select dossier_id from done order by dossier_id"""


class Outcome(msgspec.Struct, frozen=True):
    """What became of some dossiers: ids that were changed, and the reason for each other one (words.why_not_word)."""

    done: tuple[int, ...]
    refused: dict[int, WhyNot] = {}


class Evenly(msgspec.Struct, frozen=True):
    """What was given to whom. `given`: account -> new dossiers; `short`: dossier -> evaluators it still lacks."""

    pairs: int
    given: dict[int, int]
    short: dict[int, int]


async def assign(by: Actor, dossier_ids: Sequence[int], account_id: int) -> Outcome:
    """Give dossiers to an evaluator. What cannot be given is left out with its reason; twice is once."""
    async with db.transaction():
        found = {one.id: one.why_not for one in await queries.against(by, dossier_ids, account_id)}
        free = [dossier_id for dossier_id, why_not in found.items() if why_not is None]
        done = await _pairs(ASSIGN, [(dossier_id, account_id) for dossier_id in free], "evaluator.assigned", by)
    refused: dict[int, WhyNot] = {one: found.get(one, "missing") or "already" for one in dossier_ids}
    return Outcome(tuple(done), {one: why for one, why in refused.items() if one not in set(done)})


async def unassign(by: Actor, dossier_ids: Sequence[int], account_id: int) -> Outcome:
    """Take dossiers back from an evaluator. Notes and scores stay; nothing happens to those not assigned."""
    async with db.transaction():
        seen = [one.id for one in await queries.against(by, dossier_ids, account_id)]
        done = await _pairs(UNASSIGN, [(dossier_id, account_id) for dossier_id in seen], "evaluator.unassigned", by)
    return Outcome(tuple(done), dict.fromkeys(set(dossier_ids) - set(seen), "missing"))


async def plan_evenly(
    by: Actor, dossier_ids: Sequence[int], account_ids: Sequence[int], *, each: int = 1, cap: int | None = None
) -> rules.Spread:
    """What `assign_evenly` would do now, for a preview. Raises Refused (by field)."""
    if not account_ids:
        raise Refused(_("Choose at least one evaluator."), field="evaluators")
    dossiers, places = await queries.to_spread(by, dossier_ids, account_ids, each)
    return rules.spread(dossiers, await queries.loads(account_ids, places), each=each, cap=cap)


async def assign_evenly(
    by: Actor, dossier_ids: Sequence[int], account_ids: Sequence[int], *, each: int = 1, cap: int | None = None
) -> Evenly:
    """Spread dossiers over evaluators until each has `each` of them; nobody gets more than `cap` of the campaign.

    Conflicts of interest, own dossiers and accounts outside the campaign are left out. Set-based: 100,000 in seconds.
    """
    async with db.transaction():
        plan = await plan_evenly(by, dossier_ids, account_ids, each=each, cap=cap)
        await _pairs(ASSIGN, plan.pairs, "evaluator.assigned", by)
    made = Counter(who for _one, who in plan.pairs)
    return Evenly(len(plan.pairs), {account: made[account] for account in dict.fromkeys(account_ids)}, dict(plan.short))


async def _pairs(sql: str, pairs: Iterable[tuple[int, int]], what: str, by: Actor) -> list[int]:
    """The dossiers for which a pair was made or ended."""
    pairs = list(pairs)
    columns: list[Any] = [[one for one, _who in pairs], [who for _one, who in pairs]]
    rows = await db.fetch(sql, *columns, what, by.kind, by.account_id, by.name)
    return [row["dossier_id"] for row in rows]
