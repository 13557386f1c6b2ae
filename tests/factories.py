"""Builders of rows with sensible defaults, for every test: `alice = await account("Alice", "manager")`.

Plain inserts, no actions: a test of one feature must not depend on another's verbs. Each name, address, slug and
number is used once, so that two calls never collide.
"""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, time
from typing import Any

import msgspec

from portal import db
from portal.accounts.rules import rights_of, sees_everywhere
from portal.actor import Actor

PASSWORD = "correct horse battery"
PASSWORD_HASH = (  # argon2id of PASSWORD with small parameters: signing in stays quick in tests
    "$argon2id$v=19$m=8,t=1,p=1$cI2hCk2NmjhgjiDMZlEUQg$cAst9i0J1+OprRQCi3aY6q84pEkQOtrr/hUKoiaxBkE"
)
LOCALES = ("en", "es", "fr", "pl")

# key, label, tone, is_decision, protected: the statuses of a new campaign, in English
STATUSES = (
    ("draft", "Draft", "mute", False, True),
    ("submitted", "Submitted", "plum", False, True),
    ("under_review", "Under review", "warn", False, False),
    ("documents_missing", "Documents missing", "bad", False, False),
    ("accepted", "Accepted", "ok", True, False),
    ("rejected", "Rejected", "mute", True, False),
    ("reserve_list", "Reserve list", "teal", True, False),
    ("withdrawn", "Withdrawn", "mute", False, False),
)

_numbers = itertools.count(1)


class AccountRow(msgspec.Struct, frozen=True):
    """Somebody who signs in (with `PASSWORD`); `actor` is what the pages would know about them."""

    id: int
    email: str
    name: str
    actor: Actor


class CampaignRow(msgspec.Struct, frozen=True):
    """A campaign; `status["accepted"]` is the id of that status."""

    id: int
    slug: str
    version: int
    status: dict[str, int]


class PersonRow(msgspec.Struct, frozen=True):
    """Somebody we write to."""

    id: int
    email: str | None
    first_name: str
    last_name: str
    locale: str
    version: int


class DossierRow(msgspec.Struct, frozen=True):
    """One application."""

    id: int
    number: str
    campaign_id: int
    person_id: int
    status_id: int
    version: int


class TemplateRow(msgspec.Struct, frozen=True):
    """A template and its version in force."""

    id: int
    version_id: int


async def account(
    name: str = "Alice",
    *roles: str,
    email: str | None = None,
    locale: str = "en",
    time_zone: str = "UTC",
    active: bool = True,
    password_hash: str = PASSWORD_HASH,
) -> AccountRow:
    """Somebody who can sign in; a manager unless other roles are named. The address is unique for each call."""
    chosen = roles or ("manager",)
    address = email or f"{name.lower().replace(' ', '.')}{next(_numbers)}@team.example"
    account_id = await db.fetchval(
        """insert into account (email, name, password_hash, roles, locale, time_zone, active)
        values ($1, $2, $3, $4, $5, $6, $7) returning id""",
        *(address, name, password_hash, list(chosen), locale, time_zone, active),
    )
    return AccountRow(account_id, address, name, actor_of(account_id, name, address, chosen, locale, time_zone))


def actor_of(
    account_id: int, name: str, email: str, roles: tuple[str, ...], locale: str = "en", time_zone: str = "UTC"
) -> Actor:
    """What the session makes of an account."""
    return Actor(
        kind="user",
        account_id=account_id,
        name=name,
        email=email,
        rights=rights_of(roles),
        everywhere=sees_everywhere(roles),
        locale=locale,
        time_zone=time_zone,
    )


