"""Which dossiers of a list were ticked: ids, or all that its filters find. One text carries it through the pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode

import msgspec

from portal import db
from portal.actor import Actor
from portal.dossiers import search
from portal.dossiers.filters import Filters, Where, read_filters, sent

MOST_TICKS = 1_000  # ticked one by one; more are "all that match"
LONGEST = 30_000  # characters of the text


class Selection(msgspec.Struct, frozen=True):
    """Ids, or everything that the filters find (`all_matching`). The filters are kept either way: they lead back."""

    filters: Filters
    ids: tuple[int, ...] = ()
    all_matching: bool = False

    def __bool__(self) -> bool:
        return bool(self.ids) or self.all_matching

    @property
    def ticks(self) -> dict[str, Any]:
        """What was ticked, as a URL carries it."""
        return {"all": "1"} if self.all_matching else {"id": list(self.ids)}

    def query(self) -> dict[str, Any]:
        """The whole, as a URL carries it."""
        return self.filters.without("place") | self.ticks

    def text(self) -> str:
        """As a hidden field of a form carries it."""
        return urlencode(self.query(), doseq=True)


class Picked(msgspec.Struct, frozen=True):
    """How many dossiers of a selection the actor may see, now. `campaign_id`: None when they belong to several."""

    n: int
    campaign_id: int | None


def read_selection(query: Mapping[str, Any], campaign_id: int | None = None) -> Selection:
    """A selection from a query string; what makes no sense is left out. `campaign_id`: the list is a campaign's."""
    filters = read_filters(query)
    if campaign_id is not None:
        filters = msgspec.structs.replace(filters, campaign=campaign_id)
    numbers = [each for each in sent(query, "id") if each.isascii() and each.isdigit() and len(each) < 19]
    every = "1" in sent(query, "all")
    return Selection(filters, tuple(dict.fromkeys(int(each) for each in numbers))[:MOST_TICKS], every)


def from_text(text: str) -> Selection:
    """A selection from a hidden field."""
    return read_selection(parse_qs(text[:LONGEST]))


async def where(actor: Actor, selection: Selection) -> Where:
    """The condition for the dossiers `d` that are meant and that the actor may see."""
    return await search.meant(actor, selection.filters, None if selection.all_matching else selection.ids)


async def pick(actor: Actor, selection: Selection) -> Picked:
    """How many are meant, counted exactly: what a confirmation announces."""
    wanted = await where(actor, selection)
    sql = f"""select count(*)::int as n, case when min(d.campaign_id) = max(d.campaign_id) then min(d.campaign_id) end
        as campaign_id from dossier d where {wanted.sql}"""
    found = await db.one_as(Picked, sql, *wanted.values) if selection else None
    return found or Picked(0, None)


async def picked_ids(actor: Actor, selection: Selection) -> list[int]:
    """The dossiers meant, by id."""
    among = None if selection.all_matching else selection.ids
    return await search.ids(actor, selection.filters, among) if selection else []
