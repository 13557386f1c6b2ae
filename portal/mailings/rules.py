"""What a mailing is, what may be done to it, and when it goes. Pure: values and `now`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

import msgspec

Module = Literal["candidates", "contacts", "dossiers"]
Whose = Literal["organisation", "account", "owner", "template"]  # the four sources of an address (Z16)
State = Literal[
    "draft",
    "approval",
    "scheduled",
    "waiting",
    "starting",
    "running",
    "paused",
    "finished",
    "cancelled",
    "needs_decision",
]
Verb = Literal["change", "launch", "approve", "undo", "pause", "resume", "cancel", "delete", "retry", "follow_up"]

LATENESS = timedelta(hours=2)  # what is due longer than this no longer goes by itself
SENDERS: tuple[Whose, ...] = get_args(Whose)
LONGEST_NAME = 120
TYPED_OVER = 500  # so many e-mails and more are sent only after their number has been typed
# The right that a module asks for (Z13, Z24): candidates are written to directly or by their dossiers.
RIGHTS: Mapping[str, str] = {
    "candidates": "mailing.candidates",
    "dossiers": "mailing.candidates",
    "contacts": "mailing.contacts",
}
# From which states a verb is possible.
FROM: Mapping[Verb, frozenset[str]] = {
    "change": frozenset({"draft"}),
    "delete": frozenset({"draft", "cancelled"}),
    "launch": frozenset({"draft", "needs_decision"}),
    "approve": frozenset({"approval"}),
    "undo": frozenset({"approval", "scheduled", "waiting", "starting", "running", "paused"}),
    "pause": frozenset({"running"}),
    "resume": frozenset({"paused"}),
    "cancel": frozenset({"approval", "scheduled", "waiting", "starting", "running", "paused", "needs_decision"}),
    "retry": frozenset({"running", "paused", "finished"}),
    "follow_up": frozenset({"running", "paused", "finished", "cancelled"}),
}
LIVE = frozenset({"running", "paused"})  # its messages are in the register and not all have ended
# Failures that another try can mend: not those that are about the address itself.
RETRIED = ("mailbox_full", "policy", "refused", "gave_up", "unrenderable", "attachment_missing", "cannot_sign")


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A mailing as somebody wants it. `starts_at`: local wall time in `time_zone`; None: at once."""

    name: str
    module: str = "candidates"
    campaign_id: int | None = None
    audience: str = "criteria"
    view_id: int | None = None
    criteria: dict[str, Any] = {}
    template_id: int | None = None
    per: str = "person"
    from_kind: str = "organisation"
    reply_kind: str = "organisation"
    trial: bool = False
    starts_at: datetime | None = None
    time_zone: str = "UTC"


FIELDS = Draft.__struct_fields__


def tidy(draft: Draft) -> Draft:
    """Spaces taken out, and what does not belong to the module or the kind of audience forgotten."""
    return msgspec.structs.replace(
        draft,
        name=" ".join(draft.name.split()),
        view_id=draft.view_id if draft.audience == "view" else None,
        criteria=draft.criteria if draft.audience == "criteria" else {},
        per=draft.per if draft.module == "dossiers" else "person",
    )


def allowed(verb: Verb, state: str) -> bool:
    """Whether a mailing in this state can be treated so."""
    return state in FROM[verb]


def is_late(due_at: datetime, now: datetime) -> bool:
    """Whether a start is due for so long that a person decides about it."""
    return now - due_at > LATENESS
