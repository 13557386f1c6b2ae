"""What is said of schedules: when they run, what became of a run and why, what waits for a person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from babel import dates

from portal.formats import date_long, list_and, number, time_short
from portal.i18n import _, babel_locale, ngettext, pgettext
from portal.mailings import problems
from portal.mailings import schedule_rules as rules
from portal.mailings.schedule_queries import Drift, Ran, Schedule
from portal.mailings.schedule_rules import Rule, Run

Words = Callable[[], str]

REPEATS: dict[str, Words] = {
    "once": lambda: pgettext("schedule", "Once"),
    "daily": lambda: pgettext("schedule", "Every few days"),
    "weekly": lambda: pgettext("schedule", "On days of the week"),
    "monthly": lambda: pgettext("schedule", "On a day of the month"),
    "closing": lambda: pgettext("schedule", "Before the campaign closes"),
}
ENDS: dict[str, Words] = {
    "never": lambda: pgettext("schedule", "Never"),
    "times": lambda: pgettext("schedule", "After a number of times"),
    "until": lambda: pgettext("schedule", "On a date"),
}
STATES: dict[str, tuple[Words, str, bool]] = {  # word, tone, hollow dot
    "started": (lambda: pgettext("run", "Started"), "ok", False),
    "waiting": (lambda: pgettext("run", "Waits for its turn"), "plum", True),
    "late": (lambda: pgettext("run", "Too late"), "bad", True),
    "drifted": (lambda: pgettext("run", "Audience has changed"), "bad", True),
    "broken": (lambda: pgettext("run", "Could not start"), "bad", True),
    "dropped": (lambda: pgettext("run", "Not sent"), "mute", False),
}
PROBLEMS: dict[str, Words] = {
    "late": lambda: _("It could not start within two hours of its time."),
    "switched_on": lambda: _("It was activated after its time."),
    "restored": lambda: _("A backup was restored: what has gone already is not known here."),
    "missed": lambda: _("It was missed, and a later run has taken its place."),
    "skipped": lambda: _("Somebody has skipped it."),
    "new_time": lambda: _("Somebody has chosen another time."),
    "view_gone": lambda: _("Its view has been deleted. Choose another one."),
    "template_gone": lambda: _("Its template is in the archive, or has no text. Choose another one."),
    "sender": lambda: _("The address that it writes from is not a verified sender any more."),
    "owner_gone": lambda: _("Its owner cannot sign in any more. Whoever saves the schedule becomes its owner."),
    "no_right": lambda: _("Its owner may not send mass e-mail to these people any more."),
    "inactive": lambda: _("It is not active: activate it before you send."),
    "nobody": lambda: _("Nobody is in its view at the moment."),
}


def state(word: str) -> dict[str, object]:
    """The arguments of the macro `ui.status` for a run."""
    said, tone, hollow = STATES[word]
    return {"word": said(), "tone": tone, "open": hollow}


def problem(ran: Ran) -> str:
    """Why a run waits for a person, or was not sent; "" where there is nothing to say."""
    if ran.state == "drifted":
        return drift_line(ran.joined, ran.gone)
    return problem_words(ran.problem)


def problem_words(problem: str) -> str:
    """A word of PROBLEMS or of a mailing's problems as a sentence; a refusal that was kept says it itself."""
    return PROBLEMS[problem]() if problem in PROBLEMS else problems.words(problem) or problem


def drift_line(joined: int, gone: int) -> str:
    """3 joined, 1 left."""
    parts = []
    if joined:
        parts.append(ngettext("{n} joined", "{n} joined", joined).format(n=number(joined)))
    if gone:
        parts.append(ngettext("{n} left", "{n} left", gone).format(n=number(gone)))
    return ", ".join(parts)


def drift_words(drift: Drift, since: datetime | None) -> str:
    """3 joined, 1 left since 12 November 2026. Then 120, now 122."""
    if not drift.joined and not drift.gone:
        return _("Nobody has joined or left since it was prepared: {n}.").format(n=number(drift.today))
    text = _("{changes} since {date}. Then {before}, now {today}.")
    return text.format(
        changes=drift_line(drift.joined, drift.gone),
        date=date_long(since) if since else "–",
        before=number(drift.before),
        today=number(drift.today),
    )


# ------------------------------------------------------------------------------------------------ when
def recurrence(schedule: Schedule) -> str:
    """When it runs: "Every week: Monday and Thursday, 09:00". Hours on its own clocks, said beside it."""
    hour = time_short(schedule.starts_at)
    if schedule.days_before is not None:
        return _before_closing(schedule.days_before, hour)
    rule = rules.read(schedule.rule)
    if rule is None:
        # NOTE: {date}: e.g. 30 November 2026; {time}: e.g. 09:00
        return _("Once: {date}, {time}").format(date=date_long(schedule.starts_at), time=hour)
    ends = _ends(rule)
    return " · ".join([_rule(rule, schedule.starts_at, hour), *([ends] if ends else [])])


