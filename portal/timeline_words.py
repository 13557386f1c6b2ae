"""What the timeline says: one whole sentence for each kind of event, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, TypeVar

import msgspec
from markupsafe import Markup, escape

from portal import (
    timeline_account_words,
    timeline_assessment_words,
    timeline_campaign_words,
    timeline_follow_up_words,
    timeline_mailing_words,
    timeline_people_words,
    timeline_schedule_words,
)
from portal.formats import day_heading, local
from portal.i18n import _, pgettext, text_in
from portal.timeline import Event

Sentence = Callable[[Event], str]


def event_words(event: Event) -> tuple[str, Markup]:
    """An icon's name and the sentence for an event. Data from people is escaped; names and statuses are marked up."""
    icon, sentence = WORDS.get(event.what, OTHER)
    return icon, _fill(sentence(event), event) + _after(event)


class Entry(msgspec.Struct, frozen=True):
    """An event as a page shows it."""

    at: datetime
    icon: str
    words: Markup


Timed = TypeVar("Timed", bound=Entry)


def days_of(events: Sequence[Event]) -> list[tuple[str, list[Entry]]]:
    """Events, newest first, by the reader's days: (heading, entries)."""
    return by_day([Entry(event.at, *event_words(event)) for event in events])


def by_day(entries: Sequence[Timed]) -> list[tuple[str, list[Timed]]]:
    """Entries, newest first, by the reader's days: (heading, entries)."""
    days = [list(group) for _day, group in groupby(entries, key=lambda entry: local(entry.at).date())]
    return [(day_heading(day[0].at), day) for day in days]


def actor_word(kind: str, name: str) -> str:
    """Who did it: a name, or what kind of machine."""
    if kind == "api":
        # NOTE: on a timeline, who did something through the programming interface. {name}: e.g. Alice Martin
        return _("{name} (API)").format(name=name) if name else "API"
    words: dict[str, Callable[[], str]] = {
        "candidate": lambda: pgettext("actor", "Candidate"),
        "user": lambda: pgettext("actor", "User"),
        "rule": lambda: pgettext("actor", "The system"),
        "import": lambda: pgettext("actor", "Import"),
    }
    return name or words[kind]()


def _fill(sentence: str, event: Event) -> Markup:
    """The sentence with its fields, each escaped. Fields that an old event lacks are empty."""
    values = _Values({name: escape(str(value)) for name, value in event.details.items()})
    values["event"] = escape(event.what)
    values["name"] = Markup("<b>{}</b>").format(actor_word(event.actor_kind, event.actor_name))
    for name in ("old", "new"):
        if isinstance(event.details.get(name), dict):
            values[name] = _status(event.details[name], event.details.get(f"{name}_tone", "mute"))
    for name in ("title", "label"):
        if isinstance(event.details.get(name), dict):
            values[name] = escape(text_in(event.details[name]))
    return Markup(str(escape(sentence)).format_map(values))  # noqa: S704 - sentence and values are escaped


def _status(label: dict[str, str], tone: str) -> Markup:
    return Markup('<span class="status" data-tone="{}">{}</span>').format(tone, text_in(label))


def _after(event: Event) -> Markup:
    """What a change of status did with its e-mails, as a second sentence."""
    mode, reason = event.details.get("mode"), str(event.details.get("reason") or "")
    if event.what != "status.changed" or mode not in ("hold", "silent"):
        return Markup("")
    if mode == "hold":
        return Markup("<br>") + escape(_("Its e-mails are on hold."))
    # NOTE: on the timeline, after a change of status. {reason}: typed by whoever made the change
    return Markup("<br>") + escape(_("No e-mail was sent. Reason: {reason}")).format(reason=escape(reason))


