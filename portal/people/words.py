"""The words people read about people. Looked up when shown, never at import."""

from __future__ import annotations

from collections.abc import Callable

from portal.i18n import _, pgettext
from portal.people.queries import Suppression


def kind_word(kind: str) -> str:
    """What a kind of person is called."""
    words: dict[str, Callable[[], str]] = {
        "candidate": lambda: pgettext("kind of person", "Candidate"),
        "contact": lambda: pgettext("kind of person", "Contact"),
    }
    return words[kind]()


def source_word(source: str) -> str:
    """Where an opt-out or a block came from; "" when nobody knows."""
    words: dict[str, Callable[[], str]] = {
        "by_hand": lambda: pgettext("source of an opt-out", "entered by hand"),
        "link": lambda: pgettext("source of an opt-out", "unsubscribe link"),
        "reply": lambda: pgettext("source of an opt-out", "reply"),
        "bounce": lambda: pgettext("source of an opt-out", "bounced e-mail"),
        "import": lambda: pgettext("source of an opt-out", "import"),
        "api": lambda: pgettext("source of an opt-out", "API"),
    }
    return words[source]() if source in words else ""


def reach_word(suppression: Suppression) -> str:
    """Why an address is not written to, in a word or two."""
    if suppression.reason == "opted_out":
        return _("Opted out of optional e-mail")
    if suppression.reason == "complaint":
        return _("Address blocked: reported as spam")
    return _("Address blocked after a bounce")


def consequence(suppression: Suppression) -> str:
    """What still reaches her."""
    if suppression.scope == "optional":
        return _("E-mail about applications still reaches this person.")
    return _("No e-mail at all goes to this address.")


def lifter(suppression: Suppression) -> str:
    """Who may lift it (B08)."""
    if suppression.reason == "opted_out":
        return _("The person can opt in again, or ask you to do it.")
    if suppression.reason == "complaint":
        return _("Only an administrator may unblock it.")
    return _("Managers may unblock it once the mailbox works again.")


def labels() -> dict[str, str]:
    """field -> its label; the conflict page uses the same."""
    return {
        "first_name": _("First name"),
        "last_name": _("Last name"),
        "email": _("E-mail address"),
        "locale": _("Language of e-mails"),
    }
