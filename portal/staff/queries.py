"""Reads about colleagues: the list, one account, what would be left behind by a deactivation."""

from __future__ import annotations

from datetime import datetime

import msgspec

from portal import db
from portal.accounts import queries as accounts
from portal.actor import Actor
from portal.lists import literal
from portal.outcomes import Missing

MOST = 500

# Who has not accepted the invitation has no way to sign in yet.
INVITED = "a.password_hash is null and a.oidc_subject is null"

# Everybody with an account.
COLLEAGUE = f"""
select a.id, a.name, a.email::text as email, a.roles, a.active, a.locale, a.time_zone, a.version,
    a.deactivated_at, a.created_at, {INVITED} as invited, a.totp_since is not null as factor,
    (select max(l.expires_at) from account_link l
        where l.account_id = a.id and l.used_at is null and l.expires_at > now()) as invited_until,
    (select e.at from timeline_event e where e.subject = 'account' and e.subject_id = a.id
        and e.what = 'account.signed_in' order by e.id desc limit 1) as signed_in_at
from account a"""


class Colleague(msgspec.Struct, frozen=True, kw_only=True):
    """An account as administrators see it. `invited`: has not signed in yet and cannot without the invitation."""

    id: int
    name: str
    email: str
    roles: list[str]
    active: bool
    locale: str
    time_zone: str
    version: int
    deactivated_at: datetime | None
    created_at: datetime
    invited: bool
    factor: bool
    invited_until: datetime | None
    signed_in_at: datetime | None


class Place(msgspec.Struct, frozen=True):
    """A campaign that an account works on as `role`, manager or evaluator; `alone`: no other active one manages it."""

    campaign_id: int
    title: dict[str, str]
    role: str
    alone: bool


class Belongings(msgspec.Struct, frozen=True):
    """What a deactivation leaves behind: how many of each."""

    templates: int
    dossiers: int
    views: int
    triggers: int
    keys: int


BELONGINGS = """
select (select count(*) from template where owner_id = $1 and archived_at is null)::int as templates,
    (select count(*) from assignment where account_id = $1)::int as dossiers,
    (select count(*) from custom_view where owner_id = $1 and shared)::int as views,
    (select count(*) from trigger where 'account:' || $1::int = any (recipients))::int as triggers,
    (select count(*) from api_key where account_id = $1 and revoked_at is null)::int as keys"""

PLACES = """
select m.campaign_id, c.title, m.role, m.role = 'manager' and not exists (
    select from campaign_member o join account b on b.id = o.account_id and b.active
    where o.campaign_id = m.campaign_id and o.role = 'manager' and o.account_id <> m.account_id) as alone
from campaign_member m join campaign c on c.id = m.campaign_id
where m.account_id = $1 order by c.created_at desc, m.campaign_id, m.role desc"""


async def colleagues(q: str = "", state: str = "") -> list[Colleague]:
    """Accounts whose name or address has all these words, active ones first, by name; at most `MOST`."""
    conditions = ["true"]
    words = [f"%{literal(word)}%" for word in q.split()[:5]]
    for number in range(1, len(words) + 1):
        conditions.append(f"folded(a.name || ' ' || a.email::text) like folded(${number})")
    states = {"active": "a.active", "off": "not a.active", "invited": f"a.active and {INVITED}"}
    conditions.append(states.get(state, "true"))
    sql = f"{COLLEAGUE} where {' and '.join(conditions)} order by a.active desc, folded(a.name), a.id limit {MOST}"
    return await db.fetch_as(Colleague, sql, *words)


async def one(account_id: int) -> Colleague:
    """One account. Raises Missing."""
    found = await db.one_as(Colleague, f"{COLLEAGUE} where a.id = $1", account_id)
    if found is None:
        raise Missing
    return found


async def places_of(account_id: int) -> list[Place]:
    """The campaigns that an account works on, the latest first."""
    return await db.fetch_as(Place, PLACES, account_id)


async def belongings_of(account_id: int) -> Belongings:
    """What a deactivation leaves behind."""
    found = await db.one_as(Belongings, BELONGINGS, account_id)
    assert found
    return found


async def role_rights() -> dict[str, frozenset[str]]:
    """The rights of the roles that administrators made, by key."""
    return {role.key: frozenset(role.rights) for role in await accounts.roles()}


async def required() -> list[str]:
    """The roles that must have a second factor."""
    return list(await db.fetchval("select second_factor from organisation") or [])


async def campaigns(actor: Actor) -> list[tuple[int, dict[str, str]]]:
    """Campaigns that the actor sees and that are not archived, the latest first: to add somebody to."""
    sql = """select c.id, c.title from campaign c where c.archived_at is null and ($1::bool or exists (
        select from campaign_member m where m.campaign_id = c.id and m.account_id = $2))
        order by c.created_at desc, c.id desc limit 500"""
    return [(row["id"], row["title"]) for row in await db.fetch(sql, *actor.scope)]
