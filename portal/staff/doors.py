"""What a link in a letter does: accept an invitation, choose a new password. Neither goes around a second factor."""

from __future__ import annotations

from portal import db, timeline
from portal.accounts import actions as accounts
from portal.accounts import links, passwords, sessions, tries
from portal.accounts import queries as account_rows
from portal.outcomes import Missing


async def accept(token: str, name: str, locale: str, time_zone: str, password: str, address: str, agent: str) -> str:
    """Accept an invitation. Returns the cookie of a session. Raises Missing (no such link any more), Refused."""
    invited = await links.find(token, "invitation")
    if invited is None:
        raise Missing
    accounts.check_place(locale, time_zone)
    accounts.check_password(password, "password", invited.email, name)
    hashed = await passwords.hash_password(password)
    async with db.transaction():
        account = await links.use(token, "invitation")
        if account is None:
            raise Missing
        sql = """update account set name = $2, locale = $3, time_zone = $4, password_hash = $5, version = version + 1
            where id = $1"""
        await db.execute(sql, account.id, name, locale, time_zone, hashed)
        joined = await account_rows.by_id(account.id)
        assert joined
        await timeline.record("account", joined.id, "account.joined", account_rows.actor_of(joined))
        return await accounts.begin_session(joined, address, agent, None)


async def reset(token: str, password: str) -> None:
    """Choose a new password: ends every session, and the lock after wrong tries. Raises Missing, Refused."""
    owner = await links.find(token, "reset")
    if owner is None:
        raise Missing
    accounts.check_password(password, "password", owner.email, owner.name)
    hashed = await passwords.hash_password(password)
    async with db.transaction():
        account = await links.use(token, "reset")
        if account is None:
            raise Missing
        sql = "update account set password_hash = $2, version = version + 1 where id = $1"
        await db.execute(sql, account.id, hashed)
        await sessions.end_all(account.id)
        await links.end_all(account.id)
        await tries.forgive(tries.of_email(await account_rows.small(account.email)))
        await timeline.record("account", account.id, "account.password_reset", account_rows.actor_of(account))
