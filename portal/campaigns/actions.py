"""What people do to a campaign. Its statuses, questions, phases and team have verbs of their own beside this file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec

from portal import db
from portal.actor import Actor
from portal.campaigns import checks, defaults, parts, queries, rules, statuses
from portal.campaigns.checks import CampaignDraft
from portal.i18n import LOCALES, _, text_in
from portal.outcomes import Missing, Refused, Stale
from portal.triggers import reminding

INSERT = """
insert into campaign (slug, title, description, locales, default_locale, time_zone, opens_at, closes_at, published,
    number_prefix, programme_id, resubmission, withdrawal, assigned_only, created_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) returning id"""

# The first automatic e-mail (E13), at once on every submission; campaigns do not know the triggers' verbs.
ACKNOWLEDGE = """
insert into trigger (campaign_id, name, family, template_id, recipients, created_by)
select $1, $2, 'candidate', t.id, '{candidate}', $3
from template t where t.key = 'acknowledgement' and t.archived_at is null"""

UPDATE = """
update campaign set slug = $3, title = $4, description = $5, locales = $6, default_locale = $7, time_zone = $8,
    opens_at = $9, closes_at = $10, published = $11, number_prefix = $12, programme_id = $13, resubmission = $14,
    withdrawal = $15, assigned_only = $16, version = version + 1
where id = $1 and version = $2"""

# Takes the next numbers and holds the campaign's row until the caller commits: no gap, no number twice.
NEXT_NUMBERS = f"""
with taken as (update campaign set last_number = last_number + $2 where id = $1
               returning number_prefix, time_zone, last_number)
select {queries.NUMBER} as number from (
    select number_prefix, time_zone, last_number - $2 + n as last_number from taken, generate_series(1, $2) n) c
order by c.last_number"""


# ------------------------------------------------------------------------------------------------ the campaign
async def create(by: Actor, draft: CampaignDraft) -> int:
    """A new campaign with the usual statuses, `by` as its manager and the acknowledgement (E13). Returns its id.

    Raises Refused with the fields to mend.
    """
    draft = await _completed(draft)
    parts.refuse(checks.of_campaign(draft))
    await _check_programme(draft)
    async with _unique():
        campaign_id = int(await db.fetchval(INSERT, *_row(draft), by.account_id))
        for each in defaults.STATUSES:
            row = (each.key, each.label, each.public_label or each.label, each.tone, each.is_decision, each.protected)
            await db.execute(statuses.INSERT, campaign_id, *row, None)
        if by.account_id is not None:
            await db.execute("insert into campaign_member values ($1, $2, 'manager')", campaign_id, by.account_id)
        name = text_in(defaults.ACKNOWLEDGEMENT, draft.default_locale, "en")
        await db.execute(ACKNOWLEDGE, campaign_id, name, by.account_id)
        await parts.record(campaign_id, "campaign.created", by, title=draft.title)
    return campaign_id


async def change(by: Actor, campaign_id: int, version: int, draft: CampaignDraft) -> None:
    """Change the settings. Texts in languages that were left out are kept.

    Raises Missing, Refused with the fields to mend, or Stale with the campaign as it is now.
    """
    before = await queries.one(by, campaign_id)
    draft = msgspec.structs.replace(
        draft,
        title=parts.merged(before.title, draft.title, draft.locales),
        description=parts.merged(before.description, draft.description, draft.locales),
    )
    parts.refuse(checks.of_campaign(draft))
    await _check_programme(draft)
    if draft.published and before.archived_at:
        raise Refused(in_archive(), field="published")
    async with _unique():
        if not await db.execute(UPDATE, campaign_id, version, *_row(draft)):
            await _stale(by, campaign_id)
        if changes := parts.changes(before, draft):
            await parts.record(campaign_id, "campaign.changed", by, changes=changes)
        await reminding.replan(campaign_id)


async def publish(by: Actor, campaign_id: int, published: bool = True) -> None:
    """Show the campaign to candidates, or take it back. Doing it twice changes nothing. Raises Missing, Refused."""
    campaign = await queries.one(by, campaign_id)
    if published and campaign.archived_at:
        raise Refused(in_archive())
    async with db.transaction():
        sql = "update campaign set published = $2, version = version + 1 where id = $1 and published <> $2"
        if await db.execute(sql, campaign_id, published):
            await parts.record(campaign_id, "campaign.published" if published else "campaign.unpublished", by)
            await reminding.replan(campaign_id)


async def archive(by: Actor, campaign_id: int) -> None:
    """Put a campaign away: unpublished and out of the lists, all else as it was. Twice is once. Raises Missing."""
    await queries.one(by, campaign_id)
    async with db.transaction():
        sql = """update campaign set archived_at = now(), published = false, version = version + 1
            where id = $1 and archived_at is null"""
        if await db.execute(sql, campaign_id):
            await parts.record(campaign_id, "campaign.archived", by)
            await reminding.replan(campaign_id)


async def bring_back(by: Actor, campaign_id: int) -> None:
    """Take a campaign out of the archive. It is not published by that. Raises Missing."""
    await queries.one(by, campaign_id)
    async with db.transaction():
        sql = "update campaign set archived_at = null, version = version + 1 where id = $1 and archived_at is not null"
        if await db.execute(sql, campaign_id):
            await parts.record(campaign_id, "campaign.brought_back", by)


def in_archive() -> str:
    """Why an archived campaign cannot be published."""
    return _("The campaign is in the archive. Bring it back first.")


async def next_number(campaign_id: int) -> str:
    """The next dossier number, e.g. RL-2026-0001, inside the caller's transaction. Raises Missing."""
    return (await next_numbers(campaign_id, 1))[0]


