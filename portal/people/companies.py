"""Companies that people belong to: found, made, changed. Whoever edits people sees all of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from portal import db, timeline
from portal.actor import Actor
from portal.countries import CODES
from portal.i18n import _
from portal.lists import Cursor, Keyset, Slice, literal
from portal.outcomes import Missing, Refused, Stale
from portal.people.queries import full_name

PAGE = 50
MOST_WORDS = 5
OFFERED = 300
LONGEST = {"name": 200, "sector": 100, "city": 100, "website": 300}
LATEST = Keyset(("c.changed_at", datetime), ("c.id", int))

COMPANY = """
select c.id, c.name, c.sector, c.country, c.city, c.website, c.changed_at, c.version,
       (select count(*) from person p where p.company_id = c.id) as people
from company c"""
PEOPLE = """
select p.id, p.kind, p.first_name, p.last_name, p.email::text as email, p.locale from person p
where p.company_id = $1 order by folded(p.last_name || ' ' || p.first_name), p.id limit 500"""
INSERT = "insert into company (name, sector, country, city, website) values ($1, $2, $3, $4, $5) returning id"
UPDATE = """
update company set name = $3, sector = $4, country = $5, city = $6, website = $7, changed_at = now(),
    version = version + 1
where id = $1 and version = $2"""


class Company(msgspec.Struct, frozen=True, kw_only=True):
    """A company. `country`: ISO 3166-1 alpha-2 or ""; `people`: how many belong to it."""

    id: int
    name: str
    sector: str
    country: str
    city: str
    website: str
    changed_at: datetime
    version: int
    people: int


class CompanyDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A company as somebody wants it."""

    name: str
    sector: str = ""
    country: str = ""
    city: str = ""
    website: str = ""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who belongs to a company."""

    id: int
    kind: str
    first_name: str
    last_name: str
    email: str | None
    locale: str

    @property
    def name(self) -> str:
        """Full name, or the address."""
        return full_name(self.first_name, self.last_name, self.email)


# ------------------------------------------------------------------------------------------------ reading
async def search(q: str = "", country: str = "", cursor: Cursor | None = None, limit: int = PAGE) -> Slice[Company]:
    """One page of the companies that match, last changed first."""
    conditions, parameters = ["true"], list[Any]()
    if country:
        parameters.append(country)
        conditions.append(f"c.country = ${len(parameters)}")
    for word in q.split()[:MOST_WORDS]:
        parameters.append(f"%{literal(word)}%")
        conditions.append(f"c.search like folded(${len(parameters)})")
    conditions.append(LATEST.condition(cursor, first=len(parameters) + 2))
    sql = f"""{COMPANY} where {" and ".join(conditions)}
        order by {LATEST.order(cursor)} limit ${len(parameters) + 1}"""
    rows = await db.fetch_as(Company, sql, *parameters, limit + 1, *LATEST.parameters(cursor))
    return LATEST.slice(rows, cursor, limit, key=lambda row: (row.changed_at, row.id))


async def any_at_all() -> bool:
    """Whether there is a company."""
    return bool(await db.fetchval("select exists (select from company)"))


async def one(company_id: int) -> Company:
    """A company. Raises Missing."""
    found = await db.one_as(Company, f"{COMPANY} where c.id = $1", company_id)
    if found is None:
        raise Missing
    return found


async def people_of(company_id: int) -> list[Member]:
    """Those who belong to it, by name."""
    return await db.fetch_as(Member, PEOPLE, company_id)


async def names() -> list[str]:
    """Names to choose among while one types, the last changed ones."""
    rows = await db.fetch("select name from company order by changed_at desc, id desc limit $1", OFFERED)
    return sorted({row["name"] for row in rows}, key=str.casefold)


# ------------------------------------------------------------------------------------------------ verbs
async def create(by: Actor, draft: CompanyDraft) -> int:
    """A new company. Raises Refused."""
    draft = _checked(draft)
    async with db.transaction():
        company_id = int(await db.fetchval(INSERT, *msgspec.structs.astuple(draft)))
        await timeline.record("company", company_id, "company.created", by, company=draft.name)
    return company_id


async def change(by: Actor, company_id: int, version: int, draft: CompanyDraft) -> None:
    """Change a company. Raises Missing, Refused, Stale (theirs: a Company)."""
    draft, before = _checked(draft), await one(company_id)
    async with db.transaction():
        if not await db.execute(UPDATE, company_id, version, *msgspec.structs.astuple(draft)):
            raise Stale(before)
        await timeline.record("company", company_id, "company.changed", by, company=draft.name)


async def named(by: Actor, name: str) -> int | None:
    """The company of a name, made if there is none; None for no name. Joins the transaction under way."""
    if not name:
        return None
    sql = "select id from company where folded(name) = folded($1) order by id limit 1"
    found = await db.fetchval(sql, name)
    return int(found) if found is not None else await create(by, CompanyDraft(name=name))


def _checked(draft: CompanyDraft) -> CompanyDraft:
    plain = {name: " ".join(value.split()) for name, value in msgspec.structs.asdict(draft).items()}
    errors = {name: _("Shorten this text.") for name, most in LONGEST.items() if len(plain[name]) > most}
    if not plain["name"]:
        errors["name"] = _("Enter a name.")
    if plain["country"] and plain["country"] not in CODES:
        errors["country"] = _("Choose one of the options.")
    if plain["website"] and not plain["website"].startswith(("https://", "http://")):
        errors["website"] = _("Enter an address that begins with https://.")
    if errors:
        raise Refused(errors=errors)
    return CompanyDraft(**plain)
