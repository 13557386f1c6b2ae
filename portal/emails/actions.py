"""What people do with templates: write them, save a new version, put them away, try them on themselves.

A version never changes: a message keeps the one it was planned with. Saving adds the next, if nobody was faster.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from portal import db, timeline
from portal.actor import Actor
from portal.emails import letters, queries, system
from portal.emails.checks import Text, checked
from portal.emails.queries import Version
from portal.i18n import _
from portal.ledger import actions as ledger
from portal.ledger.rules import Intent, Lane, Letter
from portal.outcomes import Missing, Refused, Stale

# The next version, unless another was saved since the one that was seen: then no row. A second save at the same
# moment waits for the first at the unique (template, number), and then finds its number taken.
NEXT_VERSION = """
insert into template_version (template_id, number, fallback_locale, sender_id, reply_to, saved_by)
select t.id, v.number + 1, $3, $4, $5, $6
from template t join template_version v on v.id = t.version_id
where t.id = $1 and v.number = $2
on conflict (template_id, number) do nothing returning id"""

FIRST_VERSION = """
insert into template_version (template_id, number, fallback_locale, sender_id, reply_to, saved_by)
values ($1, 1, $2, $3, $4, $5) returning id"""

VARIANT = "insert into template_variant (version_id, locale, subject, preheader, body) values ($1, $2, $3, $4, $5)"


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A template as somebody wants it. `texts` by locale; `sender_id` None: the organisation's sender."""

    name: str
    category: str
    texts: Mapping[str, Text]
    fallback_locale: str = ""
    sender_id: int | None = None
    reply_to: str = ""


# ------------------------------------------------------------------------------------------------ writing
async def create(draft: Draft, by: Actor, key: str | None = None) -> int:
    """Make a template with its first version. Returns its id; raises Refused with what has to be mended."""
    draft = await _checked(draft)
    async with db.transaction():
        template_id = int(
            await db.fetchval(
                "insert into template (key, name, category, created_by) values ($1, $2, $3, $4) returning id",
                *(key, draft.name, draft.category, by.account_id),
            )
        )
        first = (template_id, draft.fallback_locale, draft.sender_id, draft.reply_to, by.account_id)
        await _put_in_force(template_id, int(await db.fetchval(FIRST_VERSION, *first)), draft)
        await timeline.record("template", template_id, "template.created", by, name=draft.name)
    return template_id


async def save(template_id: int, draft: Draft, seen: int, by: Actor) -> Version:
    """Save a new version on top of the one that was `seen` (its number); nothing when nothing has changed.

    Raises Refused, Missing, and Stale with the version that somebody else has saved meanwhile.
    """
    draft = await _checked(draft)
    async with db.transaction():
        now = await queries.current(template_id)
        if now.number != seen:
            raise Stale(now, by=now.saved_by, at=now.saved_at)
        if _draft_of(now) == draft:
            return now
        row = (draft.fallback_locale, draft.sender_id, draft.reply_to, by.account_id)
        version_id = await db.fetchval(NEXT_VERSION, template_id, seen, *row)
        if version_id is None:
            now = await queries.current(template_id)
            raise Stale(now, by=now.saved_by, at=now.saved_at)
        await _put_in_force(template_id, version_id, draft)
        await timeline.record("template", template_id, "template.saved", by, number=seen + 1, name=draft.name)
        return await queries.version(version_id)


async def save_language(template_id: int, locale: str, text: Text, draft: Draft, seen: int, by: Actor) -> Version:
    """Save one language and the settings; the other languages stay as they are."""
    now = await queries.current(template_id)
    texts = {**_draft_of(now).texts, locale: text}
    fallback = draft.fallback_locale or now.fallback_locale
    return await save(template_id, msgspec.structs.replace(draft, texts=texts, fallback_locale=fallback), seen, by)


async def _checked(draft: Draft) -> Draft:
    senders = {sender.id for sender in await queries.senders()}
    return msgspec.structs.replace(draft, **checked(draft, senders))


async def _put_in_force(template_id: int, version_id: int, draft: Draft) -> None:
    rows = [(version_id, locale, text.subject, text.preheader, text.body) for locale, text in draft.texts.items()]
    await db.executemany(VARIANT, rows)
    sql = "update template set version_id = $2, name = $3, category = $4 where id = $1"
    await db.execute(sql, template_id, version_id, draft.name, draft.category)


def _draft_of(version: Version) -> Draft:
    texts = {locale: Text(one.subject, one.preheader, one.body) for locale, one in version.variants.items()}
    return Draft(
        name=version.name,
        category=version.category,
        texts=texts,
        fallback_locale=version.fallback_locale,
        sender_id=version.sender_id,
        reply_to=version.reply_to,
    )


# ------------------------------------------------------------------------------------------------ putting away
async def archive(template_id: int, by: Actor) -> None:
    """Put a template away: it cannot be chosen any more. Refused while an active automatic e-mail uses it."""
    async with db.transaction():
        active = await db.fetchval("select count(*) from trigger where template_id = $1 and active", template_id)
        if active:
            raise Refused(
                _("Automatic e-mails still use this template. Turn them off first, or choose another template.")
            )
        await _set_archived(template_id, "now()", "template.archived", by)


async def restore(template_id: int, by: Actor) -> None:
    """Take an archived template out again."""
    async with db.transaction():
        await _set_archived(template_id, "null", "template.restored", by)


async def _set_archived(template_id: int, value: str, what: str, by: Actor) -> None:
    if not await db.execute(f"update template set archived_at = {value} where id = $1", template_id):
        raise Missing
    await timeline.record("template", template_id, what, by)


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
    )
    async with db.transaction():
        event = await timeline.record("template", version.template_id, "template.tested", by, locale=locale)
        intent = Intent(address=by.email, locale=locale, optional=False, occurrence=event, letter=letter)
        return (await ledger.post("test", version.template_id, sender.id, Lane.urgent, [intent]))[0]
