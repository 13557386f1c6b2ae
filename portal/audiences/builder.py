"""The criteria builder of a page: what it offers, what is wrong with what was typed, and whom it means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from portal import db
from portal.actor import Actor
from portal.audiences import fields, words
from portal.audiences.filters import as_rules
from portal.audiences.forms import name_at
from portal.audiences.rules import BARE, DAYS, Catalogue, Group, Path, Rule, problems, rules_of, written
from portal.audiences.sources import KINDS, Chosen, Count, Source, counted, source
from portal.formats import number
from portal.outcomes import Refused

SAMPLE = 5
DEEPEST_SHOWN = 2  # groups within groups that the page adds
BOXES = {"text": "text", "tags": "text", "number": "number", "date": "date", "choice": "choices", "one": "select"}

PEOPLE = """
select p.id, p.first_name, p.last_name, p.email::text as email, p.locale, '' as number, p.id as person_id
from ({chosen}) chosen join person p on p.id = chosen.record_id"""
DOSSIERS = """
select d.id, d.first_name, d.last_name, p.email::text as email, d.locale, d.number, p.id as person_id
from ({chosen}) chosen join dossier d on d.id = chosen.record_id join person p on p.id = d.person_id"""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A rule of the page. `box`: how its value is typed (text, number, date, days, choices, select), or "" for none."""

    path: str
    name: str
    order: int
    field: str
    op: str
    kind: str
    ops: list[tuple[str, str]]
    box: str
    values: list[str]
    options: list[tuple[str, str]]
    problem: str

    is_group = False

    @property
    def value(self) -> str:
        """The one value of a box."""
        return next(iter(self.values), "")

    @property
    def chosen(self) -> str:
        """What was chosen, in words."""
        return ", ".join(label for value, label in self.options if value in self.values)


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A group of the page. `depth`: 0 for the whole."""

    path: str
    name: str
    join: str
    depth: int
    items: list[Any]

    is_group = True


class Somebody(msgspec.Struct, frozen=True, kw_only=True):
    """One of those who are meant."""

    id: int
    first_name: str
    last_name: str
    email: str | None
    locale: str
    number: str
    person_id: int

    @property
    def name(self) -> str:
        """Full name, or the address."""
        return f"{self.first_name} {self.last_name}".strip() or self.email or ""


class Builder(msgspec.Struct, frozen=True, kw_only=True):
    """All that the macro needs. `groups`: (heading, [(key, label)]) of the fields. `count` None: something to mend.

    `filters`: what narrows the whole beside the rules, as criteria.
    """

    module: str
    campaign_id: int | None
    filters: dict[str, Any]
    root: Block
    groups: list[tuple[str, list[tuple[str, str]]]]
    count: Count | None
    counted: str
    trouble: str
    sample: list[Somebody]
    problems: int

    @property
    def addable(self) -> int:
        """How deep groups can be added."""
        return DEEPEST_SHOWN


async def build(
    actor: Actor, module: str, group: Group, campaign_id: int | None = None, filters: Group | None = None
) -> Builder:
    """The builder for criteria as they were typed. `filters`: what narrows them beside the rules, as rules."""
    also = filters or Group()
    catalogue = await fields.catalogue(actor, module, [group, also], campaign_id)
    group = _without_value(group, catalogue)
    wrong = [each for each in problems(group, catalogue) if _rule_at(group, each.path).field]
    found = {each.path: words.problem(each) for each in reversed(wrong) if _rule_at(group, each.path).op}
    both = Group("all", tuple(each for each in (also, _ready(group)) if each))
    chosen = Chosen(module=module, campaign_id=campaign_id, criteria=written(both))
    count, sample, trouble = await _look(actor, chosen) if not wrong else (None, [], words.mend())
    return Builder(
        module=module,
        campaign_id=campaign_id,
        filters=written(also),
        root=_Shower(catalogue, found).block(group, ()),
        groups=_grouped(catalogue),
        count=count,
        counted=words.counted(module, count.n, count.exact) if count else "",
        trouble=trouble,
        sample=sample,
        problems=len(wrong),
    )


async def in_words(actor: Actor, module: str, filters: Mapping[str, Any], campaign_id: int | None) -> list[str]:
    """A list's filters as sentences, so that a view says what it narrows to."""
    group = as_rules(module, filters, campaign_id)
    if not group:
        return []
    catalogue = await fields.catalogue(actor, module, [group], campaign_id)
    return [_sentence(rule, catalogue) for _path, rule in rules_of(group)]


