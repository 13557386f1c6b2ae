"""What the plan of triggers is made from, and the plan itself with its letters. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

import msgspec

from portal import db
from portal.actor import Actor
from portal.emails import queries as emails
from portal.emails.letters import Brand
from portal.outcomes import Missing
from portal.triggers.compose import Composer, Planned
from portal.triggers.facts import ALWAYS, Change, Conditions, Family, Mode, Rule
from portal.triggers.people import Found, found, found_all, people_of, people_of_all
from portal.triggers.rules import Decision, plan

# A campaign's triggers in the order of its page, each with the languages of its template's version in force.
RULES = """
select t.id, t.name, t.family, t.template_id, m.name as template_name, m.version_id,
       m.category = 'optional' as optional, m.topic_id,
       array(select x.locale from template_variant x where x.version_id = v.id order by x.locale) as locales,
       coalesce(v.fallback_locale, 'en') as fallback_locale,
       t.from_status_id as from_status, t.to_status_id as to_status, t.recipients, t.cc, t.delay_minutes, t.active,
       t.phase_id as phase, t.conditions, t.stop, t.days_before, t.at_time
from trigger t
join template m on m.id = t.template_id
left join template_version v on v.id = m.version_id
where t.campaign_id = $1
order by t.family, t.position, t.id"""

TRIGGER = """
select id, campaign_id, name, family, template_id, from_status_id, to_status_id, recipients, cc, delay_minutes, active,
       version, phase_id, conditions, stop, days_before, at_time
from trigger where """

TEMPLATES = """
select m.id, m.name, m.category = 'optional' as optional,
       array(select x.locale from template_variant x where x.version_id = m.version_id order by x.locale) as locales
from template m where m.version_id is not null and m.archived_at is null and m.shared or m.id = $1
order by folded(m.name), m.id"""

LAST_CHANGE = """
select actor_name as name, at from timeline_event
where campaign_id = $1 and subject = 'trigger' and subject_id = $2 order by id desc limit 1"""


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """A trigger as it is stored."""

    id: int
    campaign_id: int
    name: str
    family: Family
    template_id: int
    from_status_id: int | None
    to_status_id: int | None
    recipients: list[str]
    cc: list[str]
    delay_minutes: int
    active: bool
    version: int
    phase_id: int | None = None
    conditions: Conditions = ALWAYS
    stop: bool = False
    days_before: int | None = None
    at_time: time | None = None

    def plain(self) -> dict[str, Any]:
        """Its fields as plain JSON, for the history."""
        return dict(msgspec.to_builtins(self))


class TemplateOffer(msgspec.Struct, frozen=True):
    """A template to choose."""

    id: int
    name: str
    optional: bool
    locales: list[str]


class LastChange(msgspec.Struct, frozen=True):
    """Who touched a trigger last."""

    name: str
    at: datetime


# ------------------------------------------------------------------------------------------------ one trigger
async def trigger(actor: Actor, trigger_id: int) -> Trigger:
    """The trigger, if its campaign is one of the actor's. Raises Missing."""
    row = await by_id(trigger_id)
    if row is None:
        raise Missing
    await check_scope(actor, row.campaign_id)
    return row


async def by_id(trigger_id: int) -> Trigger | None:
    """The trigger, for whoever may see it anyway; None when it is gone."""
    return next(iter(await db.fetch_nested(Trigger, f"{TRIGGER} id = $1", trigger_id)), None)


async def of_campaign(actor: Actor, campaign_id: int) -> list[Trigger]:
    """The campaign's triggers in the order in which they are considered. Raises Missing."""
    await check_scope(actor, campaign_id)
    return await db.fetch_nested(Trigger, f"{TRIGGER} campaign_id = $1 order by family, position, id", campaign_id)


async def rivals(one: Trigger) -> list[int]:
    """The triggers that are asked about the same event, itself among them, in their order."""
    rows = await of_family(one.campaign_id, one.family)
    return [each.id for each in rows if each.to_status_id == one.to_status_id]


async def of_family(campaign_id: int, family: Family) -> list[Trigger]:
    """A family's triggers in their order, for whoever has found the campaign."""
    sql = f"{TRIGGER} campaign_id = $1 and family = $2 order by position, id"
    return await db.fetch_nested(Trigger, sql, campaign_id, family)


