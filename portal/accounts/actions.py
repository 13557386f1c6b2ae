"""What is done with accounts: sign in, change oneself, make accounts and keys. Secrets are never stored or logged."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any
from zoneinfo import available_timezones

from asyncpg import UniqueViolationError

from portal import db, timeline
from portal.accounts import factors, links, passwords, queries, rules, sessions, tries, words
from portal.accounts.queries import AccountRow
from portal.actor import SYSTEM, Actor
from portal.addresses import valid_email
from portal.i18n import LOCALES, _
from portal.outcomes import Missing, Refused, Stale

IDEMPOTENCY_HOURS = 24
ADMINISTRATORS = """
select id from account where active and 'administrator' = any (roles)
and (password_hash is not null or oidc_subject is not null) order by id for no key update"""

# Verifying takes a while: a password that was changed, or an account switched off, in the meantime opens nothing. The
# lock makes whoever changes it wait, and then end the session that begins here.
STILL = "select true from account where id = $1 and password_hash = $2 and active for no key update"


# ------------------------------------------------------------------------------------------------ signing in
async def sign_in(email: str, password: str, address: str = "", agent: str = "", replacing: str | None = None) -> str:
    """Begin a session. Returns the cookie's value; `replacing`: the cookie the browser came with, which then ends.

    Where a second factor is asked for, the session is half a one (sessions.find_half) until `complete`. Unknown
    address, wrong password, switched-off account and one without a password are one refusal, in the same words and
    the same time: exactly one password is verified in each case (security: enumeration). Raises Refused, tries.Locked.
    """
    subject = tries.of_email(await queries.small(email))
    last = await tries.count(subject, address)
    row = await db.fetchrow("select id, password_hash, active from account where email = $1", email.strip())
    known = row["password_hash"] if row else None
    right = await passwords.verify_password(known or passwords.NOBODY, password)
    if row is None or known is None or not right or not row["active"]:
        await _tell_locked(row["id"] if row and last else None, address)
        raise Refused(_("This e-mail address and password do not go together."))
    stored = await _renew_hash(row["id"], known, password)
    async with db.transaction():
        if not await db.fetchval(STILL, row["id"], stored):
            raise Refused(_("This e-mail address and password do not go together."))
        await tries.forgive(subject, address)
        return await begin_session(await _account(row["id"]), address, agent, replacing)


async def begin_session(
    account: AccountRow, address: str, agent: str, replacing: str | None, *, way: str = "", proved: bool = False
) -> str:
    """The session of somebody who has proved who they are, in the caller's transaction; half a one where a second
    factor is asked for, unless it has been `proved` too. `way`: how, when not by password. Returns the cookie's value.
    """
    half = not proved and (await factors.standing(account.id)).asked
    if not half:
        await _signed_in(account, address, agent, way)
    return await _fresh_session(account.id, address, agent, replacing, half=half)


async def complete(half: str, code: str, address: str = "", agent: str = "") -> str:
    """The second step of signing in. Returns the whole session's cookie. Raises Missing, Refused, tries.Locked."""
    account = await sessions.find_half(half)
    if account is None:
        raise Missing
    subject = tries.of_account(account.id)
    last = await tries.count(subject, address)
    passed = await factors.passes(account.id, code)
    if passed is None:
        await _tell_locked(account.id if last else None, address)
        raise Refused(factors.wrong_code(), field="code")
    await tries.forgive(subject, address)
    async with db.transaction():
        return await whole_session(account, half, address, agent, passed)


async def whole_session(account: AccountRow, half: str, address: str, agent: str, way: str) -> str:
    """A session in place of the half one, in the caller's transaction. Returns its cookie's value. Raises Missing."""
    if await sessions.find_half(half) is None:  # ended meanwhile, with the account or with its password
        raise Missing
    await _signed_in(account, address, agent, way)
    return await _fresh_session(account.id, address, agent, half)


async def _signed_in(account: AccountRow, address: str, agent: str, way: str) -> None:
    told = {"address": address, "agent": words.agent_words(agent), "way": way}
    details: dict[str, Any] = {name: value for name, value in told.items() if value and (name != "agent" or agent)}
    await timeline.record("account", account.id, "account.signed_in", queries.actor_of(account), **details)


async def _tell_locked(account_id: int | None, address: str) -> None:
    """The history says when wrong tries have locked an account that exists."""
    if account_id is not None:
        await timeline.record("account", account_id, "account.locked", SYSTEM, address=address)


