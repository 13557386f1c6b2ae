"""Criteria as a condition of SQL on a person `p`, or on a dossier `d` and its person `p`. Values are parameters only.

What a rule of one module means in another: of people, rules about dossiers mean "has a dossier, among those that the
actor may see, for which all rules about dossiers of this group hold". A condition is never null.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from portal.audiences import exprs
from portal.audiences.parameters import Parameters
from portal.audiences.rules import Catalogue, Field, Group, Rule
from portal.scope import sees_dossier

DOSSIERS = "exists (select from dossier d where d.person_id = p.id and {sees} and {condition})"
MEMBER = "exists (select from custom_view_member member where member.view_id = {view} and member.record_id = {record})"
ITS_MEMBER = """exists (select from custom_view_member member join dossier d on d.id = member.record_id
    where member.view_id = {view} and d.person_id = p.id and {sees})"""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A saved view that rules name. `group`: its filters and criteria together; `criteria`: without the filters."""

    id: int
    name: str
    module: str
    campaign_id: int | None
    group: Group
    criteria: Group
    frozen: bool


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What rules are compiled for. `everywhere` and `account`: where the parameters have the actor's scope."""

    catalogue: Catalogue
    views: Mapping[int, Kept]
    now: datetime
    zone: ZoneInfo
    everywhere: str
    account: str

    @property
    def sees(self) -> str:
        """Whether the actor sees the dossier `d`."""
        return sees_dossier("d", self.everywhere, self.account)


