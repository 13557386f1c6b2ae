"""A letter that has not left, edited for its one recipient: a version of its template for this message alone (B03)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from portal import db, timeline
from portal.actor import Actor
from portal.dossiers import queries
from portal.dossiers.queries import Dossier
from portal.emails import queries as emails
from portal.emails import remaking
from portal.emails.checks import Text, text_errors, tidy
from portal.emails.fields import FIELDS, label, values
from portal.emails.letters import Rendered, Variant, render, subject_of, trees
from portal.i18n import _
from portal.outcomes import Missing, Refused, Stale
from portal.settings import settings

LETTER = """
select m.id, m.address, coalesce(l.to_name, '') as name, l.locale, l.version_id, l.values, l.from_name, l.from_address,
       m.person_id is not null as candidate, m.optional, l.cc, l.shown_to, t.name as template,
       x.subject, x.preheader, x.body, v.for_message is not null as edited, v.note,
       coalesce(a.name, '') as edited_by, v.saved_at, m.shown as state
from message_now m join letter l on l.id = m.id
join template_version v on v.id = l.version_id join template t on t.id = v.template_id
join template_variant x on x.version_id = v.id and x.locale = l.locale
left join account a on a.id = v.saved_by
where m.id = $1 and m.dossier_id = $2 and m.origin_kind = 'trigger' and m.state in ('held', 'queued')"""

# A version outside the numbered ones, with the sender and the documents of the one that it replaces.
VERSION = """
insert into template_version (template_id, for_message, fallback_locale, sender_id, reply_to, saved_by, note)
select template_id, $2, $3, sender_id, reply_to, $4, $5 from template_version where id = $1 returning id"""
VARIANT = "insert into template_variant (version_id, locale, subject, preheader, body) values ($1, $2, $3, $4, $5)"
ATTACHED = """
insert into template_attachment (version_id, attachment_id, position)
select $2, attachment_id, position from template_attachment where version_id = $1"""
USE = "update letter set version_id = $3, subject = $4, values = $5 where id = $1 and version_id = $2"

LONGEST_NOTE = 300


class OneLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A letter that has not left, with the text it is made of. `values` are frozen; `note`: why it was edited.

    `cc`: copies of it, each a letter of its own; `shown_to`: whose letter this is a copy of.
    """

    id: int
    address: str
    name: str
    locale: str
    version_id: int
    values: dict[str, str]
    from_name: str
    from_address: str
    candidate: bool
    optional: bool
    cc: list[str]
    shown_to: str
    template: str
    subject: str
    preheader: str
    body: str
    edited: bool
    note: str
    edited_by: str
    saved_at: object
    state: str

    @property
    def text(self) -> Text:
        """What it says, with its fields."""
        return Text(self.subject, self.preheader, self.body)


class Shown(msgspec.Struct, frozen=True):
    """The letter as it would arrive; None while the text has problems. `empty`: labels of fields without a value."""

    letter: Rendered | None
    empty: list[str]
    samples: dict[str, str]

    @property
    def choices(self) -> list[tuple[str, str, str]]:
        """(name, label, value) of all fields, for the field picker."""
        return [(name, label(name), self.samples.get(name, "")) for name in FIELDS]


async def find(dossier: Dossier, message_id: int) -> OneLetter:
    """A letter of a dossier that the caller has found. Raises Missing when it has left, or never had a template."""
    found = await db.one_as(OneLetter, LETTER, message_id, dossier.id)
    if found is None:
        raise Missing
    return found


async def show(dossier: Dossier, one: OneLetter, text: Text) -> Shown:
    """The letter with a text, as people on the team may see it: without the candidate's own link."""
    text, samples = tidy(text), {**await _fresh(dossier, one), **one.values}
    base = settings().base_url.rstrip("/")
    samples |= {"dossier_link": f"{base}/dossiers/{dossier.id}", "unsubscribe_link": f"{base}/u/example"}
    if text_errors(text, text):
        return Shown(None, [], samples)
    variant = _variant(one, text)
    empty = [label(name) for name in trees(variant).empty_fields(samples)]
    return Shown(render(variant, samples, await emails.brand(), one.locale), empty, samples)


async def edit(dossier_id: int, message_id: int, seen: int, text: Text, note: str, by: Actor) -> None:
    """Change what a letter says, for its recipient alone; it waits on as before. `seen`: the version's id.

    Raises Missing; Refused (by field, as templates are); Stale when somebody else edited it (theirs: a OneLetter), it
    has left, or a worker has it.
    """
    async with db.transaction():
        dossier = await queries.one(by, dossier_id)
        await _lock(message_id)
        one = await find(dossier, message_id)
        if one.version_id != seen:
            raise Stale(one, by=one.edited_by, at=one.saved_at)
        tidied = tidy(text)
        if errors := text_errors(text, tidied):
            raise Refused(errors=errors)
        if (tidied, note.strip()) != (one.text, one.note):
            await _replace(dossier, one, tidied, note.strip()[:LONGEST_NOTE], by)


async def _lock(message_id: int) -> None:
    """Nobody sends, cancels or releases it until the caller's transaction ends. Raises Stale when it is too late."""
    if message_id not in await remaking.caught([message_id]):
        raise Stale


async def _replace(dossier: Dossier, one: OneLetter, text: Text, note: str, by: Actor) -> None:
    version_id = int(await db.fetchval(VERSION, one.version_id, one.id, one.locale, by.account_id, note))
    await db.execute(VARIANT, version_id, one.locale, text.subject, text.preheader, text.body)
    await db.execute(ATTACHED, one.version_id, version_id)
    variant = _variant(one, text)
    merged = await _merged(dossier, one, variant)
    await db.execute(USE, one.id, one.version_id, version_id, subject_of(variant, merged), merged)
    about = {"campaign_id": dossier.campaign_id, "dossier_id": dossier.id, "person_id": dossier.person_id}
    details: dict[str, Any] = {"address": one.address, "before": one.version_id, "after": version_id, "note": note}
    await timeline.record("message", one.id, "message.edited", by, **about, **details)


async def _merged(dossier: Dossier, one: OneLetter, variant: Variant) -> dict[str, str]:
    """The frozen values, and those of fields that the letter did not have before."""
    new = trees(variant).fields() - one.values.keys()
    fresh = await _fresh(dossier, one) if new else {}
    return {**one.values, **{name: fresh[name] for name in sorted(new) if fresh.get(name)}}


async def _fresh(dossier: Dossier, one: OneLetter) -> Mapping[str, str]:
    facts = await emails.facts_of_dossier(dossier.id, one.locale, internal=not one.candidate)
    return values(msgspec.structs.replace(facts, sender_name=one.from_name), one.locale)


def _variant(one: OneLetter, text: Text) -> Variant:
    return Variant(one.locale, text.subject, text.preheader, text.body, one.optional)


def too_late() -> str:
    """To whoever edits a letter that has left or is just leaving."""
    return _("This letter has left, or is leaving right now: it cannot be edited any more.")
