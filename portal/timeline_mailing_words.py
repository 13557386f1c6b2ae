"""What the timeline says of mailings (see timeline_words.py)."""

from __future__ import annotations

from collections.abc import Callable

from portal.i18n import pgettext
from portal.timeline import Event


def _sent_back(event: Event) -> str:
    if event.details.get("note"):
        # NOTE: timeline. {title}: the name of a mailing; {note}: what should be changed, as it was typed
        return pgettext("timeline", "{name} sent the mailing “{title}” back: {note}")
    return pgettext("timeline", "{name} sent the mailing “{title}” back")


WORDS: dict[str, tuple[str, Callable[[Event], str]]] = {
    "mailing.created": ("mail", lambda event: pgettext("timeline", "{name} created the mailing “{title}”")),
    "mailing.deleted": ("trash", lambda event: pgettext("timeline", "{name} deleted the mailing “{title}”")),
    "mailing.asked": (
        "user",
        lambda event: pgettext("timeline", "{name} asked for the approval of “{title}”. Recipients: {n}"),
    ),
    "mailing.approved": (
        "check",
        lambda event: pgettext("timeline", "{name} approved the mailing “{title}”. Recipients: {n}"),
    ),
    "mailing.sent_back": ("pencil", _sent_back),
    "mailing.launched": (
        "send",
        lambda event: pgettext("timeline", "{name} launched the mailing “{title}”. Recipients: {n}"),
    ),
    "mailing.withdrawn": (
        "pencil",
        lambda event: pgettext("timeline", "{name} took back the launch of the mailing “{title}”"),
    ),
    "mailing.waits": (
        "clock",
        lambda event: pgettext("timeline", "The mailing “{title}” waits: others go out at this time"),
    ),
    "mailing.needs_decision": (
        "alert-triangle",
        lambda event: pgettext("timeline", "The mailing “{title}” needs a decision"),
    ),
    "mailing.started": (
        "send",
        lambda event: pgettext("timeline", "The mailing “{title}” has started. Recipients: {n}"),
    ),
    "mailing.paused": ("player-pause", lambda event: pgettext("timeline", "{name} paused the mailing “{title}”")),
    "mailing.resumed": ("player-play", lambda event: pgettext("timeline", "{name} resumed the mailing “{title}”")),
    "mailing.cancelled": ("ban", lambda event: pgettext("timeline", "{name} cancelled the mailing “{title}”")),
    "mailing.undone": (
        "arrow-back-up",
        lambda event: pgettext("timeline", "{name} stopped the mailing “{title}” before it left"),
    ),
    "mailing.retried": (
        "player-play",
        lambda event: pgettext("timeline", "{name} had the failures of “{title}” tried again. Recipients: {n}"),
    ),
    "mailing.finished": ("check", lambda event: pgettext("timeline", "The mailing “{title}” has ended")),
}
