"""The words people read about what was done to a sender. Looked up when shown, never at import."""

from __future__ import annotations

from collections.abc import Callable

from portal.formats import zone_city
from portal.i18n import _, pgettext
from portal.timeline import Event

WORDS: dict[str, tuple[str, Callable[[], str]]] = {
    "sender.added": ("plus", lambda: pgettext("timeline", "{name} added the address")),
    "sender.verified": ("circle-check", lambda: pgettext("timeline", "{name} said that we may send from it")),
    "sender.changed": ("pencil", lambda: pgettext("timeline", "{name} changed the address’s name or limit")),
    "sender.paused": ("player-pause", lambda: pgettext("timeline", "{name} paused it")),
    "sender.resumed": ("player-play", lambda: pgettext("timeline", "{name} resumed it")),
}


def resend_word(policy: str) -> str:
    """What is sent again by itself when nobody could confirm it."""
    words: dict[str, Callable[[], str]] = {
        "none": lambda: _("Nothing: somebody decides each time"),
        "receipts": lambda: _("Acknowledgements and links that somebody waits for"),
        "necessary": lambda: _("All necessary automatic e-mails"),
    }
    return words[policy]()


def day_word(whose: str, zone: str) -> str:
    """Whose day limits are counted by; `zone`: the organisation's."""
    # NOTE: a choice of time zones. {city}: the organisation's, e.g. Madrid
    return _("UTC") if whose == "utc" else _("{city}, the organisation’s time zone").format(city=zone_city(zone))


def event_sentence(event: Event) -> tuple[str, str]:
    """(icon, sentence) of something that was done to a sender; its fields are filled in."""
    icon, sentence = WORDS.get(event.what, ("info-circle", lambda: event.what))
    text = sentence().format(name=event.actor_name or pgettext("actor", "The system"))
    reason = str(event.details.get("reason") or "")
    if event.what == "sender.paused" and reason not in ("", "by_hand"):
        # NOTE: after "The system paused it". {reason}: what the mail server said
        text = f"{text}. " + _("Reason: {reason}").format(reason=reason)
    if event.what == "sender.added" and event.details.get("verified"):
        text = f"{text}. " + _("We may send from it.")
    return icon, text