class _Values(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


def _changed(event: Event) -> str:
    # NOTE: timeline. {name}: who; {old}, {new}: statuses, e.g. Submitted → Under review
    return pgettext("timeline", "{name} changed the status: {old} → {new}")


def _submitted(event: Event) -> str:
    if event.actor_kind == "candidate":
        return pgettext("timeline", "{name} submitted the application")
    return pgettext("timeline", "{name} submitted the application for the candidate")


def _withdrawn(event: Event) -> str:
    if event.details.get("reason"):
        # NOTE: timeline. {reason}: what the candidate wrote, as a sentence of its own
        return pgettext("timeline", "{name} withdrew the application. Reason: {reason}")
    return pgettext("timeline", "{name} withdrew the application")


def _created(event: Event) -> str:
    if event.actor_kind == "candidate":
        return pgettext("timeline", "{name} started an application")
    return pgettext("timeline", "{name} created the dossier")


def _resent(event: Event) -> str:
    if event.details.get("why") in ("policy", "never_arrived"):
        return pgettext("timeline", "The e-mail to {address} was sent again by itself, once")
    return pgettext("timeline", "{name} had the e-mail to {address} sent again")


def _template_saved(event: Event) -> str:
    if event.details.get("restored"):
        return pgettext("timeline", "{name} restored version {restored} of the template as version {number}")
    return pgettext("timeline", "{name} saved version {number} of the template")


def _letter_edited(event: Event) -> str:
    if event.details.get("note"):
        # NOTE: timeline. {address}: of the recipient; {note}: what was changed and why, as it was typed
        return pgettext("timeline", "{name} edited the letter to {address}: {note}")
    return pgettext("timeline", "{name} edited the letter to {address}")


def _origin_paused(event: Event) -> str:
    if event.details.get("reason") == "policy":
        return pgettext("timeline", "E-mails are on hold: mail servers refuse them as unwanted")
    return pgettext("timeline", "{name} put e-mails on hold")


WORDS: dict[str, tuple[str, Sentence]] = {
    "dossier.created": ("folder", _created),
    "dossier.imported": ("download", lambda event: pgettext("timeline", "{name} imported the dossier from a list")),
    "import.people": ("download", lambda event: pgettext("timeline", "{name} imported people from “{file}”")),
    "import.dossiers": ("download", lambda event: pgettext("timeline", "{name} imported dossiers from “{file}”")),
    "dossier.saved": ("pencil", lambda event: pgettext("timeline", "{name} saved the draft")),
    "dossier.submitted": ("check", _submitted),
    "dossier.resubmitted": ("pencil", lambda event: pgettext("timeline", "{name} changed the submitted application")),
    "dossier.phase_saved": (
        "pencil",
        lambda event: pgettext("timeline", "{name} saved the draft of the phase “{title}”"),
    ),
    "dossier.phase_submitted": (
        "check",
        lambda event: pgettext("timeline", "{name} submitted the form of the phase “{title}”"),
    ),
    "dossier.withdrawn": ("circle-x", _withdrawn),
    "dossier.withdrawal_undone": ("arrow-back-up", lambda event: pgettext("timeline", "{name} undid the withdrawal")),
    "dossier.documents_added": ("paperclip", lambda event: pgettext("timeline", "{name} added documents: {files}")),
    "status.changed": ("arrow-right", _changed),
    **timeline_campaign_words.WORDS,
    "export.people": ("download", lambda event: pgettext("timeline", "{name} exported people: {n}")),
    "export.dossiers": (
        "download",
        # NOTE: {n}: how many
        lambda event: pgettext("timeline", "{name} exported dossiers: {n}"),
    ),
    **timeline_people_words.WORDS,
    "message.remade": (
        "refresh",
        lambda event: pgettext(
            "timeline", "{name} had the e-mail to {address} written again with version {number} of its template"
        ),
    ),
    "message.edited": ("pencil", _letter_edited),
    "message.released": ("player-play", lambda event: pgettext("timeline", "{name} released the e-mail to {address}")),
    "message.retried": (
        "refresh",
        lambda event: pgettext("timeline", "{name} had the e-mail to {address} tried again"),
    ),
    "message.resent": ("refresh", _resent),
    "message.proven": ("circle-check", lambda event: pgettext("timeline", "The e-mail to {address} did arrive")),
    "message.left": ("check", lambda event: pgettext("timeline", "{name} left the e-mail to {address} as it is")),
    "message.cancelled": ("ban", lambda event: pgettext("timeline", "{name} cancelled the e-mail to {address}")),
    "origin.paused": ("player-pause", _origin_paused),
    "origin.resumed": ("player-play", lambda event: pgettext("timeline", "{name} let e-mails on hold go on")),
    "origin.cancelled": ("ban", lambda event: pgettext("timeline", "{name} cancelled e-mails on hold")),
    "ledger.held": ("alert-triangle", lambda event: pgettext("timeline", "All e-mails are on hold: restored database")),
    "ledger.confirmed": ("circle-check", lambda event: pgettext("timeline", "{name} confirmed the restored database")),
    "triggers.considered": ("mail", lambda event: pgettext("timeline", "Automatic e-mails were considered")),
    "template.created": ("file-text", lambda event: pgettext("timeline", "{name} created the template")),
    "template.saved": ("file-text", _template_saved),
    "picture.added": ("plus", lambda event: pgettext("timeline", "{name} added the picture “{title}”")),
    "template.remade": (
        "refresh",
        lambda event: pgettext("timeline", "{name} had unsent e-mails written again with version {number}: {count}"),
    ),
    "template.described": (
        "tag",
        lambda event: pgettext("timeline", "{name} changed what is said of the template in the library"),
    ),
    "template.archived": ("archive", lambda event: pgettext("timeline", "{name} archived the template")),
    "template.restored": ("archive", lambda event: pgettext("timeline", "{name} restored the template")),
    "template.tested": ("send", lambda event: pgettext("timeline", "{name} sent a test e-mail")),
    "trigger.created": ("mail", lambda event: pgettext("timeline", "{name} created the automatic e-mail “{title}”")),
    "trigger.changed": ("mail", lambda event: pgettext("timeline", "{name} changed the automatic e-mail “{title}”")),
    "trigger.activated": (
        "player-play",
        lambda event: pgettext("timeline", "{name} switched the automatic e-mail “{title}” on"),
    ),
    "trigger.paused": (
        "player-pause",
        lambda event: pgettext("timeline", "{name} paused the automatic e-mail “{title}”"),
    ),
    "trigger.moved": (
        "mail",
        lambda event: pgettext("timeline", "{name} put the automatic e-mail “{title}” in another place"),
    ),
    "reminder.sent": ("send", lambda event: pgettext("timeline", "The reminder “{title}” was sent. E-mails: {n}")),
    "reminder.late": (
        "alert-triangle",
        lambda event: pgettext("timeline", "The reminder “{title}” was not sent in time and needs a decision"),
    ),
    "reminder.released": (
        "send",
        lambda event: pgettext("timeline", "{name} had the late reminder “{title}” sent"),
    ),
    "reminder.skipped": ("ban", lambda event: pgettext("timeline", "{name} skipped the late reminder “{title}”")),
    "trigger.deleted": ("trash", lambda event: pgettext("timeline", "{name} deleted the automatic e-mail “{title}”")),
    **timeline_account_words.WORDS,
    **timeline_assessment_words.WORDS,
    **timeline_mailing_words.WORDS,
    **timeline_schedule_words.WORDS,
    **timeline_follow_up_words.WORDS,
    "organisation.changed": (
        "building",
        lambda event: pgettext("timeline", "{name} changed the organisation’s settings"),
    ),
    "organisation.brand_changed": ("eye", lambda event: pgettext("timeline", "{name} changed what letters look like")),
    "domain.limited": ("clock", lambda event: pgettext("timeline", "{name} limited the e-mails to {domain}")),
    "domain.freed": ("clock", lambda event: pgettext("timeline", "{name} lifted the limit of {domain}")),
    "sender.added": ("at", lambda event: pgettext("timeline", "{name} added the sender {address}")),
    "sender.changed": ("at", lambda event: pgettext("timeline", "{name} changed a sender")),
    "sender.verified": ("circle-check", lambda event: pgettext("timeline", "{name} verified the sender {address}")),
    "sender.paused": ("player-pause", lambda event: pgettext("timeline", "{name} paused a sender. Reason: {reason}")),
    "signature.created": (
        "key",
        lambda event: pgettext("timeline", "{name} made the key {selector} for letters from {domain}"),
    ),
    "signature.activated": (
        "circle-check",
        lambda event: pgettext("timeline", "{name} had letters from {domain} signed with {selector}"),
    ),
    "signature.retired": (
        "archive",
        lambda event: pgettext("timeline", "{name} retired the key {selector} of {domain}"),
    ),
    "sender.resumed": ("player-play", lambda event: pgettext("timeline", "{name} resumed a sender")),
}
OTHER: tuple[str, Sentence] = ("dots", lambda event: pgettext("timeline", "{name}: {event}"))
