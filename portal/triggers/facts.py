"""What the rules of triggers know about a change, the triggers and the people: plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from portal.actor import ActorKind

Family = Literal["candidate", "manager"]
Mode = Literal["send", "hold", "silent"]

FAMILIES: tuple[Family, ...] = ("candidate", "manager")
GROUPS = ("candidate", "managers", "evaluators")
ROLE, ACCOUNT, ADDRESS = "role:", "account:", "address:"  # the other recipients of a trigger: role:NAME ...
LONGEST_DELAY = 60  # minutes (B03)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a dossier. `event_id` is the status change's id; statuses are ids."""

    dossier_id: int
    campaign_id: int
    event_id: int
    kind: Literal["submitted", "status"]
    from_status: int | None
    to_status: int
    manual: bool
    actor_kind: ActorKind
    mode: Mode = "send"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A trigger with what its template's version in force can say. `locales`: those it is written in."""

    id: int
    name: str
    family: Family
    template_id: int
    template_name: str
    version_id: int | None
    optional: bool
    locales: tuple[str, ...]
    fallback_locale: str
    from_status: int | None
    to_status: int | None
    recipients: tuple[str, ...]
    cc: tuple[str, ...]
    delay_minutes: int
    active: bool


class Candidate(msgspec.Struct, frozen=True):
    """Whose dossier it is. `locale` is the dossier's; `address` is None or "" when there is none."""

    person_id: int
    name: str
    address: str | None
    locale: str


class Colleague(msgspec.Struct, frozen=True):
    """An account. `member` holds its roles in the campaign, `sees` says whether it may see the campaign's dossiers."""

    account_id: int
    name: str
    address: str
    locale: str
    roles: frozenset[str]
    member: frozenset[str]
    active: bool
    sees: bool


class People(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody a change may concern. `blocked`: lower-case address -> its suppressions as (scope, reason)."""

    candidate: Candidate
    colleagues: tuple[Colleague, ...] = ()
    campaign_locale: str = "en"
    organisation_locale: str = "en"
    blocked: Mapping[str, tuple[tuple[str, str], ...]] = msgspec.field(default_factory=dict)
