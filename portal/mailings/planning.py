"""What a mailing would do, read from the relation that its launch writes (B01): numbers, rows, reasons."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from portal import db
from portal.actor import Actor
from portal.audiences import sources
from portal.audiences.sources import Chosen, Source
from portal.emails import queries as emails
from portal.emails.queries import Version
from portal.emails.rules import pick_locale
from portal.lists import Cursor, Keyset, Slice, literal
from portal.mailings import queries
from portal.mailings.queries import Mailing
from portal.mailings.relation import Address, Relation, Terms
from portal.outcomes import Missing

PAGE = 50
ONE_BY_ONE = 20_000  # people whose earlier mail is looked up one by one; of more, all mail is counted once
ORDER = Keyset(("record_id", int), ascending=True)

# One look at everybody. `mark` differs whenever other people would get it, or in another language. The reason is made
# once for each of them (`offset 0`), and not for `state`, which says no more.
SUMMARY = """
select coalesce(reason, '') as reason, locale, count(*)::int as n, count(*) filter (where fallback)::int as other,
    bit_xor(hashint8extended(record_id, 0)) as mark
from ({planned} offset 0) planned group by 1, 2"""

HOUSE = """
select o.locale, o.trial_mode, o.person_cap, o.person_cap_days, s.address::text as address, s.name, s.verified
from organisation o left join sender s on s.id = o.sender_id"""
SENDER = "select address::text as address, name from sender where verified and "


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A mailing's relation `planned` (portal.mailings.relation) and its parameters from $1.

    `version`: the letter's; None while no template is chosen. `reader`: the records that whoever looks may see, where
    the people were found as somebody else.
    """

    mailing: Mailing
    version: Version | None
    relation: Relation
    sql: str
    parameters: list[Any]
    terms: Terms
    reader: Source | None = None


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of a plan. `going` by language, `fallback` of them not in the language that was wished for.

    `seal` is another one whenever somebody else would get it, or it would say something else.
    """

    found: int
    going: int
    by_locale: dict[str, int]
    fallback: int
    skipped: dict[str, int]
    seal: str


class PlanRow(msgspec.Struct, frozen=True, kw_only=True):
    """One record of a plan. `reason`: why it gets nothing; None when a letter goes."""

    record_id: int
    person_id: int
    dossier_id: int | None
    address: str
    name: str
    locale: str
    fallback: bool
    state: str
    reason: str | None
    from_address: str
    from_name: str
    reply_to: str


# ------------------------------------------------------------------------------------------------ the plan
async def plan_of(actor: Actor, mailing: Mailing) -> Plan:
    """The plan of a mailing as it stands now. Raises Refused, in words, when its audience cannot be found."""
    author = await queries.author_of(mailing, actor)
    found = await sources.source(author, mailing.chosen)
    version = await _version(mailing)
    terms = await terms_of(author, mailing, version)
    if terms.capped:
        many = not (await sources.counted(found, ONE_BY_ONE)).exact
        terms = msgspec.structs.replace(terms, many=many)
    relation = Relation(found, terms)
    reader = None
    if author.account_id != actor.account_id and not actor.everywhere:
        reader = await sources.source(actor, Chosen(module=mailing.module))
    return Plan(
        mailing=mailing,
        version=version,
        relation=relation,
        sql=relation.planned(),
        parameters=relation.parameters.values,
        terms=terms,
        reader=reader,
    )


async def _version(mailing: Mailing) -> Version | None:
    """The frozen version of a mailing that has started, else the one in force."""
    if mailing.version_id is not None:
        return await emails.version(mailing.version_id)
    if mailing.template_id is None:
        return None
    with contextlib.suppress(Missing):  # a template in which nothing has been written yet
        return await emails.current(mailing.template_id)
    return None


async def terms_of(author: Actor, mailing: Mailing, version: Version | None, *, many: bool = False) -> Terms:
    """What the plan follows: the letter's languages and kind, its four addresses (Z16, Z17), the house's limits."""
    house = await db.fetchrow(HOUSE)
    known: dict[str, Any] = {"locale": "en", "trial_mode": False, "person_cap": None, "person_cap_days": 7}
    known.update(house or {})
    own = Address(known.get("address") or "", known.get("name") or "")
    optional = bool(version and version.optional)
    topic = "select topic_id from template where id = $1"
    return Terms(
        dossiers=mailing.module == "dossiers",
        per_person=mailing.per == "person",
        optional=optional,
        topic_id=await db.fetchval(topic, mailing.template_id) if optional else None,
        written=version is not None,
        variants=tuple(sorted(version.variants)) if version else (),
        otherwise=await _otherwise(mailing, version, known["locale"]),
        sender=await sender_of(author, mailing, version, own),
        reply=reply_of(author, mailing, version, own),
        spare=own.address,
        trial=mailing.trial or bool(known["trial_mode"]),
        cap=known["person_cap"],
        cap_days=known["person_cap_days"],
        many=many,
    )


async def _otherwise(mailing: Mailing, version: Version | None, house: str) -> str:
    """The language for those whose own the letter is not written in: the campaign's, the organisation's, its own."""
    if version is None or not version.variants:
        return house
    campaign = await db.fetchval("select default_locale from campaign where id = $1", mailing.campaign_id)
    return pick_locale(version.variants.keys(), (campaign or house, house), version.fallback_locale)[0]


async def sender_of(author: Actor, mailing: Mailing, version: Version | None, own: Address) -> Address | None:
    """Whom letters come from; None: each record's owner. An address that nobody has confirmed is empty."""
    if mailing.from_kind == "owner":
        return None
    chosen: dict[str, tuple[str, Any]] = {
        "account": ("address = $1::citext", author.email),
        "template": ("id = $1::int", version.sender_id if version else None),
        "organisation": ("address = $1::citext", own.address),
    }
    condition, value = chosen[mailing.from_kind]
    return await db.one_as(Address, f"{SENDER}{condition}", value) or Address("")


