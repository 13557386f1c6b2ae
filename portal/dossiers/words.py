"""What the pages of dossiers say about problems, refusals, opening times and documents. Looked up when shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from portal.campaigns.rules import Call
from portal.dossiers.files import MAX_BYTES
from portal.dossiers.rules import Problem, Question, Refusal
from portal.dossiers.search import Count
from portal.formats import date_time, file_size, number, zone_words
from portal.i18n import _, ngettext, pgettext
from portal.ledger.words import reason_word

MISSING: dict[str, Callable[[], str]] = {
    "short": lambda: _("Enter an answer."),
    "long": lambda: _("Enter an answer."),
    "number": lambda: _("Enter a number."),
    "date": lambda: _("Enter a date."),
    "choice": lambda: _("Choose an answer."),
    "file": lambda: _("Choose a file."),
}


def problem_word(problem: Problem, question: Question) -> str:
    """The sentence beside a field whose answer is not accepted."""
    if problem.code == "too_long":
        return too_long(problem.limit)
    words: dict[str, Callable[[], str]] = {
        "required": MISSING[question.kind],
        "not_a_number": lambda: _("Enter a number such as 12500."),
        "not_a_date": lambda: _("Enter a date such as 2026-11-30."),
        "not_a_choice": lambda: _("Choose one of the answers."),
    }
    return words[problem.code]()


def too_long(limit: int) -> str:
    """Beside a text that does not fit. `limit`: characters."""
    return ngettext("Use at most {n} character.", "Use at most {n} characters.", limit).format(n=number(limit))


def name_missing() -> str:
    """Beside the name of an application that is to be submitted."""
    return _("Enter your name.")


def problem_words(problems: Sequence[Problem], questions: Sequence[Question]) -> dict[str, str]:
    """All sentences, by the name of the form's field: `answer_<key>`, `file_<key>`."""
    asked = {question.key: question for question in questions}
    sentences = {}
    for problem in problems:
        question = asked[problem.key]
        prefix = "file_" if question.kind == "file" else "answer_"
        sentences[f"{prefix}{problem.key}"] = problem_word(problem, question)
    return sentences


def unfit_word(code: str) -> str:
    """Why a document is not taken."""
    if code == "too_big":
        return _("This file is too large. Choose one of at most {size}.").format(size=file_size(MAX_BYTES))
    if code == "empty":
        return _("This file is empty. Choose another one.")
    return _("This kind of file cannot be used. Choose a PDF, a Word or OpenDocument text, or a JPEG or PNG picture.")


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


def no_document_chosen() -> str:
    """To whoever sends documents without choosing one."""
    return _("Choose at least one file.")


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
        "send": lambda: pgettext("e-mails of a status change", "Send now"),
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
    for reason, tone in (("complaint", "bad"), ("suppressed_bounce", "bad"), ("opted_out", "mute")):
        if reason in reasons:
            return tone, reason_word(reason)
    return "ok", pgettext("e-mails of a person", "Receives all")
