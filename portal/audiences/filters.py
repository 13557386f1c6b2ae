"""What the filters of a list mean as criteria: an instant filter that became a view counts and mails alike (Z10)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from portal.audiences.rules import Group, Rule, day

# A list's filter -> field and operator
DOSSIERS = {
    "q": ("words", "contains"),
    "status": ("status", "is"),
    "phase": ("phase", "is"),
    "language": ("language", "is"),
    "evaluator": ("evaluator", "is"),
    "campaign": ("campaign", "is"),
}
PEOPLE = {
    "q": ("words", "contains"),
    "locale": ("locale", "is"),
    "tag": ("tags", "has"),
    "view": ("view", "in"),
}


def as_rules(module: str, filters: Mapping[str, Any], campaign_id: int | None = None) -> Group:
    """Filters as their list's query string says them, as one group of which all must hold."""
    fields = DOSSIERS if module == "dossiers" else PEOPLE
    rules = [Rule(*fields[name], _texts(value)) for name, value in filters.items() if name in fields and _texts(value)]
    one = {name: next(iter(_texts(value)), "") for name, value in filters.items()}
    if one.get("out"):
        rules.append(Rule("opted_out", "yes"))
    if module == "dossiers":
        rules += _dossier_rules(one, campaign_id)
    return Group("all", tuple(rules))


def _dossier_rules(one: Mapping[str, str], campaign_id: int | None) -> list[Rule]:
    rules = []
    for name, away in (("after", -1), ("before", 1)):  # lists mean the day itself, too
        if first := day(one.get(name, "")):
            rules.append(Rule("submitted", name, ((first + timedelta(away)).isoformat(),)))
    if one.get("withdrawn") in ("yes", "no"):
        rules.append(Rule("withdrawn", one["withdrawn"]))
    key, _colon, value = one.get("answer", "").partition(":")
    if key and value and campaign_id is not None:
        field = f"answer.{campaign_id}.{key}"
        rules.append(Rule(field, "yes") if value == "true" else Rule(field, "is", (value,)))
    return rules


def _texts(value: Any) -> tuple[str, ...]:
    several = value if isinstance(value, (list, tuple)) else [value]
    return tuple(str(each) for each in several if each not in (None, ""))
