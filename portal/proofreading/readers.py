"""Who would get a template's letters: the dossiers of a campaign, grouped by what a letter to them can say. Reads only.

Two dossiers of a group get letters with the same gaps, so that a hundred thousand of them are a few dozen groups and
one query, and still everybody's letter is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from portal import db
from portal.actor import Actor
from portal.campaigns.phases import Phase
from portal.campaigns.queries import VISIBLE, Status
from portal.outcomes import Missing
from portal.scope import sees_dossier
from portal.triggers.facts import Rule

KEPT = 200  # dossiers of a group that can be named
CAMPAIGNS = 200

# $5: the statuses they are in (null: any but a draft's), $6: the one they are not in; $7: answers that a letter says;
# $8: languages, $9: evaluators, $10: answers, as a trigger asks for them; $11: withdrawn ones, too.
GROUPS = rf"""
select d.locale, d.first_name ~ '\S' as first_name, d.last_name ~ '\S' as last_name,
       coalesce(p.email::text, '') <> '' as address, x.reason as blocked, {{answered}} as answered,
       count(*) as people, (array_agg(d.id))[1:{KEPT}] as dossiers
from dossier d join person p on p.id = d.person_id join status s on s.id = d.status_id
left join (select distinct on (address) address, reason from suppression where scope = 'all' or $4
           order by address, scope) x on x.address = p.email
where {sees_dossier()} and d.campaign_id = $3 and $7::text[] is not null
  and case when $5::int[] is null then s.key <> 'draft' else d.status_id = any ($5) end
  and ($6::int is null or d.status_id <> $6) and ($11 or d.withdrawn_at is null)
  and (cardinality($8::text[]) = 0 or d.locale = any ($8))
  and (cardinality($9::int[]) = 0 or exists (
      select from assignment a where a.dossier_id = d.id and a.account_id = any ($9)))
  and not exists (select from jsonb_array_elements($10::jsonb) w(asked)
      where not case when jsonb_typeof(d.answers -> (w.asked ->> 'key')) = 'array' then exists (
                          select from jsonb_array_elements_text(d.answers -> (w.asked ->> 'key')) each
                          where w.asked -> 'is' ? each)
                     else coalesce(w.asked -> 'is' ? (d.answers ->> (w.asked ->> 'key')), false) end)
group by 1, 2, 3, 4, 5, 6"""
# One for each key of $7, instead of a subquery for each dossier.
ANSWERED = r"coalesce(d.answers ->> ($7::text[])[{n}] ~ '\S' and d.answers ->> ($7::text[])[{n}] <> '[]', false)"

# The campaign, found through the actor, with what its letters have in common.
CAMPAIGN = f"""
select c.id, c.title, c.closes_at, c.time_zone, c.default_locale,
       coalesce((select o.locale from organisation o), 'en') as organisation_locale,
       array(select q.key from question q where q.campaign_id = c.id) as questions
from campaign c where c.id = $3 and {VISIBLE}"""

CHOICES = f"""
select c.id, c.title from campaign c where {VISIBLE}
order by exists (select from trigger g where g.campaign_id = c.id and g.template_id = $3) desc, c.id desc
limit {CAMPAIGNS}"""

NAMES = """
select d.id, d.number, trim(d.first_name || ' ' || d.last_name) as name, d.locale
from dossier d where d.id = any ($1::bigint[]) order by d.id desc"""


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """What letters of a campaign have in common. `closes_at` is wall time in `time_zone`."""

    id: int
    title: dict[str, str]
    closes_at: datetime | None
    time_zone: str
    default_locale: str
    organisation_locale: str
    questions: list[str]


class Choice(msgspec.Struct, frozen=True):
    """A campaign to choose."""

    id: int
    title: dict[str, str]


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Dossiers whose letters have the same gaps. `blocked`: why their address is not written to; `dossiers`: some.

    `answered`: whether there is an answer, for each key that was asked for, in order.
    """

    locale: str
    first_name: bool
    last_name: bool
    address: bool
    blocked: str | None
    answered: list[bool]
    people: int
    dossiers: list[int]


