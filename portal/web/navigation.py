"""The places in the side navigation, in three groups; everybody sees those that their rights open."""

from __future__ import annotations

import msgspec

from portal.actor import Actor
from portal.i18n import _, pgettext

ACCOUNTS = ("/settings/accounts", "/settings/roles")
SETTINGS = ("/settings/organisation", "/settings/signatures")


class Place(msgspec.Struct, frozen=True):
    """A link of the navigation. `below` are the paths that count as being there."""

    path: str
    icon: str
    label: str
    right: str
    below: tuple[str, ...] = ()

    def current(self, path: str) -> bool:
        """Whether a page belongs to this place."""
        roots = self.below or (self.path,)
        return path == self.path or any(root != "/" and (path + "/").startswith(root + "/") for root in roots)


def places(actor: Actor | None, has_mailbox: bool = False) -> list[list[Place]]:
    """The groups of places that `actor` may open, in the reader's language; empty groups are left out."""
    groups = [
        [
            Place("/", "layout-dashboard", _("Dashboard"), "home.see"),
            Place("/campaigns", "speakerphone", _("Campaigns"), "campaign.see", below=("/campaigns", "/programmes")),
            Place("/dossiers", "folder", _("Dossiers"), "dossier.see"),
            Place("/people/candidates", "users", _("People"), "person.see", below=("/people", "/suppressions")),
        ],
        [
            Place("/mailings", "mail", pgettext("navigation", "Mailings"), "mailing.see"),
            Place("/templates", "file-text", _("Templates"), "template.see"),
            Place("/messages", "send", _("Messages"), "message.see"),
            Place("/sending", "activity", pgettext("navigation", "Sending"), "message.see"),
            Place("/reports", "list-numbers", pgettext("navigation", "Reports"), "message.see"),
        ]
        + ([Place("/mailbox", "mailbox", _("Mailbox"), "mailbox.see")] if has_mailbox else []),
        [
            Place("/audit", "history", _("Audit log"), "audit.see"),
            Place("/settings/accounts", "user", _("Accounts"), "account.manage", below=ACCOUNTS),
            Place("/settings/organisation", "settings", _("Settings"), "organisation.edit", below=SETTINGS),
        ],
    ]
    if actor is None:
        return []
    seen = [[place for place in group if actor.may(place.right)] for group in groups]
    return [group for group in seen if group]
