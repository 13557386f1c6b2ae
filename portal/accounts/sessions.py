"""Sessions on the server: the browser holds 32 random bytes, the table their sha256, so a dump of it opens no door.

A session ends 30 minutes after it was last seen, 12 hours after it began, when it is revoked, and when its account is
switched off. Signing in always makes a new one: an identifier that somebody planted is never adopted.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from portal import db
from portal.accounts import rules
from portal.accounts.queries import ACCOUNT, AccountRow

LONGEST_AGENT = 400


class Visit(AccountRow, kw_only=True, frozen=True):
    """A live session with its account. `stale`: `seen_at` is due to be written again."""

    id_hash: bytes
    toasts: list[dict[str, Any]]
    stale: bool


class KeyUse(AccountRow, kw_only=True, frozen=True):
    """An API key that works, with its account. `rights` narrow the account's; None leaves them."""

    key_id: int
    rights: list[str] | None
    stale: bool


# One read per request: the session, unless it has ended in one of the four ways, and whose it is.
FIND = f"""
select s.id_hash, s.toasts, s.seen_at < now() - $4::interval as stale, {ACCOUNT}
from session s join account a on a.id = s.account_id and a.active
where s.id_hash = $1 and not s.half and s.seen_at > now() - $2::interval and s.created_at > now() - $3::interval"""

# Whose password was right a moment ago, while the second factor is still to come.
FIND_HALF = f"""
select {ACCOUNT} from session s join account a on a.id = s.account_id and a.active
where s.id_hash = $1 and s.half and s.created_at > now() - $2::interval"""

FIND_KEY = f"""
select k.id as key_id, k.rights, coalesce(k.used_at < now() - $2::interval, true) as stale, {ACCOUNT}
from api_key k join account a on a.id = k.account_id and a.active
where k.key_hash = $1 and k.revoked_at is null"""


def hashed(secret: str) -> bytes:
    """What the tables hold of a cookie or a key. No salt is needed: these secrets are 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()


async def open_session(account_id: int, address: str = "", agent: str = "", *, half: bool = False) -> str:
    """Begin a session. Returns the cookie's value, which is stored nowhere.

    `half`: it opens only the page that asks for the second factor.
    """
    secret = secrets.token_urlsafe(rules.SECRET_OCTETS)
    sql = "insert into session (id_hash, account_id, address, agent, half) values ($1, $2, $3, $4, $5)"
    await db.execute(sql, hashed(secret), account_id, address, agent[:LONGEST_AGENT], half)
    return secret


async def find_half(secret: str | None) -> AccountRow | None:
    """Whose second factor this cookie waits for."""
    return await db.one_as(AccountRow, FIND_HALF, hashed(secret), rules.HALF_LIFE) if secret else None


async def find(secret: str) -> Visit | None:
    """The live session of a cookie. Writes `seen_at` at most once a minute."""
    limits = (rules.SESSION_IDLE, rules.SESSION_LIFE, rules.SEEN_EVERY)
    visit = await db.one_as(Visit, FIND, hashed(secret), *limits)
    if visit is not None and visit.stale:
        await db.execute("update session set seen_at = now() where id_hash = $1", visit.id_hash)
    return visit


async def find_key(secret: str) -> KeyUse | None:
    """The API key that this is. Writes `used_at` at most once a minute."""
    if not secret.startswith(rules.KEY_PREFIX):
        return None
    use = await db.one_as(KeyUse, FIND_KEY, hashed(secret), rules.SEEN_EVERY)
    if use is not None and use.stale:
        await db.execute("update api_key set used_at = now() where id = $1", use.key_id)
    return use


async def keep_toasts(id_hash: bytes, toasts: list[dict[str, Any]]) -> None:
    """Store what the next page has to say."""
    await db.execute("update session set toasts = $2 where id_hash = $1", id_hash, toasts)


async def end_session(secret: str) -> None:
    """Sign out: the cookie opens nothing any more."""
    await db.execute("delete from session where id_hash = $1", hashed(secret))


async def end_by_handle(account_id: int, handle: str) -> bool:
    """Sign one of the account's sessions out from another. False when it had ended already."""
    sql = "delete from session where account_id = $1 and encode(id_hash, 'hex') = $2"
    return bool(await db.execute(sql, account_id, handle))


async def end_all(account_id: int) -> int:
    """End every session of the account. Returns how many there were."""
    return await db.execute("delete from session where account_id = $1", account_id)


async def forget_ended() -> int:
    """Delete sessions that have run out. Returns how many."""
    sql = """delete from session where seen_at < now() - $1::interval or created_at < now() - $2::interval
        or half and created_at < now() - $3::interval"""
    return await db.execute(sql, rules.SESSION_IDLE, rules.SESSION_LIFE, rules.HALF_LIFE)
