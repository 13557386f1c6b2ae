"""Which automatic e-mails a change calls for, to whom, and why not: one pure plan for previews, recap and sending."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import msgspec

from portal.addresses import valid_email
from portal.emails.rules import pick_locale
from portal.ledger.rules import Lane
from portal.triggers.facts import ACCOUNT, ADDRESS, ROLE, Change, Colleague, Family, Mode, People, Rule
from portal.triggers.reasons import Failed, WhyNot, reason_against


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """One e-mail that is planned, or skipped with its reason. `wished` is the reader's language, `locale` the letter's.

    `locale` is "" when the template has no language at all. A copy says in `shown_to` whom the original goes to; the
    original and its copies name all copies in `cc`.
    """

    trigger_id: int
    address: str
    name: str
    wished: str
    locale: str
    internal: bool
    copy: bool = False
    person_id: int | None = None
    account_id: int | None = None
    state: Literal["queued", "held", "skipped"] = "queued"
    reason: str | None = None
    delay_minutes: int = 0
    shown_to: str = ""
    cc: tuple[str, ...] = ()

    @property
    def falls_back(self) -> bool:
        """Whether the letter is not in the reader's language; said wherever the plan is shown."""
        return bool(self.locale) and self.locale != self.wished

    @property
    def recorded(self) -> bool:
        """Whether the ledger gets a row: a repeated address has its row already."""
        return self.reason != "duplicate_recipient"


class Decision(msgspec.Struct, frozen=True):
    """What was decided about one trigger: it matches and writes to `recipients`, or `why_not`.

    `details`: what the failed condition asked for and found, in plain JSON.
    """

    trigger: Rule
    why_not: WhyNot | None
    recipients: tuple[Recipient, ...] = ()
    details: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def matched(self) -> bool:
        """Whether the trigger fires."""
        return self.why_not is None

    @property
    def lane(self) -> Lane:
        """An acknowledgement overtakes everything, a letter about a status the many reminders, these all mass mail."""
        lanes: dict[Family, Lane] = {"candidate": Lane.urgent, "manager": Lane.trigger, "deadline": Lane.sequence}
        return lanes[self.trigger.family]


# A trigger that met all its conditions, whatever kept it from writing.
MET = frozenset({None, WhyNot.too_often, WhyNot.silent})


def plan(change: Change, triggers: Sequence[Rule], people: People) -> list[Decision]:
    """One decision per trigger, in their order. The same for every preview, the recap and the sending (B01).

    A trigger that stops keeps later ones of its family from firing, also when it writes nothing itself.
    """
    decided: list[Decision] = []
    stopped: Rule | None = None
    for trigger in triggers:
        failed = reason_against(change, trigger, people)
        if (failed.why if failed else None) in MET:
            failed = Failed(WhyNot.stopped, {"by": stopped.name}) if stopped else failed
            stopped = stopped or (trigger if trigger.stop else None)
        decided.append(_decision(change, trigger, people, failed))
    return decided


def _decision(change: Change, trigger: Rule, people: People, failed: Failed | None) -> Decision:
    if failed:
        return Decision(trigger, failed.why, details=failed.details)
    return Decision(trigger, None, tuple(recipients_of(trigger, change.mode, people)))


# ------------------------------------------------------------------------------------------------ to whom
def recipients_of(trigger: Rule, mode: Mode, people: People) -> list[Recipient]:
    """Everybody a matching trigger names, each once, with the reason for whoever gets nothing (E12)."""
    named: dict[str, Recipient] = {}
    for word in trigger.recipients:
        for one in _expand(word, trigger, people):
            named.setdefault(_identity(one), one)
    originals = [_judged(one, trigger, people) for one in named.values()]
    copies = _copies(trigger, originals, people)
    everybody = _with_cc(list(_without_repeats([*originals, *copies])))
    return [_timed(one, trigger, mode) for one in everybody]


def _identity(one: Recipient) -> str:
    """Who it is: somebody named twice (a manager who is also named by name) is one recipient."""
    if one.person_id is not None:
        return f"person:{one.person_id}"
    return f"account:{one.account_id}" if one.account_id is not None else f"address:{one.address.lower()}"


def _expand(word: str, trigger: Rule, people: People) -> Iterator[Recipient]:
    if word == "candidate":
        who = people.candidate
        yield Recipient(
            trigger_id=trigger.id,
            address=(who.address or "").strip(),
            name=who.name,
            wished=who.locale,
            locale=_locale(trigger, who.locale, people),
            internal=False,
            person_id=who.person_id,
        )
    elif word.startswith(ADDRESS):
        yield _fixed(word.removeprefix(ADDRESS), trigger, people)
    else:
        for colleague in people.colleagues:
            if _is_meant(word, colleague, people):
                yield _colleague(colleague, trigger, people)