def _before_closing(days: int, hour: str) -> str:
    if not days:
        return _("On the closing date, {time}").format(time=hour)
    text = ngettext("{n} day before the closing, {time}", "{n} days before the closing, {time}", days)
    return text.format(n=number(days), time=hour)


def _rule(rule: Rule, first: datetime, hour: str) -> str:
    if rule.frequency == "DAILY" and not rule.days:
        # NOTE: {time}: e.g. 09:00
        several = ngettext("Every {n} day, {time}", "Every {n} days, {time}", rule.every)
        return (_("Every day, {time}") if rule.every == 1 else several).format(n=number(rule.every), time=hour)
    if rule.frequency == "WEEKLY":
        days = list_and([weekday_word(day) for day in sorted(day for _which, day in rule.days) or [first.weekday()]])
        # NOTE: {days}: e.g. Monday and Thursday; {time}: e.g. 09:00
        several = ngettext("Every {n} week: {days}, {time}", "Every {n} weeks: {days}, {time}", rule.every)
        text = _("Every week: {days}, {time}") if rule.every == 1 else several
        return text.format(n=number(rule.every), days=days, time=hour)
    if rule.frequency == "MONTHLY" and not rule.days and all(day > 0 or day == -1 for day in rule.month_days):
        days = list_and([month_day_word(day) for day in rule.month_days or (first.day,)])
        # NOTE: {days}: e.g. day 15, the last day; {time}: e.g. 09:00
        several = ngettext("Every {n} month: {days}, {time}", "Every {n} months: {days}, {time}", rule.every)
        text = _("Every month: {days}, {time}") if rule.every == 1 else several
        return text.format(n=number(rule.every), days=days, time=hour)
    # NOTE: {rule}: as calendars write it, e.g. FREQ=MONTHLY;BYDAY=1MO; {time}: e.g. 09:00
    return _("By the rule {rule}, {time}").format(rule=rules.written(rule), time=hour)


def _ends(rule: Rule) -> str:
    if rule.times:
        return ngettext("{n} time", "{n} times", rule.times).format(n=number(rule.times))
    # NOTE: {date}: e.g. 30 November 2026
    return _("until {date}").format(date=date_long(rule.until)) if rule.until else ""


def weekday_word(day: int) -> str:
    """Monday, lundi, poniedziałek: 0 to 6."""
    return str(dates.get_day_names("wide", "stand-alone", locale=babel_locale())[day])


def month_day_word(day: int) -> str:
    """day 15, or the last day for -1."""
    if day == -1:
        return pgettext("of a month", "the last day")
    # NOTE: of a month
    return _("day {n}").format(n=day)


def wall_words(run: Run) -> str:
    """Monday, 30 November 2026, 09:00 (UTC+01:00): what the clocks of the schedule's place show."""
    sign, minutes = "−" if run.offset < 0 else "+", abs(run.offset)
    offset = f"UTC{sign}{minutes // 60:02}:{minutes % 60:02}"
    day = weekday_word(run.wall.weekday())
    # NOTE: {day}: e.g. Monday; {date}: e.g. 30 November 2026; {time}: e.g. 09:00; {offset}: e.g. UTC+01:00
    text = _("{day}, {date}, {time} ({offset})")
    return text.format(day=day, date=date_long(run.wall), time=time_short(run.wall), offset=offset)


def shift_word(run: Run) -> str:
    """What the clocks do about a run; "" when nothing."""
    words: dict[str, Words] = {
        "skipped": lambda: _("The clocks go forward and skip its hour: it runs at once after."),
        "twice": lambda: _("The clocks go back and show its hour twice: it runs the first time only."),
        "moved": lambda: _("The clocks have changed: the same hour there, another one elsewhere."),
    }
    return words[run.shift]() if run.shift else ""


# ------------------------------------------------------------------------------------------------ one schedule
def standing(schedule: Schedule) -> tuple[str, str, bool]:
    """Word, tone and hollow dot of a schedule in the list."""
    if schedule.open:
        return pgettext("schedule", "Needs a decision"), "bad", True
    if not schedule.active:
        return pgettext("schedule", "Not active"), "mute", True
    if schedule.next_at is None:
        return pgettext("schedule", "Done"), "mute", False
    return pgettext("schedule", "Active"), "ok", False
