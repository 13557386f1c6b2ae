"""What the timeline says of campaigns and programmes (see timeline_words.py)."""

from __future__ import annotations

from collections.abc import Callable

from portal.i18n import pgettext
from portal.timeline import Event

WORDS: dict[str, tuple[str, Callable[[Event], str]]] = {
    "campaign.created": ("speakerphone", lambda event: pgettext("timeline", "{name} created the campaign")),
    "campaign.duplicated": ("copy", lambda event: pgettext("timeline", "{name} copied the campaign “{title}”")),
    "campaign.changed": ("adjustments", lambda event: pgettext("timeline", "{name} changed the settings")),
    "campaign.published": ("eye", lambda event: pgettext("timeline", "{name} published the campaign")),
    "campaign.unpublished": ("eye-off", lambda event: pgettext("timeline", "{name} unpublished the campaign")),
    "campaign.archived": ("archive", lambda event: pgettext("timeline", "{name} archived the campaign")),
    "campaign.brought_back": (
        "archive",
        lambda event: pgettext("timeline", "{name} brought the campaign back from the archive"),
    ),
    "campaign.deleted": ("trash", lambda event: pgettext("timeline", "{name} deleted the campaign “{title}”")),
    "programme.created": ("folder", lambda event: pgettext("timeline", "{name} created the programme “{title}”")),
    "programme.changed": ("folder", lambda event: pgettext("timeline", "{name} changed the programme “{title}”")),
    "programme.deleted": ("trash", lambda event: pgettext("timeline", "{name} deleted the programme “{title}”")),
    "campaign.member_added": ("users", lambda event: pgettext("timeline", "{name} added {member} to the team")),
    "campaign.member_removed": ("users", lambda event: pgettext("timeline", "{name} removed {member} from the team")),
    "campaign.status_added": ("tag", lambda event: pgettext("timeline", "{name} added the status “{label}”")),
    "campaign.status_changed": ("tag", lambda event: pgettext("timeline", "{name} changed the status “{label}”")),
    "campaign.status_moved": ("tag", lambda event: pgettext("timeline", "{name} moved the status “{label}”")),
    "campaign.status_removed": ("trash", lambda event: pgettext("timeline", "{name} deleted the status “{label}”")),
    "campaign.question_added": ("list", lambda event: pgettext("timeline", "{name} added the question “{label}”")),
    "campaign.question_changed": ("list", lambda event: pgettext("timeline", "{name} changed the question “{label}”")),
    "campaign.question_moved": ("list", lambda event: pgettext("timeline", "{name} moved the question “{label}”")),
    "campaign.question_retired": (
        "archive",
        lambda event: pgettext("timeline", "{name} took the question “{label}” off the form"),
    ),
    "campaign.question_restored": (
        "list",
        lambda event: pgettext("timeline", "{name} put the question “{label}” back on the form"),
    ),
    "campaign.question_removed": ("trash", lambda event: pgettext("timeline", "{name} deleted the question “{label}”")),
    "campaign.phase_added": ("calendar", lambda event: pgettext("timeline", "{name} added the phase “{label}”")),
    "campaign.phase_changed": ("calendar", lambda event: pgettext("timeline", "{name} changed the phase “{label}”")),
    "campaign.first_phase_renamed": (
        "calendar",
        lambda event: pgettext("timeline", "{name} renamed the initial phase"),
    ),
    "campaign.phase_moved": ("calendar", lambda event: pgettext("timeline", "{name} moved the phase “{label}”")),
    "campaign.phase_removed": ("trash", lambda event: pgettext("timeline", "{name} deleted the phase “{label}”")),
}