async def campaign(
    *,
    managers: tuple[AccountRow, ...] = (),
    evaluators: tuple[AccountRow, ...] = (),
    slug: str | None = None,
    title: dict[str, str] | None = None,
    locales: tuple[str, ...] = LOCALES,
    default_locale: str = "en",
    time_zone: str = "Europe/Madrid",
    opens_at: datetime | None = datetime(2026, 1, 1),
    closes_at: datetime | None = datetime(2099, 12, 31, 23, 59),
    published: bool = True,
    statuses: tuple[tuple[str, str, str, bool, bool], ...] = STATUSES,
) -> CampaignRow:
    """An open campaign with the usual statuses. `opens_at` and `closes_at` are wall time. No trigger, no question."""
    n = next(_numbers)
    slug = slug or f"rural-labs-{n}"
    campaign_id = await db.fetchval(
        """insert into campaign (slug, title, description, locales, default_locale, time_zone, opens_at, closes_at,
        published, number_prefix) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning id""",
        *(slug, title or {"en": f"Rural Labs {n}"}, {}, list(locales), default_locale, time_zone, opens_at),
        *(closes_at, published, f"RL{n}"),
    )
    ids = {key: await status(campaign_id, key, label, tone, *flags) for key, label, tone, *flags in statuses}
    for people, role in ((managers, "manager"), (evaluators, "evaluator")):
        for one in people:
            await member(campaign_id, one, role)
    return CampaignRow(campaign_id, slug, 1, ids)


async def member(campaign_id: int, who: AccountRow, role: str = "evaluator") -> None:
    """Let an account see a campaign."""
    sql = "insert into campaign_member (campaign_id, account_id, role) values ($1, $2, $3)"
    await db.execute(sql, campaign_id, who.id, role)


async def status(
    campaign_id: int,
    key: str | None = None,
    label: str = "Shortlisted",
    tone: str = "teal",
    is_decision: bool = False,
    protected: bool = False,
) -> int:
    """One more status at the end of the list. Returns its id."""
    return int(
        await db.fetchval(
            """insert into status (campaign_id, key, label, public_label, tone, is_decision, protected, position)
            select $1, $2, $3, $3, $4, $5, $6, coalesce(max(position), 0) + 1 from status where campaign_id = $1
            returning id""",
            *(campaign_id, key or f"status_{next(_numbers)}", {"en": label}, tone, is_decision, protected),
        )
    )


async def question(
    campaign_id: int,
    key: str | None = None,
    kind: str = "short",
    label: str = "Project title",
    *,
    required: bool = False,
    choices: tuple[tuple[str, str], ...] = (),
    max_length: int | None = None,
) -> int:
    """One more question at the end of the form; `choices` are (key, English label). Returns its id."""
    options = [{"key": choice, "label": {"en": text}} for choice, text in choices]
    return int(
        await db.fetchval(
            """insert into question (campaign_id, key, kind, label, required, choices, max_length, position)
            select $1, $2, $3, $4, $5, $6, $7, coalesce(max(position), 0) + 1 from question where campaign_id = $1
            returning id""",
            *(campaign_id, key or f"question_{next(_numbers)}", kind, {"en": label}, required, options, max_length),
        )
    )


async def phase(
    of: CampaignRow,
    label: str = "Full project",
    *,
    entry: str = "reserve_list",
    submitted: str = "under_review",
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
) -> int:
    """One more phase of a campaign, open as long as the campaign is published; statuses by key. Returns its id."""
    return int(
        await db.fetchval(
            """insert into phase (campaign_id, title, opens_at, closes_at, entry_status_id, submitted_status_id,
            position) select $1, $2, $3, $4, $5, $6, coalesce(max(position), 0) + 1 from phase where campaign_id = $1
            returning id""",
            *(of.id, {"en": label}, opens_at, closes_at, of.status[entry], of.status[submitted]),
        )
    )


async def person(
    first_name: str = "Ana",
    last_name: str = "Nowak",
    *,
    email: str | None = "",
    kind: str = "candidate",
    locale: str = "en",
) -> PersonRow:
    """Somebody we write to. Without `email` she gets an address of her own; with None she has none."""
    address = f"{first_name.lower()}{next(_numbers)}@people.example" if email == "" else email
    person_id = await db.fetchval(
        "insert into person (kind, email, first_name, last_name, locale) values ($1, $2, $3, $4, $5) returning id",
        *(kind, address, first_name, last_name, locale),
    )
    return PersonRow(person_id, address, first_name, last_name, locale, 1)


