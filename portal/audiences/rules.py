"""Criteria: a tree of rules and groups, read from JSON, written to it, and judged in words. Pure.

    {"join": "all", "items": [
        {"field": "locale", "op": "is", "value": ["fr", "pl"]},
        {"join": "any", "items": [{"field": "view", "op": "not_in", "value": ["7"]}]}]}

Values are lists of texts, whatever the field: numbers as `12` or `3.5`, days as `2026-11-22`, ids as digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Literal, TypeAlias

import msgspec

Join = Literal["all", "any"]
Kind = Literal["text", "choice", "tags", "number", "date", "flag", "one"]
Path: TypeAlias = tuple[int, ...]

DEEPEST = 5
MOST_RULES = 50
MOST_VALUES = 100
LONGEST = 200  # characters of a value
MOST_DAYS = 3_650

# The operators of each kind of field, in the order they are offered. `one`: a view or a mailing, chosen alone.
OPERATORS: dict[Kind, tuple[str, ...]] = {
    "text": ("contains", "not_contains", "is", "is_not", "starts", "filled", "empty"),
    "choice": ("is", "is_not"),
    "tags": ("has", "has_all", "has_not", "filled", "empty"),
    "number": ("equals", "least", "most", "filled", "empty"),
    "date": ("last", "ago", "next", "on", "after", "before", "filled", "empty"),
    "flag": ("yes", "no"),
    "one": ("in", "not_in"),
}
CLOSING = ("closing", "early")  # of dates of a dossier: in the N days before the closing; more than N days before it
BARE = frozenset({"filled", "empty", "yes", "no"})  # without a value
DAYS = frozenset({"last", "ago", "next", "closing", "early"})  # with a number of days
OPPOSITES = (("filled", "empty"), ("yes", "no"), ("in", "not_in"))


class Rule(msgspec.Struct, frozen=True):
    """One condition. `value`: texts, even of numbers and days; empty where the operator needs none."""

    field: str
    op: str
    value: tuple[str, ...] = ()


class Group(msgspec.Struct, frozen=True):
    """Conditions of which all, or any, must hold. Without conditions everybody is meant."""

    join: Join = "all"
    items: tuple[Rule | Group, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.items)


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """Something that rules ask about. `options`: (value, words) of a choice. `of`: whom it belongs to."""

    key: str
    label: str
    kind: Kind
    group: str = ""
    of: Literal["person", "dossier"] = "person"
    ops: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    several: bool = False  # a record has several values of it
    answer: str = ""  # the kind of question it answers

    @property
    def offered(self) -> tuple[str, ...]:
        """Its operators."""
        return self.ops or OPERATORS[self.kind]


Catalogue: TypeAlias = Mapping[str, Field]


class Found(msgspec.Struct, frozen=True):
    """What is wrong with a rule; `words.problem` says it. `path`: the rule's place in the tree."""

    path: Path
    code: Literal["gone", "operator", "missing", "value_gone", "not_a_number", "not_a_day", "days", "against"]


class Unreadable(Exception):
    """Not a tree of criteria."""


# ------------------------------------------------------------------------------------------------ to and from JSON
def read(raw: Mapping[str, Any] | None) -> Group:
    """Criteria from JSON; `{}` is everybody, and groups without rules are left out.

    Raises Unreadable: not a tree, too deep, too many rules.
    """
    group = _group(raw or {}, 1)
    if sum(1 for _each in rules_of(group)) > MOST_RULES:
        raise Unreadable
    return group


def written(group: Group) -> dict[str, Any]:
    """Criteria as JSON; `{}` for everybody."""
    return _written(group) if group else {}


def _written(item: Rule | Group) -> dict[str, Any]:
    if isinstance(item, Rule):
        return {"field": item.field, "op": item.op, "value": list(item.value)}
    return {"join": item.join, "items": [_written(each) for each in item.items]}


def _group(raw: Any, depth: int) -> Group:
    if not isinstance(raw, Mapping) or depth > DEEPEST or set(raw) - {"join", "items"}:
        raise Unreadable
    join, items = raw.get("join", "all"), raw.get("items", [])
    if join not in ("all", "any") or not isinstance(items, (list, tuple)):
        raise Unreadable
    read_items = (_item(each, depth) for each in items)
    return Group(join, tuple(each for each in read_items if isinstance(each, Rule) or each))


def _item(raw: Any, depth: int) -> Rule | Group:
    if not isinstance(raw, Mapping) or "field" not in raw:
        return _group(raw, depth + 1)
    if set(raw) - {"field", "op", "value"} or not isinstance(raw["field"], str) or not isinstance(raw.get("op"), str):
        raise Unreadable
    return Rule(raw["field"], raw["op"], _values(raw.get("value")))


