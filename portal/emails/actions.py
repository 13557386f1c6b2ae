"""What people do with templates: write them, save a new version, restore an earlier one, try them on themselves.

A version never changes: a message keeps the one it was planned with. Saving adds the next, if nobody was faster.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from portal import db, timeline
from portal.actor import Actor
from portal.emails import letters, queries, system, versions
from portal.emails.checks import LONGEST_NAME, Text, checked
from portal.emails.queries import Version
from portal.i18n import _
from portal.ledger import actions as ledger
from portal.ledger.rules import Intent, Lane, Letter
from portal.outcomes import Missing, Refused, Stale

# The next version, unless another was saved since the one that was seen: then no row. A second save at the same
# moment waits for the first at the unique (template, number), and then finds its number taken.
NEXT_VERSION = """
insert into template_version (template_id, number, fallback_locale, sender_id, reply_to, saved_by, note, restored)
select t.id, v.number + 1, $3, $4, $5, $6, $7, $8
from template t join template_version v on v.id = t.version_id
where t.id = $1 and v.number = $2
on conflict (template_id, number) do nothing returning id"""

FIRST_VERSION = """
insert into template_version (template_id, number, fallback_locale, sender_id, reply_to, saved_by, note)
values ($1, 1, $2, $3, $4, $5, $6) returning id"""

VARIANT = "insert into template_variant (version_id, locale, subject, preheader, body) values ($1, $2, $3, $4, $5)"
ATTACHED = "insert into template_attachment (version_id, attachment_id, position) values ($1, $2, $3)"
EDITABLE = "select shared or $2::bool or owner_id is not distinct from $3::int from template where id = $1"


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A template as somebody wants it. `texts` by locale; `sender_id` None: the organisation's sender.

    `attachments`: their ids in order; None: as they are. `note` says what was changed, and is no change itself.
    `topic_id`: which kind of optional mail; 0: none, None: as it is.
    """

    name: str
    category: str
    texts: Mapping[str, Text]
    fallback_locale: str = ""
    sender_id: int | None = None
    reply_to: str = ""
    attachments: tuple[int, ...] | None = None
    note: str = ""
    topic_id: int | None = None


# ------------------------------------------------------------------------------------------------ writing
async def create(draft: Draft, by: Actor, key: str | None = None) -> int:
    """Make a template with its first version. Returns its id; raises Refused with what has to be mended."""
    draft = await _checked(draft)
    async with db.transaction():
        template_id = int(
            await db.fetchval(
                """insert into template (key, name, category, created_by, owner_id) values ($1, $2, $3, $4, $4)
                returning id""",
                *(key, draft.name, draft.category, by.account_id),
            )
        )
        first = (template_id, draft.fallback_locale, draft.sender_id, draft.reply_to, by.account_id, draft.note)
        await _put_in_force(template_id, int(await db.fetchval(FIRST_VERSION, *first)), draft)
        await timeline.record("template", template_id, "template.created", by, name=draft.name)
    return template_id


async def save(template_id: int, draft: Draft, seen: int, by: Actor, *, restored: int | None = None) -> Version:
    """Save a new version on top of the one that was `seen` (its number); nothing when nothing has changed.

    `restored`: the number of the version that it repeats. Raises Refused, Missing, and Stale with the version that
    somebody else has saved meanwhile.
    """
    async with db.transaction():
        now = await queries.current(template_id)
        await check_editable(template_id, by)
        draft = await _checked(_completed(draft, now))
        if now.number != seen:
            raise Stale(now, by=now.saved_by, at=now.saved_at)
        if draft_of(now) == msgspec.structs.replace(draft, note=""):
            return now
        row = (draft.fallback_locale, draft.sender_id, draft.reply_to, by.account_id, draft.note, restored)
        version_id = await db.fetchval(NEXT_VERSION, template_id, seen, *row)
        if version_id is None:
            now = await queries.current(template_id)
            raise Stale(now, by=now.saved_by, at=now.saved_at)
        await _put_in_force(template_id, version_id, draft)
        details: dict[str, Any] = {"number": seen + 1, "name": draft.name}
        details |= {"restored": restored} if restored else {}
        await timeline.record("template", template_id, "template.saved", by, **details)
        return await queries.version(version_id)


def _completed(draft: Draft, now: Version) -> Draft:
    """What a draft does not say stays as it is."""
    fallback = draft.fallback_locale or now.fallback_locale
    attachments = draft_of(now).attachments if draft.attachments is None else draft.attachments
    topic_id = draft_of(now).topic_id if draft.topic_id is None else draft.topic_id
    return msgspec.structs.replace(draft, fallback_locale=fallback, attachments=attachments, topic_id=topic_id)


