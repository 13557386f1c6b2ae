"""Who does something: a signed-in person, a candidate, a rule, an import or a script."""

from __future__ import annotations

from typing import Literal

import msgspec

ActorKind = Literal["candidate", "user", "rule", "import", "api"]


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Stored with everything that happens (who), and the way to every row (what may be seen).

    Rows of campaigns are found *through* the actor: `everywhere` sees all, others are members of the campaign.
    """

    kind: ActorKind
    account_id: int | None = None
    name: str = ""
    email: str = ""
    rights: frozenset[str] = frozenset()
    everywhere: bool = False
    locale: str = "en"
    time_zone: str = "UTC"

    def may(self, right: str) -> bool:
        """Whether the actor holds a right, e.g. `dossier.status`."""
        return right in self.rights

    @property
    def scope(self) -> tuple[bool, int]:
        """The two parameters of every query over campaigns' rows: (everywhere, account id or 0)."""
        return self.everywhere, self.account_id or 0


SYSTEM = Actor(kind="rule", everywhere=True)


def candidate(name: str) -> Actor:
    """A candidate on the public pages; holds no right and finds rows by a signed link only."""
    return Actor(kind="candidate", name=name)