def _values(raw: Any) -> tuple[str, ...]:
    several = raw if isinstance(raw, (list, tuple)) else [] if raw is None else [raw]
    if len(several) > MOST_VALUES or not all(type(each) in (str, int, float) for each in several):
        raise Unreadable
    texts = [str(each).replace("\0", "").strip() for each in several]
    if any(len(each) > LONGEST for each in texts):
        raise Unreadable
    return tuple(dict.fromkeys(each for each in texts if each))


# ------------------------------------------------------------------------------------------------ what they name
def rules_of(group: Group) -> Iterator[tuple[Path, Rule]]:
    """Every rule with its place."""
    for n, item in enumerate(group.items):
        if isinstance(item, Rule):
            yield (n,), item
        else:
            yield from (((n, *path), rule) for path, rule in rules_of(item))


def named(group: Group, field: str) -> list[int]:
    """The ids that rules about a field name."""
    return [int(value) for _path, rule in rules_of(group) if rule.field == field for value in rule.value if _id(value)]


def _id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


# ------------------------------------------------------------------------------------------------ what is wrong
def problems(group: Group, catalogue: Catalogue) -> list[Found]:
    """All that has to be mended before the criteria mean anybody, rule by rule."""
    return [*_wrong(group, catalogue), *_against(group, catalogue, ())]


def _wrong(group: Group, catalogue: Catalogue) -> Iterator[Found]:
    for place, rule in rules_of(group):
        field = catalogue.get(rule.field)
        if field is None:
            yield Found(place, "gone")
        elif not rule.op:
            yield Found(place, "missing")
        elif rule.op not in field.offered:
            yield Found(place, "operator")
        elif code := _wrong_value(rule, field):
            yield Found(place, code)


def _wrong_value(rule: Rule, field: Field) -> Any:
    """The code of what is wrong with a value, or None."""
    if rule.op in BARE:
        return None
    if not rule.value:
        return "missing"
    if rule.op in DAYS:
        return None if whole(rule.value[0]) is not None and int(rule.value[0]) <= MOST_DAYS else "days"
    if field.kind == "number":
        return None if number(rule.value[0]) is not None else "not_a_number"
    if field.kind == "date":
        return None if day(rule.value[0]) else "not_a_day"
    if field.kind in ("choice", "one"):
        known = {value for value, _words in field.options}
        return None if known.issuperset(rule.value) else "value_gone"
    return None


def _against(group: Group, catalogue: Catalogue, path: Path) -> Iterator[Found]:
    """Rules that cannot hold together with one before them."""
    for n, item in enumerate(group.items):
        if isinstance(item, Group):
            yield from _against(item, catalogue, (*path, n))
        elif group.join == "all" and any(
            isinstance(other, Rule) and contradict(other, item, catalogue) for other in group.items[:n]
        ):
            yield Found((*path, n), "against")


def contradict(one: Rule, other: Rule, catalogue: Catalogue) -> bool:
    """Whether two rules can never hold together. Of fields with several values only plain opposites can."""
    field = catalogue.get(one.field)
    if field is None or one.field != other.field:
        return False
    ops = {one.op, other.op}
    if any(ops == set(pair) for pair in OPPOSITES) and one.value == other.value:
        return True
    if "empty" in ops and not ops <= {"empty", "is_not", "not_contains", "has_not"}:
        return True
    return not field.several and _disjoint(one, other, field)


def _disjoint(one: Rule, other: Rule, field: Field) -> bool:
    mine, theirs = {each.casefold() for each in one.value}, {each.casefold() for each in other.value}
    if one.op == other.op == "is":
        return mine.isdisjoint(theirs)
    if {one.op, other.op} == {"is", "is_not"}:
        return mine <= theirs if one.op == "is" else theirs <= mine
    least, most = _reach(one, field), _reach(other, field)
    if least is None or most is None:
        return False
    return bool(max(least[0], most[0]) > min(least[1], most[1]))


def _reach(rule: Rule, field: Field) -> tuple[Any, Any] | None:
    """The least and the most that a number or a day may be; None when it depends on today."""
    if field.kind == "number" and rule.value and (n := number(rule.value[0])) is not None:
        reach = {"equals": (n, n), "least": (n, float("inf")), "most": (float("-inf"), n)}
        return reach.get(rule.op)
    if field.kind == "date" and rule.op not in DAYS and rule.value and (one := day(rule.value[0])):
        n = one.toordinal()
        return {"on": (n, n), "after": (n + 1, 10**7), "before": (0, n - 1)}.get(rule.op)
    return None


# ------------------------------------------------------------------------------------------------ values
def whole(text: str) -> int | None:
    """A whole number from 0, or None."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


def number(text: str) -> float | None:
    """A number as it is stored, or None."""
    plain = text.removeprefix("-")
    digits = plain.replace(".", "", 1)
    return float(text) if digits.isascii() and digits.isdigit() and len(plain) < 20 and plain[:1] != "." else None


def day(text: str) -> date | None:
    """A day of a year that has instants in every zone, or None."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1900 < found.year < 2900 else None
