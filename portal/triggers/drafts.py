"""What somebody wants a trigger to be, and whether it can be that: pure, for the form and the API alike."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec

from portal.addresses import valid_email
from portal.triggers.facts import ACCOUNT, ADDRESS, GROUPS, LONGEST_DELAY, ROLE, Family

LONGEST_NAME = 120
MOST_RECIPIENTS = 50

Problem = tuple[str, str, str]  # (field, code, the word it is about)


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A trigger as wished for. `recipients`: candidate, managers, evaluators, role:NAME, account:ID, address:A@B."""

    name: str = ""  # empty: the template's name
    family: Family
    template_id: int | None
    from_status_id: int | None = None
    to_status_id: int | None = None
    recipients: tuple[str, ...] = ("candidate",)
    cc: tuple[str, ...] = ()
    delay_minutes: int = 0
    active: bool = True


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


def problems(draft: Draft, known: Known) -> list[Problem]:
    """Everything that has to be mended; empty when the trigger can be saved (E04, E12)."""
    return [*_rule_problems(draft, known), *_people_problems(draft, known)]


def _rule_problems(draft: Draft, known: Known) -> Iterator[Problem]:
    if len(draft.name) > LONGEST_NAME:
        yield "name", "name_too_long", ""
    if draft.template_id not in known.templates:
        yield "template", "template_missing" if known.templates else "no_template", ""
    if not 0 <= draft.delay_minutes <= LONGEST_DELAY:
        yield "delay_minutes", "delay", ""
    if draft.family == "candidate":
        if draft.to_status_id not in (None, known.submitted):
            yield "to_status", "candidate_status", ""
        if draft.from_status_id is not None:
            yield "from_status", "candidate_status", ""
        return
    if draft.to_status_id not in known.statuses:
        yield "to_status", "status_missing", ""
    elif draft.to_status_id == draft.from_status_id:
        yield "from_status", "same_status", ""
    if draft.from_status_id is not None and draft.from_status_id not in known.statuses:
        yield "from_status", "unknown_status", ""


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
