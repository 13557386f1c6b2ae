"""Letters of a plan as SQL: merge values and subjects that PostgreSQL makes of the planned relation, a million at once.

Only the fields that the template uses. Columns of people and dossiers are taken as they are; what needs words (titles,
dates, choices) is put into words in Python, once for each that occurs, and joined; links are made with tokens that
PostgreSQL can compute. What comes out is what emails.fields.values and letters.subject_of would have made.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from portal import db
from portal.audiences.parameters import Parameters
from portal.emails import queries as emails
from portal.emails.fields import Facts, answer_words, values
from portal.emails.letters import trees
from portal.emails.queries import Version
from portal.i18n import text_in
from portal.ledger.planning import Audience
from portal.mailings import subjects
from portal.mailings.planning import Plan
from portal.settings import settings
from portal.tokens import in_sql, pads

ALWAYS = "unsubscribe_link"  # what the letter's layout prints, whatever the template says
SHARED = ("campaign_title", "closing_date", "organisation_name")
ANSWER = "answer_"
PLAIN = ("short", "long", "email", "phone", "pattern")  # answers that are shown as they were typed

CAMPAIGNS = """
select id, title, closes_at, time_zone from campaign where id = any ($1::int[])"""
STATUSES = "select id, public_label from status where campaign_id = any ($1::int[])"
QUESTIONS = """
select campaign_id, key, kind, choices from question where campaign_id = any ($1::int[]) and key = any ($2::text[])"""
# Every answer that occurs, once: whatever their number, choices and countries are few.
ANSWERS = """
select distinct d.campaign_id, k.key, d.answers -> k.key as answer
from dossier d cross join unnest($2::text[]) k(key)
where d.campaign_id = any ($1::int[]) and d.answers ? k.key and d.answers -> k.key not in ('null', '""', '[]')
    and not (jsonb_typeof(d.answers -> k.key) = 'string' and (d.campaign_id, k.key) in (
        select plain.campaign_id, plain.key from question plain where plain.kind = any ($3::text[])))"""
THEIRS = "select distinct d.campaign_id from ({found}) c join dossier d on d.id = c.dossier_id"

COLLATION = """
select name from unnest($1::text[]) with ordinality given(name, place)
where exists (select from pg_collation where collname = name) order by place"""


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """What was put into words, as rows to join. `plain`: key -> campaigns where it is a text, taken as it was typed."""

    campaigns: list[int]
    shared: list[dict[str, Any]]
    statuses: list[dict[str, Any]]
    answers: list[dict[str, Any]]
    plain: dict[str, list[int]]


async def audience_of(plan: Plan) -> Audience:
    """The plan as the ledger takes it. The plan has a version: a launch without one is refused before."""
    version = plan.version
    assert version is not None
    letters = Letters(plan, version, await words_of(plan, version), await _collation())
    return Audience(letters.columns(), letters.source(), letters.parameters.values)


async def words_of(plan: Plan, version: Version) -> Words:
    """All that needs words, in each of the template's languages. Reads what occurs, once."""
    used, locales = fields_of(version), sorted(version.variants)
    keys = sorted(name.removeprefix(ANSWER) for name in used if name.startswith(ANSWER))
    campaigns = await _campaigns(plan)
    asked = await db.fetch(QUESTIONS, campaigns, keys) if keys else []
    return Words(
        campaigns=campaigns,
        shared=await _shared(plan, campaigns, locales, used),
        statuses=await _statuses(campaigns, locales) if "status" in used else [],
        answers=await _answers(campaigns, keys, locales, asked) if keys else [],
        plain={
            key: [row["campaign_id"] for row in asked if row["key"] == key and row["kind"] in PLAIN] for key in keys
        },
    )


def fields_of(version: Version) -> frozenset[str]:
    """The fields that any language of a template uses, and the one of every letter's foot."""
    return frozenset({ALWAYS}.union(*(trees(variant).fields() for variant in version.variants.values())))


