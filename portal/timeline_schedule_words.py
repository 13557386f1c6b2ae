"""What the timeline says of scheduled mailings (see timeline_words.py)."""

from __future__ import annotations

from collections.abc import Callable

from portal.i18n import pgettext
from portal.timeline import Event

WORDS: dict[str, tuple[str, Callable[[Event], str]]] = {
    "schedule.created": (
        "calendar",
        lambda event: pgettext("timeline", "{name} created the scheduled mailing “{title}”"),
    ),
    "schedule.changed": (
        "calendar",
        lambda event: pgettext("timeline", "{name} changed the scheduled mailing “{title}”"),
    ),
    "schedule.deleted": (
        "trash",
        lambda event: pgettext("timeline", "{name} deleted the scheduled mailing “{title}”"),
    ),
    "schedule.audience": (
        "check",
        lambda event: pgettext("timeline", "{name} confirmed the audience of the scheduled mailing “{title}”"),
    ),
    "schedule.waits": (
        "alert-triangle",
        lambda event: pgettext("timeline", "{name}: the scheduled mailing “{title}” needs a decision"),
    ),
    "schedule.sent": (
        "mail",
        lambda event: pgettext("timeline", "{name} started a run of “{title}” that needed a decision"),
    ),
    "schedule.skipped": (
        "ban",
        lambda event: pgettext("timeline", "{name} skipped a run of “{title}” that needed a decision"),
    ),
}
