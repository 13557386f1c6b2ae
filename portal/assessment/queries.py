"""Reads of the assessment: who evaluates a dossier, who could, who has how much to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from datetime import datetime
from typing import Any

import msgspec

from portal import db
from portal.actor import Actor
from portal.assessment.rules import Open, WhyNot
from portal.outcomes import Missing
from portal.scope import sees_dossier

# The first thing that stands against assigning each dossier to one account.
AGAINST = f"""
select d.id, case
        when not exists (select from campaign_member m join account a on a.id = m.account_id and a.active
                         where m.campaign_id = d.campaign_id and m.account_id = $4) then 'not_member'
        when exists (select from assignment x where x.dossier_id = d.id and x.account_id = $4) then 'already'
        when exists (select from conflict_of_interest x where x.dossier_id = d.id and x.account_id = $4) then 'conflict'
        when exists (select from account a join person p on p.email = a.email
                     where a.id = $4 and p.id = d.person_id) then 'own' end as why_not
from dossier d where d.id = any ($3::bigint[]) and {sees_dossier("d")}
order by d.id"""

# Dossiers to be spread over some accounts, as far as they lack evaluators: those alike in one row, because most are.
OPEN = f"""
select one.campaign_id, one.taken, array_agg(one.id order by one.id) as ids
from (
    select d.id, d.campaign_id, coalesce(x.taken, '{{}}') as taken
    from dossier d
    left join (select dossier_id, array_agg(account_id order by account_id) as taken from assignment
               group by dossier_id) x on x.dossier_id = d.id
    where d.id = any ($3::bigint[]) and {sees_dossier("d")} and coalesce(cardinality(x.taken), 0) < $4::int) one
group by one.campaign_id, one.taken"""

# The dossiers that are the candidates' own applications, by the person.
OWN = "select id, person_id from dossier where person_id = any ($1::bigint[])"

BARRED = """
select dossier_id, array_agg(account_id) as accounts from conflict_of_interest
where account_id = any ($1::int[]) group by dossier_id"""

# The accounts that dossiers are spread over: where they take part, and who they are as candidates.
ACCOUNTS = """
select a.id, array(select distinct m.campaign_id from campaign_member m where m.account_id = a.id) as campaigns,
       array(select p.id from person p where p.email = a.email) as people
from account a where a.id = any ($1::int[]) and a.active"""

# How many dossiers each of some accounts has in some campaigns.
LOADS = """
select account_id as id, count(*) as load from assignment
where account_id = any ($1::int[]) and campaign_id = any ($2::int[]) group by account_id"""

EVALUATORS = """
select a.id, a.name, a.active, x.assigned_at as at, coalesce(b.name, '') as by
from assignment x join account a on a.id = x.account_id left join account b on b.id = x.assigned_by
where x.dossier_id = $1 order by folded(a.name), a.id"""

# Who takes part in a campaign and could evaluate.
MEMBERS = """
select a.id, a.name, bool_or(m.role = 'manager') as manager
from campaign_member m join account a on a.id = m.account_id and a.active
where m.campaign_id = $1 group by a.id order by bool_or(m.role = 'manager'), folded(a.name), a.id"""

# The same with what each has to do there: one pass over the campaign's assignments, whatever the number of people.
LOADED = f"""
with load as (select account_id, count(*) as dossiers from assignment where campaign_id = $1 group by account_id)
select one.*, coalesce(load.dossiers, 0) as load
from ({MEMBERS}) one left join load on load.account_id = one.id
order by one.manager, folded(one.name), one.id"""

# What a list shows of the scores of a dossier `d`, in per cent: the mean of its evaluators, as `rules.result` has it.
PERCENT = """(select 100 * avg(sheet.share) from (
    select sum(s.points * k.weight / k.most) / sum(k.weight) as share
    from score s join criterion k on k.id = s.criterion_id
    where s.dossier_id = d.id and not exists (
        select from conflict_of_interest x where x.dossier_id = s.dossier_id and x.account_id = s.account_id)
    group by s.account_id) sheet)"""


class Subject(msgspec.Struct, frozen=True):
    """A dossier that the actor sees, as the history names it."""

    id: int
    campaign_id: int
    person_id: int

    @property
    def lead(self) -> dict[str, int]:
        """Whom and what an event of it concerns."""
        return {"campaign_id": self.campaign_id, "dossier_id": self.id, "person_id": self.person_id}


class Against(msgspec.Struct, frozen=True):
    """A dossier, and what stands against assigning it; None: nothing."""

    id: int
    why_not: WhyNot | None


class Evaluator(msgspec.Struct, frozen=True):
    """Whom a dossier is assigned to, since when and by whom ("" when that account is gone)."""

    id: int
    name: str
    active: bool
    at: datetime
    by: str


class Candidate(msgspec.Struct, frozen=True):
    """Somebody who could evaluate."""

    id: int
    name: str
    manager: bool


class Member(Candidate, frozen=True):
    """The same with a `load`: dossiers of the campaign that this account has."""

    load: int


async def against(actor: Actor, dossier_ids: Sequence[int], account_id: int) -> list[Against]:
    """What stands against each assignment; dossiers that the actor does not see are left out."""
    return await db.fetch_as(Against, AGAINST, *actor.scope, list(dossier_ids), account_id)


async def to_spread(
    actor: Actor, dossier_ids: Sequence[int], account_ids: Sequence[int], each: int
) -> tuple[list[Open], set[int]]:
    """The dossiers that the actor sees and that lack evaluators, as `rules.spread` wants them, and their campaigns."""
    wanted = frozenset(account_ids)
    accounts = await db.fetch(ACCOUNTS, list(wanted))
    barred = await _barred(accounts, wanted)
    found: list[Open] = []
    places: set[int] = set()
    for row in await db.fetch(OPEN, *actor.scope, list(dossier_ids), each):
        places.add(place := row["campaign_id"])
        taken = frozenset(row["taken"])
        outside = wanted - {each["id"] for each in accounts if place in each["campaigns"]}
        found += [Open(one, taken, outside | barred[one] if one in barred else outside) for one in row["ids"]]
    return found, places


async def _barred(accounts: Sequence[Any], wanted: Set[int]) -> dict[int, frozenset[int]]:
    """Dossier -> the accounts that must not judge it: by a conflict of interest, or because it is their own."""
    people = {person: row["id"] for row in accounts for person in row["people"]}
    barred = {row["dossier_id"]: frozenset(row["accounts"]) for row in await db.fetch(BARRED, list(wanted))}
    for row in await db.fetch(OWN, list(people)) if people else []:
        barred[row["id"]] = barred.get(row["id"], frozenset()) | {people[row["person_id"]]}
    return barred


async def loads(account_ids: Sequence[int], campaign_ids: Iterable[int]) -> dict[int, int]:
    """Account -> how many dossiers it has in these campaigns, in the accounts' order."""
    found = {row["id"]: row["load"] for row in await db.fetch(LOADS, list(account_ids), list(campaign_ids))}
    return {account: found.get(account, 0) for account in dict.fromkeys(account_ids)}