async def _campaigns(plan: Plan) -> list[int]:
    if plan.mailing.campaign_id is not None:
        return [plan.mailing.campaign_id]
    if not plan.terms.dossiers:
        return []
    found = plan.relation.found
    return [row["campaign_id"] for row in await db.fetch(THEIRS.format(found=found.sql), *found.parameters)]


async def _shared(plan: Plan, campaigns: list[int], locales: list[str], used: Iterable[str]) -> list[dict[str, Any]]:
    organisation = (await emails.brand()).name
    facts = {0: Facts(organisation_name=organisation)} if not plan.terms.dossiers and not campaigns else {}
    for row in await db.fetch(CAMPAIGNS, campaigns):
        facts[row["id"]] = Facts(
            campaign_title=row["title"],
            closes_at=row["closes_at"],
            time_zone=row["time_zone"],
            organisation_name=organisation,
        )
    wanted = [name for name in SHARED if name in set(used)]
    made = []
    for campaign_id, each in facts.items():
        for locale in locales:
            said = values(each, locale)
            given = {name: said[name] for name in wanted if said[name]}
            made.append({"campaign_id": campaign_id, "locale": locale, "given": given})
    return made


async def _statuses(campaigns: list[int], locales: list[str]) -> list[dict[str, Any]]:
    rows = await db.fetch(STATUSES, campaigns)
    return [
        {"status_id": row["id"], "locale": locale, "words": text_in(row["public_label"], locale)}
        for row in rows
        for locale in locales
    ]


async def _answers(campaigns: list[int], keys: list[str], locales: list[str], asked: list[Any]) -> list[dict[str, Any]]:
    questions = {(row["campaign_id"], row["key"]): row for row in asked}
    made = []
    for row in await db.fetch(ANSWERS, campaigns, keys, list(PLAIN)):
        question = questions.get((row["campaign_id"], row["key"]))
        for locale in locales if question else ():
            said = answer_words(question["kind"], question["choices"], row["answer"], locale)  # type: ignore[index]
            made.append({**row, "locale": locale, "words": said})
    return made


async def _collation() -> str:
    return await db.fetchval(COLLATION, list(subjects.COLLATIONS)) or ""