def _is_meant(word: str, colleague: Colleague, people: People) -> bool:
    """A group means its active members, of the evaluators those who see the dossier; a person named by name stays

    named, and the plan says why she gets nothing.
    """
    if word.startswith(ACCOUNT):
        return word == f"{ACCOUNT}{colleague.account_id}"
    if word.startswith(ROLE):
        return colleague.active and word.removeprefix(ROLE) in colleague.roles
    if word == "assigned":
        return colleague.active and colleague.account_id in people.dossier.assigned
    meant = colleague.active and word.removesuffix("s") in colleague.member
    return meant and (word == "managers" or sees(colleague, people))


def sees(colleague: Colleague, people: People) -> bool:
    """Whether somebody may see this very dossier (E12)."""
    assigned = not colleague.only_assigned or colleague.account_id in people.dossier.assigned
    return colleague.active and colleague.sees and assigned


def _colleague(colleague: Colleague, trigger: Rule, people: People) -> Recipient:
    allowed = sees(colleague, people)
    return Recipient(
        trigger_id=trigger.id,
        address=colleague.address,
        name=colleague.name,
        wished=colleague.locale,
        locale=_locale(trigger, colleague.locale, people),
        internal=True,
        account_id=colleague.account_id,
        state="queued" if allowed else "skipped",
        reason=None if allowed else "no_dossier_access",
    )


def _fixed(address: str, trigger: Rule, people: People, wished: str = "") -> Recipient:
    """An address that is nobody's account: it gets the letter with the staff's link, behind which one signs in."""
    wished = wished or people.campaign_locale
    locale = _locale(trigger, wished, people)
    return Recipient(trigger_id=trigger.id, address=address, name="", wished=wished, locale=locale, internal=True)


def _locale(trigger: Rule, wished: str, people: People) -> str:
    if not trigger.locales:
        return ""
    wishes = (wished, people.campaign_locale, people.organisation_locale)
    return pick_locale(trigger.locales, wishes, trigger.fallback_locale)[0]


# ------------------------------------------------------------------------------------------------ who gets nothing
def _judged(one: Recipient, trigger: Rule, people: People) -> Recipient:
    reason = one.reason or _obstacle(one, trigger, people)
    return msgspec.structs.replace(one, state="skipped", reason=reason) if reason else one


def _obstacle(one: Recipient, trigger: Rule, people: People) -> str | None:
    if not one.address:
        return "no_email"
    if not valid_email(one.address):
        return "invalid_email"
    suppressions = dict(people.blocked.get(one.address.lower(), ()))
    if "all" in suppressions:
        return suppressions["all"]
    if trigger.optional and "optional" in suppressions:
        return suppressions["optional"]
    if trigger.optional and f"topic:{trigger.topic_id}" in suppressions:
        return "topic"
    return None if one.locale else "missing_language"


def _copies(trigger: Rule, originals: Sequence[Recipient], people: People) -> list[Recipient]:
    """A copy is the original's letter, in its language. Where no original goes, its copy shares the reason."""
    if not originals:
        return []
    first = next((one for one in originals if one.reason is None), originals[0])
    copies = []
    for address in trigger.cc:
        one = _fixed(address, trigger, people, wished=first.wished)
        one = msgspec.structs.replace(one, copy=True, shown_to=first.address, reason=first.reason)
        copies.append(_judged(one, trigger, people))
    return copies


def _without_repeats(all_of_them: Sequence[Recipient]) -> Iterator[Recipient]:
    """One letter per address and trigger: the first that goes, and the others say that they are repetitions."""
    kept: dict[str, Recipient] = {}
    for one in sorted(all_of_them, key=lambda each: each.reason is not None):  # stable: those that go come first
        kept.setdefault(one.address.lower(), one)
    for one in all_of_them:
        repeated = kept[one.address.lower()] is not one
        yield msgspec.structs.replace(one, state="skipped", reason="duplicate_recipient") if repeated else one


def _with_cc(everybody: list[Recipient]) -> list[Recipient]:
    copies = tuple(one.address for one in everybody if one.copy and one.reason is None)
    shown_to = next((one.shown_to for one in everybody if one.copy), "")
    return [
        msgspec.structs.replace(one, cc=copies) if copies and (one.copy or one.address == shown_to) else one
        for one in everybody
    ]


def _timed(one: Recipient, trigger: Rule, mode: Mode) -> Recipient:
    if one.state == "skipped":
        return one
    if mode == "hold":
        return msgspec.structs.replace(one, state="held", reason="on_hold")
    return msgspec.structs.replace(one, delay_minutes=trigger.delay_minutes)