async def next_numbers(campaign_id: int, count: int) -> list[str]:
    """So many next dossier numbers, in their order, inside the caller's transaction.

    Numbers that an earlier owner of the prefix has given are passed over. Raises Missing.
    """
    numbers: list[str] = []
    while len(numbers) < count:
        found = [row["number"] for row in await db.fetch(NEXT_NUMBERS, campaign_id, count - len(numbers))]
        if not found:
            raise Missing
        rows = await db.fetch("select number from dossier where number = any ($1)", found)
        given = {row["number"] for row in rows}
        numbers += [each for each in found if each not in given]
    return numbers


# ------------------------------------------------------------------------------------------------ shared
@asynccontextmanager
async def _unique() -> AsyncIterator[None]:
    """A transaction in which an address or a prefix that somebody else has becomes an error beside its field."""
    try:
        async with db.transaction():
            yield
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name == "campaign_slug_key":
            raise Refused(_("Another campaign has this address. Choose a different one."), field="slug") from None
        if error.constraint_name == "campaign_number_prefix_key":
            message = _("Another campaign has this prefix. Choose a different one.")
            raise Refused(message, field="number_prefix") from None
        raise


async def _completed(draft: CampaignDraft) -> CampaignDraft:
    """The draft with what was left empty: names from the title, the first language, the organisation's zone."""
    locales = draft.locales or [locale for locale in LOCALES if draft.title.get(locale)]
    default_locale = draft.default_locale or next(iter(locales), "")
    title = text_in(draft.title, default_locale)
    zone = draft.time_zone or str(await db.fetchval("select time_zone from organisation") or "UTC")
    return msgspec.structs.replace(
        draft,
        locales=locales,
        default_locale=default_locale,
        time_zone=zone,
        slug=draft.slug or rules.suggested_slug(title, await queries.slugs()),
        number_prefix=draft.number_prefix or rules.suggested_prefix(title, await queries.prefixes()),
    )


async def _check_programme(draft: CampaignDraft) -> None:
    sql = "select exists (select from programme where id = $1)"
    if draft.programme_id and not await db.fetchval(sql, draft.programme_id):
        raise Refused(_("Choose one of the options."), field="programme_id")


def _row(draft: CampaignDraft) -> tuple[Any, ...]:
    texts = (draft.slug, draft.title, draft.description, draft.locales, draft.default_locale)
    dates = (draft.time_zone, draft.opens_at, draft.closes_at, draft.published, draft.number_prefix)
    return (*texts, *dates, draft.programme_id, draft.resubmission, draft.withdrawal, draft.assigned_only)


async def _stale(by: Actor, campaign_id: int) -> None:
    last = await queries.last_change(campaign_id)
    theirs = await queries.one(by, campaign_id)
    raise Stale(theirs, by=last.by if last else "", at=last.at if last else None)
