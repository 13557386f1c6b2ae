"""What somebody wants a schedule to be, and what has to be mended before it can be that, in words. Reads only."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from portal import db
from portal.actor import Actor
from portal.campaigns import queries as campaigns
from portal.campaigns.queries import Campaign
from portal.emails import library
from portal.i18n import _
from portal.mailings import schedule_rules as rules
from portal.mailings.rules import LONGEST_NAME, SENDERS
from portal.mailings.schedule_queries import Schedule
from portal.mailings.words import MODULE_RIGHTS
from portal.outcomes import Missing, Refused
from portal.views import queries as views

MOST_DAYS = 365

# The address that one of the four sources (Z16) means for an account and a template, if somebody has confirmed it.
SENDER = """
select exists (select from sender s where s.verified and case $1::text
    when 'account' then s.address = (select a.email from account a where a.id = $2 and a.active)
    when 'organisation' then s.id = (select o.sender_id from organisation o)
    when 'template' then s.id = (
        select v.sender_id from template t join template_version v on v.id = t.version_id where t.id = $3)
    else true end)"""
REPLY = """
select case $1::text when 'template' then exists (
    select from template t join template_version v on v.id = t.version_id where t.id = $2 and v.reply_to <> '')
else true end"""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule as wished for. `starts_at`: wall time in `time_zone`; with `days_before` only its time of day counts.

    `rule`: RFC 5545, "" for once. `from_kind`, `reply_kind`: account, organisation, owner or template (Z16).
    """

    name: str
    module: str
    view_id: int | None
    template_id: int | None
    starts_at: datetime
    time_zone: str
    campaign_id: int | None = None
    per: str = "person"
    from_kind: str = "organisation"
    reply_kind: str = "organisation"
    active: bool = False
    rule: str = ""
    days_before: int | None = None


def may_edit(actor: Actor, module: str) -> bool:
    """Whether somebody may write to people of a module (Z13, Z24)."""
    return actor.may(MODULE_RIGHTS[module])


def check_right(actor: Actor, module: str) -> None:
    """Raises Missing where `may_edit` says no: the pages offer nothing that leads here."""
    if module not in MODULE_RIGHTS or not may_edit(actor, module):
        raise Missing


async def sender_ready(kind: str, account_id: int | None, template_id: int | None) -> bool:
    """Whether there is a confirmed address to write from. Of record owners each letter has its own."""
    return bool(await db.fetchval(SENDER, kind, account_id, template_id))


async def check(by: Actor, draft: Draft, owner_id: int | None, before: Schedule | None = None) -> Draft:
    """The draft as it is kept. Raises Refused with everything that has to be mended, by field; Missing.

    What a schedule uses already may stay while it is there, even where the actor could not choose it anew.
    """
    check_right(by, draft.module)
    campaign = await _campaign(by, draft)
    kept = _kept(draft, campaign)
    errors = {
        "name": _name(kept.name),
        "view_id": await _view(by, kept, before),
        "template_id": await _template(by, kept, before),
        "from_kind": await _from(kept, owner_id),
        "reply_kind": await _reply(kept),
        "campaign_id": _("Choose the campaign.") if kept.days_before is not None and campaign is None else "",
    }
    errors |= _when(kept, campaign, before)
    if found := {field: sentence for field, sentence in errors.items() if sentence}:
        raise Refused(errors=found)
    return kept


def _kept(draft: Draft, campaign: Campaign | None) -> Draft:
    """Before a closing, times are those of the campaign's clocks; a dossier is only written about as such."""
    zone = campaign.time_zone if campaign and draft.days_before is not None else draft.time_zone
    per = draft.per if draft.module == "dossiers" else "person"
    starts_at = draft.starts_at.replace(second=0, microsecond=0)
    name = " ".join(draft.name.split())
    return msgspec.structs.replace(draft, name=name, time_zone=zone, per=per, starts_at=starts_at)


async def _campaign(by: Actor, draft: Draft) -> Campaign | None:
    return await campaigns.one(by, draft.campaign_id) if draft.campaign_id else None


def _name(name: str) -> str:
    if not name:
        return _("Enter a name.")
    return _("Shorten the name to 120 characters.") if len(name) > LONGEST_NAME else ""


async def _view(by: Actor, draft: Draft, before: Schedule | None) -> str:
    if draft.view_id is None:
        return _("Choose a view.")
    if before and before.view_id == draft.view_id:
        return ""
    try:
        view = await views.one(by, draft.view_id)
    except Missing:
        return _("Choose a view.")
    return "" if view.module == draft.module else _("Choose a view.")


async def _template(by: Actor, draft: Draft, before: Schedule | None) -> str:
    """Z11: a template must be there first."""
    if draft.template_id is None:
        return _("Choose a template.")
    if before and before.template_id == draft.template_id and not before.template_gone:
        return ""
    try:
        row = await library.one(by, draft.template_id)
    except Missing:
        return _("Choose a template.")
    return _("This template is in the archive.") if row.archived else ""


async def _from(draft: Draft, owner_id: int | None) -> str:
    if draft.from_kind not in SENDERS:
        return _("Choose one of the options.")
    if draft.template_id is None or await sender_ready(draft.from_kind, owner_id, draft.template_id):
        return ""
    if draft.from_kind == "template":  # Z17
        return _("This template has no verified address of its own.")
    return _("This address is not a verified sender.")


async def _reply(draft: Draft) -> str:
    if draft.reply_kind not in SENDERS:
        return _("Choose one of the options.")
    if await db.fetchval(REPLY, draft.reply_kind, draft.template_id) or draft.template_id is None:
        return ""
    return _("This template has no address for replies.")


def _when(draft: Draft, campaign: Campaign | None, before: Schedule | None) -> dict[str, str]:
    """What is wrong with its times. A time that has passed may stay, but nobody can choose one."""
    if draft.days_before is not None:
        if draft.rule or not 0 <= draft.days_before <= MOST_DAYS:
            return {"days_before": _("Enter a number of days from 0 to 365.")}
        if campaign and campaign.closes_at is None:
            return {"days_before": _("This campaign has no closing date.")}
        return {}
    try:
        rules.read(draft.rule)
    except rules.Unreadable:
        return {"rule": _("This recurrence cannot be read.")}
    if rules.next_after(timing_of(draft), datetime.min.replace(tzinfo=UTC)) is None:
        return {"rule": _("This recurrence has no day.")}
    same = before is not None and timing_of(draft) == before.timing
    if not same and rules.next_after(timing_of(draft), datetime.now(UTC)) is None:
        return {"starts_at": _("This time has passed. Choose a later one.")}
    return {}


def timing_of(draft: Draft) -> rules.Timing:
    """When a draft would run that goes by its own times."""
    return rules.Timing(
        starts_at=draft.starts_at,
        time_zone=draft.time_zone,
        rule=draft.rule,
        days_before=draft.days_before,
    )
