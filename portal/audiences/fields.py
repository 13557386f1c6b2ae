"""What criteria may ask about, for one module and one reader: fields in words, with what can be chosen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import asyncpg
import msgspec

from portal import db
from portal.actor import Actor
from portal.audiences.exprs import NOBODY
from portal.audiences.rules import CLOSING, OPERATORS, Catalogue, Field, Group, Kind, named, rules_of
from portal.countries import countries
from portal.i18n import LOCALES, _, language_name, pgettext, text_in

Options = tuple[tuple[str, str], ...]

SEEN = """($1::bool or exists (
    select from campaign_member m where m.campaign_id = k.id and m.account_id = $2))"""
CAMPAIGNS = f"select k.id, k.title from campaign k where {SEEN} order by k.created_at desc, k.id desc limit 500"
# A status is known by its key: the same word in every campaign.
STATUSES = f"""
select key, label from (
    select distinct on (s.key) s.key, s.label, s.position from status s join campaign k on k.id = s.campaign_id
    where {SEEN} and (cardinality($3::int[]) = 0 or k.id = any ($3)) order by s.key, k.id desc) each
order by position, key limit 300"""
PHASES = f"""
select h.id, h.title, k.title as campaign from phase h join campaign k on k.id = h.campaign_id
where {SEEN} and (cardinality($3::int[]) = 0 or k.id = any ($3)) order by k.id desc, h.position limit 300"""
EVALUATORS = f"""
select a.id, a.name from account a where exists (
    select from campaign_member x join campaign k on k.id = x.campaign_id where x.account_id = a.id and {SEEN})
order by folded(a.name), a.id limit 500"""
OWNERS = """
select a.id, a.name from account a where a.active or exists (select from person p where p.owner_id = a.id)
order by folded(a.name), a.id limit 500"""
MAILINGS = f"""
select g.id, g.name from mailing g left join campaign k on k.id = g.campaign_id
where g.started_at is not null and (g.campaign_id is null or {SEEN}) order by g.id desc limit 500"""
VIEWS = f"""
select v.id, v.name, v.module, v.campaign_id from custom_view v left join campaign k on k.id = v.campaign_id
where v.module <> 'companies' and (v.owner_id = $2 or v.shared or v.id = any ($3::int[]))
    and (v.campaign_id is null or {SEEN})
