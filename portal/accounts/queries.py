"""Reads about accounts, their sessions and keys."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from portal import db
from portal.accounts import rules
from portal.accounts.words import role_word
from portal.actor import Actor
from portal.outcomes import Missing
from portal.timeline import COLUMNS, Event

# An account, with the rights of those of its roles that administrators made.
ACCOUNT = """a.id, a.email::text, a.name, a.roles, a.locale, a.time_zone, a.active, a.version,
    array(select unnest(r.rights) from role r where r.key = any (a.roles)) as granted"""


class AccountRow(msgspec.Struct, frozen=True):
    """An account without its secrets. `granted`: rights of the roles that administrators made."""

    id: int
    email: str
    name: str
    roles: list[str]
    locale: str
    time_zone: str
    active: bool
    version: int
    granted: list[str]

    @property
    def full_rights(self) -> frozenset[str]:
        """All that the account may do."""
        return rules.rights_of(self.roles, self.granted)


class SessionRow(msgspec.Struct, frozen=True):
    """A place where somebody is signed in. `handle` names it in forms; it opens nothing."""

    handle: str
    created_at: datetime
    seen_at: datetime
    address: str
    agent: str
    current: bool


class KeyRow(msgspec.Struct, frozen=True):
    """An API key that works. `rights` None: all that the account has."""

    id: int
    hint: str
    rights: list[str] | None
    created_at: datetime
    used_at: datetime | None


def actor_of(account: AccountRow, rights: list[str] | None = None, *, by_key: bool = False) -> Actor:
    """Who acts when this account does, in the browser or with a key that narrows its rights."""
    return Actor(
        kind="api" if by_key else "user",
        account_id=account.id,
        name=account.name,
        email=account.email,
        rights=rules.narrowed(account.full_rights, rights),
        everywhere=rules.sees_everywhere(account.roles),
        locale=account.locale,
        time_zone=account.time_zone,
    )


async def by_id(account_id: int) -> AccountRow | None:
    """An account by id, active or not."""
    return await db.one_as(AccountRow, f"select {ACCOUNT} from account a where a.id = $1", account_id)


async def by_email(email: str) -> AccountRow | None:
    """An account by address, whatever its capitals; active or not."""
    return await db.one_as(AccountRow, f"select {ACCOUNT} from account a where a.email = $1", email.strip())


async def small(email: str) -> str:
    """The address in the small letters that the database compares, known or not: to count tries at one account.

    Python's differ: to PostgreSQL a dotted capital İ is an i, so each of them would begin a count of its own.
    """
    return str(await db.fetchval("select lower($1::text)", email.strip()))


async def active() -> list[AccountRow]:
    """Everybody who can sign in, by name: for lists to choose from."""
    return await db.fetch_as(
        AccountRow, f"select {ACCOUNT} from account a where a.active order by folded(a.name), a.id"
    )


# The account's live sessions, the one that asks first.
SESSIONS_OF = """
select encode(id_hash, 'hex') as handle, created_at, seen_at, address, agent, id_hash = $2 as current
from session
where account_id = $1 and not half and seen_at > now() - $3::interval and created_at > now() - $4::interval
order by id_hash = $2 desc, seen_at desc"""


async def sessions_of(account_id: int, current: bytes) -> list[SessionRow]:
    """Where the account is signed in; `current` is the id of the session that asks."""
    limits = (rules.SESSION_IDLE, rules.SESSION_LIFE)
    return await db.fetch_as(SessionRow, SESSIONS_OF, account_id, current, *limits)


async def keys_of(account_id: int) -> list[KeyRow]:
    """The account's keys that have not been revoked, newest first."""
    sql = """select id, hint, rights, created_at, used_at from api_key
        where account_id = $1 and revoked_at is null order by id desc"""
    return await db.fetch_as(KeyRow, sql, account_id)


async def activity_of(account_id: int, limit: int) -> list[Event]:
    """What happened to an account, newest first: when and from where somebody signed in with it, for instance."""
    sql = f"""select {COLUMNS} from timeline_event
        where subject = 'account' and subject_id = $1 order by id desc limit $2"""
    return await db.fetch_as(Event, sql, account_id, limit)


# ------------------------------------------------------------------------------------------------ roles
class Role(msgspec.Struct, frozen=True):
    """A role that administrators made. `key` is what accounts hold; `used`: by how many of them."""

    id: int
    key: str
    name: str
    rights: list[str]
    version: int
    used: int


ROLE = """select r.id, r.key, r.name, r.rights, r.version,
    (select count(*) from account a where r.key = any (a.roles))::int as used from role r"""


async def roles() -> list[Role]:
    """The roles that administrators made, by name."""
    return await db.fetch_as(Role, f"{ROLE} order by folded(r.name), r.id")


async def role(role_id: int) -> Role:
    """One of them. Raises Missing."""
    found = await db.one_as(Role, f"{ROLE} where r.id = $1", role_id)
    if found is None:
        raise Missing
    return found


async def role_labels() -> dict[str, str]:
    """key -> name of every role: those of the house, then those that administrators made."""
    return {key: role_word(key) for key in rules.ROLES} | {each.key: each.name for each in await roles()}


async def role_names(keys: Iterable[str]) -> list[str]:
    """What roles are called, in the order given; those that are gone are left out."""
    made = {each.key: each.name for each in await roles()}
    return [made.get(key) or role_word(key) for key in keys if key in made or key in rules.ROLES]


async def roles_with(right: str) -> list[str]:
    """The keys of all roles that hold a right: of the house, then those that administrators made."""
    house = [key for key, rights in rules.ROLES.items() if right in rights]
    rows = await db.fetch("select key from role where $1 = any (rights) order by key", right)
    return house + [row["key"] for row in rows]
