"""Which dossiers somebody sees: the one condition of every list, page, file, search, register and the API.

Administrators see all. Managers of a campaign see its dossiers; evaluators too, unless the campaign shows them only
those that are assigned to them (campaign.assigned_only). Who is no member (any more) sees none, assigned or not.
"""

from __future__ import annotations


def sees_dossier(alias: str = "d", everywhere: str = "$1", account: str = "$2") -> str:
    """SQL: whether the actor sees the dossier `alias`. `everywhere` and `account` are where `Actor.scope` is given.

    The subqueries do not depend on the row: PostgreSQL answers each once and then only looks up.
    """
    everywhere, account = f"{everywhere}::bool", f"{account}::int"
    return f"""({everywhere} or {alias}.campaign_id = any (array(
        select member.campaign_id from campaign_member member join campaign opened on opened.id = member.campaign_id
        where member.account_id = {account} and (member.role = 'manager' or not opened.assigned_only)))
    or {alias}.campaign_id = any (array(
        select member.campaign_id from campaign_member member where member.account_id = {account}))
    and {alias}.id in (select given.dossier_id from assignment given where given.account_id = {account}))"""
