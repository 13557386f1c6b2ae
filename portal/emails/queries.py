"""Templates as pages, triggers and the sender of letters need them. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from portal import db
from portal.actor import Actor
from portal.emails.fields import Facts, answer_words
from portal.emails.letters import Brand, Logo, Variant
from portal.emails.rules import logo_size, pick_locale
from portal.lists import literal
from portal.outcomes import Missing
from portal.scope import sees_dossier
from portal.settings import settings
from portal.tokens import dossier_link, opt_out_link

RECIPIENTS_SHOWN = 20

# A version with its texts in one row: versions never change, so nothing can move between two queries.
VERSION = """
select v.id, v.template_id, coalesce(v.number, 0) as number, t.name, t.category, t.key, v.fallback_locale, v.sender_id,
       v.reply_to, v.saved_at, coalesce(a.name, '') as saved_by, t.archived_at, t.version_id = v.id as in_force,
       t.topic_id,
       coalesce((select jsonb_agg(jsonb_build_object('id', f.id, 'name', f.name, 'media_type', f.media_type,
                                  'size', octet_length(f.content)) order by x.position, f.id)
        from template_attachment x join attachment f on f.id = x.attachment_id
        where x.version_id = v.id), '[]') as files,
       (select jsonb_agg(jsonb_build_object('locale', x.locale, 'subject', x.subject, 'preheader', x.preheader,
                         'body', x.body, 'optional', t.category = 'optional'))
        from template_variant x where x.version_id = v.id) as texts
from template_version v join template t on t.id = v.template_id left join account a on a.id = v.saved_by
where """

# People to preview a letter as: one dossier by its id, or dossiers of the actor's campaigns, the latest first.
RECIPIENTS = f"""
select d.id, d.number, trim(d.first_name || ' ' || d.last_name) as name, d.locale
from dossier d
where {sees_dossier("d")}
  and (d.id = $3::bigint or ($3::bigint is null and ($4 = '' or d.search like '%' || folded($4) || '%')))
order by d.changed_at desc, d.id desc limit $5"""

# What a letter about one dossier is made of. Found through the actor.
DOSSIER = f"""
select d.id, d.number, d.first_name, d.last_name, d.locale, d.answers, d.person_id, p.email::text as email,
       s.public_label, c.slug, c.title, c.closes_at, c.time_zone, c.default_locale,
       coalesce((select jsonb_agg(jsonb_build_object('key', q.key, 'kind', q.kind, 'choices', q.choices))
                 from question q where q.campaign_id = c.id), '[]') as questions
from dossier d join person p on p.id = d.person_id join status s on s.id = d.status_id
join campaign c on c.id = d.campaign_id
where d.id = $3 and {sees_dossier("d")}"""


# The organisation as letters show it.
BRAND = """
select o.name, o.brand_colour as colour, o.postal_address, o.website, o.footer, p.key as logo, p.width, p.height
from organisation o left join picture p on p.id = o.logo_id"""


class Attachment(msgspec.Struct, frozen=True):
    """A document that goes with letters. `size` in octets."""

    id: int
    name: str
    media_type: str
    size: int


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A template as it was saved once. `sender_id` None: the organisation's sender. `saved_at` is aware.

    `number` 0: a letter that was edited for one recipient.
    """

    id: int
    template_id: int
    number: int
    name: str
    category: str
    key: str | None
    fallback_locale: str
    sender_id: int | None
    reply_to: str
    saved_at: datetime
    saved_by: str
    archived_at: datetime | None
    in_force: bool
    topic_id: int | None
    files: list[Any]
    texts: list[Any]

    @property
    def optional(self) -> bool:
        """Whether people can opt out of it."""
        return self.category == "optional"

    @property
    def variants(self) -> dict[str, Variant]:
        """Its texts by language."""
        return {text["locale"]: Variant(**text) for text in self.texts or []}

    @property
    def attachments(self) -> list[Attachment]:
        """The documents that go with each of its letters, in their order."""
        return [Attachment(**file) for file in self.files]


class SenderRow(msgspec.Struct, frozen=True):
    """An address that letters may leave from."""

    id: int
    address: str
    name: str


class Recipient(msgspec.Struct, frozen=True):
    """Somebody to preview a letter as; `id` is the dossier's."""

    id: int
    number: str
    name: str
    locale: str


# ------------------------------------------------------------------------------------------------ templates
async def version(version_id: int) -> Version:
    """A version by its id. Raises Missing."""
    return _found(await db.one_as(Version, f"{VERSION} v.id = $1", version_id))


