"""The words people read about campaigns. Looked up when shown, never at import."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from portal.campaigns.rules import Call, State, state
from portal.formats import date_time, zone_words
from portal.i18n import _, pgettext, text_in

STATE_TONES: dict[State, str] = {
    "open": "ok", "not_yet_open": "plum", "closed": "mute", "not_published": "mute", "archived": "mute",
}  # fmt: skip


def state_word(state: State) -> str:
    """What the state of a call is called."""
    words: dict[State, Callable[[], str]] = {
        "not_published": lambda: pgettext("campaign state", "Not published"),
        "not_yet_open": lambda: pgettext("campaign state", "Not yet open"),
        "open": lambda: pgettext("campaign state", "Open"),
        "closed": lambda: pgettext("campaign state", "Closed"),
        "archived": lambda: pgettext("campaign state", "Archived"),
    }
    return words[state]()


def state_words(call: Call, now: datetime) -> str:
    """Where a call stands, with its next or last date on the campaign's own clock: "Open until 15 December ..."."""
    where = state(call, now)
    if where == "open" and call.closes_at:
        # NOTE: {date}: e.g. 15 December 2026, 23:59; {zone}: e.g. local time: Madrid
        return _("Open until {date} ({zone})").format(**_at(call.closes_at, call))
    if where == "not_yet_open" and call.opens_at:
        return _("Opens on {date} ({zone})").format(**_at(call.opens_at, call))
    if where == "closed" and call.closes_at:
        return _("Closed since {date} ({zone})").format(**_at(call.closes_at, call))
    return state_word(where)


def _at(wall: datetime, call: Call) -> dict[str, str]:
    return {"date": date_time(wall), "zone": zone_words(call.time_zone)}


def tone_word(tone: str) -> str:
    """What a colour of statuses is called."""
    words: dict[str, Callable[[], str]] = {
        "mute": lambda: pgettext("colour", "Grey"),
        "plum": lambda: pgettext("colour", "Purple"),
        "teal": lambda: pgettext("colour", "Teal"),
        "warn": lambda: pgettext("colour", "Amber"),
        "ok": lambda: pgettext("colour", "Green"),
        "bad": lambda: pgettext("colour", "Red"),
    }
    return words[tone]()


def settings_labels() -> dict[str, str]:
    """field -> its label on the settings page; the conflict page uses the same."""
    return {
        "title": pgettext("campaign", "Title"),
        "description": _("Description"),
        "slug": _("Public address"),
        "locales": _("Languages"),
        "default_locale": _("Default language"),
        "time_zone": _("Time zone"),
        "opens_at": _("Opens"),
        "closes_at": _("Closes"),
        "number_prefix": _("Prefix of the dossier numbers"),
        "published": _("Published"),
        "programme_id": _("Programme"),
        "resubmission": _("Candidates may change what they have submitted"),
        "withdrawal": _("Candidates may withdraw"),
        "assigned_only": _("Evaluators see only the dossiers assigned to them"),
    }


def area_word(area: str) -> str:
    """What a part of a campaign's history is called."""
    words: dict[str, Callable[[], str]] = {
        "settings": lambda: pgettext("tab", "Settings"),
        "phases": lambda: pgettext("tab", "Phases"),
        "statuses": lambda: pgettext("tab", "Statuses"),
        "form": lambda: pgettext("tab", "Form"),
        "emails": lambda: pgettext("tab", "E-mails"),
        "team": lambda: _("Team"),
    }
    return words[area]()


def programme_labels() -> dict[str, str]:
    """field -> its label on the page of a programme."""
    return {"title": pgettext("campaign", "Title"), "description": _("Description")}


def status_labels() -> dict[str, str]:
    """field -> its label on the page of a status."""
    return {
        "label": _("Internal name"),
        "public_label": _("Public name"),
        "tone": _("Colour"),
        "is_decision": _("This is a decision"),
        "phase_id": _("Phase"),
    }


def first_phase(title: dict[str, str]) -> str:
    """What the initial phase is called: its own title, or the usual word."""
    return text_in(title) or pgettext("phase", "Application")


def phase_labels() -> dict[str, str]:
    """field -> its label on the page of a phase."""
    return {
        "title": pgettext("campaign", "Title"),
        "description": _("Description"),
        "opens_at": _("Opens"),
        "closes_at": _("Closes"),
        "entry_status_id": _("Who takes part: dossiers with the status"),
        "submitted_status_id": _("Status once submitted"),
    }
