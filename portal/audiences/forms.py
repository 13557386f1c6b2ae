"""Criteria as a page shows and sends them. Without JavaScript every button of the builder is a submit that keeps all.

    form = await WhoForm.read(request, extra=await criteria_fields(request))
    if again(form.raw):                       # a rule was added, removed or counted: show the page again
        builder = await build(request.user, "candidates", typed(form.raw))
    else:
        await actions.change(..., criteria=read_criteria(form.raw))

Names: `c.join`, `c.0.field`, `c.0.op`, `c.0.value`, `c.1.join`, `c.1.0.field` ...; `c.do` is the button.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from portal.audiences import kept
from portal.audiences.rules import DEEPEST, MOST_RULES, Group, Join, Path, Rule, rules_of, written
from portal.web.field import Field, Options
from portal.web.htmx import Request

PREFIX = "c"
NAME = re.compile(r"c(?:\.[0-9]{1,2})*\.(?:join|field|op|value|was|kind)|c\.(?:do|module|campaign|filters)")
MOST_PARTS = 1_000
Sent = Mapping[str, Sequence[Any]]


class Parts(Field[list[str]]):
    """What the builder sends under one name: judged as criteria, never here."""

    many = True

    def __init__(self) -> None:
        super().__init__([], required=False)

    def read(self, name: str, sent: Mapping[str, list[Any]], options: Options) -> list[str]:
        return [each for each in sent.get(name, []) if isinstance(each, str)]

    def show(self, name: str, value: list[str]) -> dict[str, list[Any]]:
        return {name: list(value)}


async def criteria_fields(request: Request) -> dict[str, Field[Any]]:
    """The builder's fields, as extra ones of the form that it stands in."""
    names = [name for name in (await request.form()).keys() if NAME.fullmatch(name)]  # noqa: SIM118
    return {name: Parts() for name in names[:MOST_PARTS]}


def again(sent: Sent) -> bool:
    """Whether a button of the builder was pressed, so that the page is to be shown again."""
    return bool(sent.get("c.do"))


def read_criteria(sent: Sent) -> dict[str, Any]:
    """Criteria as they are kept; rules without a field are left out. Raises Refused."""
    return written(kept.read_criteria(written(_without_blank(_at(sent, ())))))


def typed(sent: Sent) -> Group:
    """Criteria as they were typed, blank rules too, after what the button asked for."""
    return pressed(_at(sent, ()), next(iter(sent.get("c.do", ())), ""))


def _without_blank(group: Group) -> Group:
    items = (_without_blank(each) if isinstance(each, Group) else each for each in group.items)
    return Group(group.join, tuple(each for each in items if isinstance(each, Group) or each.field))


# ------------------------------------------------------------------------------------------------ reading
def _at(sent: Sent, path: Path) -> Group:
    """The group at a place."""
    numbers = _numbers(sent, path) if len(path) < DEEPEST else []
    join: Join = "any" if _one(sent, path, "join") == "any" else "all"
    return Group(join, tuple(_item(sent, (*path, n)) for n in numbers[:MOST_RULES]))


def _item(sent: Sent, path: Path) -> Rule | Group:
    if _one(sent, path, "join"):
        return _at(sent, path)
    field, op, value = _one(sent, path, "field"), _one(sent, path, "op"), _several(sent, path, "value")
    if field != _one(sent, path, "was"):  # what was chosen for another field means nothing for this one
        return Rule(field, "", ())
    if _one(sent, path, "kind") == "tags":
        value = [each for text in value for each in text.split(",")]
    if _one(sent, path, "kind") == "number":
        value = [re.sub(r"[\s\u00a0\u202f]", "", each).replace(",", ".") for each in value]
    texts = (each.replace("\0", "").strip()[:200] for each in value)
    return Rule(field[:200], op[:20], tuple(dict.fromkeys(each for each in texts if each)))


def name_at(path: Path, part: str = "") -> str:
    """How a part of the builder is called: `c.1.0.field`."""
    return ".".join([PREFIX, *map(str, path), *([part] if part else [])])


def _numbers(sent: Sent, path: Path) -> list[int]:
    """The numbers of what is inside a group, in order."""
    start = f"{name_at(path)}."
    found = {name[len(start) :].partition(".")[0] for name in sent if name.startswith(start)}
    return sorted(int(each) for each in found if each.isascii() and each.isdigit())


def _several(sent: Sent, path: Path, part: str) -> list[str]:
    return [each for each in sent.get(name_at(path, part), ()) if isinstance(each, str)][:100]


def _one(sent: Sent, path: Path, part: str) -> str:
    return next(iter(_several(sent, path, part)), "")


# ------------------------------------------------------------------------------------------------ buttons
def pressed(group: Group, button: str) -> Group:
    """The criteria after a button: `add:1`, `group:`, `remove:1.0`; anything else changes nothing."""
    verb, _colon, place = button.partition(":")
    path = tuple(int(each) for each in place.split(".") if each.isascii() and each.isdigit())[:DEEPEST]
    if verb == "remove" and path:
        return _change(group, path[:-1], lambda inner: _less(inner, path[-1]))
    blank: Rule | Group = Rule("", "")
    if verb == "add" and sum(1 for _each in rules_of(group)) < MOST_RULES:
        return _change(group, path, lambda inner: _more(inner, blank))
    if verb == "group" and len(path) < DEEPEST - 1:
        join: Join = "any" if group.join == "all" else "all"
        return _change(group, path, lambda inner: _more(inner, Group(join, (blank, blank))))
    return group


def _change(group: Group, path: Path, how: Callable[[Group], Group]) -> Group:
    """A tree whose group at `path` is another one; a path that leads nowhere changes nothing."""
    if not path:
        return how(group)
    inner = group.items[path[0]] if path[0] < len(group.items) else None
    if not isinstance(inner, Group):
        return group
    items = list(group.items)
    items[path[0]] = _change(inner, path[1:], how)
    return msgspec.structs.replace(group, items=tuple(each for each in items if isinstance(each, Rule) or each.items))


def _more(group: Group, item: Rule | Group) -> Group:
    return Group(group.join, (*group.items, item))


def _less(group: Group, n: int) -> Group:
    return Group(group.join, group.items[:n] + group.items[n + 1 :])
