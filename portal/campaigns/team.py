"""Who works on a campaign: its managers and evaluators, and who could join them."""

from __future__ import annotations

import msgspec

from portal import db
from portal.accounts.queries import roles_with
from portal.actor import Actor
from portal.campaigns import parts, queries
from portal.i18n import _
from portal.outcomes import Refused

# Who could join: active accounts whose roles give them campaigns at all, and which place fits their rights.
CANDIDATES_FOR_TEAM = """
select a.id as account_id, a.name, a.email::text as email, a.roles, a.active
from account a where a.active and a.roles && $1::text[] order by lower(a.name), a.id"""


class Member(msgspec.Struct, frozen=True):
    """Somebody of the team. `role`: manager or evaluator of this campaign."""

    account_id: int
    name: str
    email: str
    role: str
    active: bool


class Colleague(msgspec.Struct, frozen=True):
    """An account that could join a team; `roles` are those of the whole portal."""

    account_id: int
    name: str
    email: str
    roles: list[str]
    active: bool


async def members(campaign_id: int) -> list[Member]:
    """Managers first, then evaluators, by name. Somebody may be both."""
    sql = """select m.account_id, a.name, a.email::text as email, m.role, a.active
        from campaign_member m join account a on a.id = m.account_id
        where m.campaign_id = $1 order by m.role desc, lower(a.name), a.id"""
    return await db.fetch_as(Member, sql, campaign_id)


async def colleagues() -> list[Colleague]:
    """Active accounts whose roles give them campaigns, by name."""
    return await db.fetch_as(Colleague, CANDIDATES_FOR_TEAM, await roles_with("campaign.see"))


async def add(by: Actor, campaign_id: int, account_id: int, role: str) -> None:
    """Let a colleague see the campaign. Raises Missing, or Refused when the account's roles do not reach."""
    await queries.one(by, campaign_id)
    colleague = next((each for each in await colleagues() if each.account_id == account_id), None)
    if colleague is None:
        raise Refused(_("Choose one of the options."), field="account")
    if role == "manager" and not set(colleague.roles) & set(await roles_with("campaign.edit")):
        message = _("This account has no manager’s rights. Add it as an evaluator, or ask an administrator.")
        raise Refused(message, field="role")
    async with db.transaction():
        sql = "insert into campaign_member values ($1, $2, $3) on conflict do nothing"
        if await db.execute(sql, campaign_id, account_id, role):
            await parts.record(campaign_id, "campaign.member_added", by, member=colleague.name, role=role)


async def remove(by: Actor, campaign_id: int, account_id: int, role: str) -> None:
    """Take somebody off the team. The last manager stays: else nobody reached the campaign. Raises Missing, Refused."""
    await queries.one(by, campaign_id)
    async with db.transaction():
        await parts.lock(campaign_id)
        team = await members(campaign_id)
        member = next((each for each in team if (each.account_id, each.role) == (account_id, role)), None)
        if member is None:
            return
        if role == "manager" and sum(each.role == "manager" for each in team) == 1:
            raise Refused(_("A campaign needs a manager. Add another one first."))
        sql = "delete from campaign_member where campaign_id = $1 and account_id = $2 and role = $3"
        await db.execute(sql, campaign_id, account_id, role)
        await parts.record(campaign_id, "campaign.member_removed", by, member=member.name, role=role)
