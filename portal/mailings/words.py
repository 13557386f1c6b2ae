"""What mailings are called: their states, steps, choices, and why somebody is left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from portal.formats import number
from portal.i18n import _, language_name, ngettext, pgettext
from portal.ledger.words import reason_word, state_tone, state_word
from portal.mailings.rules import RIGHTS

Words = Callable[[], str]

STATES: dict[str, tuple[Words, str, bool]] = {  # word, tone, hollow dot
    "draft": (lambda: pgettext("mailing state", "Draft"), "mute", True),
    "approval": (lambda: pgettext("mailing state", "Waits for approval"), "plum", True),
    "scheduled": (lambda: pgettext("mailing state", "Scheduled"), "teal", True),
    "waiting": (lambda: pgettext("mailing state", "Waits for its turn"), "plum", True),
    "starting": (lambda: pgettext("mailing state", "Starting"), "teal", True),
    "running": (lambda: pgettext("mailing state", "Sending"), "teal", False),
    "paused": (lambda: pgettext("mailing state", "Paused"), "warn", False),
    "finished": (lambda: pgettext("mailing state", "Finished"), "ok", False),
    "cancelled": (lambda: pgettext("mailing state", "Cancelled"), "mute", False),
    "needs_decision": (lambda: pgettext("mailing state", "Needs a decision"), "bad", False),
}
MODULES: dict[str, Words] = {
    "candidates": lambda: pgettext("recipients", "Candidates"),
    "contacts": lambda: pgettext("recipients", "Contacts"),
    "dossiers": lambda: pgettext("recipients", "Candidates of a campaign, by their dossiers"),
}
MODULE_RIGHTS = RIGHTS
AUDIENCES: dict[str, Words] = {
    "view": lambda: _("Custom view"),
    "criteria": lambda: _("Instant filter"),
    "picked": lambda: _("One by one"),
}
STEPS: dict[str, Words] = {
    "who": lambda: pgettext("step", "Who"),
    "what": lambda: pgettext("step", "What"),
    "preview": lambda: pgettext("step", "Preview"),
    "when": lambda: pgettext("step", "When"),
    "review": lambda: pgettext("step", "Review"),
}
TITLES: dict[str, Words] = {
    "who": lambda: _("{name}: recipients"),
    "what": lambda: _("{name}: letter"),
    "preview": lambda: _("{name}: preview"),
    "when": lambda: _("{name}: date"),
    "review": lambda: _("{name}: review"),
}
PER: dict[str, Words] = {
    "person": lambda: _("One e-mail to each person, however many dossiers she has"),
    "dossier": lambda: _("One e-mail for each dossier"),
}


def state(word: str) -> dict[str, Any]:
    """The arguments of the macro `ui.status`."""
    said, tone, hollow = STATES[word]
    return {"word": said(), "tone": tone, "open": hollow}


def title(step: str, name: str) -> str:
    """The heading of a step: "Closing reminder: recipients"."""
    return TITLES[step]().format(name=name)


def left_out(reason: str) -> str:
    """Why somebody gets nothing, as a short nominal phrase."""
    name, _colon, detail = reason.partition(":")
    if name == "missing_language" and detail:
        return reason_word(reason, language=language_name(detail))
    return blocked_by_hand() if name == "by_hand" else reason_word(reason)


def blocked_by_hand() -> str:
    """Of an address that a colleague has blocked."""
    return _("Address blocked by hand")


def tally(numbers: Mapping[str, int], word: Callable[[str], str]) -> str:
    """ "French: 231 · Spanish: 96", the largest first: needs no plural."""
    ordered = sorted(numbers.items(), key=lambda each: (-each[1], each[0]))
    # NOTE: part of a list of numbers. {what}: e.g. French, Opted out of optional e-mail
    return " · ".join(_("{what}: {n}").format(what=word(key), n=number(n)) for key, n in ordered if n)


def recipients(n: int) -> str:
    """How many people will get it."""
    if not n:
        return _("No one will get it")
    return ngettext("{n} person will get this e-mail.", "{n} people will get this e-mail.", n).format(n=number(n))


def send(n: int) -> str:
    """The button that says the number (Z22)."""
    return ngettext("Send {n} e-mail", "Send {n} e-mails", n).format(n=number(n))


def go_on(n: int) -> str:
    """The button of the first step."""
    if not n:
        return _("Save and continue")
    return ngettext("Continue with {n} recipient", "Continue with {n} recipients", n).format(n=number(n))


def found(n: int, exact: bool = True) -> str:
    """How many a list holds that somebody wants to write to."""
    if not exact:
        return _("Your list has about {n} entries.").format(n=number(n))
    return ngettext("Your list has {n} entry.", "Your list has {n} entries.", n).format(n=number(n))


def out_of(n: int, per: str) -> str:
    """Below the number: out of how many."""
    if per == "dossier":
        return ngettext("of {n} dossier found", "of {n} dossiers found", n).format(n=number(n))
    return ngettext("of {n} person found, once each", "of {n} people found, once each", n).format(n=number(n))


def left_out_heading(n: int) -> str:
    """How many get nothing."""
    if not n:
        return _("Nobody is left out")
    return ngettext("{n} person left out", "{n} people left out", n).format(n=number(n))


def audience_hint(audience: str, module: str) -> str:
    """What a way of choosing means."""
    if audience == "view":
        return _("Everybody in the view when the mailing starts. A frozen view stays as it is.")
    if audience == "picked":
        return _("Exactly those you tick. The ticks stay when you search and page.")
    if module == "contacts":
        return _("All contacts for whom these criteria hold when the mailing starts. Without criteria: all contacts.")
    if module == "dossiers":
        return _("All dossiers for which these criteria hold when the mailing starts. Without criteria: all dossiers.")
    return _("All candidates for whom these criteria hold when the mailing starts. Without criteria: all candidates.")


def recipient(state: str) -> dict[str, Any]:
    """The state of one recipient: before the start whether she is meant to get it, then her message's."""
    if state == "going":
        return {"word": pgettext("recipient", "Will get it"), "tone": "ok", "open": True}
    return {"word": state_word(state), "tone": state_tone(state), "open": state in ("held", "queued", "sending")}
