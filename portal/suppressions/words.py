"""The words people read about blocked addresses. Looked up when shown, never at import."""

from __future__ import annotations

from portal.i18n import _, pgettext
from portal.ledger.rules import SUPPRESSED
from portal.people.words import reason_word
from portal.web.fields import Options

SCOPES = ("all", "optional")


def scope_word(scope: str) -> str:
    """What does not go to an address."""
    return pgettext("blocked", "All e-mail") if scope == "all" else pgettext("blocked", "Optional e-mail")


def scope_choices() -> Options:
    """What can be blocked by hand, with what it means."""
    return [
        ("all", _("All e-mail, also about applications")),
        ("optional", _("Optional e-mail only; what concerns applications still goes")),
    ]


def scopes() -> list[tuple[str, str]]:
    """For the list's filter."""
    return [(each, scope_word(each)) for each in SCOPES]


def reasons() -> list[tuple[str, str]]:
    """For the list's filter, her own wishes first."""
    order = ("opted_out", "taking_a_break", "complaint", "suppressed_bounce", "by_hand")
    return [(each, reason_word(each)) for each in order if each in SUPPRESSED]


def header() -> list[str]:
    """The first row of the file."""
    return [
        *(_("E-mail address"), _("What is blocked"), _("Why"), _("Source")),
        *(_("Note"), _("Since"), _("Until"), _("Person")),
    ]
