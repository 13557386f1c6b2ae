"""Criteria in plain Python, over a handful of people: what SQL must agree with."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from portal import db
from portal.audiences.rules import Group, Rule
from tests import factories

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ENDED = datetime(2026, 11, 10, 22, 59, tzinfo=UTC)  # 23:59 in Madrid


class Application(msgspec.Struct, frozen=True, kw_only=True):
    """A dossier."""

    campaign: int
    status: str
    submitted: datetime | None
    answers: dict[str, Any]
    withdrawn: bool = False


class Somebody(msgspec.Struct, frozen=True, kw_only=True):
    """A person with all that criteria may ask."""

    id: int
    name: str
    email: str
    locale: str
    tags: tuple[str, ...] = ()
    company: tuple[str, str] = ("", "")  # name, country
    phone: str = ""
    opted_out: bool = False
    last_mail: datetime | None = None
    dossiers: tuple[Application, ...] = ()


def holds(item: Rule | Group, who: Somebody, inside: Application | None = None) -> bool:
    """Whether criteria mean somebody; `inside`: asked of one of her dossiers."""
    if isinstance(item, Rule):
        return OF_DOSSIERS[item.field](item, inside) if inside else OF_PEOPLE[item.field](item, who)
    how = all if item.join == "all" else any
    mine = [each for each in item.items if isinstance(each, Group) or each.field in OF_PEOPLE]
    its = [each for each in item.items if isinstance(each, Rule) and each.field in OF_DOSSIERS]
    answers = [holds(each, who) for each in mine]
    if its:
        answers.append(any(how(holds(each, who, one) for each in its) for one in who.dossiers))
    return how(answers) if answers else True


def text(rule: Rule, value: str) -> bool:
    """A comparison of texts without capitals and accents."""
    here, asked = plain(value), plain(rule.value[0] if rule.value else "")
    found = {
        "contains": lambda: asked in here,
        "not_contains": lambda: asked not in here,
        "is": lambda: asked == here,
        "is_not": lambda: asked != here,
        "starts": lambda: here.startswith(asked),
        "filled": lambda: here != "",
        "empty": lambda: here == "",
    }
    return found[rule.op]()


def plain(text: str) -> str:
    """Without capitals and accents."""
    return "".join(each for each in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(each))


def among(rule: Rule, *values: str) -> bool:
    """A choice."""
    return bool(set(rule.value) & set(values)) == (rule.op in ("is", "has"))


def moment(rule: Rule, at: datetime | None, closing: datetime | None = None) -> bool:
    """A comparison of instants, days as in UTC."""
    if rule.op in ("filled", "empty"):
        return (at is not None) == (rule.op == "filled")
    if at is None:
        return False
    if rule.op in ("on", "after", "before"):
        day, asked = at.date().isoformat(), rule.value[0]
        return {"on": day == asked, "after": day > asked, "before": day < asked}[rule.op]
    days = timedelta(days=int(rule.value[0]))
    if rule.op in ("closing", "early"):
        if closing is None:
            return False
        return closing - days <= at <= closing if rule.op == "closing" else at < closing - days
    found = {"last": NOW - days <= at <= NOW, "ago": at < NOW - days, "next": NOW <= at <= NOW + days}
    return found[rule.op]


def tags(rule: Rule, values: tuple[str, ...]) -> bool:
    """Tags."""
    if rule.op in ("filled", "empty"):
        return bool(values) == (rule.op == "filled")
    return set(rule.value) <= set(values) if rule.op == "has_all" else among(rule, *values)


def yes(rule: Rule, value: bool) -> bool:
    """A flag."""
    return value == (rule.op == "yes")


OF_PEOPLE: dict[str, Callable[[Rule, Somebody], bool]] = {
    "name": lambda rule, who: text(rule, who.name),
    "email": lambda rule, who: text(rule, who.email),
    "domain": lambda rule, who: text(rule, who.email.partition("@")[2]),
    "phone": lambda rule, who: text(rule, who.phone),
    "locale": lambda rule, who: among(rule, who.locale),
    "tags": lambda rule, who: tags(rule, who.tags),
    "company_name": lambda rule, who: text(rule, who.company[0]),
    "company_country": lambda rule, who: among(rule, who.company[1]),
    "opted_out": lambda rule, who: yes(rule, who.opted_out),
    "last_mail": lambda rule, who: moment(rule, who.last_mail),
    "written_to": lambda rule, who: yes(rule, who.last_mail is not None),
    "applied": lambda rule, who: among(rule, *(str(each.campaign) for each in who.dossiers)),
}
# Filled when the world is made: closings and questions belong to its campaigns.
OF_DOSSIERS: dict[str, Callable[[Rule, Application], bool]] = {}


async def world() -> tuple[factories.AccountRow, list[Somebody], list[int]]:
    """A manager, twelve people and two campaigns of hers, of which the first has closed."""
    alice = await factories.account("Alice")
    await factories.organisation()
    first = await factories.campaign(managers=(alice,), closes_at=datetime(2026, 11, 10, 23, 59))
    second = await factories.campaign(managers=(alice,), closes_at=None)
    choices = (("north", "North"), ("south", "South"))
    for key, kind in (("region", "choices"), ("size", "number"), ("born", "date"), ("motive", "short")):
        await factories.question(first.id, key, kind, choices=choices if kind == "choices" else ())
    await factories.question(first.id, "terms", "consent")
    OF_DOSSIERS.update(_dossier_fields(first.id))
    company = await db.fetchval("insert into company (name, country) values ('Alpha_Farm', 'FR') returning id")
    sender = await factories.sender()
    origin = await db.fetchval(
        "insert into origin (kind, ref_id, sender_id, lane) values ('test', 1, $1, 3) returning id", sender
    )
    people = [await _person(n, company, origin, (first, second)) for n in range(12)]
    return alice, people, [first.id, second.id]


def _dossier_fields(campaign: int) -> dict[str, Callable[[Rule, Application], bool]]:
    def answer(key: str, judge: Callable[[Rule, Any], bool]) -> Callable[[Rule, Application], bool]:
        def judged(rule: Rule, one: Application) -> bool:
            if one.campaign != campaign:
                return False
            if rule.op in ("filled", "empty"):
                return (key in one.answers) == (rule.op == "filled")
            return judge(rule, one.answers.get(key))

        return judged

    def number(rule: Rule, value: Any) -> bool:
        return value is not None and _compared(rule.op, value, float(rule.value[0]))

    def day(rule: Rule, value: Any) -> bool:
        return moment(rule, datetime.fromisoformat(f"{value}T12:00:00+00:00") if value else None)

    start = f"answer.{campaign}."
    return {
        "campaign": lambda rule, one: among(rule, str(one.campaign)),
        "status": lambda rule, one: among(rule, one.status),
        "decision": lambda rule, one: yes(rule, one.status in ("accepted", "rejected")),
        "withdrawn": lambda rule, one: yes(rule, one.withdrawn),
        "submitted": lambda rule, one: moment(rule, one.submitted, ENDED if one.campaign == campaign else None),
        f"{start}region": answer("region", lambda rule, value: among(rule, *(value or ()))),
        f"{start}size": answer("size", number),
        f"{start}born": answer("born", day),
        f"{start}motive": answer("motive", lambda rule, value: text(rule, value or "")),
        f"{start}terms": answer("terms", lambda rule, value: yes(rule, bool(value))),
    }


def _compared(op: str, value: float, asked: float) -> bool:
    return {"equals": value == asked, "least": value >= asked, "most": value <= asked}[op]


async def _person(n: int, company: int, origin: int, campaigns: tuple[factories.CampaignRow, ...]) -> Somebody:
    """The nth of them: what she has follows from her number."""
    name, locale = ("Ana", "ben", "Cé%l", "Da_a")[n % 4], ("en", "fr", "pl")[n % 3]
    row = await factories.person(
        name, "Nowak", email=f"{name[:2].lower()}{n}@{('a', 'b')[n % 2]}.example", locale=locale
    )
    labels = (("vip",), (), ("vip", "press"))[n % 3]
    at_company = company if n % 3 == 0 else None
    await db.execute(
        "update person set tags = $2, company_id = $3, phone = $4 where id = $1",
        *(row.id, list(labels), at_company, "+33 1" if n % 5 == 0 else ""),
    )
    if n % 4 == 0:
        await db.execute(
            "insert into suppression (address, scope, reason) values ($1, 'optional', 'opted_out')", row.email
        )
    mailed = NOW - timedelta(days=n, hours=1) if n % 2 else None
    if mailed:
        sql = """insert into message (origin_id, person_id, occurrence, state, address, settled_at)
            values ($1, $2, $2, 'accepted', $3, $4)"""
        await db.execute(sql, origin, row.id, row.email, mailed)
    dossiers = tuple([await _dossier(n + k, row, campaigns) for k in range(n % 3)])
    return Somebody(
        id=row.id,
        name=f"{name} Nowak",
        email=row.email or "",
        locale=locale,
        tags=labels,
        company=("Alpha_Farm", "FR") if at_company else ("", ""),
        phone="+33 1" if n % 5 == 0 else "",
        opted_out=n % 4 == 0,
        last_mail=mailed,
        dossiers=dossiers,
    )


async def _dossier(n: int, who: factories.PersonRow, campaigns: tuple[factories.CampaignRow, ...]) -> Application:
    campaign, status = campaigns[n % 2], ("draft", "submitted", "accepted", "rejected")[n % 4]
    answers: dict[str, Any] = {}
    if n % 3:
        answers |= {"region": [["north"], ["north", "south"]][n % 2], "size": n + 0.5, "born": f"2026-11-{10 + n:02}"}
    if n % 2:
        answers |= {"motive": "A 100% farm", "terms": True}
    submitted = None if status == "draft" else ENDED + timedelta(days=4 - n)
    row = await factories.dossier(campaign, who, status, answers=answers, submitted_at=submitted)
    if n % 5 == 0:
        await db.execute("update dossier set withdrawn_at = now() where id = $1", row.id)
    return Application(campaign=campaign.id, status=status, submitted=submitted, answers=answers, withdrawn=n % 5 == 0)
