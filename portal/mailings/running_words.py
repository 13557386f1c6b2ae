"""What the page of a mailing that was launched says: pace, sums, questions before it is stopped, what was done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from portal.formats import date_time, duration, local, number, time_short, when
from portal.i18n import _, language_name, ngettext, pgettext
from portal.ledger.words import reason_word, state_tone, state_word
from portal.mailings.progress import Progress
from portal.mailings.queries import Mailing


class Question(msgspec.Struct, frozen=True):
    """A confirmation: number, consequence, undo, each a sentence; the button repeats the verb."""

    title: str
    sentences: list[str]
    button: str


def clock(at: datetime) -> str:
    """A time with its seconds, on the reader's clock: 10:42:03."""
    return local(at).strftime("%H:%M:%S")


def standing(mailing: Mailing) -> str:
    """Below the name: since when, by whom."""
    by = mailing.launched_name or mailing.asked_name or mailing.created_name
    if mailing.ended_at is not None and mailing.started_at is not None:
        lasted = duration(max(mailing.ended_at - mailing.started_at, timedelta(seconds=1)))
        # NOTE: {time}: when it ended. {duration}: e.g. 7 min. {name}: who launched it
        sentence = _("Ended {time}, after {duration}. Launched by {name}.")
        return sentence.format(time=when(mailing.ended_at), duration=lasted, name=by or "–")
    if mailing.started_at is not None:
        return _("Since {time}. Launched by {name}.").format(time=when(mailing.started_at), name=by or "–")
    if mailing.due_at is not None:
        return _("Starts {time}. Launched by {name}.").format(time=when(mailing.due_at), name=by or "–")
    return _("Made by {name}.").format(name=by or "–")


def pace(known: Progress, mailing: Mailing, undo_until: datetime | None) -> str:
    """How fast it goes and how long it still takes."""
    if undo_until is not None:
        return _("Nothing leaves before {time}.").format(time=clock(undo_until))
    if mailing.state == "paused":
        return _("Paused. What has left stays sent; the rest waits.")
    if not known.left:
        return _("The last one has left.")
    if known.until is not None and known.waits_for is not None:
        # NOTE: {reason}: e.g. Daily limit reached. {time}: when it goes on
        return _("{reason}: goes on {time}").format(reason=reason_word(known.waits_for), time=when(known.until))
    if not known.rate or known.left_seconds is None:
        return _("Starting")
    rate = ngettext("{n} a minute", "{n} a minute", round(known.rate)).format(n=number(round(known.rate)))
    if known.left_seconds < 60:
        soon = _("less than a minute left at this pace")
        return f"{rate} · {soon}"
    left = timedelta(seconds=known.left_seconds)
    # NOTE: {duration}: e.g. 12 min. {time}: of day, e.g. 10:45
    said = _("{duration} left, done at about {time}")
    return f"{rate} · {said.format(duration=duration(left), time=time_short(datetime.now().astimezone() + left))}"


def term(state: str) -> str:
    """A part of the sum."""
    return pgettext("sum", "waiting") if state == "queued" else state_word(state)


def term_tone(state: str) -> str:
    """The tone of a part of the sum."""
    return "mute" if state == "queued" else state_tone(state)


def failed(n: int) -> str:
    """The heading of those that were not delivered."""
    return _("Not delivered: {n}").format(n=number(n))


def uncertain(n: int) -> str:
    """The heading of those that nobody could confirm."""
    return _("Not confirmed: {n}").format(n=number(n))


def domain(name: str) -> str:
    """A receiving server; the rest together."""
    return name or pgettext("servers", "Others")


def language(locale: str) -> str:
    """A language of the letters."""
    return language_name(locale) if locale else "–"


# ------------------------------------------------------------------------------------------------ buttons
def resume(n: int) -> str:
    """The button that goes on."""
    return ngettext("Resume: {n} e-mail waits", "Resume: {n} e-mails wait", n).format(n=number(n))


def cancel_rest(n: int) -> str:
    """The link to the question before it is cancelled."""
    return ngettext("Cancel the {n} not sent…", "Cancel the {n} not sent…", n).format(n=number(n))


def retry(n: int) -> str:
    """The link to the question before another try."""
    return ngettext("Try {n} again…", "Try {n} again…", n).format(n=number(n))


def export_button(n: int) -> str:
    """The link to the file."""
    return ngettext("Export {n} row", "Export {n} rows", n).format(n=number(n))


def export_header() -> list[str]:
    """The first row of the file."""
    return [
        pgettext("person", "Name"),
        _("E-mail address"),
        _("Language"),
        pgettext("message", "State"),
        _("Reason"),
        _("Their server said"),
        _("Time"),
    ]


# ------------------------------------------------------------------------------------------------ questions
def question(verb: str, mailing: Mailing, known: Progress | None, again: int) -> Question:
    """What is asked before a verb."""
    left, sent = (known.left, known.by_state["accepted"]) if known else (mailing.expected or 0, 0)
    made: dict[str, Callable[[], Question]] = {
        "cancel": lambda: _cancel(left, sent, mailing.started_at is not None),
        "undo": lambda: _undo(left, mailing),
        "delete": lambda: Question(
            _("Delete “{name}”?").format(name=mailing.name),
            [_("The draft goes with its recipients and its date. The template and the view stay.")],
            pgettext("button", "Delete"),
        ),
        "retry": lambda: Question(
            ngettext("Try {n} e-mail again?", "Try {n} e-mails again?", again).format(n=number(again)),
            [_("Only those that failed for a reason that may have passed. Wrong addresses are left alone.")],
            pgettext("button", "Try again"),
        ),
    }
    return made[verb]()


def _cancel(left: int, sent: int, started: bool) -> Question:
    if not started:
        return Question(
            _("Cancel the mailing?"),
            [_("It does not start. Nothing has been sent. You can duplicate it later.")],
            _("Cancel the mailing"),
        )
    title = ngettext("Cancel {n} e-mail that has not left?", "Cancel {n} e-mails that have not left?", left)
    sentences = [_("They are never sent; this cannot be undone. To stop for a while, pause instead.")]
    if sent:
        already = ngettext("{n} has been sent and stays sent.", "{n} have been sent and stay sent.", sent)
        sentences.append(already.format(n=number(sent)))
    button = ngettext("Cancel {n} e-mail", "Cancel {n} e-mails", left)
    return Question(title.format(n=number(left)), sentences, button.format(n=number(left)))


def _undo(left: int, mailing: Mailing) -> Question:
    sentences = [_("None of them has left, and none will. It becomes a draft again, which you can change and send.")]
    if mailing.started_at is None and mailing.due_at is not None:
        sentences.append(_("It was to start {time}.").format(time=date_time(mailing.due_at)))
    title = ngettext("Take back {n} e-mail?", "Take back {n} e-mails?", left)
    return Question(title.format(n=number(left)), sentences, pgettext("button", "Take it back"))


def too_late() -> str:
    """For a button of a page that is older than what has happened."""
    return _("The mailing has moved on meanwhile. This is how it stands now; nothing was changed.")


def done(verb: str) -> str:
    """The toast after a verb."""
    said: dict[str, Callable[[], str]] = {
        "pause": lambda: _("Paused. What has left stays sent; the rest waits."),
        "resume": lambda: _("It goes on. Nobody gets it twice."),
        "cancel": lambda: _("Cancelled. What has left stays sent."),
    }
    return said[verb]()


def tried_again(n: int) -> str:
    """The toast after another try was asked for."""
    return ngettext("{n} e-mail queued.", "{n} e-mails queued.", n).format(n=number(n))