class Somebody(msgspec.Struct, frozen=True):
    """One of them, to be named; `id` is the dossier's."""

    id: int
    number: str
    name: str
    locale: str


class Audience(msgspec.Struct, frozen=True, kw_only=True):
    """Which dossiers of a campaign. `statuses` None: all but drafts. `label`: what letters say as status."""

    statuses: tuple[int, ...] | None = None
    not_in: int | None = None
    label: dict[str, str]
    closes_at: datetime | None = None
    rule: Rule | None = None

    @property
    def withdrawn(self) -> bool:
        """Whether those who have withdrawn are among them: nobody reminds them of a closing date."""
        return self.rule is None or self.rule.family != "deadline"


async def campaign(actor: Actor, campaign_id: int) -> Campaign:
    """The campaign, if it is one of the actor's. Raises Missing."""
    found = await db.one_as(Campaign, CAMPAIGN, *actor.scope, campaign_id)
    if found is None or not actor.may("dossier.see"):
        raise Missing
    return found


async def campaigns(actor: Actor, template_id: int) -> list[Choice]:
    """The actor's campaigns, those that use the template first."""
    return await db.fetch_as(Choice, CHOICES, *actor.scope, template_id)


def of_status(campaign: Campaign, status: Status | None) -> Audience:
    """Those in a status, or everybody who has submitted."""
    label = status.public_label if status else campaign.title  # any text: each has a status of her own
    return Audience(statuses=(status.id,) if status else None, label=label, closes_at=campaign.closes_at)


def of_rule(campaign: Campaign, rule: Rule, statuses: Sequence[Status], phases: Sequence[Phase]) -> Audience:
    """Those whom a trigger could write to: where they are now, what the letter will say."""
    ids = {status.key: status.id for status in statuses}
    labels = {status.id: status.public_label for status in statuses}
    phase = next((each for each in phases if each.id == rule.phase), None)
    closes_at = phase.closes_at if phase else campaign.closes_at
    if rule.family == "candidate":
        inside = phase.entry_status_id if phase else ids.get("draft")
        after = phase.submitted_status_id if phase else ids.get("submitted")
        drafts = (inside,) if inside else ()
        return Audience(statuses=drafts, label=labels.get(after or 0, {}), closes_at=closes_at, rule=rule)
    where: tuple[int, ...] | None = (rule.from_status,) if rule.from_status else None
    if rule.family == "deadline":
        return Audience(statuses=where, label=labels.get(rule.from_status or 0, {}), closes_at=closes_at, rule=rule)
    label = labels.get(rule.to_status or 0, {})
    return Audience(statuses=where, not_in=rule.to_status, label=label, closes_at=closes_at, rule=rule)


async def groups(
    actor: Actor, campaign_id: int, audience: Audience, optional: bool, answers: Sequence[str]
) -> list[Group]:
    """The dossiers that the actor sees, by what a letter to them can say; `answers`: keys of questions that it uses."""
    columns = ", ".join(ANSWERED.format(n=n) for n in range(1, len(answers) + 1))
    sql = GROUPS.format(answered=f"array[{columns}]::bool[]")
    asked = audience.rule.conditions if audience.rule else None
    parameters: tuple[Any, ...] = (
        list(audience.statuses) if audience.statuses is not None else None,
        audience.not_in,
        list(answers),
        list(asked.locales) if asked else [],
        list(asked.evaluators) if asked else [],
        msgspec.to_builtins(asked.answers) if asked else [],
        audience.withdrawn,
    )
    return await db.fetch_as(Group, sql, *actor.scope, campaign_id, optional, *parameters)


async def named(dossiers: Sequence[int]) -> list[Somebody]:
    """Names for dossiers that the caller has found through the actor."""
    return await db.fetch_as(Somebody, NAMES, list(dossiers))
