"""What the rules of triggers know about a change, the triggers and the people: plain values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any, Literal

import msgspec

from portal.actor import ActorKind

Family = Literal["candidate", "manager", "deadline"]
Kind = Literal["submitted", "status", "deadline"]
Mode = Literal["send", "hold", "silent"]

FAMILIES: tuple[Family, ...] = ("candidate", "manager", "deadline")
FAMILY_OF: dict[Kind, Family] = {"submitted": "candidate", "status": "manager", "deadline": "deadline"}
GROUPS = ("candidate", "managers", "evaluators", "assigned")
ROLE, ACCOUNT, ADDRESS = "role:", "account:", "address:"  # the other recipients of a trigger: role:NAME ...
LONGEST_DELAY = 60  # minutes (B03)
MOST_A_DAY = 5  # times that one trigger fires for one dossier in 24 hours: nothing that goes round writes on and on


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a dossier. `event_id` is the status change's id, or a deadline's minute; statuses are ids.

    `phase`: whose form was submitted, or whose closing is near; None: the initial one. Near a deadline the dossier
    stays where it is: both statuses are that one.
    """

    dossier_id: int
    campaign_id: int
    event_id: int
    kind: Kind
    from_status: int | None
    to_status: int
    manual: bool
    actor_kind: ActorKind
    mode: Mode = "send"
    phase: int | None = None


class Answer(msgspec.Struct, frozen=True, rename={"any_of": "is"}):
    """A condition: the answer to the question `key` is one of these, or has one of them among several."""

    key: str
    any_of: tuple[str, ...]


class Conditions(msgspec.Struct, frozen=True, omit_defaults=True):
    """What else must hold of a dossier; all of it, and nothing where a part is empty.

    `locales`: its language is one of these. `evaluators`: it is assigned to one of these accounts.
    """

    locales: tuple[str, ...] = ()
    evaluators: tuple[int, ...] = ()
    answers: tuple[Answer, ...] = ()


ALWAYS = Conditions()


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A trigger with what its template's version in force can say. `locales`: those it is written in.

    `phase`: of the candidate's family, whose form is submitted, and of the deadline's, whose closing it is (None: the
    initial one); of the manager's, the phase of the status that the dossier comes from (None: any). `stop`: once it
    has matched, no later trigger of its family is asked. `topic_id`: which kind of optional mail the template is.
    """

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
    phase: int | None = None
    conditions: Conditions = ALWAYS
    stop: bool = False
    days_before: int | None = None
    at_time: time | None = None
    topic_id: int | None = None


class Candidate(msgspec.Struct, frozen=True):
    """Whose dossier it is. `locale` is the dossier's; `address` is None or "" when there is none."""

    person_id: int
    name: str
    address: str | None
    locale: str


class Colleague(msgspec.Struct, frozen=True):
    """An account. `member` holds its roles in the campaign, `sees` says whether it may see the campaign's dossiers.

    `only_assigned`: of these it sees those that are assigned to it, because the campaign says so.
    """

    account_id: int
    name: str
    address: str
    locale: str
    roles: frozenset[str]
    member: frozenset[str]
    active: bool
    sees: bool
    only_assigned: bool = False


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What conditions ask of a dossier beside its language. `phases`: status -> its phase, for those of a later one.

    `assigned`: the accounts that evaluate it. `fired`: trigger -> how often it has fired in the last 24 hours.
    """

    assigned: frozenset[int] = frozenset()
    answers: Mapping[str, Any] = msgspec.field(default_factory=dict)
    phases: Mapping[int, int] = msgspec.field(default_factory=dict)
    fired: Mapping[int, int] = msgspec.field(default_factory=dict)


class People(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody a change may concern. `blocked`: lower-case address -> its suppressions as (scope, reason)."""

    candidate: Candidate
    dossier: Standing = msgspec.field(default_factory=Standing)
    colleagues: tuple[Colleague, ...] = ()
    campaign_locale: str = "en"
    organisation_locale: str = "en"
    blocked: Mapping[str, tuple[tuple[str, str], ...]] = msgspec.field(default_factory=dict)