async def current(template_id: int) -> Version:
    """The version in force of a template. Raises Missing."""
    return _found(await db.one_as(Version, f"{VERSION} v.id = t.version_id and t.id = $1", template_id))


def _found(row: Version | None) -> Version:
    if row is None:
        raise Missing
    return row


def pick(version: Version, *wishes: str) -> tuple[str, bool]:
    """The language a letter goes out in, and whether it is a fallback. Wishes: recipient, campaign, organisation."""
    return pick_locale(version.variants.keys(), wishes, version.fallback_locale)


# ------------------------------------------------------------------------------------------------ around them
async def brand() -> Brand:
    """The organisation as its letters show it."""
    row = await db.fetchrow(BRAND)
    base = settings().base_url.rstrip("/")
    return brand_of(base, **row) if row else Brand(name="Convoca", base=base)


def brand_of(
    base: str,
    name: str,
    colour: str,
    postal_address: str,
    website: str,
    footer: Mapping[str, str],
    logo: str | None,
    width: int | None,
    height: int | None,
) -> Brand:
    """A brand of these values; pixels of the logo's picture."""
    sized = Logo(f"/pictures/{logo}", *logo_size(width or 1, height or 1)) if logo else None
    return Brand(name, colour, postal_address, website, base, sized, tuple(sorted(footer.items())))


async def senders() -> list[SenderRow]:
    """Verified senders that are not paused, by address."""
    sql = "select id, address::text as address, name from sender where verified and not paused order by address"
    return await db.fetch_as(SenderRow, sql)


async def sender_of(sender_id: int | None) -> SenderRow | None:
    """The sender chosen, or else the organisation's; None when there is none yet."""
    sql = """select id, address::text as address, name from sender
        where id = coalesce($1, (select sender_id from organisation))"""
    return await db.one_as(SenderRow, sql, sender_id)


async def recipients(actor: Actor, search: str = "") -> list[Recipient]:
    """People to preview a letter as, the latest dossiers first; without the right to see dossiers nobody."""
    if not actor.may("dossier.see"):
        return []
    return await db.fetch_as(Recipient, RECIPIENTS, *actor.scope, None, literal(search.strip()), RECIPIENTS_SHOWN)


async def recipient(actor: Actor, dossier_id: int) -> Recipient | None:
    """One of them by the dossier's id; None if there is no such dossier for the actor."""
    if not actor.may("dossier.see"):
        return None
    return await db.one_as(Recipient, RECIPIENTS, *actor.scope, dossier_id, "", 1)


async def facts_of(actor: Actor, dossier_id: int, locale: str, organisation_name: str, sender_name: str) -> Facts:
    """What a letter about a dossier would say, for previews and tests. Raises Missing.

    The links are the house's own, never the candidate's: hers open the application to whoever holds them.
    """
    row = await db.fetchrow(DOSSIER, *actor.scope, dossier_id) if actor.may("dossier.see") else None
    if row is None:
        raise Missing
    facts = _facts(row, locale, internal=True)
    return msgspec.structs.replace(facts, organisation_name=organisation_name, sender_name=sender_name)


async def facts_of_dossier(dossier_id: int, locale: str, *, internal: bool = False) -> Facts:
    """What a letter about a dossier is made of, for whoever has found it already. Raises Missing.

    `internal`: for colleagues and copies. Their link leads to the desk, for which one signs in; the candidate's own
    opens the application to whoever holds it.
    """
    row = await db.fetchrow(DOSSIER, True, 0, dossier_id)
    if row is None:
        raise Missing
    return msgspec.structs.replace(_facts(row, locale, internal=internal), organisation_name=(await brand()).name)


def _facts(row: Any, locale: str, *, internal: bool) -> Facts:
    base = settings().base_url.rstrip("/")
    return Facts(
        person_email=row["email"] or "",
        first_name=row["first_name"],
        last_name=row["last_name"],
        dossier_number=row["number"],
        dossier_link=f"{base}/dossiers/{row['id']}" if internal else dossier_link(row["slug"], row["id"]),
        campaign_title=row["title"],
        closes_at=row["closes_at"],
        time_zone=row["time_zone"],
        status_label=row["public_label"],
        unsubscribe_link=f"{base}/u/example" if internal else opt_out_link(row["person_id"]),
        answers=_answers(row["answers"], row["questions"], locale),
    )


def _answers(answers: dict[str, Any], questions: Sequence[dict[str, Any]], locale: str) -> dict[str, str]:
    return {
        question["key"]: answer_words(question["kind"], question["choices"], answers[question["key"]], locale)
        for question in questions
        if answers.get(question["key"]) not in (None, "", [])
    }