class Letters:
    """The columns of the ledger's audience over a plan.

    `shown`: for colleagues to look at. Their links lead to the desk; those of recipients open an application to whoever
    holds them.
    """

    def __init__(self, plan: Plan, version: Version, words: Words, collation: str, *, shown: bool = False) -> None:
        self.plan, self.version, self.words, self.collation, self.shown = plan, version, words, collation, shown
        self.parameters = Parameters(*plan.parameters)
        self.dossiers = plan.terms.dossiers
        self.who = "d" if self.dossiers else "p"
        self.joins = ["join person p on p.id = r.person_id"]
        if self.dossiers:
            self.joins += [
                "join dossier d on d.id = r.dossier_id",
                "join campaign c on c.id = d.campaign_id",
            ]
        self.values = self._values()

    def source(self) -> str:
        """What follows FROM: the plan, its people, and their values, made once for each row."""
        made = f"cross join lateral (select {self.values} as given offset 0) v"
        return f"({self.plan.sql}) r {' '.join(self.joins)} {made}"

    def columns(self) -> dict[str, str]:
        """Expressions by the ledger's names. One letter a person is one of occurrence 0: her address gets no second."""
        per = "false" if self.plan.terms.per_person else "true"
        version = self.parameters.add(self.version.id, "int")
        attachments = self.parameters.add([each.id for each in self.version.attachments], "bigint[]")
        return {
            "address": "r.address",
            "occurrence": f"case when r.state = 'skipped' or {per} then r.record_id else 0 end",
            "optional": "true" if self.version.optional else "false",
            "person_id": "r.person_id",
            "dossier_id": "r.dossier_id",
            "state": "r.state",
            "reason": "r.reason",
            "version_id": f"case when r.state = 'queued' then {version} end",
            "locale": "r.locale",
            "from_address": "r.from_address",
            "from_name": "r.from_name",
            "reply_to": "case when r.reply_to <> r.from_address then r.reply_to else '' end",
            "to_name": "r.name",
            "attachments": attachments,
            "values": "v.given",
            "subject": self._subject(),
        }

    def _subject(self) -> str:
        writer = subjects.Writer(lambda name: f"coalesce(v.given ->> '{name}', '')", self.parameters, self.collation)
        whens = " ".join(
            f"when {self.parameters.add(locale, 'text')} then {writer.subject(trees(variant).subject)}"
            for locale, variant in sorted(self.version.variants.items())
        )
        return f"case r.locale {whens} else '' end"

    # -------------------------------------------------------------------------------------------- values
    def _values(self) -> str:
        shared = self._relation(self.words.shared, "campaign_id int, locale text, given jsonb")
        campaign = "d.campaign_id" if self.dossiers else str(next(iter(self.words.campaigns), 0))
        self.joins.append(f"left join {shared} shared on shared.campaign_id = {campaign} and shared.locale = r.locale")
        made = {name: sql for name in sorted(fields_of(self.version)) if (sql := self._value(name))}
        own = ", ".join(f"'{name}', nullif({sql}, '')" for name, sql in made.items())
        return f"coalesce(shared.given, '{{}}') || jsonb_strip_nulls(jsonb_build_object({own}))"

    def _value(self, name: str) -> str:
        first, last = f"{self.who}.first_name", f"{self.who}.last_name"
        common = {
            "first_name": first,
            "last_name": last,
            "full_name": subjects.stripped(f"{first} || ' ' || {last}"),
            "email": "r.address",
            "sender_name": "r.from_name",
        }
        if name in common:
            return common[name]
        if name == ALWAYS:
            return self._link("'/u/'", "opt_out", "r.person_id")
        return self._of_dossier(name) if self.dossiers else ""

    def _of_dossier(self, name: str) -> str:
        if name == "dossier_number":
            return "d.number"
        if name == "dossier_link":
            return self._link("'/apply/' || c.slug || '/'", "dossier", "d.id")
        if name == "status":
            rows = self._relation(self.words.statuses, "status_id int, locale text, words text")
            self.joins.append(f"left join {rows} status on status.status_id = d.status_id and status.locale = r.locale")
            return "status.words"
        return self._answer(name.removeprefix(ANSWER)) if name.startswith(ANSWER) else ""

    def _answer(self, key: str) -> str:
        """An answer in words; a text as it was typed."""
        alias, place = f"said_{len(self.joins)}", self.parameters.add(key, "text")
        mine = [row for row in self.words.answers if row["key"] == key]
        rows = self._relation(mine, "campaign_id int, answer jsonb, locale text, words text")
        self.joins.append(
            f"left join {rows} {alias} on {alias}.campaign_id = d.campaign_id and {alias}.locale = r.locale "
            f"and {alias}.answer = d.answers -> {place}"
        )
        plain = self.parameters.add(self.words.plain[key], "int[]")
        typed = f"case when jsonb_typeof(d.answers -> {place}) = 'string' then d.answers ->> {place} end"
        return f"coalesce({alias}.words, case when d.campaign_id = any ({plain}) then {typed} end)"

    def _link(self, path: str, purpose: str, number: str) -> str:
        base = self.parameters.add(settings().base_url.rstrip("/"), "text")
        if self.shown:
            desk = {"dossier": f"'/dossiers/' || {number}", "opt_out": "'/u/example'"}
            return f"({base} || {desk[purpose]})"
        inner, outer = (self.parameters.add(pad, "bytea") for pad in pads(purpose))
        return f"({base} || {path} || {in_sql(number, inner, outer)})"

    def _relation(self, rows: list[dict[str, Any]], columns: str) -> str:
        """Rows as a relation. Its planner knows nothing of them: they are few, and hashed."""
        return f"(select * from jsonb_to_recordset({self.parameters.add(rows, 'jsonb')}) as made({columns}))"
