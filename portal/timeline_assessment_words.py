"""What the timeline says of evaluators, notes, scores and criteria (see timeline_words.py)."""

from __future__ import annotations

from collections.abc import Callable

from portal.i18n import pgettext
from portal.timeline import Event

WORDS: dict[str, tuple[str, Callable[[Event], str]]] = {
    "evaluator.assigned": ("user", lambda event: pgettext("timeline", "{name} assigned the dossier to {who}")),
    "evaluator.unassigned": ("user", lambda event: pgettext("timeline", "{name} took the dossier back from {who}")),
    "note.added": ("pencil", lambda event: pgettext("timeline", "{name} wrote a note")),
    "note.changed": ("pencil", lambda event: pgettext("timeline", "{name} changed a note")),
    "note.removed": ("trash", lambda event: pgettext("timeline", "{name} deleted a note")),
    "scores.given": ("check", lambda event: pgettext("timeline", "{name} gave scores")),
    "conflict.declared": ("ban", lambda event: pgettext("timeline", "{name} declared a conflict of interest")),
    "conflict.lifted": ("check", lambda event: pgettext("timeline", "{name} lifted the conflict of interest of {who}")),
    "campaign.criterion_added": ("list", lambda event: pgettext("timeline", "{name} added the criterion “{label}”")),
    "campaign.criterion_changed": (
        "list",
        lambda event: pgettext("timeline", "{name} changed the criterion “{label}”"),
    ),
    "campaign.criterion_moved": ("list", lambda event: pgettext("timeline", "{name} moved the criterion “{label}”")),
    "campaign.criterion_removed": (
        "trash",
        lambda event: pgettext("timeline", "{name} deleted the criterion “{label}”"),
    ),
}
