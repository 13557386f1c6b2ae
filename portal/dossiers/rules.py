"""Who may move a dossier how. Pure: values in, values out."""

from __future__ import annotations

from typing import Literal

import msgspec

Mode = Literal["send", "hold", "silent"]
MODES: tuple[Mode, ...] = ("send", "hold", "silent")

DOCUMENTS_MISSING = "documents_missing"  # the key of the status in which candidates add documents
NAME_LIMIT = 100
REASON_LIMIT = 500


# ------------------------------------------------------------------------------------------------ status changes
def is_manual(actor_kind: str, mode: Mode | None) -> bool:
    """Whether a change counts as made by hand: only these fire the manager family (E08, E11).

    A user's always does; one through the API only if it says what to do with the mail.
    """
    return actor_kind == "user" or (actor_kind == "api" and mode is not None)


class Refusal(msgspec.Struct, frozen=True):
    """Why a change may not be made; `words.refusal_word` says it to people."""

    code: Literal["same_status", "reason_missing", "reason_too_long", "unknown_mode"]
    field: str


def refuse_change(from_key: str, to_key: str, mode: str | None, reason: str) -> Refusal | None:
    """What forbids a change of status, if anything does."""
    if from_key == to_key:
        return Refusal("same_status", "status")
    if mode is not None and mode not in MODES:
        return Refusal("unknown_mode", "mode")
    if mode == "silent" and not reason.strip():
        return Refusal("reason_missing", "reason")
    if len(reason) > REASON_LIMIT:
        return Refusal("reason_too_long", "reason")
    return None
