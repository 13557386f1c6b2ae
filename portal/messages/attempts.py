"""How the tries of a message ended, in words. Looked up when shown."""

from __future__ import annotations

from collections.abc import Callable

from portal.i18n import _, pgettext
from portal.ledger.queries import Attempt
from portal.ledger.words import reason_word
from portal.sending.dispatcher import BROKE


def attempt_word(state: str) -> str:
    """How one try ended."""
    words: dict[str, Callable[[], str]] = {
        "accepted": lambda: pgettext("message state", "Sent"),
        "retry": lambda: pgettext("attempt", "Asked to wait"),
        "failed": lambda: pgettext("message state", "Not delivered"),
        "uncertain": lambda: pgettext("message state", "Not confirmed"),
        "skipped": lambda: pgettext("message state", "Skipped"),
    }
    return words[state]() if state in words else state


def server_said(attempt: Attempt) -> str:
    """The words of a reply, without its code; ours in the reader's language."""
    if attempt.reply == BROKE:
        return _("Three connections broke before the end of this letter.")
    if attempt.code <= 0:
        return reason_word(attempt.reply)
    return attempt.reply.removeprefix(str(attempt.code)).strip()


ATTEMPT_TONES = {"accepted": "ok", "retry": "teal", "failed": "bad", "uncertain": "warn"}