async def evaluators(dossier_id: int) -> list[Evaluator]:
    """Who evaluates a dossier that the caller has found already."""
    return await db.fetch_as(Evaluator, EVALUATORS, dossier_id)


async def candidates(campaign_id: int) -> list[Candidate]:
    """Who could evaluate the dossiers of a campaign that the caller has found: evaluators first, then managers."""
    return await db.fetch_as(Candidate, MEMBERS, campaign_id)


async def members(campaign_id: int) -> list[Member]:
    """The same with their loads: for pages that spread work. 100,000 assignments take a tenth of a second."""
    return await db.fetch_as(Member, LOADED, campaign_id)


async def to_assess(actor: Actor, campaign_id: int, statuses: Sequence[str]) -> list[int]:
    """The dossiers of a campaign in some statuses (by key) that have not been withdrawn, by id."""
    sql = f"""select array_agg(d.id order by d.id) from dossier d
        where d.campaign_id = $3 and d.withdrawn_at is null and {sees_dossier("d")}
        and d.status_id = any (array(select id from status where campaign_id = $3 and key = any ($4::text[])))"""
    return list(await db.fetchval(sql, *actor.scope, campaign_id, list(statuses)) or ())


async def unassigned(campaign_id: int) -> int:
    """How many submitted dossiers of a campaign that the caller has found nobody evaluates."""
    sql = """select count(*) from dossier d
        where d.campaign_id = $1 and d.withdrawn_at is null and d.status_id = any (array(
            select id from status where campaign_id = $1 and key <> 'draft' and not is_decision))
        and not exists (select from assignment x where x.dossier_id = d.id)"""
    return int(await db.fetchval(sql, campaign_id))


async def subject(actor: Actor, dossier_id: int) -> Subject:
    """The dossier, if the actor sees it. Raises Missing."""
    sql = f"select d.id, d.campaign_id, d.person_id from dossier d where d.id = $3 and {sees_dossier('d')}"
    found = await db.one_as(Subject, sql, *actor.scope, dossier_id)
    if found is None:
        raise Missing
    return found


async def is_barred(dossier_id: int, account_id: int | None) -> bool:
    """Whether an account has a conflict of interest with a dossier."""
    sql = "select exists (select from conflict_of_interest where dossier_id = $1 and account_id = $2)"
    return bool(await db.fetchval(sql, dossier_id, account_id))
