"""What pages say of follow-ups: their sentence, when they go, what they wait for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time

from portal.autoresponders.queries import Autoresponder
from portal.autoresponders.rules import CAUSES, Cause
from portal.formats import list_and, number
from portal.i18n import _, ngettext, pgettext, text_in
from portal.triggers.words import state_word as state_word
from portal.triggers.words import strong as strong
from portal.triggers.words import waiting_line as waiting_line

Words = Callable[[], str]


def cause_word(cause: str) -> str:
    """What a follow-up follows."""
    words: dict[str, Words] = {
        "submitted": lambda: pgettext("follow-up", "After a form"),
        "status": lambda: pgettext("follow-up", "On a status"),
        "date": lambda: pgettext("follow-up", "Around a date"),
    }
    return words[cause]()


def cause_lede(cause: str) -> str:
    """When it goes and to whom, before anything is typed."""
    words: dict[str, Words] = {
        "submitted": lambda: _("It goes when a candidate has submitted the form. Imported applications do not count."),
        "status": lambda: _(
            "It goes when a dossier gets a status, whoever sets it: a colleague, an import, another program. If the "
            "dossier has another status by the time it is due, nothing is sent."
        ),
        "date": lambda: _(
            "It goes so many days before or after a date. Who applies after its time has come does not get it."
        ),
    }
    return words[cause]()


def cause_of(text: str) -> Cause:
    """A cause by its name; a form's for anything else."""
    return next((cause for cause in CAUSES if cause == text), "submitted")


def sentence(cause: str) -> str:
    """A follow-up in a sentence with the fields {template}, {status} and {when}."""
    texts: dict[str, Words] = {
        # NOTE: {template}: the name of a template; {when}: e.g. at once, or 3 days later
        "submitted": lambda: _("“{template}” after the form is submitted: {when}"),
        # NOTE: {status}: internal label, e.g. Under review; {when}: e.g. at once, or 3 days later
        "status": lambda: _("“{template}” when a dossier gets “{status}”: {when}"),
        # NOTE: {when}: e.g. 3 days before, 09:00 (the closing date)
        "date": lambda: _("“{template}” {when}"),
    }
    return texts[cause]()


def when(row: Autoresponder) -> str:
    """When it goes."""
    if row.cause != "date":
        return _delay(row.days, row.hours)
    date = text_in(row.question_label) if row.question_label else pgettext("follow-up", "the closing date")
    if row.question and not row.question_label:
        date = row.question
    if not row.days:
        # NOTE: when an e-mail goes. {date}: the closing date, or the label of a question; {time}: e.g. 09:00
        text = _("on the day itself, {time} ({date})")
    elif row.days < 0:
        text = ngettext("{n} day before, {time} ({date})", "{n} days before, {time} ({date})", -row.days)
    else:
        text = ngettext("{n} day after, {time} ({date})", "{n} days after, {time} ({date})", row.days)
    return text.format(n=number(abs(row.days)), time=hour_word(row.hours), date=date)


def hour_word(hour: int) -> str:
    """An hour of the day."""
    return f"{time(hour):%H:%M}"


def _delay(days: int, hours: int) -> str:
    said = []
    if days:
        said.append(ngettext("{n} day later", "{n} days later", days).format(n=number(days)))
    if hours:
        said.append(ngettext("{n} hour later", "{n} hours later", hours).format(n=number(hours)))
    return list_and(said) if said else pgettext("e-mail leaves", "at once")


def narrowed(row: Autoresponder) -> str:
    """Which dossiers a date is about, when not all."""
    if row.cause != "date" or not row.status_label:
        return ""
    return _("Only dossiers with the status “{status}”.").format(status=text_in(row.status_label))


WAITS: dict[str, Words] = {
    "archived": lambda: _("It waits: its template is in the archive. Choose another one, or take it out."),
    "empty": lambda: _("It waits: nothing has been written in its template yet."),
    "question": lambda: _("It waits: the question was deleted. Choose another date."),
    "no_closing": lambda: _("It waits: the campaign has no closing date."),
    "sender": lambda: _("It waits: the address that it is sent from is not verified, or on pause."),
}


def waits(row: Autoresponder) -> str:
    """What keeps it from sending, in words; "" when nothing does."""
    return WAITS[row.problem]() if row.active and row.problem else ""


def ahead_line(count: int) -> str:
    """Who would get it later, when it is paused or deleted."""
    text = ngettext(
        "{n} person waits for it already and will not get it.",
        "{n} people wait for it already and will not get it.",
        count,
    )
    return text.format(n=number(count))


def problem_word(code: str) -> str:
    """What has to be mended."""
    words: dict[str, Words] = {
        "name": lambda: _("Use at most 120 characters."),
        "template": lambda: _("Choose a template."),
        "status": lambda: _("Choose a status of this campaign."),
        "question": lambda: _("Choose one of the dates."),
        "days": lambda: _("Enter a number of days from 0 to 365."),
        "hours": lambda: _("Enter a number of hours from 0 to 23."),
    }
    return words[code]()


FIELD_LABELS: dict[str, Words] = {
    "template": lambda: _("Template"),
    "status": lambda: _("Status"),
    "question": lambda: _("Date"),
    "side": lambda: _("Before or after"),
    "days": lambda: _("Days"),
    "hours": lambda: _("Hours"),
    "name": lambda: _("Name"),
    "active": lambda: _("Active"),
}
