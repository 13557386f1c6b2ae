"""Links that set a password: sent by e-mail, kept as hashes, good once and for a while (rules.LINK_LIFE)."""

from __future__ import annotations

import secrets
from typing import Literal

from portal import db
from portal.accounts import rules
from portal.accounts.queries import ACCOUNT, AccountRow
from portal.accounts.sessions import hashed

Purpose = Literal["invitation", "reset"]

FIND = f"""
select {ACCOUNT} from account_link l join account a on a.id = l.account_id and a.active
where l.token_hash = $1 and l.purpose = $2 and l.used_at is null and l.expires_at > now()"""


async def make(account_id: int, purpose: Purpose) -> str:
    """A new link's token, in place of those before. It is stored nowhere: put it into a letter."""
    token = secrets.token_urlsafe(rules.SECRET_OCTETS)
    await end_all(account_id)
    sql = """insert into account_link (token_hash, account_id, purpose, expires_at)
        values ($1, $2, $3, now() + $4::interval)"""
    await db.execute(sql, hashed(token), account_id, purpose, rules.LINK_LIFE[purpose])
    return token


async def find(token: str, purpose: Purpose) -> AccountRow | None:
    """Whose link this is, as long as it is good."""
    return await db.one_as(AccountRow, FIND, hashed(token), purpose)


async def use(token: str, purpose: Purpose) -> AccountRow | None:
    """The same, and it is used up: of two who use it at once, one is told None."""
    account = await find(token, purpose)
    sql = """update account_link set used_at = now()
        where token_hash = $1 and purpose = $2 and used_at is null and expires_at > now()"""
    return account if await db.execute(sql, hashed(token), purpose) else None


async def end_all(account_id: int) -> None:
    """No link of the account sets a password any more."""
    await db.execute("delete from account_link where account_id = $1", account_id)


async def forget_old() -> int:
    """Delete links that are no good any more. Returns how many."""
    return await db.execute("delete from account_link where expires_at < now() - interval '1 day'")
