"""The two letters to colleagues that carry a link: through the ledger, before everything else."""

from __future__ import annotations

from portal import timeline
from portal.accounts import links
from portal.accounts.links import Purpose
from portal.accounts.queries import AccountRow
from portal.actor import Actor
from portal.emails import queries as emails
from portal.emails.letters import subject_of
from portal.emails.system import link_in_secret, system_variant
from portal.ledger import actions as ledger
from portal.ledger.rules import Intent, Lane, Letter
from portal.settings import settings

PAGES: dict[Purpose, str] = {"invitation": "/welcome/", "reset": "/reset/"}
TOLD = {"invitation": "account.invited", "reset": "account.reset_asked"}


async def post(account: AccountRow, purpose: Purpose, by: Actor) -> bool:
    """Write to an account with a new link, in the caller's transaction. False: there is no sender yet."""
    brand, sender = await emails.brand(), await emails.sender_of(None)
    if sender is None:
        return False
    event = await timeline.record("account", account.id, TOLD[purpose], by, address=account.email)
    token = await links.make(account.id, purpose)
    # From the configured address, never from what a request says its host is.
    values = link_in_secret(settings().base_url + PAGES[purpose], token)
    values |= {"inviter_name": by.name or brand.name, "organisation_name": brand.name}
    letter = Letter(
        system=purpose,
        locale=account.locale,
        from_address=sender.address,
        from_name=sender.name or brand.name,
        to_name=account.name,
        subject=subject_of(system_variant(purpose, account.locale), values),
        values=values,
    )
    intent = Intent(address=account.email, locale=account.locale, optional=False, occurrence=event, letter=letter)
    await ledger.post(purpose, account.id, sender.id, Lane.urgent, [intent])
    return True
