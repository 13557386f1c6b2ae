"""What is done with colleagues' accounts: invite, give roles, deactivate, help with lost passwords and phones."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from asyncpg import UniqueViolationError

from portal import db, timeline
from portal.accounts import actions as accounts
from portal.accounts import factors, links, sessions
from portal.accounts import queries as account_rows
from portal.accounts.queries import AccountRow
from portal.accounts.rules import ROLES
from portal.actor import SYSTEM, Actor
from portal.i18n import _
from portal.outcomes import Missing, Refused, Stale
from portal.staff import letters, queries, rules
from portal.staff.queries import Colleague


class Invitation(msgspec.Struct, frozen=True):
    """Whom to invite. `locale`: the language of the letter, and of the pages until they choose another."""

    email: str
    name: str
    roles: list[str]
    locale: str


# ------------------------------------------------------------------------------------------------ invitations
async def invite(wanted: Invitation, by: Actor) -> int:
    """Make an account without a password and write to its owner. Returns its id. Raises Refused."""
    await _check_roles(wanted.roles, (), by)
    if errors := accounts.wrong_in(wanted.email, wanted.name):
        raise Refused(errors=errors)
    sql = """insert into account (email, name, roles, locale, time_zone, invited_at)
        values ($1, $2, $3, $4, $5, now()) returning id"""
    row = (wanted.email.strip(), wanted.name.strip(), sorted(set(wanted.roles)), wanted.locale, by.time_zone)
    try:
        async with db.transaction():
            account_id = int(await db.fetchval(sql, *row))
            await _post(account_id, "invitation", by)
            return account_id
    except UniqueViolationError:
        raise Refused(_("Somebody signs in with this e-mail address already."), field="email") from None


async def invite_again(account_id: int, by: Actor) -> None:
    """Write once more; the link of the letter before ends. Raises Missing, Refused."""
    colleague = await _reachable(account_id, by)
    if not colleague.invited or not colleague.active:
        raise Missing
    async with db.transaction():
        await db.execute("update account set invited_at = now() where id = $1", account_id)
        await _post(account_id, "invitation", by)


async def withdraw(account_id: int, by: Actor) -> None:
    """Delete an account that nobody has used, with its invitation. Raises Missing, Refused."""
    colleague = await _reachable(account_id, by)
    async with db.transaction():
        sql = "delete from account where id = $1 and password_hash is null and oidc_subject is null"
        if not await db.execute(sql, account_id):
            raise Missing
        await timeline.record("account", account_id, "account.uninvited", by, address=colleague.email)


async def _post(account_id: int, purpose: links.Purpose, by: Actor) -> None:
    account = await account_rows.by_id(account_id)
    assert account
    if not await letters.post(account, purpose, by):
        raise Refused(_("No letter can leave yet: the organisation has no verified sender. Add one in the settings."))


# ------------------------------------------------------------------------------------------------ passwords, phones
async def ask_reset(email: str) -> None:
    """Write to an account that somebody has forgotten the password of; nothing for an address that nobody has."""
    account = await account_rows.by_email(email)
    if account is not None and account.active:
        async with db.transaction():
            await letters.post(account, "reset", SYSTEM)


async def send_reset(account_id: int, by: Actor) -> None:
    """The same, by an administrator. Raises Missing, Refused."""
    colleague = await _reachable(account_id, by)
    if not colleague.active or colleague.invited:
        raise Missing
    async with db.transaction():
        await _post(account_id, "reset", by)


async def end_sessions(account_id: int, by: Actor) -> int:
    """Sign an account out everywhere. Returns how many sessions there were. Raises Missing, Refused."""
    await _reachable(account_id, by)
    async with db.transaction():
        ended = await sessions.end_all(account_id)
        await timeline.record("account", account_id, "account.sessions_ended", by)
        return ended


async def remove_factor(account_id: int, by: Actor) -> None:
    """The phone is lost, the recovery codes too. Ends the sessions. Raises Missing, Refused."""
    await _reachable(account_id, by)
    async with db.transaction():
        await factors.take_away(account_id, by)
        await sessions.end_all(account_id)


# ------------------------------------------------------------------------------------------------ roles
async def change(account_id: int, name: str, roles: Iterable[str], version: int, by: Actor) -> None:
    """Change name and roles. Raises Missing, Refused, Stale."""
    wanted = sorted(set(roles))
    before = await _reachable(account_id, by)
    await _check_roles(wanted, before.roles, by)
    async with db.transaction():
        if "administrator" in before.roles and "administrator" not in wanted:
            await accounts.keep_an_administrator(account_id)
        sql = "update account set name = $3, roles = $4, version = version + 1 where id = $1 and version = $2"
        if not await db.execute(sql, account_id, version, name, wanted):
            raise Stale(await queries.one(account_id))
        if name != before.name:
            await timeline.record("account", account_id, "account.changed", by, before=before.name, after=name)
        if wanted != sorted(before.roles):
            names = ", ".join(await account_rows.role_names(wanted))
            old = before.roles
            await timeline.record(
                "account", account_id, "account.roles_changed", by, before=old, after=wanted, roles=names
            )


async def _check_roles(wanted: Iterable[str], had: Iterable[str], by: Actor) -> None:
    """Raises Refused unless there is a role, all exist, and `by` holds what is given or taken."""
    wanted, made = set(wanted), await queries.role_rights()
    if not wanted:
        raise Refused(_("Choose at least one role."), field="roles")
    if not wanted <= {*ROLES, *made, *had}:
        raise Refused(_("Choose one of the options."), field="roles")
    if not rules.may_give(by.rights, by.everywhere, wanted.symmetric_difference(had), made):
        message = _("You can only give roles whose permissions you have yourself.")
        raise Refused(message, field="roles")


async def _reachable(account_id: int, by: Actor) -> Colleague:
    """The account, if `by` may act on it: nobody acts on an account that may do more. Raises Missing, Refused."""
    colleague = await queries.one(account_id)
    if not rules.may_give(by.rights, by.everywhere, colleague.roles, await queries.role_rights()):
        raise Refused(_("This account has more permissions than you have. Ask an administrator."))
    return colleague


# ------------------------------------------------------------------------------------------------ on and off
async def deactivate(account_id: int, heir_id: int | None, by: Actor) -> None:
    """End sessions, links and keys; hand campaigns without another manager, and templates, to the heir.

    Raises Missing; Refused for oneself, the last administrator, and an heir who cannot manage.
    """
    if account_id == by.account_id:
        raise Refused(_("Ask another administrator to deactivate your account."))
    await _reachable(account_id, by)
    async with db.transaction():
        heir = await _heir(heir_id, account_id) if heir_id else None
        await accounts.switch(account_id, False, by)
        if heir is not None:
            await _hand_over(account_id, heir, by)


async def reactivate(account_id: int, by: Actor) -> None:
    """Let somebody sign in again, with the roles from before. Raises Missing, Refused."""
    await _reachable(account_id, by)
    await accounts.switch(account_id, True, by)


async def _heir(heir_id: int, account_id: int) -> AccountRow:
    heir = await account_rows.by_id(heir_id)
    if heir is None or not heir.active or heir.id == account_id or "campaign.edit" not in heir.full_rights:
        raise Refused(_("Choose one of the options."), field="heir")
    return heir


async def _hand_over(account_id: int, heir: AccountRow, by: Actor) -> None:
    for place in await queries.places_of(account_id):
        if place.alone:
            sql = "insert into campaign_member values ($1, $2, 'manager') on conflict do nothing"
            if await db.execute(sql, place.campaign_id, heir.id):
                what, lead = "campaign.member_added", place.campaign_id
                await timeline.record("campaign", lead, what, by, campaign_id=lead, member=heir.name, role="manager")
    await db.execute("update template set owner_id = $2 where owner_id = $1", account_id, heir.id)
    await db.execute("update custom_view set owner_id = $2 where owner_id = $1 and shared", account_id, heir.id)
    await timeline.record("account", account_id, "account.handed_over", by, member=heir.name)


# ------------------------------------------------------------------------------------------------ who needs a factor
async def require_factor(roles: Iterable[str], by: Actor) -> None:
    """Roles that must have a second factor. Whoever has none yet is signed out, and sets one up when signing in.

    Raises Refused for roles that do not exist, and as long as `by` would sign out themselves.
    """
    wanted = sorted(set(roles))
    if not (await account_rows.role_labels()).keys() >= set(wanted):
        raise Refused(_("Choose one of the options."), field="roles")
    me = await queries.one(by.account_id or 0)
    if not me.factor and set(me.roles) & set(wanted):
        raise Refused(_("Set up your own second factor first."), field="roles")
    async with db.transaction():
        if not await db.execute("update organisation set second_factor = $1 where second_factor <> $1", wanted):
            return
        sql = """delete from session s using account a
            where a.id = s.account_id and a.totp_since is null and a.roles && $1::text[]"""
        await db.execute(sql, wanted)
        await timeline.record("organisation", 1, "factor.required", by, roles=wanted)
