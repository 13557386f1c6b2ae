"""The words of colleagues' accounts. Looked up when shown, never at import."""

from __future__ import annotations

from portal.i18n import pgettext
from portal.staff.queries import Colleague


def state_of(colleague: Colleague) -> tuple[str, str]:
    """(what state an account is in, its tone)."""
    if not colleague.active:
        return pgettext("account", "Deactivated"), "mute"
    if not colleague.invited:
        return pgettext("account", "Active"), "ok"
    if colleague.invited_until is None:
        return pgettext("account", "Invitation expired"), "warn"
    return pgettext("account", "Invited"), "plum"


def states() -> list[tuple[str, str]]:
    """For the filter."""
    return [
        ("active", pgettext("accounts", "Active")),
        ("invited", pgettext("accounts", "Invited")),
        ("off", pgettext("accounts", "Deactivated")),
    ]