def reply_of(author: Actor, mailing: Mailing, version: Version | None, own: Address) -> Address | None:
    """Where answers go; None: to each record's owner."""
    if mailing.reply_kind == "owner":
        return None
    chosen = {"account": author.email, "template": version.reply_to if version else "", "organisation": own.address}
    return Address(chosen[mailing.reply_kind])


# ------------------------------------------------------------------------------------------------ what it says
async def summary(plan: Plan) -> Summary:
    """The numbers of the plan, counted now, and their seal."""
    rows = await db.fetch(SUMMARY.format(planned=plan.sql), *plan.parameters)
    by_locale: dict[str, int] = {}
    skipped: dict[str, int] = {}
    for row in sorted(rows, key=lambda row: (row["reason"], row["locale"])):
        into, key = (skipped, row["reason"]) if row["reason"] else (by_locale, row["locale"])
        into[key] = into.get(key, 0) + row["n"]
    going = sum(by_locale.values())
    return Summary(
        found=going + sum(skipped.values()),
        going=going,
        by_locale=by_locale,
        fallback=sum(row["other"] for row in rows if not row["reason"]),
        skipped=skipped,
        seal=seal_of(plan, [tuple(row.values()) for row in rows]),
    )


def seal_of(plan: Plan, rows: Sequence[tuple[Any, ...]]) -> str:
    """A short mark of all that was shown: who gets what, from whom."""
    terms = plan.terms
    shown = (sorted(rows), plan.version.id if plan.version else 0, terms.sender, terms.reply, terms.trial)
    return hashlib.sha256(msgspec.json.encode(shown)).hexdigest()[:24]


async def rows(
    plan: Plan, *, state: str = "", reason: str = "", q: str = "", cursor: Cursor | None = None, limit: int = PAGE
) -> Slice[PlanRow]:
    """One page of the plan: those who get it, or who do not for a reason. `q`: a part of name or address."""
    sql, parameters = _narrowed(plan, state, reason, q)
    first = len(parameters) + 2
    sql = f"{sql} and {ORDER.condition(cursor, first)} order by {ORDER.order(cursor)} limit ${first - 1}"
    found = await db.fetch_as(PlanRow, sql, *parameters, limit + 1, *ORDER.parameters(cursor))
    return ORDER.slice(found, cursor, limit, key=lambda row: (row.record_id,))


def _narrowed(plan: Plan, state: str, reason: str, q: str) -> tuple[str, list[Any]]:
    parameters = list(plan.parameters)
    conditions = ["true"]
    wished = (("state = {}::text", state), ("reason = {}::text", reason), ("folded(name || ' ' || address) like {}", q))
    for condition, value in wished:
        if value := value.strip():
            parameters.append(f"%{literal(value)}%" if "like" in condition else value)
            place = f"${len(parameters)}"
            conditions.append(condition.format(f"folded({place})" if "like" in condition else place))
    if plan.reader is not None:
        seen, parameters = appended(plan.reader, parameters)
        conditions.append(f"record_id in (select seen.record_id from ({seen}) seen)")
    return f"select * from ({plan.sql}) planned where {' and '.join(conditions)}", parameters


def appended(other: Source, parameters: list[Any]) -> tuple[str, list[Any]]:
    """Another relation behind a statement's parameters: its own places move up."""
    sql = other.sql
    for number in range(len(other.parameters), 0, -1):
        sql = sql.replace(f"${number}::", f"$~{number + len(parameters)}::")
    return sql.replace("$~", "$"), [*parameters, *other.parameters]


async def why_not(plan: Plan, person_id: int) -> list[str]:
    """All reasons why a person gets no letter, in their order; []: she gets one; `not_chosen`: she is not meant."""
    sql, parameters = plan.relation.why_not(person_id)
    found = [row["reasons"] for row in await db.fetch(sql, *parameters)]
    if not found:
        return ["not_chosen"]
    if any(not reasons for reasons in found):
        return []
    return list(dict.fromkeys(reason for reasons in found for reason in reasons))
