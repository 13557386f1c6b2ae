"""Whom a change may concern and how their dossiers stand: the facts of the plan, for one or many. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from portal import db
from portal.accounts.rules import rights_of, sees_everywhere
from portal.outcomes import Missing
from portal.triggers.facts import ACCOUNT, ADDRESS, ROLE, Candidate, Colleague, People, Rule, Standing

# Whose dossiers they are, the languages to fall back to, and what conditions ask about. What has fired lately is found
# by the dossier's own few lines of the log.
FOUND = """
select d.id, d.campaign_id, d.status_id, d.person_id, trim(d.first_name || ' ' || d.last_name) as name,
       p.email::text as address, d.locale, c.default_locale as campaign_locale,
       coalesce((select o.locale from organisation o), 'en') as organisation_locale, d.answers, c.assigned_only,
       array(select a.account_id from assignment a where a.dossier_id = d.id) as assigned,
       (select jsonb_object_agg(s.id, s.phase_id) from status s
        where s.campaign_id = c.id and s.phase_id is not null) as phases,
       (select jsonb_object_agg(x.trigger_id, x.times) from (
            select y.trigger_id, count(distinct y.event_id) as times from decision y
            where y.dossier_id = d.id and y.why_not = '' and y.at > now() - interval '1 day'
            group by y.trigger_id) x) as fired
from dossier d
join person p on p.id = d.person_id
join campaign c on c.id = d.campaign_id
where d.id = any ($1::bigint[]) order by d.id"""

# Colleagues whom a trigger of the campaign could mean: its members, named accounts, holders of named roles.
COLLEAGUES = """
select a.id, a.name, a.email::text as address, a.locale, a.roles, a.active,
       array(select unnest(r.rights) from role r where r.key = any (a.roles)) as granted,
       array(select m.role from campaign_member m where m.account_id = a.id and m.campaign_id = $1) as member
from account a
where a.id = any ($2::int[]) or a.roles && $3::text[]
or exists (select from campaign_member m where m.account_id = a.id and m.campaign_id = $1)
order by folded(a.name), a.id"""

# A kind of optional mail that somebody has opted out of is a scope of its own.
BLOCKED = """
select lower(address::text) as address, scope, reason from suppression where address = any ($1::citext[])
union all
select lower(address::text), 'topic:' || topic_id, 'topic' from topic_opt_out where address = any ($1::citext[])"""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A dossier as the plan sees it. `phases` and `fired` have ids as JSON has them: as text."""

    id: int
    campaign_id: int
    status_id: int
    person_id: int
    name: str
    address: str | None
    locale: str
    campaign_locale: str
    organisation_locale: str
    answers: dict[str, Any] = {}
    assigned_only: bool = False
    assigned: list[int] = []
    phases: dict[str, int] | None = None
    fired: dict[str, int] | None = None

    @property
    def candidate(self) -> Candidate:
        """Whose it is."""
        return Candidate(self.person_id, self.name, self.address, self.locale)

    @property
    def standing(self) -> Standing:
        """What conditions ask of it."""
        return Standing(
            assigned=frozenset(self.assigned),
            answers=self.answers,
            phases=_by_id(self.phases),
            fired=_by_id(self.fired),
        )


def _by_id(counts: Mapping[str, int] | None) -> dict[int, int]:
    return {int(key): value for key, value in (counts or {}).items()}


async def found(dossier_id: int) -> Found:
    """The dossier. Raises Missing."""
    rows = await found_all([dossier_id])
    if not rows:
        raise Missing
    return rows[0]


async def found_all(dossier_ids: Sequence[int]) -> list[Found]:
    """Those of the dossiers that are there, by id."""
    return await db.fetch_as(Found, FOUND, list(dossier_ids))


async def people_of(dossier: Found, rules: Sequence[Rule]) -> People:
    """Everybody the rules may mean for one dossier, and which of their addresses are blocked."""
    return (await people_of_all([dossier], rules))[dossier.id]


async def people_of_all(dossiers: Sequence[Found], rules: Sequence[Rule]) -> dict[int, People]:
    """Dossier -> everybody the rules may mean. All dossiers are of one campaign: two queries, however many they are."""
    if not dossiers:
        return {}
    colleagues = await colleagues_of(dossiers[0].campaign_id, rules, assigned_only=dossiers[0].assigned_only)
    addresses = [*(each.address or "" for each in dossiers), *(each.address for each in colleagues), *_fixed(rules)]
    stopped = await blocked(addresses)
    return {each.id: _people(each, colleagues, stopped) for each in dossiers}


def _people(
    dossier: Found, colleagues: tuple[Colleague, ...], stopped: Mapping[str, tuple[tuple[str, str], ...]]
) -> People:
    return People(
        candidate=dossier.candidate,
        dossier=dossier.standing,
        colleagues=colleagues,
        campaign_locale=dossier.campaign_locale,
        organisation_locale=dossier.organisation_locale,
        blocked=stopped,
    )


async def colleagues_of(
    campaign_id: int, rules: Sequence[Rule], *, assigned_only: bool = False
) -> tuple[Colleague, ...]:
    """The accounts that the rules may mean. Nothing is read when they write to candidates and addresses only."""
    words = {word for rule in rules for word in rule.recipients if word != "candidate" and not word.startswith(ADDRESS)}
    if not words:
        return ()
    ids = [int(word.removeprefix(ACCOUNT)) for word in words if word.startswith(ACCOUNT)]
    roles = [word.removeprefix(ROLE) for word in words if word.startswith(ROLE)]
    rows = await db.fetch(COLLEAGUES, campaign_id, ids, roles)
    return tuple(_colleague(**row, assigned_only=assigned_only) for row in rows)


def _colleague(
    id: int,
    name: str,
    address: str,
    locale: str,
    roles: list[str],
    active: bool,
    granted: list[str],
    member: list[str],
    assigned_only: bool,
) -> Colleague:
    """Seeing a dossier takes the right to see dossiers, and membership of its campaign or a role that needs none.

    Where a campaign shows evaluators only their own, its managers still see all (portal.scope).
    """
    everywhere = sees_everywhere(roles)
    sees = "dossier.see" in rights_of(roles, granted) and (bool(member) or everywhere)
    only_assigned = assigned_only and not everywhere and "manager" not in member
    return Colleague(id, name, address, locale, frozenset(roles), frozenset(member), active, sees, only_assigned)


def _fixed(rules: Sequence[Rule]) -> Iterator[str]:
    for rule in rules:
        yield from rule.cc
        yield from (word.removeprefix(ADDRESS) for word in rule.recipients if word.startswith(ADDRESS))


async def blocked(addresses: Iterable[str]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Lower-case address -> its suppressions, for those that have any."""
    suppressions: dict[str, tuple[tuple[str, str], ...]] = {}
    for row in await db.fetch(BLOCKED, [each for each in set(addresses) if each]):
        suppressions[row["address"]] = (*suppressions.get(row["address"], ()), (row["scope"], row["reason"]))
    return suppressions
