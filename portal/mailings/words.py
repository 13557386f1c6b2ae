"""What mailings are called: their states, steps, choices, and why somebody is left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from portal.formats import date_time, number, zone_words
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
    "person": lambda: _("One e-mail to each person, however many dossiers they have"),
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
    if name == "not_chosen":
        return _("Not among those who are chosen")
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


def send(n: int) -> str:
    """The button that says the number (Z22)."""
    return ngettext("Send {n} e-mail", "Send {n} e-mails", n).format(n=number(n))


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


def recipient(state: str, planned: bool) -> dict[str, Any]:
    """The state of one recipient: before the start whether she is meant to get it, then her message's."""
    if planned and state == "queued":
        return {"word": pgettext("recipient", "Will get it"), "tone": "ok", "open": True}
    return {"word": state_word(state), "tone": state_tone(state), "open": state in ("held", "queued", "sending")}


def place(row: Any) -> str:
    """Where one of the recipients is looked at: her message, her dossier, or herself."""
    if getattr(row, "message_id", None):
        return f"/messages/{row.message_id}"
    return f"/dossiers/{row.dossier_id}" if row.dossier_id else f"/people/{row.person_id}"


# ------------------------------------------------------------------------------------------------ the review
def people(n: int, per: str) -> str:
    """How many get it, with the noun."""
    if per == "dossier":
        return ngettext("{n} e-mail", "{n} e-mails", n).format(n=number(n))
    return ngettext("{n} person", "{n} people", n).format(n=number(n))


def audience(mailing: Any, picks: int) -> str:
    """Where the recipients come from."""
    where = {
        "candidates": lambda: _("from all candidates"),
        "contacts": lambda: _("from all contacts"),
        "dossiers": lambda: _("from all dossiers"),
    }
    if mailing.audience == "view":
        return _("from the view “{view}”").format(view=mailing.view_name) if mailing.view_name else ""
    if mailing.audience == "picked":
        return _("from those ticked one by one: {n}").format(n=number(picks))
    if mailing.criteria:
        return _("for whom your criteria hold")
    return where[mailing.module]()


def in_other_language(n: int) -> str:
    """A letter that is not in the wished-for language."""
    return ngettext(
        "{n} person reads it in another language: the template is not written in their own.",
        "{n} people read it in another language: the template is not written in their own.",
        n,
    ).format(n=number(n))


def empty_field(field: str, n: int) -> str:
    """A field that is printed although there is nothing in it."""
    return ngettext("“{field}” is empty for {n} person.", "“{field}” is empty for {n} people.", n).format(
        field=field, n=number(n)
    )


def nobody_twice(twice: int) -> str:
    """That no address gets it twice."""
    if not twice:
        return _("Nobody gets it twice.")
    return _("Nobody gets it twice. Addresses that occur again, left out: {n}").format(n=number(twice))


def clash(name: str, n: int) -> str:
    """Another mailing to the same people."""
    text = ngettext("{n} of them got “{name}” in the last days.", "{n} of them got “{name}” in the last days.", n)
    return text.format(n=number(n), name=name)


def ask_approval(n: int) -> str:
    """The button where a second person is wanted (B16)."""
    return ngettext("Ask for approval of {n} e-mail", "Ask for approval of {n} e-mails", n).format(n=number(n))


def approve(n: int) -> str:
    """The second person's button."""
    return ngettext("Approve and send {n} e-mail", "Approve and send {n} e-mails", n).format(n=number(n))


def changed(now: int, before: int) -> str:
    """What was confirmed is not what is there any more."""
    sentence = _(
        "The list has changed since you opened this page: now {now}, before {before}. Check it and confirm again."
    )
    return sentence.format(now=number(now), before=number(before))


def launched(mailing: Any, n: int) -> str:
    """The toast after the button."""
    if mailing.state == "approval":
        return _("A colleague is asked to approve it. Nothing leaves before that.")
    if mailing.state == "scheduled" and mailing.starts_at is not None:
        said = {"time": date_time(mailing.starts_at), "zone": zone_words(mailing.time_zone)}
        return _("It starts at {time} ({zone}).").format(**said)
    return ngettext("{n} e-mail queued.", "{n} e-mails queued.", n).format(n=number(n))


def consequence(mailing: Any, asks: bool) -> str:
    """What the button does, below it."""
    if asks:
        return _("Nothing leaves now. If the number changes before your colleague presses, we ask again.")
    if mailing.starts_at is not None:
        return _(
            "Nothing leaves before its time. Until then you can take it back. "
            "Who gets it is decided when it starts, by the same criteria."
        )
    return _(
        "They start leaving after {seconds} seconds; until then you can undo it. After that you can pause at any "
        "second; what has left cannot be called back. If the number changes before you press, nothing is sent and we "
        "ask again."
    ).format(seconds=number(mailing.hold_seconds))


def sample(one: Any) -> str:
    """Why a letter is worth a look."""
    if one.kind == "longest":
        return _("The longest letter")
    if one.kind == "emptiest":
        return _("The letter with the most empty fields")
    # NOTE: a letter in one language. {language}: e.g. Polish
    return _("In {language}").format(language=language_name(one.locale))
