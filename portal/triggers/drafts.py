"""What somebody wants a trigger to be, and whether it can be that: pure, for the form and the API alike."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import time

import msgspec

from portal.addresses import valid_email
from portal.i18n import LOCALES
from portal.triggers.facts import ACCOUNT, ADDRESS, ALWAYS, GROUPS, LONGEST_DELAY, ROLE, Conditions, Family

LONGEST_NAME = 120
MOST_DAYS = 365  # before a deadline
MOST_RECIPIENTS = 50

Problem = tuple[str, str, str]  # (field, code, the word it is about)


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A trigger as wished for. `recipients`: candidate, managers, evaluators, assigned, role:NAME, account:ID,

    address:A@B. `days_before`, `at_time` (wall time of the campaign's zone): of the family `deadline`, which asks in
    `from_status_id` which dossiers it is about.
    """

    name: str = ""  # empty: the template's name
    family: Family
    template_id: int | None
    from_status_id: int | None = None
    to_status_id: int | None = None
    recipients: tuple[str, ...] = ("candidate",)
    cc: tuple[str, ...] = ()
    delay_minutes: int = 0
    active: bool = True
    phase_id: int | None = None
    conditions: Conditions = ALWAYS
    stop: bool = False
    days_before: int | None = None
    at_time: time | None = None


class Known(msgspec.Struct, frozen=True):
    """What can be named: templates, statuses of the campaign, active accounts, roles; `kept`: named before.

    `submitted`: the status that a submission leads to.
    """

    templates: Collection[int]
    statuses: Collection[int]
    accounts: Collection[int]
    roles: Collection[str]
    kept: Collection[str] = ()
    submitted: int | None = None
    phases: Collection[int] = ()
    questions: Collection[str] = ()


def problems(draft: Draft, known: Known) -> list[Problem]:
    """Everything that has to be mended; empty when the trigger can be saved (E04, E12)."""
    family = {"candidate": _candidate_problems, "manager": _manager_problems, "deadline": _deadline_problems}
    return [
        *_rule_problems(draft, known),
        *family[draft.family](draft, known),
        *_condition_problems(draft, known),
        *_people_problems(draft, known),
    ]


def _rule_problems(draft: Draft, known: Known) -> Iterator[Problem]:
    if len(draft.name) > LONGEST_NAME:
        yield "name", "name_too_long", ""
    if draft.template_id not in known.templates:
        yield "template", "template_missing" if known.templates else "no_template", ""
    if not 0 <= draft.delay_minutes <= LONGEST_DELAY:
        yield "delay_minutes", "delay", ""
    if draft.phase_id is not None and draft.phase_id not in known.phases:
        yield "phase", "unknown_phase", ""
    if draft.from_status_id is not None and draft.from_status_id not in known.statuses:
        yield "from_status", "unknown_status", ""


def _candidate_problems(draft: Draft, known: Known) -> Iterator[Problem]:
    if draft.to_status_id not in (None, known.submitted):
        yield "to_status", "candidate_status", ""
    if draft.from_status_id is not None:
        yield "from_status", "candidate_status", ""


def _manager_problems(draft: Draft, known: Known) -> Iterator[Problem]:
    if draft.to_status_id not in known.statuses:
        yield "to_status", "status_missing", ""
    elif draft.to_status_id == draft.from_status_id:
        yield "from_status", "same_status", ""


def _deadline_problems(draft: Draft, known: Known) -> Iterator[Problem]:
    """When it reminds, and which dossiers (B07). Whoever moves on no longer waits, so there is nothing to undo."""
    if draft.days_before is None or not 0 <= draft.days_before <= MOST_DAYS:
        yield "days_before", "days_before", ""
    if draft.at_time is None:
        yield "at_time", "at_time", ""
    if draft.from_status_id is None:
        yield "from_status", "from_missing", ""
    if draft.to_status_id is not None:
        yield "to_status", "deadline_status", ""
    if draft.delay_minutes:
        yield "delay_minutes", "deadline_delay", ""


def _condition_problems(draft: Draft, known: Known) -> Iterator[Problem]:
    asked = draft.conditions
    if not set(asked.locales) <= set(LOCALES):
        yield "locales", "unknown_choice", ""
    if not set(asked.evaluators) <= set(known.accounts) | _kept_evaluators(known):
        yield "evaluators", "unknown_choice", ""
    for each in asked.answers:
        if each.key not in known.questions or not each.any_of:
            yield "answers", "unknown_answer", each.key


def _kept_evaluators(known: Known) -> set[int]:
    return {int(word.removeprefix(ACCOUNT)) for word in known.kept if word.startswith(ACCOUNT)}


def _people_problems(draft: Draft, known: Known) -> Iterator[Problem]:
    if not draft.recipients:
        yield "recipients", "no_recipient", ""
    if len(draft.recipients) + len(draft.cc) > MOST_RECIPIENTS:
        yield "recipients", "too_many", ""
    for word in draft.recipients:
        if word.startswith(ADDRESS):
            if not valid_email(word.removeprefix(ADDRESS)):
                yield "addresses", "address", word.removeprefix(ADDRESS)
        elif not _names_somebody(word, known):
            yield "recipients", "unknown_recipient", word
    for address in draft.cc:
        if not valid_email(address):
            yield "cc", "address", address


def _names_somebody(word: str, known: Known) -> bool:
    if word in known.kept:
        return True
    if word.startswith(ACCOUNT):
        return word.removeprefix(ACCOUNT) in {str(account_id) for account_id in known.accounts}
    return word.removeprefix(ROLE) in known.roles if word.startswith(ROLE) else word in GROUPS