async def dossier(
    of: CampaignRow,
    who: PersonRow | None = None,
    status: str = "submitted",
    *,
    number: str | None = None,
    locale: str | None = None,
    answers: dict[str, Any] | None = None,
    submitted_at: datetime | None = None,
) -> DossierRow:
    """An application in a status of its campaign (by key), made by `who` or by somebody new."""
    who = who or await person()
    number = number or f"RL-2026-{next(_numbers):04}"
    when = submitted_at or (None if status == "draft" else datetime(2026, 11, 20, 9, 30, tzinfo=UTC))
    dossier_id = await db.fetchval(
        """insert into dossier (campaign_id, person_id, number, status_id, locale, first_name, last_name, answers,
        submitted_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id""",
        *(of.id, who.id, number, of.status[status], locale or who.locale, who.first_name, who.last_name),
        *(answers or {}, when),
    )
    return DossierRow(dossier_id, number, of.id, who.id, of.status[status], 1)


async def template(
    name: str = "Acknowledgement of receipt",
    *,
    key: str | None = None,
    category: str = "transactional",
    variants: dict[str, tuple[str, str]] | None = None,
    fallback_locale: str = "en",
) -> TemplateRow:
    """A template with one version. `variants` are {locale: (subject, body)}; one in English by default."""
    template_id = await db.fetchval(
        "insert into template (key, name, category) values ($1, $2, $3) returning id", key, name, category
    )
    version_id = await db.fetchval(
        "insert into template_version (template_id, number, fallback_locale) values ($1, 1, $2) returning id",
        *(template_id, fallback_locale),
    )
    await db.execute("update template set version_id = $2 where id = $1", template_id, version_id)
    default = {"en": ("Your application {{ dossier_number }}", "<p>Hello {{ first_name }}</p>")}
    for locale, (subject, body) in (variants or default).items():
        sql = "insert into template_variant (version_id, locale, subject, body) values ($1, $2, $3, $4)"
        await db.execute(sql, version_id, locale, subject, body)
    return TemplateRow(template_id, version_id)


async def trigger(
    of: CampaignRow,
    uses: TemplateRow | None = None,
    *,
    name: str = "Tell the candidate",
    family: str = "manager",
    to_status: str | None = "accepted",
    from_status: str | None = None,
    recipients: tuple[str, ...] = ("candidate",),
    cc: tuple[str, ...] = (),
    delay_minutes: int = 0,
    active: bool = True,
    phase_id: int | None = None,
) -> int:
    """An automatic e-mail of a campaign; statuses by key. A `deadline` goes 7 days before, at 09:00. Returns its id."""
    days_before, at_time = (7, time(9)) if family == "deadline" else (None, None)
    uses = uses or await template()
    return int(
        await db.fetchval(
            """insert into trigger (campaign_id, name, family, template_id, from_status_id, to_status_id, recipients,
            cc, delay_minutes, active, phase_id, days_before, at_time)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning id""",
            *(of.id, name, family, uses.id, of.status.get(from_status or ""), of.status.get(to_status or "")),
            *(list(recipients), list(cc), delay_minutes, active, phase_id, days_before, at_time),
        )
    )


async def sender(address: str | None = None, name: str = "Passerelle", *, verified: bool = True) -> int:
    """An address that letters leave from. Returns its id."""
    address = address or f"office{next(_numbers)}@passerelle.example"
    sql = "insert into sender (address, name, bounce_domain, verified) values ($1, $2, $3, $4) returning id"
    return int(await db.fetchval(sql, address, name, "bounces.passerelle.example", verified))


async def organisation(name: str = "Passerelle", *, locale: str = "en", time_zone: str = "Europe/Madrid") -> int:
    """The one organisation with a verified sender, unless it is there already. Returns its sender's id."""
    there = await db.fetchval("select sender_id from organisation where sender_id is not null")
    if there:
        return int(there)
    sender_id = await sender()
    await db.execute(
        """insert into organisation (name, locale, time_zone, sender_id) values ($1, $2, $3, $4)
        on conflict (single) do update set sender_id = excluded.sender_id""",
        *(name, locale, time_zone, sender_id),
    )
    return sender_id


async def signature(domain: str, state: str = "new") -> int:
    """A key for letters from a domain; its secret opens with nothing. Returns its id."""
    sql = """insert into dkim_key (domain, selector, algorithm, public_key, secret, state)
        values ($1, $2, 'ed25519', '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=', '', $3) returning id"""
    return int(await db.fetchval(sql, domain, f"key{next(_numbers)}", state))
