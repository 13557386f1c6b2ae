"""What the tab and the recap say of conditions, reminders and cases: whole sentences in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from portal.emails.fields import moment
from portal.formats import list_and, number
from portal.i18n import _, language_name, ngettext, pgettext, text_in
from portal.triggers.facts import Conditions
from portal.triggers.words import family_lede, language_word

if TYPE_CHECKING:
    from portal.triggers.overview import Asked, Row
    from portal.triggers.recap import Case
    from portal.triggers.reminders import Counted, Deadline, Latest


# ------------------------------------------------------------------------------------------------ conditions
def condition_parts(asked: Conditions, questions: Mapping[str, Asked], names: Mapping[int, str]) -> list[str]:
    """What else must hold, each condition as "What: which". `names` of the accounts that are named."""
    parts = []
    if asked.locales:
        languages = " · ".join(language_word(locale) for locale in asked.locales)
        # NOTE: a condition of an automatic e-mail. {languages}: e.g. Polish · Spanish
        parts.append(_("Language of the dossier: {languages}").format(languages=languages))
    if asked.evaluators:
        gone = pgettext("recipient", "an account that is gone")
        people = list_and([names.get(each, gone) for each in asked.evaluators])
        # NOTE: a condition of an automatic e-mail. {names}: of colleagues
        parts.append(_("Assigned to: {names}").format(names=people))
    return parts + [_answers(each.key, each.any_of, questions.get(each.key)) for each in asked.answers]


def _answers(key: str, wanted: Sequence[str], question: Asked | None) -> str:
    labels = dict(answer_choices(question)) if question else {}
    answers = " · ".join(labels.get(each, each) for each in wanted)
    # NOTE: a condition of an automatic e-mail. {question}: its text; {answers}: e.g. Spain · Portugal
    return _("{question}: {answers}").format(question=text_in(question.label) if question else key, answers=answers)


def answer_choices(question: Asked) -> list[tuple[str, str]]:
    """The answers that a condition can ask for."""
    if question.kind == "consent":
        return [("yes", pgettext("answer", "Ticked")), ("no", pgettext("answer", "Not ticked"))]
    return [(str(each["key"]), text_in(each.get("label", {})) or str(each["key"])) for each in question.choices]


# ------------------------------------------------------------------------------------------------ reminders
def deadline_sentence(days: int) -> str:
    """The rule as one sentence with the fields {n}, {time}, {template} and {status}."""
    if not days:
        # NOTE: {time}: e.g. 09:00; {template}: e.g. Closing soon; {status}: e.g. Draft
        return _("On the closing date at {time}, send “{template}” to dossiers at “{status}”.")
    return ngettext(
        "{n} day before the closing date, at {time}, send “{template}” to dossiers at “{status}”.",
        "{n} days before the closing date, at {time}, send “{template}” to dossiers at “{status}”.",
        days,
    )


def reminder_lines(deadline: Counted, latest: Latest | None) -> list[str]:
    """What became of it last, and when it goes next or why it does not."""
    lines = [done_line(latest, deadline.time_zone)] if latest and latest.state == "done" else []
    if latest and latest.state == "late":
        return [*lines, _("It was not sent in time and needs a decision.")]
    if line := _ahead(deadline, sent=bool(lines)):
        lines.append(line)
    return lines


def done_line(latest: Latest, time_zone: str) -> str:
    """Sent: 23 November 2026, 09:00 (local time: Madrid). E-mails: 12."""
    return _("Sent: {when}. E-mails: {n}.").format(when=local(latest.due_at, time_zone), n=number(latest.messages))


def _ahead(deadline: Counted, *, sent: bool) -> str:
    if deadline.closes_at is None:
        return _("There is no closing date: nothing is planned.")
    if deadline.due_at is None:
        return _("Its hour comes after the closing: nothing is planned.")
    if deadline.due_at <= datetime.now(UTC):
        return "" if sent else _("Its hour has passed: nothing goes any more.")
    when = local(deadline.due_at, deadline.time_zone)
    if not deadline.running:
        return _("Planned: {when}. Nothing goes while the campaign is not published.").format(when=when)
    if not deadline.active:
        return _("Planned: {when}. Nothing goes while it is paused.").format(when=when)
    # NOTE: {when}: e.g. 23 November 2026, 09:00 (local time: Madrid); {n}: dossiers at the status of the reminder
    return _("Next: {when}. Dossiers with the status today: {n}.").format(when=when, n=number(deadline.readers))


def local(at: datetime, time_zone: str) -> str:
    """An instant on the clocks of a campaign: 23 November 2026, 09:00 (local time: Madrid)."""
    return moment(at.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None), time_zone)


# ------------------------------------------------------------------------------------------------ pausing
def pause_lines(row: Row, deadline: Deadline | None, *, alone: bool) -> list[str]:
    """What pausing means for those it writes to. `alone`: no other active one tells the candidates of this event."""
    if row.family == "deadline":
        lines = [_("When its hour comes while it is paused, nobody is reminded, also not later.")]
        if deadline and deadline.wished and deadline.wished > datetime.now(UTC):
            lines.append(_("Its hour: {when}").format(when=local(deadline.wished, deadline.time_zone)))
        return lines
    if not (alone and row.tells_candidate):
        return []
    if row.family == "candidate":
        return [_("Candidates who submit meanwhile get no acknowledgement of receipt, also not later.")]
    status = text_in(row.to_label or {})
    lines = [_("No other automatic e-mail tells candidates of “{status}”.").format(status=status)]
    if row.is_decision:
        lines.append(_("Dossiers that get this status meanwhile are listed under “Decided, not yet told”."))
    return lines


# ------------------------------------------------------------------------------------------------ the recap
def recap_lede(cases: int, gaps: int) -> str:
    """How many cases were tried, and in how many nothing goes or a decision does not reach its candidate."""
    if not gaps:
        return _("Cases tried: {n}. No gaps.").format(n=number(cases))
    return _("Cases tried: {n}. Gaps: {gaps}.").format(n=number(cases), gaps=number(gaps))


def case_line(case: Case) -> str:
    """Which move was tried."""
    if case.kind != "status":
        return family_lede("candidate" if case.kind == "submitted" else "deadline")
    if case.before is None:
        return _("Tried from any other status, by hand.")
    return _("Tried from “{status}”, by hand.").format(status=text_in(case.before.label))


def case_heading(case: Case) -> str:
    """What happens, of a submission or a closing that is near."""
    if case.rule is not None:
        days = case.rule.days_before or 0
        if not days:
            return _("On the closing date")
        text = ngettext("{n} day before the closing date", "{n} days before the closing date", days)
        return text.format(n=number(days))
    if case.phase is not None:
        # NOTE: a heading. {phase}: the title of a phase, e.g. Interview
        return _("The candidate submits the form of the phase “{phase}”").format(phase=case.phase.name)
    return _("The candidate submits the application")


def case_gap(case: Case) -> str:
    """What is missing."""
    if case.untold and case.goes:
        languages = list_and([language_name(locale) for locale in case.untold])
        return _("Nothing is sent to candidates who read: {languages}").format(languages=languages)
    if case.kind == "submitted" or case.status is None:
        return _("Nothing is sent when a candidate submits the application.")
    if case.goes:
        return _("Nothing is sent to the candidate on “{status}”.").format(status=text_in(case.status.label))
    return _("Nothing is sent on “{status}”.").format(status=text_in(case.status.label))
