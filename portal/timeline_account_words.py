"""What the timeline says of accounts, roles and keys (see timeline_words.py)."""

from __future__ import annotations

from collections.abc import Callable

from portal.i18n import pgettext
from portal.timeline import Event


def _signed_in(event: Event) -> str:
    if event.details.get("way") == "recovery":
        return pgettext("timeline", "{name} signed in with a recovery code, from {address}. {agent}")
    if event.details.get("way") == "elsewhere":
        return pgettext("timeline", "{name} signed in through single sign-on, from {address}. {agent}")
    if event.details.get("address"):
        return pgettext("timeline", "{name} signed in from {address}. {agent}")
    return pgettext("timeline", "{name} signed in")


def _reset_asked(event: Event) -> str:
    if event.actor_kind == "rule":
        return pgettext("timeline", "Somebody asked for a new password with this e-mail address")
    return pgettext("timeline", "{name} sent a link for a new password to {address}")


WORDS: dict[str, tuple[str, Callable[[Event], str]]] = {
    "account.created": ("user", lambda event: pgettext("timeline", "{name} created the account")),
    "account.invited": ("mail", lambda event: pgettext("timeline", "{name} invited {address}")),
    "account.joined": ("user", lambda event: pgettext("timeline", "{name} accepted the invitation")),
    "account.uninvited": ("trash", lambda event: pgettext("timeline", "{name} withdrew the invitation of {address}")),
    "account.changed": ("pencil", lambda event: pgettext("timeline", "{name} changed the account")),
    "account.roles_changed": ("shield", lambda event: pgettext("timeline", "{name} changed the roles: {roles}")),
    "account.on": ("user", lambda event: pgettext("timeline", "{name} reactivated the account")),
    "account.off": ("ban", lambda event: pgettext("timeline", "{name} deactivated the account")),
    "account.signed_in": ("key", _signed_in),
    "account.reset_asked": ("mail", _reset_asked),
    "account.password_changed": ("lock", lambda event: pgettext("timeline", "{name} changed the password")),
    "account.password_reset": ("lock", lambda event: pgettext("timeline", "{name} set a new password, by e-mail")),
    "account.linked": (
        "link",
        lambda event: pgettext("timeline", "{name} signed in through single sign-on for the first time"),
    ),
    "account.session_ended": ("logout", lambda event: pgettext("timeline", "{name} ended a session")),
    "account.sessions_ended": ("logout", lambda event: pgettext("timeline", "{name} ended all sessions")),
    "account.factor_added": ("shield", lambda event: pgettext("timeline", "{name} set up a second factor")),
    "account.factor_removed": ("shield", lambda event: pgettext("timeline", "{name} removed the second factor")),
    "account.codes_renewed": ("shield", lambda event: pgettext("timeline", "{name} made new recovery codes")),
    "account.locked": ("lock", lambda event: pgettext("timeline", "Locked for a while: too many wrong attempts")),
    "account.handed_over": (
        "users",
        lambda event: pgettext("timeline", "{name} handed campaigns, templates and views over to {member}"),
    ),
    "key.created": ("key", lambda event: pgettext("timeline", "{name} created the API key {hint}…")),
    "key.revoked": ("key", lambda event: pgettext("timeline", "{name} revoked the API key {hint}…")),
    "role.created": ("shield", lambda event: pgettext("timeline", "{name} created the role “{title}”")),
    "role.changed": ("shield", lambda event: pgettext("timeline", "{name} changed the role “{title}”")),
    "role.deleted": ("trash", lambda event: pgettext("timeline", "{name} deleted the role “{title}”")),
    "factor.required": ("shield", lambda event: pgettext("timeline", "{name} changed who needs a second factor")),
    "audit.verified": ("circle-check", lambda event: pgettext("timeline", "{name} verified the audit log")),
    "audit.exported": ("download", lambda event: pgettext("timeline", "{name} exported the audit log")),
}
