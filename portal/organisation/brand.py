"""How letters and public pages look: logo, colour, address, and what stands under every letter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from portal import db, timeline
from portal.actor import Actor
from portal.i18n import LOCALES, _
from portal.organisation import rules
from portal.outcomes import Refused, Stale

BRAND = "select logo_id, brand_colour, postal_address, footer, version from organisation"
CHANGE = """
update organisation set logo_id = $2, brand_colour = $3, postal_address = $4, footer = $5, version = version + 1
where version = $1"""


class Look(msgspec.Struct, frozen=True):
    """The brand as it is stored. `logo_id` is a picture's; `footer` by locale."""

    logo_id: int | None = None
    brand_colour: str = "#1f5c4d"
    postal_address: str = ""
    footer: Mapping[str, str] = msgspec.field(default_factory=dict)
    version: int = 1


async def current() -> Look:
    """The brand of today."""
    return await db.one_as(Look, BRAND) or Look()


async def change(wanted: Look, by: Actor) -> None:
    """Change it; `wanted.version` is the version that was seen. Letters that leave from now on show it.

    Raises Refused, or Stale with the brand of today.
    """
    errors = _errors(wanted)
    if errors:
        raise Refused(errors=errors)
    async with db.transaction():
        before = await current()
        row = (wanted.version, wanted.logo_id, wanted.brand_colour, wanted.postal_address, dict(wanted.footer))
        if not await db.execute(CHANGE, *row):
            raise Stale(await current())
        old, new = msgspec.to_builtins(before), msgspec.to_builtins(wanted)
        changed = [name for name in old if name != "version" and old[name] != new[name]]
        before_after = ({name: each[name] for name in changed} for each in (old, new))
        details: dict[str, Any] = dict(zip(("before", "after"), before_after, strict=True))
        await timeline.record("organisation", 1, "organisation.brand_changed", by, **details)


def colour_errors(brand_colour: str) -> dict[str, str]:
    """What has to be mended about the colour; empty where nothing has."""
    if rules.colour(brand_colour) is None:
        return {"brand_colour": _("Enter a colour such as #1f5c4d.")}
    if not rules.readable(brand_colour):
        return {"brand_colour": _("White words cannot be read on this colour. Choose a darker one.")}
    return {}


def _errors(wanted: Look) -> dict[str, str]:
    errors = colour_errors(wanted.brand_colour)
    if not set(wanted.footer) <= set(LOCALES):
        errors["footer"] = _("Unknown language.")
    return errors
