"""A campaign made from another one, and the end of one that nobody applied to (E17)."""

from __future__ import annotations

from portal import db
from portal.actor import Actor
from portal.campaigns import parts, queries, rules
from portal.formats import number
from portal.i18n import ngettext, text_in
from portal.outcomes import Refused

NAMES_LOCK = 727_275  # two copies at the same moment choose their addresses one after the other

COPY_CAMPAIGN = """
insert into campaign (slug, title, description, locales, default_locale, time_zone, opens_at, closes_at, published,
    number_prefix, created_by)
select $2, title, description, locales, default_locale, time_zone, opens_at, closes_at, false, $3, $4
from campaign where id = $1 returning id"""

COPY_STATUSES = """
insert into status (campaign_id, key, label, public_label, tone, position, is_decision, protected)
select $2, key, label, public_label, tone, position, is_decision, protected from status where campaign_id = $1"""

COPY_QUESTIONS = """
insert into question (campaign_id, key, kind, label, help, required, choices, max_length, position)
select $2, key, kind, label, help, required, choices, max_length, position from question where campaign_id = $1"""

# Automatic e-mails name statuses by id: the copy names the status of the same key in the copy.
COPY_TRIGGERS = """
insert into trigger (campaign_id, name, family, template_id, from_status_id, to_status_id, recipients, cc,
    delay_minutes, active, position, created_by)
select $2, t.name, t.family, t.template_id, from_copy.id, to_copy.id, t.recipients, t.cc,
    t.delay_minutes, t.active, t.position, $3
from trigger t
left join status from_old on from_old.id = t.from_status_id
left join status from_copy on from_copy.campaign_id = $2 and from_copy.key = from_old.key
left join status to_old on to_old.id = t.to_status_id
left join status to_copy on to_copy.campaign_id = $2 and to_copy.key = to_old.key
where t.campaign_id = $1 order by t.position, t.id"""


async def duplicate(by: Actor, campaign_id: int) -> int:
    """A copy with statuses, questions and automatic e-mails, unpublished and without dossiers. Returns its id.

    `by` is its only manager: whoever evaluates the one need not evaluate the other. Raises Missing.
    """
    campaign = await queries.one(by, campaign_id)
    async with db.transaction():
        await db.execute("select pg_advisory_xact_lock($1)", NAMES_LOCK)
        return await _copy(by, campaign)


async def _copy(by: Actor, campaign: queries.Campaign) -> int:
    campaign_id = campaign.id
    slug = rules.suggested_slug(campaign.slug, await queries.slugs())
    prefix = rules.suggested_prefix(text_in(campaign.title, campaign.default_locale), await queries.prefixes())
    copy_id = int(await db.fetchval(COPY_CAMPAIGN, campaign_id, slug, prefix, by.account_id))
    await db.execute(COPY_STATUSES, campaign_id, copy_id)
    await db.execute(COPY_QUESTIONS, campaign_id, copy_id)
    await db.execute(COPY_TRIGGERS, campaign_id, copy_id, by.account_id)
    if by.account_id is not None:
        await db.execute("insert into campaign_member values ($1, $2, 'manager')", copy_id, by.account_id)
    await parts.record(copy_id, "campaign.duplicated", by, title=campaign.title)
    return copy_id


async def delete(by: Actor, campaign_id: int) -> None:
    """Delete a campaign without dossiers, its statuses, form and automatic e-mails. Raises Missing, Refused."""
    campaign = await queries.one(by, campaign_id)
    async with db.transaction():
        await db.execute("select from campaign where id = $1 for update", campaign_id)
        if message := why_it_stays(await queries.dossiers(campaign_id)):
            raise Refused(message)
        await db.execute("delete from campaign where id = $1", campaign_id)
        await parts.record(campaign_id, "campaign.deleted", by, title=campaign.title)


def why_it_stays(dossiers: int) -> str:
    """The sentence for a campaign that cannot be deleted; "" when it can."""
    if not dossiers:
        return ""
    message = ngettext(
        "The campaign has {n} dossier. Unpublish it instead.",
        "The campaign has {n} dossiers. Unpublish it instead.",
        dossiers,
    )
    return message.format(n=number(dossiers))
