"""What the fields of criteria are in SQL, and what operators of each kind make of them. No condition is ever null."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from portal.audiences.parameters import Parameters
from portal.audiences.rules import Rule
from portal.audiences.rules import day as read_day
from portal.audiences.rules import number as read_number
from portal.lists import literal

Day = TypeVar("Day", bound=date)
NOBODY = "none"
MOST_WORDS = 8
NEGATIVE = frozenset({"not_contains", "is_not", "empty", "has_not", "no", "not_in"})
POSITIVE = {"not_contains": "contains", "is_not": "is", "empty": "filled"}

TEXTS = {
    "name": "(p.first_name || ' ' || p.last_name)",
    "email": "coalesce(p.email::text, '')",
    "domain": "split_part(coalesce(p.email::text, ''), '@', 2)",
    "phone": "p.phone",
    "number": "d.number",
}
SEARCHED = frozenset({"name", "email", "domain"})  # parts of person.search, which has an index of its own

# type of the values, condition
CHOICES = {
    "locale": ("text[]", "p.locale = any ({0})"),
    "owner": ("int[]", "coalesce(p.owner_id = any ({0}), false)"),
    "applied": (
        "int[]",
        "exists (select from dossier d where d.person_id = p.id and d.campaign_id = any ({0}) and {sees})",
    ),
    "topics": (
        "int[]",
        "exists (select from topic_opt_out o where o.address = p.email and o.topic_id = any ({0}))",
    ),
    "campaign": ("int[]", "d.campaign_id = any ({0})"),
    "status": ("text[]", "d.status_id = any (array(select s.id from status s where s.key = any ({0})))"),
    "phase": (
        "int[]",
        "d.status_id = any (array(select s.id from status s where coalesce(s.phase_id, 0) = any ({0})))",
    ),
    "language": ("text[]", "d.locale = any ({0})"),
    "evaluator": ("int[]", "exists (select from assignment x where x.dossier_id = d.id and x.account_id = any ({0}))"),
}
NOBODIES = {
    "owner": "p.owner_id is null",
    "evaluator": "not exists (select from assignment x where x.dossier_id = d.id)",
}

LATEST_CONSENT = """coalesce((select said.given from consent said where said.person_id = p.id and said.what = '{0}'
    order by said.id desc limit 1), false)"""
FLAGS = {
    "has_email": "(p.email is not null)",
    "opted_out": """exists (select from suppression s
        where s.address = p.email and s.scope = 'optional' and s.reason = 'opted_out')""",
    "blocked": "exists (select from suppression s where s.address = p.email and s.scope = 'all')",
    "agreed": LATEST_CONSENT.format("optional_mail"),
    "tracked": LATEST_CONSENT.format("tracking"),
    "written_to": "exists (select from message m where m.person_id = p.id and m.state = 'accepted')",
    "failed": "exists (select from message m where m.person_id = p.id and m.attention = 'failed')",
    "decision": "d.status_id = any (array(select s.id from status s where s.is_decision))",
    "withdrawn": "(d.withdrawn_at is not null)",
}
# Only what the next server took counts as got.
GOT = """exists (select from message m where m.person_id = p.id and m.state = 'accepted' and m.origin_id = (
    select o.id from origin o where o.kind = 'mailing' and o.ref_id = {0}))"""

CLOSING = "(select k.closes_at at time zone k.time_zone from campaign k where k.id = d.campaign_id)"
DATES = {
    "created": "p.created_at",
    "changed": "p.changed_at",
    "last_mail": """(select max(coalesce(m.settled_at, m.created_at)) from message m
        where m.person_id = p.id and m.state = 'accepted')""",
    "started": "d.created_at",
    "submitted": "d.submitted_at",
    "dossier_changed": "d.changed_at",
    "closes": CLOSING,
}


def positive(op: str) -> str:
    """The operator that says the opposite of a negative one; others are their own."""
    return POSITIVE.get(op, op)


def within(text: str) -> str:
    """A text for LIKE, anywhere in another."""
    return f"%{literal(text)}%"


def text(expression: str, rule: Rule, parameters: Parameters, *, indexed: bool = False) -> str:
    """A comparison of texts, whatever their accents and capitals. `indexed`: what is part of the person's search."""
    if rule.op in ("filled", "empty"):
        return f"{expression} {'<>' if rule.op == 'filled' else '='} ''"
    op, value = positive(rule.op), rule.value[0]
    if op == "is":
        found = f"folded({expression}) = folded({parameters.add(value, 'text')})"
    else:
        pattern = within(value) if op == "contains" else f"{literal(value)}%"
        found = f"folded({expression}) like folded({parameters.add(pattern, 'text')})"
    if op != rule.op:
        return f"not {found}"
    return f"(p.search like folded({parameters.add(within(value), 'text')}) and {found})" if indexed else found


def number(asked: str, rule: Rule, parameters: Parameters) -> str:
    """A comparison with a number among the answers."""
    sign = {"equals": "=", "least": ">=", "most": "<="}[rule.op]
    value = parameters.add(read_number(rule.value[0]), "float8")
    return f"""coalesce(case when jsonb_typeof(d.answers -> {asked}) = 'number'
        then (d.answers ->> {asked})::float8 {sign} {value} end, false)"""


def moment(expression: str, rule: Rule, parameters: Parameters, now: datetime, zone: ZoneInfo) -> str:
    """A comparison of an instant: with days of a zone, with now, or with the closing of the dossier's campaign."""
    if rule.op in ("filled", "empty"):
        return f"{expression} is {'not ' if rule.op == 'filled' else ''}null"

    def at(instant: datetime) -> str:
        return parameters.add(instant, "timestamptz")

    if rule.op in ("closing", "early"):
        days = parameters.add(int(rule.value[0]), "int")
        first = f"{CLOSING} - make_interval(days => {days})"
        found = f"{expression} between {first} and {CLOSING}" if rule.op == "closing" else f"{expression} < {first}"
    elif rule.op in ("on", "after", "before"):
        day = read_day(rule.value[0]) or now.date()
        start, end = (datetime.combine(each, time(), zone) for each in (day, day + timedelta(1)))
        found = {
            "on": lambda: f"{expression} >= {at(start)} and {expression} < {at(end)}",
            "after": lambda: f"{expression} >= {at(end)}",
            "before": lambda: f"{expression} < {at(start)}",
        }[rule.op]()
    else:
        found = _days_away(expression, rule, now, at)
    return f"coalesce({found}, false)"


def day_of(expression: str, rule: Rule, parameters: Parameters, today: date) -> str:
    """The same of a day, written as 2026-11-22: such texts are in the order of the days."""

    def on(day: date) -> str:
        return parameters.add(day.isoformat(), "text")

    if rule.op in ("on", "after", "before"):
        sign = {"on": "=", "after": ">", "before": "<"}[rule.op]
        found = f"({expression}) {sign} {on(read_day(rule.value[0]) or today)}"
    else:
        found = _days_away(f"({expression})", rule, today, on)
    return f"coalesce({found}, false)"


def _days_away(expression: str, rule: Rule, now: Day, place: Callable[[Day], str]) -> str:
    """A comparison with so many days before or after now, or today. `place`: where a value stands in the statement."""
    away = timedelta(days=int(rule.value[0]))
    return {
        "last": lambda: f"{expression} between {place(now - away)} and {place(now)}",
        "ago": lambda: f"{expression} < {place(now - away)}",
        "next": lambda: f"{expression} between {place(now)} and {place(now + away)}",
    }[rule.op]()
