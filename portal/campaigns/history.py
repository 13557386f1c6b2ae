"""The history of a campaign itself: who did what to it, and what a change of settings changed. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal, get_args

import msgspec

from portal import db, timeline
from portal.campaigns import phases, programmes, queries, words
from portal.formats import date_time, list_and
from portal.i18n import LOCALES, _, language_name, pgettext, text_in
from portal.lists import Cursor, Keyset, Slice
from portal.timeline import Event
from portal.timeline_words import Entry, event_words

NEWEST = Keyset(("id", int))
PAGE = 50

Area = Literal["settings", "phases", "statuses", "form", "emails", "team"]
AREAS: tuple[Area, ...] = get_args(Area)
# Which events an area shows, as the beginnings of their names.
BEGINNINGS: dict[Area, list[str]] = {
    "settings": [f"campaign.{verb}" for verb in (
        "created", "duplicated", "changed", "published", "unpublished", "archived", "brought_back",
    )],
    "phases": ["campaign.phase_", "campaign.first_phase_"],
    "statuses": ["campaign.status_"],
    "form": ["campaign.question_"],
    "emails": ["trigger.", "template.", "reminder."],
    "team": ["campaign.member_"],
}  # fmt: skip

# What happened to the campaign, not to its dossiers; the index timeline_campaign_own holds just these.
EVENTS = f"""
select {timeline.COLUMNS} from timeline_event
where campaign_id = $1 and dossier_id is null
and ($2::text[] is null or what ^@ any ($2))"""


class Change(msgspec.Struct, frozen=True):
    """A field that was changed, in words; "" where there was, or is, nothing."""

    label: str
    before: str
    after: str


class Happened(Entry, frozen=True):
    """An event with the fields it changed."""

    changes: list[Change]


async def of_campaign(campaign_id: int, area: str, cursor: Cursor | None) -> Slice[Happened]:
    """A page of the history, newest first; `area` "" is everything. Whoever asks has found the campaign already."""
    beginnings = BEGINNINGS[area] if area in AREAS else None
    sql = f"{EVENTS} and {NEWEST.condition(cursor, first=3)} order by {NEWEST.order(cursor)} limit {PAGE + 1}"
    rows = await db.fetch_as(Event, sql, campaign_id, beginnings, *NEWEST.parameters(cursor))
    found = NEWEST.slice(rows, cursor, PAGE, key=lambda row: (row.id,))
    names = await _names(campaign_id) if any(row.details.get("changes") for row in found.items) else {}
    items = [Happened(row.at, *event_words(row), changes_of(row, names)) for row in found.items]
    return Slice(items, found.newer, found.older)


def changes_of(event: Event, names: Mapping[str, Mapping[int, str]]) -> list[Change]:
    """The fields that an event of the settings or of a phase changed. `names`: field -> id -> name, for references."""
    labels = {**words.phase_labels(), **words.settings_labels()} if event.what.startswith("campaign.") else {}
    changes = event.details.get("changes")
    if not isinstance(changes, dict):
        return []
    known = [(name, pair) for name, pair in changes.items() if name in labels and isinstance(pair, list)]
    return [each for name, pair in known for each in _changes(name, labels[name], pair, names.get(name, {}))]


def _changes(name: str, label: str, pair: list[Any], names: Mapping[int, str]) -> list[Change]:
    if isinstance(pair[0], dict) or isinstance(pair[1], dict):
        before, after = (each or {} for each in pair)
        differing = [locale for locale in LOCALES if before.get(locale, "") != after.get(locale, "")]
        return [_of_language(label, each, before.get(each, ""), after.get(each, "")) for each in differing]
    return [Change(label, *(_said(name, value, names) for value in pair))]


def _of_language(label: str, locale: str, before: str, after: str) -> Change:
    return Change(_("{label} ({language})").format(label=label, language=language_name(locale)), before, after)


def _said(name: str, value: Any, names: Mapping[int, str]) -> str:
    """A value as people read it."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return pgettext("answer", "Yes") if value else pgettext("answer", "No")
    said = SAID.get(name)
    return said(value) if said else names.get(value, str(value))


SAID: dict[str, Callable[[Any], str]] = {
    "opens_at": lambda value: date_time(datetime.fromisoformat(value)),
    "closes_at": lambda value: date_time(datetime.fromisoformat(value)),
    "locales": lambda value: list_and([language_name(each) for each in value]),
    "default_locale": language_name,
}


async def _names(campaign_id: int) -> dict[str, dict[int, str]]:
    """What references in changes are called today; what is gone keeps its number."""
    statuses = {each.id: text_in(each.label) for each in await queries.statuses(campaign_id)}
    return {
        "programme_id": {each.id: each.name for each in await programmes.every()},
        "phase_id": {each.id: each.name for each in await phases.of_campaign(campaign_id)},
        "entry_status_id": statuses,
        "submitted_status_id": statuses,
    }