order by folded(v.name), v.id limit 500"""
QUESTIONS = f"""
select q.campaign_id, q.key, q.kind, q.label, q.choices, k.title, q.retired_at is not null as retired
from question q join campaign k on k.id = q.campaign_id
where {SEEN} and k.id = any ($3::int[]) and q.kind <> 'section' order by k.id, q.position limit 500"""

FEW_CAMPAIGNS = 3  # so many campaigns' forms are offered before one is named
ANSWERS: dict[str, tuple[Kind, tuple[str, ...]]] = {
    "short": ("text", ()),
    "long": ("text", ()),
    "email": ("text", ()),
    "phone": ("text", ()),
    "pattern": ("text", ()),
    "choice": ("choice", ("is", "is_not", "filled", "empty")),
    "choices": ("choice", ("is", "is_not", "filled", "empty")),
    "country": ("choice", ("is", "is_not", "filled", "empty")),
    "number": ("number", ()),
    "date": ("date", ()),
    "consent": ("flag", ()),
    "file": ("flag", ("filled", "empty")),
}


async def catalogue(
    actor: Actor, module: str, groups: Sequence[Group] = (), campaign_id: int | None = None, nested: Iterable[int] = ()
) -> Catalogue:
    """field key -> field, in the order they are offered.

    `groups`: criteria that are there, whose campaigns' answers are offered. `nested`: views that others' views name.
    """
    scope = actor.scope
    campaigns = [(str(row["id"]), text_in(row["title"])) for row in await db.fetch(CAMPAIGNS, *scope)]
    meant = _campaigns_of(groups, campaign_id)
    dossiers = module in ("dossiers", "candidates")
    fields = [
        *await _person(actor, module, tuple(campaigns)),
        *_company(),
        *(await _dossier(actor, module, tuple(campaigns), meant) if dossiers else []),
        *await _activity(actor, nested),
    ]
    if dossiers:
        few = [int(each) for each, _title in campaigns] if len(campaigns) <= FEW_CAMPAIGNS else []
        fields += await _answers(actor, meant or few, {rule.field for group in groups for _p, rule in rules_of(group)})
    return {field.key: field for field in fields}


def _campaigns_of(groups: Sequence[Group], campaign_id: int | None) -> list[int]:
    """The campaigns that criteria name: their own, those of rules about campaigns, those of answers."""
    found = set() if campaign_id is None else {campaign_id}
    for group in groups:
        found |= {*named(group, "campaign")}
        found |= {int(part) for _path, rule in rules_of(group) for part in rule.field.split(".")[1:2] if part.isdigit()}
    return sorted(each for each in found if each < 2**31)


# ------------------------------------------------------------------------------------------------ by group
async def _person(actor: Actor, module: str, campaigns: Options) -> list[Field]:
    group = pgettext("criteria", "Person")
    languages = tuple((each, language_name(each)) for each in LOCALES)
    owners = _rows(await db.fetch(OWNERS))
    words = _("Name, number or e-mail") if module == "dossiers" else _("Name or e-mail")
    return [
        Field(key="words", label=words, kind="text", group=group, ops=("contains",), several=True),
        Field(key="name", label=pgettext("person", "Name"), kind="text", group=group),
        Field(key="email", label=_("E-mail address"), kind="text", group=group),
        Field(key="domain", label=_("Domain of the e-mail address"), kind="text", group=group),
        Field(key="has_email", label=_("Has an e-mail address"), kind="flag", group=group),
        Field(key="locale", label=_("Language of e-mails"), kind="choice", group=group, options=languages),
        Field(key="tags", label=_("Tags"), kind="tags", group=group, several=True),
        Field(key="owner", label=_("Looked after by"), kind="choice", group=group, options=(_nobody(), *owners)),
        Field(key="phone", label=_("Telephone"), kind="text", group=group),
        Field(key="created", label=pgettext("person", "Added"), kind="date", group=group),
        Field(key="changed", label=pgettext("person", "Changed"), kind="date", group=group),
        *([_applied(group, campaigns)] if module != "contacts" else []),
    ]


def _applied(group: str, campaigns: Options) -> Field:
    label = _("Has a dossier in")
    return Field(key="applied", label=label, kind="choice", group=group, options=campaigns, several=True)


def _nobody() -> tuple[str, str]:
    return (NOBODY, pgettext("evaluators", "Nobody"))


def _company() -> list[Field]:
    group = pgettext("criteria", "Company")
    named_countries = tuple(countries())
    return [
        Field(key="company_name", label=_("Company: name"), kind="text", group=group),
        Field(key="company_sector", label=_("Company: sector"), kind="text", group=group),
        Field(key="company_country", label=_("Company: country"), kind="choice", group=group, options=named_countries),
        Field(key="company_city", label=_("Company: city"), kind="text", group=group),
    ]


async def _dossier(actor: Actor, module: str, campaigns: Options, meant: list[int]) -> list[Field]:
    group = pgettext("criteria", "Dossier")
    statuses = [(row["key"], text_in(row["label"])) for row in await db.fetch(STATUSES, *actor.scope, meant)]
    languages = tuple((each, language_name(each)) for each in LOCALES)
    people = (_nobody(), *_rows(await db.fetch(EVALUATORS, *actor.scope)))
    dates = (*OPERATORS["date"][:3], *CLOSING, *OPERATORS["date"][3:])
    fields = [
        Field(key="campaign", label=_("Campaign"), kind="choice", options=campaigns),
        Field(key="status", label=_("Status of the dossier"), kind="choice", options=tuple(statuses)),
        Field(key="decision", label=_("The status is a decision"), kind="flag"),
        Field(key="phase", label=_("Phase"), kind="choice", options=await _phases(actor, meant)),
        Field(key="number", label=_("Number of the dossier"), kind="text"),
        Field(key="language", label=_("Language of the dossier"), kind="choice", options=languages),
        Field(key="started", label=_("Dossier started"), kind="date", ops=dates),
        Field(key="submitted", label=_("Dossier submitted"), kind="date", ops=dates),
        Field(key="dossier_changed", label=_("Dossier changed"), kind="date", ops=dates),
        Field(key="closes", label=_("Closing of the campaign"), kind="date"),
        Field(key="withdrawn", label=_("Dossier withdrawn"), kind="flag"),
        Field(key="evaluator", label=_("Evaluator"), kind="choice", options=people, several=True),
    ]
    return [msgspec.structs.replace(field, group=group, of="dossier") for field in fields]


async def _phases(actor: Actor, meant: list[int]) -> Options:
    rows = await db.fetch(PHASES, *actor.scope, meant)
    later = ((str(row["id"]), f"{text_in(row['campaign'])}: {text_in(row['title'])}") for row in rows)
    return (("0", pgettext("phase", "The first one")), *later)


async def _activity(actor: Actor, nested: Iterable[int]) -> list[Field]:
    group = pgettext("criteria", "E-mail")
    mailings = _rows(await db.fetch(MAILINGS, *actor.scope))
    views = _rows(await db.fetch(VIEWS, *actor.scope, list(nested)))
    topics = tuple((str(row["id"]), text_in(row["name"])) for row in await db.fetch("select id, name from topic"))
    fields = [
        Field(key="opted_out", label=_("Opted out of optional e-mail"), kind="flag", group=group),
        Field(key="blocked", label=_("The address is blocked"), kind="flag", group=group),
        Field(key="agreed", label=_("Agreed to optional e-mail"), kind="flag", group=group),
        Field(key="tracked", label=_("Agreed to clicks being counted"), kind="flag", group=group),
        Field(key="written_to", label=_("Has got an e-mail from us"), kind="flag", group=group),
        Field(key="last_mail", label=_("Last e-mail from us"), kind="date", group=group),
        Field(key="failed", label=_("An e-mail could not be delivered"), kind="flag", group=group),
        Field(key="mailing", label=_("Got the mailing"), kind="one", group=group, options=mailings, several=True),
        Field(key="view", label=_("In the view"), kind="one", group=_("Saved views"), options=views, several=True),
    ]
    if topics:
        opted = Field(key="topics", label=_("Does not want"), kind="choice", group=group, options=topics, several=True)
        fields.insert(1, opted)
    return fields


async def _answers(actor: Actor, campaigns: list[int], used: set[str]) -> list[Field]:
    """The questions of campaigns' forms; retired ones only where they are used."""
    found = []
    for row in await db.fetch(QUESTIONS, *actor.scope, campaigns):
        key = f"answer.{row['campaign_id']}.{row['key']}"
        if row["retired"] and key not in used:
            continue
        kind, ops = ANSWERS[row["kind"]]
        options: Options = tuple((each["key"], text_in(each["label"])) for each in row["choices"])
        found.append(
            Field(
                key=key, label=text_in(row["label"]), kind=kind, ops=ops, of="dossier", answer=row["kind"],
                options=tuple(countries()) if row["kind"] == "country" else options,
                several=row["kind"] == "choices",
                # NOTE: heading of a campaign's questions. {campaign}: e.g. Rural Labs
                group=_("Answers: {campaign}").format(campaign=text_in(row["title"])),
            )
        )  # fmt: skip
    return found


def _rows(rows: Iterable[asyncpg.Record]) -> Options:
    return tuple((str(row["id"]), str(row["name"])) for row in rows)
