"""What the pages of dossiers say: answers, problems, refusals, opening times, documents. Looked up when shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from portal.campaigns.kinds import WITH_CHOICES, Question
from portal.campaigns.rules import Call
from portal.dossiers.rules import Refusal
from portal.dossiers.search import Count
from portal.emails.fields import answer_words
from portal.formats import date_time, number, zone_words
from portal.i18n import _, current_locale, ngettext, pgettext
from portal.ledger.words import reason_word


def answer(question: Question, given: object) -> str:
    """An answer as the reader's language writes it; "" when there is none."""
    if given is None or given is False or given == "" or given == []:
        return ""
    choices = [{"key": each.key, "label": each.label} for each in question.choices]
    kind = "short" if isinstance(given, list) and question.kind not in WITH_CHOICES else question.kind
    return answer_words(kind, choices, given, current_locale.get())


def refusal_word(refusal: Refusal) -> str:
    """Why a change of status may not be made."""
    words: dict[str, Callable[[], str]] = {
        "same_status": lambda: _("The dossier already has this status. Choose another one."),
        "reason_missing": lambda: _("Enter the reason. The timeline keeps it."),
        "reason_too_long": lambda: _("Shorten the reason to 500 characters."),
        "unknown_mode": lambda: _("Choose what to do with the e-mails."),
    }
    return words[refusal.code]()


def address_wrong() -> str:
    """Beside an address that cannot be written to."""
    return _("Enter an address such as name@example.org.")


def unknown_status() -> str:
    """Beside a status that the campaign does not have."""
    return _("Choose a status of this campaign.")


def submitted_already() -> str:
    """To whoever submits what is no draft any more."""
    return _("This application has already been submitted.")


def no_documents_wanted() -> str:
    """To whoever adds documents to an application that does not wait for any."""
    return _("This application does not take documents any more.")


def not_open(call: Call, state: str) -> str:
    """Why nothing can be submitted now, with the date and the zone in words."""
    if state == "not_yet_open" and call.opens_at:
        sentence = _("This call for applications opens on {date} ({zone}).")
        return sentence.format(date=date_time(call.opens_at), zone=zone_words(call.time_zone))
    if state == "closed" and call.closes_at:
        sentence = _("This call for applications closed on {date} ({zone}).")
        return sentence.format(date=date_time(call.closes_at), zone=zone_words(call.time_zone))
    return _("This call for applications is not open.")


def until_when(call: Call) -> str:
    """Until when an open call takes applications."""
    if call.closes_at is None:
        return _("Open. There is no closing date.")
    # NOTE: public page. {date}: with the time, e.g. 15 December 2026, 23:59. {zone}: e.g. local time: Warsaw
    return _("Open until {date} ({zone})").format(date=date_time(call.closes_at), zone=zone_words(call.time_zone))


def mode_word(mode: str) -> str:
    """What is done with the e-mails of a change: the choices of the dialog."""
    words: dict[str, Callable[[], str]] = {
        "send": lambda: pgettext("e-mails of a status change", "Send"),
        "hold": lambda: pgettext("e-mails of a status change", "Hold"),
        "silent": lambda: pgettext("e-mails of a status change", "Don’t send (give a reason)"),
    }
    return words[mode]()


def counted(count: Count) -> str:
    """How many dossiers a list has, newest change first; above 10,000 it is an estimate and says so."""
    if not count.exact:
        return _("About {n} dossiers, last changed first").format(n=number(count.n))
    sentence = ngettext("{n} dossier, last changed first", "{n} dossiers, last changed first", count.n)
    return sentence.format(n=number(count.n))


def wish_word(reasons: Sequence[str]) -> tuple[str, str]:
    """Whether a person's address is written to: (tone, words). `reasons`: of the suppressions."""
    bad, mild = ("complaint", "suppressed_bounce", "by_hand"), ("opted_out", "taking_a_break")
    for reason, tone in ((each, "bad" if each in bad else "mute") for each in (*bad, *mild)):
        if reason in reasons:
            return tone, reason_word(reason)
    return "ok", pgettext("e-mails of a person", "Receives all")