async def _renew_hash(account_id: int, stored: str, password: str) -> str:
    """Hash again with today's parameters, now that the password is at hand. Returns the hash that is stored then."""
    if not passwords.needs_rehash(stored):
        return stored
    renewed = await passwords.hash_password(password)
    sql = "update account set password_hash = $3 where id = $1 and password_hash = $2"
    return renewed if await db.execute(sql, account_id, stored, renewed) else stored


async def _fresh_session(
    account_id: int, address: str, agent: str, replacing: str | None, *, half: bool = False
) -> str:
    if replacing:
        await sessions.end_session(replacing)
    return await sessions.open_session(account_id, address, agent, half=half)


# ------------------------------------------------------------------------------------------------ one's own account
async def change_profile(actor: Actor, name: str, locale: str, time_zone: str, version: int) -> None:
    """Change one's name, language and time zone. Raises Refused, or Stale when it was changed meanwhile."""
    check_place(locale, time_zone)
    async with db.transaction():
        before = await _account(actor.account_id)
        sql = """update account set name = $3, locale = $4, time_zone = $5, version = version + 1
            where id = $1 and version = $2"""
        if not await db.execute(sql, before.id, version, name, locale, time_zone):
            raise Stale(before, by=before.name)
        changed = {"name": name, "locale": locale, "time_zone": time_zone}
        old = {key: getattr(before, key) for key in changed}
        await timeline.record("account", before.id, "account.changed", actor, before=old, after=changed)


async def remember_language(actor: Actor, locale: str) -> None:
    """Keep the language that was chosen on a page."""
    if locale in LOCALES:
        await db.execute("update account set locale = $2 where id = $1", actor.account_id, locale)


async def change_password(actor: Actor, current: str, new: str, address: str = "", agent: str = "") -> str:
    """Give oneself a new password: ends all one's sessions and begins another. Returns its cookie's value."""
    stored = await db.fetchval("select password_hash from account where id = $1", actor.account_id)
    subject = tries.of_account(actor.account_id or 0)
    await tries.count(subject, address)
    if not await passwords.verify_password(stored or passwords.NOBODY, current):
        raise Refused(_("This is not your current password."), field="current")
    await tries.forgive(subject, address)
    check_password(new, "new", actor.email, actor.name)
    hashed = await passwords.hash_password(new)
    async with db.transaction():
        account = await _account(actor.account_id)
        sql = "update account set password_hash = $2, version = version + 1 where id = $1"
        await db.execute(sql, account.id, hashed)
        await sessions.end_all(account.id)
        await timeline.record("account", account.id, "account.password_changed", actor)
        return await sessions.open_session(account.id, address, agent)


async def end_session(actor: Actor, handle: str) -> None:
    """Sign one of one's own sessions out. Raises Missing when there is none of that handle."""
    async with db.transaction():
        if not await sessions.end_by_handle(actor.account_id or 0, handle):
            raise Missing
        await timeline.record("account", actor.account_id or 0, "account.session_ended", actor)


# ------------------------------------------------------------------------------------------------ keys
async def create_api_key(email: str, rights: Iterable[str] | None = None, by: Actor = SYSTEM) -> str:
    """Make a key for an account. Returns it, once: only its hash is kept. `rights` None: all that the account has."""
    account = await queries.by_email(email)
    if account is None or not account.active:
        raise Refused(_("Nobody signs in with this e-mail address."), field="email")
    wanted = None if rights is None else sorted(set(rights))
    if wanted is not None and not account.full_rights.issuperset(wanted):
        raise Refused(_("A key cannot hold more rights than its account."), field="rights")
    key = rules.KEY_PREFIX + secrets.token_urlsafe(rules.SECRET_OCTETS)
    hint = key[: rules.HINT_LENGTH]
    async with db.transaction():
        sql = "insert into api_key (account_id, key_hash, hint, rights) values ($1, $2, $3, $4)"
        await db.execute(sql, account.id, sessions.hashed(key), hint, wanted)
        await timeline.record("account", account.id, "key.created", by, hint=hint, rights=wanted)
    return key


async def revoke_api_key(actor: Actor, key_id: int) -> str:
    """End one of one's own keys, for good. Returns its hint. Raises Missing when there is no such key."""
    sql = """update api_key set revoked_at = now() where id = $1 and account_id = $2 and revoked_at is null
        returning hint"""
    async with db.transaction():
        hint = await db.fetchval(sql, key_id, actor.account_id)
        if hint is None:
            raise Missing
        await timeline.record("account", actor.account_id or 0, "key.revoked", actor, hint=hint)
    return str(hint)


