"""What the timeline says of people, what they wish to get, and addresses (see timeline_words.py)."""

from __future__ import annotations

from collections.abc import Callable

from portal.i18n import pgettext
from portal.timeline import Event


def _blocked(event: Event) -> str:
    match event.details.get("reason"):
        case "opted_out":
            return pgettext("timeline", "{address}: opted out of optional e-mail. By {name}")
        case "complaint":
            return pgettext("timeline", "{address}: blocked, reported as spam")
        case "taking_a_break":
            return pgettext("timeline", "{address}: takes a break from optional e-mail. By {name}")
        case "by_hand":
            return pgettext("timeline", "{name} blocked {address}")
    return pgettext("timeline", "{address}: blocked after a bounce")


def _unblocked(event: Event) -> str:
    if event.details.get("note"):
        # NOTE: timeline. {note}: on whose word, as it was typed
        return pgettext("timeline", "{address} is written to again. By {name}: {note}")
    return pgettext("timeline", "{address} is written to again. By {name}")


WORDS: dict[str, tuple[str, Callable[[Event], str]]] = {
    "person.created": ("user", lambda event: pgettext("timeline", "{name} created the record")),
    "person.changed": ("pencil", lambda event: pgettext("timeline", "{name} changed the record")),
    "company.created": ("plus", lambda event: pgettext("timeline", "{name} added the company “{company}”")),
    "company.changed": ("pencil", lambda event: pgettext("timeline", "{name} changed the company “{company}”")),
    "person.chose_topics": (
        "adjustments",
        lambda event: pgettext("timeline", "{address}: chose which kinds of optional e-mail to get. By {name}"),
    ),
    "address.blocked": ("ban", _blocked),
    "address.unblocked": ("mail", _unblocked),
    "address.expired": ("mail", lambda event: pgettext("timeline", "{address}: the break is over")),
    "suppression.imported": (
        "download",
        lambda event: pgettext("timeline", "{name} blocked the addresses of “{file}”: {n}"),
    ),
    "suppression.exported": ("download", lambda event: pgettext("timeline", "{name} exported the blocked addresses")),
    "topic.created": ("tag", lambda event: pgettext("timeline", "{name} added the kind of e-mail “{title}”")),
    "topic.changed": ("tag", lambda event: pgettext("timeline", "{name} changed the kind of e-mail “{title}”")),
    "topic.moved": ("tag", lambda event: pgettext("timeline", "{name} moved the kind of e-mail “{title}”")),
    "topic.deleted": ("trash", lambda event: pgettext("timeline", "{name} deleted the kind of e-mail “{title}”")),
}