class Compiler:
    """One statement's conditions; its values go to `parameters`."""

    def __init__(self, setting: Setting, parameters: Parameters) -> None:
        self.setting, self.parameters = setting, parameters

    def group(self, group: Group, *, people: bool) -> str:
        """The condition of a group; `true` without rules. `people`: about `p` alone, else about `d` and `p`."""
        outside, inside = [], []
        for item in group.items:
            if isinstance(item, Group):
                outside += [self.group(item, people=people)] if item else []
            elif people and self.setting.catalogue[item.field].of == "dossier":
                inside.append(self.rule(item, people=False))
            else:
                outside.append(self.rule(item, people=people))
        joined = " and " if group.join == "all" else " or "
        if inside:
            outside.append(DOSSIERS.format(sees=self.setting.sees, condition=f"({joined.join(inside)})"))
        return f"({joined.join(outside)})" if outside else "true"

    def rule(self, rule: Rule, *, people: bool) -> str:
        """The condition of one rule."""
        if rule.field == "view":
            found = self.view(self.setting.views[int(rule.value[0])], people=people)
            return f"not {found}" if rule.op == "not_in" else found
        field = self.setting.catalogue[rule.field]
        kind = "answer" if field.answer else field.kind
        compiled: str = getattr(self, f"_{kind}")(field, rule, people)
        return compiled

    def view(self, view: Kept, *, people: bool) -> str:
        """Whether a person, or a dossier, is in a view of any module."""
        if view.frozen:
            return self._frozen(view, people)
        if view.module != "dossiers":
            kind = self.parameters.add(view.module.removesuffix("s"), "text")
            return f"(p.kind = {kind} and {self.group(view.group, people=True)})"
        condition = self.group(view.group, people=False)
        if view.campaign_id is not None:
            condition = f"d.campaign_id = {self.parameters.add(view.campaign_id, 'int')} and {condition}"
        return DOSSIERS.format(sees=self.setting.sees, condition=condition) if people else f"({condition})"

    def _frozen(self, view: Kept, people: bool) -> str:
        place = self.parameters.add(view.id, "int")
        if view.module == "dossiers" and people:
            return ITS_MEMBER.format(view=place, sees=self.setting.sees)
        return MEMBER.format(view=place, record="d.id" if view.module == "dossiers" else "p.id")

    # -------------------------------------------------------------------------------- by kind
    def _text(self, field: Field, rule: Rule, people: bool) -> str:
        if field.key.startswith("company_"):
            return self._company(field, rule)
        if field.key == "words":
            words = [self._words(word, people) for word in rule.value[0].split()[: exprs.MOST_WORDS]]
            return f"({' and '.join(words)})" if words else "true"
        if field.key == "email" and rule.op in ("is", "is_not"):
            found = f"coalesce(p.email = {self.parameters.add(rule.value[0], 'citext')}, false)"
            return f"not {found}" if rule.op == "is_not" else found
        return exprs.text(exprs.TEXTS[field.key], rule, self.parameters, indexed=field.key in exprs.SEARCHED)

    def _words(self, word: str, people: bool) -> str:
        like = f"folded({self.parameters.add(exprs.within(word), 'text')})"
        if people:
            return f"p.search like {like}"
        people_found = f"select each.id from person each where each.search like {like}"
        return f"(d.search like {like} or d.person_id = any (array({people_found})))"

    def _company(self, field: Field, rule: Rule) -> str:
        column = f"c.{field.key.removeprefix('company_')}"
        if field.kind == "choice":
            found = f"{column} = any ({self.parameters.add(list(rule.value), 'text[]')})"
        else:
            found = exprs.text(column, msgspec.structs.replace(rule, op=exprs.positive(rule.op)), self.parameters)
        found = f"exists (select from company c where c.id = p.company_id and {found})"
        return f"not {found}" if rule.op in exprs.NEGATIVE else found

    def _choice(self, field: Field, rule: Rule, people: bool) -> str:
        if field.key.startswith("company_"):
            return self._company(field, rule)
        cast, template = exprs.CHOICES[field.key]
        values = [each for each in rule.value if each != exprs.NOBODY]
        found = []
        if values:
            typed = [int(each) for each in values] if cast == "int[]" else values
            found.append(template.format(self.parameters.add(typed, cast), sees=self.setting.sees))
        if exprs.NOBODY in rule.value:
            found.append(exprs.NOBODIES[field.key])
        joined = f"({' or '.join(found)})"
        return f"not {joined}" if rule.op in exprs.NEGATIVE else joined

    def _tags(self, field: Field, rule: Rule, people: bool) -> str:
        if rule.op in ("filled", "empty"):
            return f"p.tags {'<>' if rule.op == 'filled' else '='} '{{}}'"
        values = self.parameters.add([each.lower() for each in rule.value], "text[]")
        found = f"p.tags {'@>' if rule.op == 'has_all' else '&&'} {values}"
        return f"not {found}" if rule.op == "has_not" else found

    def _flag(self, field: Field, rule: Rule, people: bool) -> str:
        return f"not {exprs.FLAGS[field.key]}" if rule.op in exprs.NEGATIVE else exprs.FLAGS[field.key]

    def _one(self, field: Field, rule: Rule, people: bool) -> str:
        found = exprs.GOT.format(self.parameters.add(int(rule.value[0]), "bigint"))
        return f"not {found}" if rule.op == "not_in" else found

    def _date(self, field: Field, rule: Rule, people: bool) -> str:
        return exprs.moment(exprs.DATES[field.key], rule, self.parameters, self.setting.now, self.setting.zone)

    # -------------------------------------------------------------------------------- answers
    def _answer(self, field: Field, rule: Rule, people: bool) -> str:
        """An answer of a dossier of the question's campaign; dossiers of others are neither one nor the other."""
        _word, campaign_id, key = field.key.split(".", 2)
        campaign, asked = self.parameters.add(int(campaign_id), "int"), self.parameters.add(key, "text")
        return f"(d.campaign_id = {campaign} and {self._answered(field, rule, asked)})"

    def _answered(self, field: Field, rule: Rule, asked: str) -> str:
        if field.answer == "file":
            found = f"exists (select from dossier_file f where f.dossier_id = d.id and f.question_key = {asked})"
            return f"not {found}" if rule.op == "empty" else found
        if field.kind == "flag":
            found = f"coalesce(d.answers -> {asked} = 'true', false)"
            return f"not {found}" if rule.op in exprs.NEGATIVE else found
        if rule.op in ("filled", "empty"):
            return f"{'not ' if rule.op == 'empty' else ''}d.answers ? {asked}"
        if field.kind == "text":
            return exprs.text(f"coalesce(d.answers ->> {asked}, '')", rule, self.parameters)
        if field.kind == "choice":
            found = f"coalesce((d.answers -> {asked}) ?| {self.parameters.add(list(rule.value), 'text[]')}, false)"
            return f"not {found}" if rule.op in exprs.NEGATIVE else found
        if field.kind == "number":
            return exprs.number(asked, rule, self.parameters)
        today = self.setting.now.astimezone(self.setting.zone).date()
        return exprs.day_of(f"d.answers ->> {asked}", rule, self.parameters, today)
