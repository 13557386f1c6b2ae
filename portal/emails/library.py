"""The library: which templates somebody sees, and what is said of each. Reads only.

A template is everybody's, or it is one's own until it is shared. One's own is seen by its owner, by administrators, and
wherever a campaign that one sees uses it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from portal import db
from portal.actor import Actor
from portal.emails import queries
from portal.emails.queries import Version
from portal.emails.rules import missing_locales
from portal.outcomes import Missing

# Campaigns by the templates that their automatic e-mails use; `seen`: whether the actor ($1, $2) sees the campaign.
USED = """
with used as (
    select distinct g.template_id, g.campaign_id, $1::bool or exists (
        select from campaign_member m where m.campaign_id = g.campaign_id and m.account_id = $2) as seen
    from (select template_id, campaign_id from trigger union select template_id, campaign_id from autoresponder) g)"""
VISIBLE = """(t.shared or $1::bool or t.owner_id = $2
    or exists (select from used u where u.template_id = t.id and u.seen))"""

# The list: one row per template, with the campaigns that use it. Titles only of campaigns that the actor may see;
# the others are counted, since turning a template off concerns them too.
TEMPLATES = f"""{USED}
select t.id, t.name, t.category, t.note, t.labels, t.shared, t.owner_id, coalesce(o.name, '') as owner, v.number,
       v.saved_at, t.archived_at is not null as archived,
       (select array_agg(x.locale order by x.locale) from template_variant x where x.version_id = v.id) as locales,
       (select count(*) from template_attachment x where x.version_id = v.id) as attachments,
       coalesce((select jsonb_agg(distinct jsonb_build_object('id', c.id, 'title', c.title)) filter (where u.seen)
                 from used u join campaign c on c.id = u.campaign_id where u.template_id = t.id), '[]') as campaigns,
       (select count(*) from used u where u.template_id = t.id and not u.seen) as elsewhere,
       t.shared or $1::bool or t.owner_id = $2 as editable
from template t join template_version v on v.id = t.version_id left join account o on o.id = t.owner_id
where {VISIBLE} and """

# The filters of the list; '' asks for nothing. A language asked for is one that is not written yet.
MATCHING = """
(t.archived_at is not null) = $3 and strpos(t.search, folded($4)) > 0 and ($5 = '' or $5 = any (t.labels))
and ($6 = '' or t.owner_id = $2 and ($6 = 'mine' or not t.shared))
and ($7 = '' or not exists (select from template_variant x where x.version_id = v.id and x.locale = $7))
and (not $8 or not exists (select from used u where u.template_id = t.id))
order by folded(t.name), t.id"""

LABELS = f"""{USED}
select distinct unnest(t.labels) as label from template t where t.archived_at is null and {VISIBLE} order by label"""

# Automatic e-mails that use a template, in the campaigns that the actor sees.
USES = """
select g.id as trigger_id, g.name, g.family, g.active, c.id as campaign_id, c.title, s.label as status, s.tone
from trigger g join campaign c on c.id = g.campaign_id left join status s on s.id = g.to_status_id
where g.template_id = $3 and ($1::bool or exists (
    select from campaign_member m where m.campaign_id = g.campaign_id and m.account_id = $2))
order by c.id desc, g.family, g.position, g.id"""

# Who may own a template: whoever can write templates.
OWNERS = """
select id, name from account where active and (roles && $1::text[] or id = $2) order by folded(name), id"""


class Use(msgspec.Struct, frozen=True):
    """A campaign whose automatic e-mails use a template."""

    id: int
    title: dict[str, str]


class TriggerUse(msgspec.Struct, frozen=True):
    """An automatic e-mail that uses a template. `status` is the label of the status that sends it, if there is one."""

    trigger_id: int
    name: str
    family: str
    active: bool
    campaign_id: int
    title: dict[str, str]
    status: dict[str, str] | None
    tone: str | None


class TemplateRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list. `elsewhere`: campaigns that use it and that the actor does not see.

    `editable`: whether the actor may change it, if she may change templates at all.
    """

    id: int
    name: str
    category: str
    note: str
    labels: list[str]
    shared: bool
    owner_id: int | None
    owner: str
    number: int
    saved_at: datetime
    archived: bool
    locales: list[str]
    attachments: int
    campaigns: list[Any]
    elsewhere: int
    editable: bool

    @property
    def uses(self) -> list[Use]:
        """The campaigns that use it, as far as the actor sees them."""
        return [Use(**campaign) for campaign in self.campaigns]

    def written(self, wanted: Sequence[str]) -> list[str]:
        """The languages it is written in, in the order of `wanted`."""
        return [locale for locale in wanted if locale in self.locales]

    def missing(self, wanted: Sequence[str]) -> list[str]:
        """Those that are still to be written."""
        return missing_locales(self.locales, wanted)


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What the list is narrowed to. `whose`: "", mine, private. `lacks`: a language that is not written."""

    q: str = ""
    label: str = ""
    whose: str = ""
    lacks: str = ""
    unused: bool = False
    archived: bool = False


EVERYTHING = Filters()


async def templates(actor: Actor, filters: Filters = EVERYTHING) -> list[TemplateRow]:
    """The list, by name. The campaigns that use a template are found through the actor."""
    wanted = (filters.archived, filters.q.strip(), filters.label, filters.whose, filters.lacks, filters.unused)
    return await db.fetch_as(TemplateRow, TEMPLATES + MATCHING, *actor.scope, *wanted)


async def one(actor: Actor, template_id: int) -> TemplateRow:
    """One template's line of the list. Raises Missing."""
    row = await db.one_as(TemplateRow, f"{TEMPLATES} t.id = $3", *actor.scope, template_id)
    if row is None:
        raise Missing
    return row


async def opened(actor: Actor, template_id: int) -> tuple[TemplateRow, Version]:
    """A template that the actor sees: its line of the list and its version in force. Raises Missing."""
    return await one(actor, template_id), await queries.current(template_id)


async def labels(actor: Actor) -> list[str]:
    """The labels in use, by name."""
    return [row["label"] for row in await db.fetch(LABELS, *actor.scope)]


async def uses(actor: Actor, template_id: int) -> list[TriggerUse]:
    """The automatic e-mails that use a template, those of the latest campaigns first."""
    return await db.fetch_as(TriggerUse, USES, *actor.scope, template_id)


async def owners(roles: Sequence[str], owner_id: int | None) -> list[tuple[int, str]]:
    """(id, name) of the accounts with one of these roles, and of today's owner."""
    return [(row["id"], row["name"]) for row in await db.fetch(OWNERS, list(roles), owner_id)]