# ------------------------------------------------------------------------------------------------ accounts
async def create_user(
    email: str,
    name: str,
    roles: Iterable[str],
    locale: str,
    password: str,
    *,
    time_zone: str = "UTC",
    by: Actor = SYSTEM,
) -> int:
    """Make an account. Returns its id. Raises Refused with everything that has to be mended."""
    chosen = sorted(set(roles))
    _check_new(email, name, chosen, password)
    check_place(locale, time_zone)
    hashed = await passwords.hash_password(password)
    sql = """insert into account (email, name, roles, locale, time_zone, password_hash)
        values ($1, $2, $3, $4, $5, $6) returning id"""
    try:
        async with db.transaction():
            account_id = int(await db.fetchval(sql, email.strip(), name, chosen, locale, time_zone, hashed))
            await timeline.record("account", account_id, "account.created", by, roles=chosen)
            return account_id
    except UniqueViolationError:
        raise Refused(_("Somebody signs in with this e-mail address already."), field="email") from None


async def switch(account_id: int, active: bool, by: Actor) -> None:
    """Switch an account off, which ends its sessions, links and keys for good, or on again.

    Raises Refused for the last administrator.
    """
    async with db.transaction():
        if not active:
            await keep_an_administrator(account_id)
        sql = """update account set active = $2, deactivated_at = case when $2 then null else now() end,
            version = version + 1 where id = $1 and active <> $2"""
        if await db.execute(sql, account_id, active):
            if not active:
                await sessions.end_all(account_id)
                await links.end_all(account_id)
                revoke = "update api_key set revoked_at = now() where account_id = $1 and revoked_at is null"
                await db.execute(revoke, account_id)
            await timeline.record("account", account_id, "account.on" if active else "account.off", by)


async def keep_an_administrator(account_id: int) -> None:
    """Raises Refused when no other administrator could sign in. Locks them all until the transaction ends."""
    rows = [row["id"] for row in await db.fetch(ADMINISTRATORS)]
    if rows == [account_id]:
        raise Refused(_("This is the last administrator. Make somebody else an administrator first."))


async def forget_old() -> dict[str, int]:
    """Delete what is over: sessions, tries, links, and answers kept for repeated API requests. Returns the counts."""
    sql = "delete from idempotency where created_at < now() - make_interval(hours => $1)"
    forgotten = {"sessions": await sessions.forget_ended(), "tries": await tries.forget_old()}
    forgotten["links"] = await links.forget_old()
    return forgotten | {"idempotency": await db.execute(sql, IDEMPOTENCY_HOURS)}


async def _account(account_id: int | None) -> AccountRow:
    account = await queries.by_id(account_id or 0)
    if account is None:
        raise Missing
    return account


def _check_new(email: str, name: str, roles: list[str], password: str) -> None:
    errors = wrong_in(email, name)
    if not roles or not rules.ROLES.keys() >= set(roles):
        errors["roles"] = _("Choose one or more of these roles: {roles}.").format(roles=", ".join(rules.ROLES))
    if found := passwords.weakness_of(password, email, name):
        errors["password"] = words.weakness_words(found)
    if errors:
        raise Refused(errors=errors)


def wrong_in(email: str, name: str) -> dict[str, str]:
    """What has to be mended in the e-mail address and the name of a new account, by field."""
    errors: dict[str, str] = {}
    if not valid_email(email.strip()):
        errors["email"] = _("Enter an address such as name@example.org.")
    if not name.strip():
        errors["name"] = _("Enter the name of the person.")
    return errors


def check_place(locale: str, time_zone: str) -> None:
    """Raises Refused for a language that we do not speak and a zone that does not exist."""
    errors: dict[str, str] = {}
    if locale not in LOCALES:
        errors["locale"] = _("Choose one of these languages: {languages}.").format(languages=", ".join(LOCALES))
    if time_zone not in available_timezones():
        errors["time_zone"] = _("Enter the name of a time zone, such as Europe/Madrid.")
    if errors:
        raise Refused(errors=errors)


def check_password(password: str, field: str, *about: str) -> None:
    """Raises Refused, in words, for a password that will not do. `about`: e-mail address and name of its owner."""
    if found := passwords.weakness_of(password, *about):
        raise Refused(words.weakness_words(found), field=field)