def _sentence(rule: Rule, catalogue: Catalogue) -> str:
    field = catalogue.get(rule.field)
    labels = dict(field.options) if field else {}
    values = ", ".join(labels.get(each, each) for each in rule.value)
    label, operator = (field.label, words.operator(field.kind, rule.op)) if field else (rule.field, "")
    return f"{label} {operator} {values}".strip()


def _ready(group: Group) -> Group:
    """Without the rules whose field is not chosen yet."""
    items = (_ready(each) if isinstance(each, Group) else each for each in group.items)
    return Group(group.join, tuple(each for each in items if each and (isinstance(each, Group) or each.field)))


def _rule_at(group: Group, path: Path) -> Rule:
    """The rule at a path of `problems`."""
    item: Rule | Group = group
    for n in path:
        item = item.items[n] if isinstance(item, Group) else item
    return item if isinstance(item, Rule) else Rule("", "")


def _without_value(group: Group, catalogue: Catalogue) -> Group:
    """The same, where fields that were chosen just now and whose first comparison needs no value have it."""
    items: list[Rule | Group] = []
    for each in group.items:
        if isinstance(each, Group):
            items.append(_without_value(each, catalogue))
        elif not each.op and each.field in catalogue and catalogue[each.field].offered[0] in BARE:
            items.append(Rule(each.field, catalogue[each.field].offered[0]))
        else:
            items.append(each)
    return Group(group.join, tuple(items))


async def _look(actor: Actor, chosen: Chosen) -> tuple[Count | None, list[Somebody], str]:
    try:
        found = await source(actor, chosen)
    except Refused as refused:
        return None, [], refused.sentences
    return await counted(found), await _sample(chosen, found), ""


async def _sample(chosen: Chosen, found: Source) -> list[Somebody]:
    """Five of them, in no order: the first that turn up."""
    first = f"select record_id from ({found.sql}) each limit {SAMPLE}"
    sql = (PEOPLE if chosen.module in KINDS else DOSSIERS).format(chosen=first)
    return await db.fetch_as(Somebody, sql, *found.parameters)


def _grouped(catalogue: Catalogue) -> list[tuple[str, list[tuple[str, str]]]]:
    groups: dict[str, list[tuple[str, str]]] = {}
    for field in catalogue.values():
        groups.setdefault(field.group, []).append((field.key, field.label))
    return list(groups.items())


class _Shower:
    """Rules and groups as lines and blocks, numbered as they are read."""

    def __init__(self, catalogue: Catalogue, found: dict[Path, str]) -> None:
        self.catalogue, self.found, self.order = catalogue, found, 0

    def block(self, group: Group, path: Path) -> Block:
        items = [
            self.line(each, (*path, n)) if isinstance(each, Rule) else self.block(each, (*path, n))
            for n, each in enumerate(group.items)
        ]
        return Block(path=_dotted(path), name=name_at(path), join=group.join, depth=len(path), items=items)

    def line(self, rule: Rule, path: Path) -> Line:
        self.order += 1
        field = self.catalogue.get(rule.field)
        offered = field.offered if field else ()
        op = rule.op if rule.op in offered else next(iter(offered), "")
        kind = field.kind if field else ""
        return Line(
            path=_dotted(path),
            name=name_at(path),
            order=self.order,
            field=rule.field,
            op=op,
            kind=kind,
            ops=[(each, words.operator(kind, each)) for each in offered],
            box=_box(kind, op),
            values=[each.replace(".", _comma()) for each in rule.value] if kind == "number" else list(rule.value),
            options=list(field.options) if field else [],
            problem=self.found.get(path, ""),
        )


def _box(kind: str, op: str) -> str:
    return "" if op in BARE else "days" if op in DAYS else BOXES.get(kind, "")


def _comma() -> str:
    return number(1.5)[1]


def _dotted(path: Path) -> str:
    return ".".join(map(str, path))
