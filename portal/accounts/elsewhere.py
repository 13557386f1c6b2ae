"""Which account somebody has who signed in at a provider: the one linked, else the one with the verified address."""

from __future__ import annotations

from portal import db, timeline
from portal.accounts import actions, links, queries
from portal.accounts.oidc import Identity
from portal.accounts.queries import ACCOUNT, AccountRow
from portal.i18n import _
from portal.outcomes import Refused

LINKED = f"select {ACCOUNT} from account a where a.oidc_issuer = $1 and a.oidc_subject = $2"
LINK = """update account set oidc_issuer = $2, oidc_subject = $3
    where id = $1 and active and oidc_subject is null"""


async def sign_in(who: Identity, address: str, agent: str, replacing: str | None) -> str:
    """Begin a session; a second factor is asked for unless the provider has. Returns the cookie. Raises Refused.

    Nobody gets an account by signing in elsewhere: a colleague has to invite them. The invitation is accepted so.
    """
    async with db.transaction():
        account = await db.one_as(AccountRow, LINKED, who.issuer, who.subject) or await _link(who)
        if account is None or not account.active:
            raise Refused(_("Nobody has an account here with this sign-in. Ask an administrator to invite you."))
        return await actions.begin_session(account, address, agent, replacing, way="elsewhere", proved=who.strong)


async def _link(who: Identity) -> AccountRow | None:
    """From now on this account is found by what the provider calls it, whatever becomes of the address."""
    account = await queries.by_email(who.email) if who.email else None
    if account is None or not await db.execute(LINK, account.id, who.issuer, who.subject):
        return None
    await links.end_all(account.id)
    await timeline.record("account", account.id, "account.linked", queries.actor_of(account))
    return account