async def check_editable(template_id: int, by: Actor) -> None:
    """Raises Missing; Refused when the template is somebody's own."""
    editable = await db.fetchval(EDITABLE, template_id, by.everywhere or by.kind == "rule", by.account_id)
    if editable is None:
        raise Missing
    if not editable:
        raise Refused(_("This template is not shared: only its owner can change it. You can make a copy."))


async def restore_version(template_id: int, number: int, seen: int, by: Actor) -> Version:
    """Save what an earlier version said as a new one: texts, sender, attachments. Raises Missing, Refused, Stale."""
    then, now = await versions.numbered(template_id, number), await queries.current(template_id)
    draft = msgspec.structs.replace(draft_of(then), name=now.name, category=now.category, topic_id=now.topic_id or 0)
    return await save(template_id, draft, seen, by, restored=number)


async def copy(template_id: int, by: Actor) -> int:
    """Make a template of one's own from another. Returns its id; raises Missing."""
    now = await queries.current(template_id)
    # NOTE: name of a copied template. {name}: the name of the original
    name = _("{name} (copy)").format(name=now.name)[:LONGEST_NAME]
    return await create(msgspec.structs.replace(draft_of(now), name=name), by)


async def save_language(template_id: int, locale: str, text: Text, draft: Draft, seen: int, by: Actor) -> Version:
    """Save one language and the settings; the other languages stay as they are."""
    now = await queries.current(template_id)
    texts = {**draft_of(now).texts, locale: text}
    return await save(template_id, msgspec.structs.replace(draft, texts=texts), seen, by)


async def _checked(draft: Draft) -> Draft:
    senders = {sender.id for sender in await queries.senders()}
    known = "select exists (select from topic where id = $1)"
    if draft.topic_id and not await db.fetchval(known, draft.topic_id):
        raise Refused(_("Choose one of the options."), field="topic_id")
    topic_id = draft.topic_id or 0 if draft.category == "optional" else 0
    return msgspec.structs.replace(draft, **checked(draft, senders), topic_id=topic_id)


async def _put_in_force(template_id: int, version_id: int, draft: Draft) -> None:
    rows = [(version_id, locale, text.subject, text.preheader, text.body) for locale, text in draft.texts.items()]
    await db.executemany(VARIANT, rows)
    files = [(version_id, attachment_id, place) for place, attachment_id in enumerate(draft.attachments or ())]
    await db.executemany(ATTACHED, files)
    sql = "update template set version_id = $2, name = $3, category = $4, topic_id = nullif($5, 0) where id = $1"
    await db.execute(sql, template_id, version_id, draft.name, draft.category, draft.topic_id or 0)


def draft_of(version: Version) -> Draft:
    """What a version says, as the start of the next."""
    texts = {locale: Text(one.subject, one.preheader, one.body) for locale, one in version.variants.items()}
    return Draft(
        name=version.name,
        category=version.category,
        texts=texts,
        fallback_locale=version.fallback_locale,
        sender_id=version.sender_id,
        reply_to=version.reply_to,
        attachments=tuple(each.id for each in version.attachments),
        topic_id=version.topic_id or 0,
    )


# ------------------------------------------------------------------------------------------------ trying
async def send_test(version: Version, locale: str, values: Mapping[str, str], by: Actor) -> int:
    """Send the saved version to whoever asks, as the person of `values` would get it. Returns the message's id."""
    sender = await queries.sender_of(version.sender_id)
    if sender is None or not by.email:
        raise Refused(_("There is no sender yet. Set one in the settings of the organisation."))
    subject = letters.render(version.variants[locale], values, await queries.brand(), locale).subject
    letter = Letter(
        version_id=version.id,
        locale=locale,
        from_address=sender.address,
        from_name=sender.name,
        reply_to=version.reply_to,
        to_name=by.name,
        subject=system.test_prefix(subject, locale),
        values=dict(values),
        attachments=tuple(each.id for each in version.attachments),
    )
    async with db.transaction():
        event = await timeline.record("template", version.template_id, "template.tested", by, locale=locale)
        intent = Intent(address=by.email, locale=locale, optional=False, occurrence=event, letter=letter)
        return (await ledger.post("test", version.template_id, sender.id, Lane.urgent, [intent]))[0]
