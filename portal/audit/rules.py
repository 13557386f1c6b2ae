"""What the audit log can be narrowed to, and how its rows become a spreadsheet. Values in, values out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

Area = Literal["signing_in", "accounts", "campaigns", "dossiers", "people", "templates", "emails", "other"]
AREAS: tuple[Area, ...] = get_args(Area)
# Which events an area shows: names, or with a final dot the beginnings of names.
SIGNING_IN = (
    "account.signed_in", "account.locked", "account.reset_asked", "account.password_changed", "account.password_reset",
    "account.session_ended", "account.sessions_ended", "account.factor_added", "account.factor_removed",
    "account.codes_renewed", "account.linked", "account.joined",
)  # fmt: skip
BEGINNINGS: dict[Area, tuple[str, ...]] = {
    "accounts": ("account.", "role.", "key.", "factor.", "audit."),
    "campaigns": ("campaign.", "programme.", "criterion."),
    "dossiers": ("dossier.", "status.", "note.", "score.", "scores.", "assignment.", "evaluator.", "conflict."),
    "people": ("person.", "address.", "suppression."),
    "templates": ("template.", "picture."),
    "emails": ("trigger.", "triggers.", "reminder.", "message.", "origin.", "ledger."),
}  # what begins with none of these is in "other"


def names_of(area: Area, known: Sequence[str]) -> list[str]:
    """The events of an area among all that are known."""
    if area == "signing_in":
        return [name for name in known if name in SIGNING_IN]
    if area == "other":
        return [name for name in known if not name.startswith(tuple(sum(BEGINNINGS.values(), ())))]
    return [name for name in known if name.startswith(BEGINNINGS[area])]
