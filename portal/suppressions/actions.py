"""What the office does with addresses: block one by hand, block those of a list, write down that the list left."""

from __future__ import annotations

import asyncio

from portal import db, timeline
from portal.actor import Actor
from portal.addresses import valid_email
from portal.formats import number
from portal.i18n import _
from portal.imports.reading import Unreadable
from portal.imports.words import unreadable
from portal.ledger import actions as ledger
from portal.ledger import blocks
from portal.ledger.actions import Scope
from portal.outcomes import Refused
from portal.people.wishes import LONGEST_NOTE
from portal.suppressions import reading
from portal.suppressions.reading import MOST, NoColumn, TooMany


class WrongRows(Refused):
    """Rows of a list hold no address, so nothing of it was taken. `wrong`: (line, what stands there)."""

    def __init__(self, wrong: list[tuple[int, str]]) -> None:
        super().__init__(
            _("Nothing was blocked: some rows hold no valid address. Mend them and upload the list again.")
        )
        self.wrong = wrong


async def add(by: Actor, address: str, scope: Scope, note: str = "", source: str = "by_hand") -> None:
    """Block an address by hand (B08), whether or not we know whose it is. Raises Refused."""
    address, note = address.strip(), note.strip()
    if not valid_email(address):
        raise Refused(_("Enter an address such as name@example.org."), field="address")
    _refuse_long(note)
    if not await ledger.suppress(address, scope, "by_hand", source, by, note=note):
        raise Refused(_("This address is on the list already."), field="address")


async def bring_in(by: Actor, name: str, data: bytes, scope: Scope, note: str = "") -> tuple[int, int]:
    """Block all addresses of a list, or none. -> (how many are blocked now that were not, how many the list has).

    Raises Refused (field file), WrongRows.
    """
    note = note.strip()
    _refuse_long(note)
    try:
        found = await asyncio.to_thread(reading.read, data)
    except Unreadable as why:
        raise Refused(unreadable(why), field="file") from None
    except NoColumn:
        raise Refused(_("No column is called “E-mail”. Name the column of the addresses so."), field="file") from None
    except TooMany:
        text = _("A list can have at most {n} rows. Divide it.")
        raise Refused(text.format(n=number(MOST)), field="file") from None
    if found.wrong:
        raise WrongRows(found.wrong)
    async with db.transaction():
        blocked = await blocks.block_all(found.addresses, scope, note, by)
        await timeline.record("suppression", 0, "suppression.imported", by, file=name[:200], n=blocked, scope=scope)
    return blocked, len(found.addresses)


async def exported(by: Actor) -> None:
    """Write down who took the list with them."""
    await timeline.record("suppression", 0, "suppression.exported", by)


def _refuse_long(note: str) -> None:
    if len(note) > LONGEST_NOTE:
        raise Refused(_("Use at most {n} characters.").format(n=number(LONGEST_NOTE)), field="note")
