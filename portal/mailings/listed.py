"""A list of people or dossiers as the recipients of a new mailing: its ticks, its view, or all that it shows (Z14)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode

import msgspec

from portal.actor import Actor
from portal.audiences import rules as criteria
from portal.audiences.filters import as_rules
from portal.audiences.kept import beside_filters
from portal.audiences.sources import Chosen
from portal.dossiers.selection import MOST_TICKS
from portal.mailings import words
from portal.mailings.steps import number_of
from portal.outcomes import Missing
from portal.views import queries as views
from portal.views.rules import kept

NOT_FILTERS = frozenset({"module", "template"})
TOO_LONG = 19  # digits: no id has as many


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a list means. `ids`: what was ticked; else the view, or the list's filters as criteria."""

    module: str
    campaign_id: int | None = None
    audience: str = "criteria"
    view_id: int | None = None
    criteria: dict[str, Any] = {}
    ids: tuple[int, ...] = ()

    @property
    def chosen(self) -> Chosen:
        """The same for counting."""
        return Chosen(
            module=self.module,
            campaign_id=self.campaign_id if self.module == "dossiers" else None,
            view_id=self.view_id,
            criteria=self.criteria,
            ids=self.ids,
        )


def text_of(query: Iterable[tuple[str, str]]) -> str:
    """The query of a list as one text, when it says whom to write to: by ticks, a view, or all; else ""."""
    pairs = [(name, value) for name, value in query if name != "template" and value]
    return urlencode(pairs) if any(name in ("id", "all", "view") for name, _value in pairs) else ""


def _texts(values: Any) -> list[str]:
    return [values] if isinstance(values, str) else [str(each) for each in values]


async def read(actor: Actor, text: str) -> Listed:
    """Whom a list's query means. Raises Missing where it makes no sense."""
    try:
        query = parse_qs(text, max_num_fields=2 * MOST_TICKS)
    except ValueError:
        raise Missing from None
    module = query.get("module", ["dossiers"])[0]
    if module not in words.MODULES:
        raise Missing
    campaign_id, view_id = _id(query, "campaign"), _id(query, "view")
    if "id" in query and "all" not in query:
        ticks = [each for each in query["id"] if each.isascii() and each.isdigit() and len(each) < TOO_LONG]
        ids = tuple(dict.fromkeys(int(each) for each in ticks))
        if not ids:
            raise Missing  # never everybody instead
        return Listed(module=module, campaign_id=campaign_id, audience="picked", ids=ids[:MOST_TICKS])
    filters = {name: _plain(values) for name, values in kept(query).items() if name not in NOT_FILTERS}
    if view_id and await _same(actor, view_id, module, filters):
        return Listed(module=module, campaign_id=campaign_id, audience="view", view_id=view_id)
    beside = await beside_filters(actor, module, view_id) if view_id else criteria.Group()
    both = tuple(each for each in (as_rules(module, filters, campaign_id), beside) if each)
    return Listed(module=module, campaign_id=campaign_id, criteria=criteria.written(criteria.Group("all", both)))


async def _same(actor: Actor, view_id: int, module: str, filters: Mapping[str, Any]) -> bool:
    """Whether the list shows just the view, and nothing else was filtered."""
    view = await views.one(actor, view_id)
    own = {name: _plain(_texts(value)) for name, value in view.filters.items() if name != "sort"}
    return view.module == module and own == {name: value for name, value in filters.items() if name != "sort"}


def _plain(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values


def _id(query: Mapping[str, list[str]], name: str) -> int | None:
    return number_of(query.get(name, [""])[0])
