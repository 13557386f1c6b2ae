"""The form of a schedule (Z26): its recurrence as people say it, between the fields and the rule that is kept."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from portal.i18n import _
from portal.mailings import schedule_rules as rules
from portal.mailings import schedule_words as words
from portal.mailings import words as mailing_words
from portal.mailings.rules import LONGEST_NAME, SENDERS
from portal.mailings.schedule_checks import MOST_DAYS, Draft
from portal.mailings.schedule_queries import Schedule
from portal.mailings.schedule_rules import Frequency, Rule
from portal.web.fields import Choice, Choices, Day, Flag, IdChoice, Integer, Moment, Text
from portal.web.forms import Form
from portal.web.zone import Zone

OWN = "own"  # a rule that came through the API and that these fields cannot say: it stays as it is
ANY_DAY = datetime(2000, 1, 1)  # before a closing only the time of day counts
FREQUENCIES: dict[str, Frequency] = {"daily": "DAILY", "weekly": "WEEKLY", "monthly": "MONTHLY"}
MONTH_DAYS = (*range(1, 29), -1)  # every month has these


class ScheduleForm(Form):
    """All of a schedule. `starts_at` is the first run; before a closing it says nothing, and `at_time` the hour."""

    unseen = frozenset({"version", "module", "rule"})

    name = Text(longest=LONGEST_NAME, missing=lambda: _("Enter a name."))
    module = Choice(*mailing_words.MODULES)
    view_id = IdChoice(missing=lambda: _("Choose a view."))
    template_id = IdChoice(missing=lambda: _("Choose a template."))
    campaign_id = IdChoice(required=False)
    per = Choice(*mailing_words.PER)
    from_kind = Choice(*SENDERS)
    reply_kind = Choice(*SENDERS)
    repeat = Choice(*words.REPEATS, OWN)
    starts_at = Moment()
    time_zone = Zone()
    every = Integer(least=1, most=rules.MOST_EVERY, empty=1)
    weekdays = Choices(*(str(day) for day in range(7)))
    month_day = Choice(*(str(day) for day in MONTH_DAYS), required=False)
    ends = Choice(*words.ENDS)
    times = Integer(least=1, most=rules.MOST_TIMES, required=False)
    until = Day(required=False)
    days_before = Integer(most=MOST_DAYS, empty=-1, required=False)
    at_time = Text(longest=8, required=False)
    active = Flag()
    rule = Text(longest=500, required=False)
    version = Integer(required=False)

    def check(self) -> None:
        """What each kind of recurrence needs."""
        found = {
            "at_time": self.repeat == "closing" and hour(self.at_time) is None and _("Enter a time."),
            "days_before": self.repeat == "closing"
            and self.days_before < 0
            and _("Enter a number of days from 0 to 365."),
            "times": self.ends == "times" and not self.times and _("Enter a whole number."),
            "until": self.ends == "until" and self.until is None and _("Enter a date."),
        }
        self.errors |= {name: said for name, said in found.items() if said and name not in self.errors}

    def draft(self) -> Draft:
        """What the form asks for, once `check` has found nothing."""
        closing = self.repeat == "closing"
        at = datetime.combine(ANY_DAY, hour(self.at_time) or time()) if closing else self.starts_at
        return Draft(
            name=self.name,
            module=self.module,
            campaign_id=self.campaign_id or None,
            view_id=self.view_id or None,
            template_id=self.template_id or None,
            per=self.per,
            from_kind=self.from_kind,
            reply_kind=self.reply_kind,
            active=self.active,
            starts_at=at or ANY_DAY,
            time_zone=self.time_zone,
            rule=self.rule if self.repeat == OWN else rules.written(self._rule(at or ANY_DAY)),
            days_before=self.days_before if closing else None,
        )

    def _rule(self, first: datetime) -> Rule | None:
        frequency = FREQUENCIES.get(self.repeat)
        if frequency is None:
            return None
        day = int(self.month_day) if self.month_day else first.day if first.day in MONTH_DAYS else -1
        until = datetime.combine(self.until, time(23, 59, 59)) if self.ends == "until" and self.until else None
        return Rule(
            frequency=frequency,
            every=self.every or 1,
            days=tuple((0, int(each)) for each in sorted(self.weekdays)) if self.repeat == "weekly" else (),
            month_days=(day,) if self.repeat == "monthly" else (),
            times=self.times if self.ends == "times" else None,
            until=until,
        )


def hour(text: str) -> time | None:
    """A time of day as browsers send it, 09:00; None for anything else."""
    try:
        found = time.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(second=0, microsecond=0) if found.tzinfo is None else None


def _tomorrow(now: datetime) -> datetime:
    return (now + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0, tzinfo=None)


def new_values(module: str, time_zone: str, now: datetime) -> dict[str, object]:
    """A new schedule: once, tomorrow at nine where the reader is, and not active."""
    return {
        "module": module,
        "per": "person",
        "from_kind": "organisation",
        "reply_kind": "organisation",
        "repeat": "once",
        "starts_at": _tomorrow(now),
        "time_zone": time_zone,
        "every": 1,
        "ends": "never",
        "at_time": "09:00",
        "days_before": 7,
    }


def values_of(schedule: Schedule) -> dict[str, object]:
    """The form of a schedule that is there."""
    closing = schedule.days_before is not None
    names = ("name", "module", "view_id", "template_id", "campaign_id", "per", "from_kind", "reply_kind", "active")
    return {
        **{name: getattr(schedule, name) for name in names},
        **_recurrence(schedule),
        "starts_at": _tomorrow(datetime.now(UTC)) if closing else schedule.starts_at,
        "at_time": f"{schedule.starts_at:%H:%M}",
        "days_before": schedule.days_before if closing else 7,
        "time_zone": schedule.time_zone,
        "rule": schedule.rule,
        "version": schedule.version,
    }


def _recurrence(schedule: Schedule) -> dict[str, object]:
    """The fields that say its rule; `own` for a rule that they cannot say."""
    plain: dict[str, object] = {"repeat": "once", "every": 1, "ends": "never"}
    if schedule.days_before is not None:
        return {**plain, "repeat": "closing"}
    rule = rules.read(schedule.rule)
    if rule is None:
        return plain
    told: dict[str, object] = {"every": rule.every, "ends": "never"}
    if rule.times:
        told |= {"ends": "times", "times": rule.times}
    if rule.until:
        told |= {"ends": "until", "until": rule.until.date()}
    repeat = next(name for name, frequency in FREQUENCIES.items() if frequency == rule.frequency)
    if repeat == "weekly":
        told["weekdays"] = [str(day) for _which, day in rule.days]
    if repeat == "monthly" and len(rule.month_days) == 1:
        told["month_day"] = str(rule.month_days[0])
    return {**told, "repeat": repeat if _sayable(rule) else OWN}


def _sayable(rule: Rule) -> bool:
    """Whether the fields can say a rule exactly."""
    ends_with_a_day = rule.until is None or (rule.until.tzinfo is None and rule.until.time() == time(23, 59, 59))
    if rule.frequency == "MONTHLY":
        return ends_with_a_day and not rule.days and len(rule.month_days) == 1 and rule.month_days[0] in MONTH_DAYS
    return ends_with_a_day and (rule.frequency == "WEEKLY" or not rule.days)