async def last_change(campaign_id: int, trigger_id: int) -> LastChange | None:
    """Who changed a trigger last, and when."""
    return await db.one_as(LastChange, LAST_CHANGE, campaign_id, trigger_id)


async def templates_offered(also: int | None = None) -> list[TemplateOffer]:
    """Shared templates, which triggers may use, by name; `also`: the one it uses already, even if it was archived."""
    return await db.fetch_as(TemplateOffer, TEMPLATES, also)


async def status_ids(campaign_id: int) -> dict[str, int]:
    """The ids of the campaign's statuses by their keys."""
    return {
        row["key"]: row["id"]
        for row in await db.fetch("select id, key from status where campaign_id = $1", campaign_id)
    }


async def phase_ids(campaign_id: int) -> set[int]:
    """The campaign's later phases."""
    return {row["id"] for row in await db.fetch("select id from phase where campaign_id = $1", campaign_id)}


async def question_keys(campaign_id: int) -> set[str]:
    """The keys of the campaign's questions, those of all phases and retired ones too: their answers are still there."""
    return {row["key"] for row in await db.fetch("select key from question where campaign_id = $1", campaign_id)}


async def account_ids() -> set[int]:
    """Accounts that can be named as recipients."""
    return {row["id"] for row in await db.fetch("select id from account where active")}


# ------------------------------------------------------------------------------------------------ facts
async def rules_of(campaign_id: int) -> list[Rule]:
    """All triggers of a campaign, paused ones too, in the order in which they are considered."""
    return await db.fetch_nested(Rule, RULES, campaign_id)


# ------------------------------------------------------------------------------------------------ the plan
async def decisions(change: Change, rules: Sequence[Rule] | None = None) -> list[Decision]:
    """The plan of a change as things are now; `rules` None: all triggers of its campaign."""
    rules = await rules_of(change.campaign_id) if rules is None else rules
    return plan(change, rules, await people_of(await found(change.dossier_id), rules)) if rules else []


async def decisions_of_many(changes: Sequence[Change], rules: Sequence[Rule]) -> dict[int, list[Decision]]:
    """Dossier -> the plan of its change; one change each, all of one campaign. Three queries, however many they are.

    The plan that sends, for whoever has found the dossiers through the actor: previews in bulk, reminders.
    """
    dossiers = await found_all([each.dossier_id for each in changes])
    people = await people_of_all(dossiers, rules)
    return {
        each.dossier_id: plan(each, rules, people[each.dossier_id]) for each in changes if each.dossier_id in people
    }


async def preview(dossier_id: int, to_status_id: int, actor: Actor, mode: Mode = "send") -> list[Planned]:
    """What moving a dossier by hand would send, rendered: the plan that sends (B04). Raises Missing.

    The dossier is found through the actor; a letter to a candidate shows the staff's link, never the candidate's own.
    """
    dossier = await found(dossier_id)
    await check_scope(actor, dossier.campaign_id)
    change = by_hand(dossier_id, dossier, to_status_id, mode)
    return await rendered(change, await decisions(change), await emails.brand())


def by_hand(
    dossier_id: int, dossier: Found, to_status: int, mode: Mode = "send", from_status: int | None = None
) -> Change:
    """The change that somebody is about to make, for previews."""
    return Change(
        dossier_id=dossier_id,
        campaign_id=dossier.campaign_id,
        event_id=0,
        kind="status",
        from_status=from_status or dossier.status_id,
        to_status=to_status,
        manual=True,
        actor_kind="user",
        mode=mode,
    )


async def rendered(change: Change, decided: Sequence[Decision], brand: Brand) -> list[Planned]:
    """Every planned recipient of the matching triggers, with the letter unless the template has no language."""
    composer = Composer(change, shown=True)
    return [
        await composer.planned(decision, recipient, brand)
        for decision in decided
        for recipient in decision.recipients
        if recipient.recorded
    ]


async def check_scope(actor: Actor, campaign_id: int) -> None:
    """Raises Missing unless the campaign is one of the actor's."""
    sql = "select exists (select from campaign_member where campaign_id = $1 and account_id = $2)"
    if not actor.everywhere and not await db.fetchval(sql, campaign_id, actor.scope[1]):
        raise Missing
