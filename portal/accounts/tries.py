"""Wrong passwords and codes, counted in the database: a restart forgives nothing, and all processes count together.

A try is counted before it is judged, so that many at once count as many; the right one takes its own back. Whoever has
used up `MOST_TRIES` waits until they are old. Accounts are counted by what was typed, whether somebody has it or not.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

from portal import db
from portal.accounts.rules import LOCK_ACCOUNT, LOCK_ADDRESS, MOST_TRIES

COUNT = "select count(*) from sign_in_failure where subject = $1 and at > clock_timestamp() - $2::interval"
INSERT = "insert into sign_in_failure (subject, at) values ($1, clock_timestamp())"
TAKE_BACK = """delete from sign_in_failure where ctid = (
    select ctid from sign_in_failure where subject = $1 order by at desc limit 1)"""


class Locked(Exception):
    """Too many wrong tries. `seconds`: at most so long until the next is judged."""

    def __init__(self, seconds: int) -> None:
        super().__init__("locked")
        self.seconds = seconds


def of_email(small: str) -> str:
    """What tries at an address to sign in with are counted under; the address itself is not kept."""
    return f"email:{hashlib.sha256(small.encode()).hexdigest()[:32]}"


def of_account(account_id: int) -> str:
    """What an account's codes, and its own password when it changes, are counted under."""
    return f"account:{account_id}"


async def count(subject: str, address: str = "") -> bool:
    """One more try of a subject, from a network address; whether it is its last before the lock.

    Raises Locked, and then counts nothing.
    """
    tried = await _count(subject, LOCK_ACCOUNT)
    if address:
        await _count(f"address:{address}", LOCK_ADDRESS)
    return tried == MOST_TRIES


async def _count(subject: str, window: timedelta) -> int:
    if await db.fetchval(COUNT, subject, window) < MOST_TRIES:
        await db.execute(INSERT, subject)
        tried = int(await db.fetchval(COUNT, subject, window))
        if tried <= MOST_TRIES:
            return tried
        await db.execute(TAKE_BACK, subject)
    raise Locked(int(window.total_seconds()))


async def forgive(subject: str, address: str = "") -> None:
    """The last try was right: the subject starts anew; of the address only this try is taken back."""
    await db.execute("delete from sign_in_failure where subject = $1", subject)
    if address:
        await db.execute(TAKE_BACK, f"address:{address}")


async def forget_old() -> int:
    """Delete tries that lock nobody any more. Returns how many."""
    sql = "delete from sign_in_failure where at < clock_timestamp() - $1::interval"
    return await db.execute(sql, max(LOCK_ACCOUNT, LOCK_ADDRESS))
