"""Reads about accounts, their sessions and keys."""

from __future__ import annotations

from datetime import datetime

import msgspec

from portal import db
from portal.accounts import rules
from portal.actor import Actor

ACCOUNT = "id, email::text, name, roles, locale, time_zone, active, version"


class AccountRow(msgspec.Struct, frozen=True):
    """An account without its secret."""

    id: int
    email: str
    name: str
    roles: list[str]
    locale: str
    time_zone: str
    active: bool
    version: int


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
        rights=rules.narrowed(rules.rights_of(account.roles), rights),
        everywhere=rules.sees_everywhere(account.roles),
        locale=account.locale,
        time_zone=account.time_zone,
    )


async def by_id(account_id: int) -> AccountRow | None:
    """An account by id, active or not."""
    return await db.one_as(AccountRow, f"select {ACCOUNT} from account where id = $1", account_id)


async def by_email(email: str) -> AccountRow | None:
    """An account by address, whatever its capitals; active or not."""
    return await db.one_as(AccountRow, f"select {ACCOUNT} from account where email = $1", email.strip())


async def small(email: str) -> str:
    """The address in the small letters that the database compares, known or not: to count tries at one account.

    Python's differ: to PostgreSQL a dotted capital İ is an i, so each of them would begin a count of its own.
    """
    return str(await db.fetchval("select lower($1::text)", email.strip()))


async def active() -> list[AccountRow]:
    """Everybody who can sign in, by name: for lists to choose from."""
    return await db.fetch_as(AccountRow, f"select {ACCOUNT} from account where active order by folded(name), id")


# The account's live sessions, the one that asks first.
SESSIONS_OF = """
select encode(id_hash, 'hex') as handle, created_at, seen_at, address, agent, id_hash = $2 as current
from session
where account_id = $1 and seen_at > now() - $3::interval and created_at > now() - $4::interval
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
