"""The letter that dossiers send themselves: a candidate's way back to a draft."""

from __future__ import annotations

from portal.dossiers.queries import Dossier
from portal.emails import queries as emails
from portal.emails.fields import values
from portal.emails.letters import render
from portal.emails.system import system_variant
from portal.ledger import actions as ledger
from portal.ledger.rules import Intent, Lane, Letter

RETURN_LINK = "return_link"


async def post_return_link(dossier: Dossier) -> bool:
    """Put the letter with the link into the ledger, in the caller's transaction; once per dossier.

    Returns False when the organisation has no sender yet: then nobody can write.
    """
    brand, sender = await emails.brand(), await emails.sender_of(None)
    if sender is None:
        return False
    merged = values(await emails.facts_of_dossier(dossier.id, dossier.locale), dossier.locale)
    subject = render(system_variant(RETURN_LINK, dossier.locale), merged, brand, dossier.locale).subject
    letter = Letter(
        system=RETURN_LINK,
        locale=dossier.locale,
        from_address=sender.address,
        from_name=sender.name or brand.name,
        to_name=f"{dossier.first_name} {dossier.last_name}".strip(),
        subject=subject,
        values=merged,
    )
    intent = Intent(
        address=dossier.email,
        locale=dossier.locale,
        optional=False,
        occurrence=dossier.id,
        person_id=dossier.person_id,
        dossier_id=dossier.id,
        letter=letter,
    )
    await ledger.post(RETURN_LINK, dossier.campaign_id, sender.id, Lane.urgent, [intent])
    return True
