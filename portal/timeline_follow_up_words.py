"""What the timeline says of automatic follow-ups (see timeline_words.py)."""

from __future__ import annotations

from collections.abc import Callable

from portal.i18n import pgettext
from portal.timeline import Event

WORDS: dict[str, tuple[str, Callable[[Event], str]]] = {
    "follow_up.created": ("mail", lambda event: pgettext("timeline", "{name} created the follow-up “{title}”")),
    "follow_up.changed": ("mail", lambda event: pgettext("timeline", "{name} changed the follow-up “{title}”")),
    "follow_up.activated": (
        "player-play",
        lambda event: pgettext("timeline", "{name} activated the follow-up “{title}”"),
    ),
    "follow_up.paused": ("player-pause", lambda event: pgettext("timeline", "{name} paused the follow-up “{title}”")),
    "follow_up.deleted": ("trash", lambda event: pgettext("timeline", "{name} deleted the follow-up “{title}”")),
}
