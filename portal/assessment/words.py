"""What the pages say about evaluators, notes and scores. Looked up when shown, never at import."""

from __future__ import annotations

from collections.abc import Callable

from portal.i18n import _


def why_not_word(reason: str) -> str:
    """Why a dossier was not assigned to somebody."""
    words: dict[str, Callable[[], str]] = {
        "already": lambda: _("Already assigned"),
        "conflict": lambda: _("A conflict of interest has been declared"),
        "own": lambda: _("It is the evaluator’s own dossier"),
        "not_member": lambda: _("The evaluator does not take part in this campaign"),
        "missing": lambda: _("This dossier does not exist any more, or you may not see it"),
    }
    return words[reason]() if reason in words else reason
