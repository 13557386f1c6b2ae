"""Roles that administrators make from single permissions, beside the four of the house."""

from __future__ import annotations

from collections.abc import Iterable

from portal import db, timeline
from portal.accounts import queries as accounts
from portal.accounts.rules import EVERYBODY, RIGHTS
from portal.actor import Actor
from portal.i18n import _
from portal.outcomes import Refused, Stale
from portal.staff import rules

MAKING = 515_151  # advisory lock: two roles made at once get two keys


async def create(name: str, rights: Iterable[str], by: Actor) -> int:
    """Make a role. Returns its id. Raises Refused."""
    wanted = _checked(name, rights, frozenset(), by)
    async with db.transaction():
        await db.execute("select pg_advisory_xact_lock($1)", MAKING)
        taken = await accounts.role_labels()
        sql = "insert into role (key, name, rights) values ($1, $2, $3) returning id"
        role_id = int(await db.fetchval(sql, rules.key_of(name, taken), name, wanted))
        await timeline.record("role", role_id, "role.created", by, title=name, rights=wanted)
        return role_id


async def change(role_id: int, name: str, rights: Iterable[str], version: int, by: Actor) -> None:
    """Change a role; whoever has it may do more or less from the next click. Raises Missing, Refused, Stale."""
    before = await accounts.role(role_id)
    wanted = _checked(name, rights, frozenset(before.rights), by)
    async with db.transaction():
        sql = "update role set name = $3, rights = $4, version = version + 1 where id = $1 and version = $2"
        if not await db.execute(sql, role_id, version, name, wanted):
            raise Stale(await accounts.role(role_id))
        await timeline.record("role", role_id, "role.changed", by, title=name, before=before.rights, after=wanted)


async def delete(role_id: int, by: Actor) -> None:
    """Delete a role that no account has. Raises Missing, Refused."""
    async with db.transaction():
        await db.execute("select id from role where id = $1 for update", role_id)
        role = await accounts.role(role_id)
        if role.used:
            raise Refused(_("Accounts have this role. Take it away from them first."))
        _check_held(role.rights, by)
        await db.execute("delete from role where id = $1", role_id)
        sql = "update organisation set second_factor = array_remove(second_factor, $1) where $1 = any (second_factor)"
        await db.execute(sql, role.key)
        await timeline.record("role", role_id, "role.deleted", by, title=role.name)


def _checked(name: str, rights: Iterable[str], had: frozenset[str], by: Actor) -> list[str]:
    wanted = frozenset(rights) - EVERYBODY
    if not name.strip():
        raise Refused(_("Enter a name."), field="name")
    if not wanted <= RIGHTS:
        raise Refused(_("Choose one of the options."), field="rights")
    if not wanted:
        raise Refused(_("Choose at least one permission."), field="rights")
    _check_held(wanted ^ had, by)
    return sorted(wanted)


def _check_held(rights: Iterable[str], by: Actor) -> None:
    """Nobody gives or takes what they do not hold."""
    if not by.rights.issuperset(rights):
        raise Refused(_("You can only give permissions that you have yourself."), field="rights")
