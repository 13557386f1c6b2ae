"""What a campaign's dossiers are scored by: criteria with a label, the most points, a weight and an order."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from portal import db
from portal.actor import Actor
from portal.campaigns import parts
from portal.campaigns import queries as campaigns
from portal.formats import number
from portal.i18n import _, language_name, ngettext, text_in
from portal.outcomes import Missing, Stale

MOST_POINTS, LARGEST_WEIGHT = 1_000, Decimal("9999.99")

COLUMNS = "c.id, c.campaign_id, c.label, c.help, c.most, c.weight, c.position, c.version"
# With what hangs on it: a look at all scores of the criterion, for pages that change or delete it.
USED = f"""{COLUMNS}, (select count(*) from score s where s.criterion_id = c.id) as scores,
       coalesce((select max(s.points) from score s where s.criterion_id = c.id), 0) as highest"""
INSERT = """
insert into criterion (campaign_id, label, help, most, weight, position)
select $1, $2, $3, $4, $5, coalesce(max(position), 0) + 1 from criterion where campaign_id = $1 returning id"""
UPDATE = """
update criterion set label = $3, help = $4, most = $5, weight = $6, version = version + 1
where id = $1 and version = $2"""


class Criterion(msgspec.Struct, frozen=True, kw_only=True):
    """A criterion. Texts by locale; from 0 to `most` points."""

    id: int
    campaign_id: int
    label: dict[str, str]
    help: dict[str, str]
    most: int
    weight: Decimal
    position: int
    version: int

    @property
    def name(self) -> str:
        """Its label in the reader's language."""
        return text_in(self.label)


class Used(Criterion, frozen=True, kw_only=True):
    """The same with its `scores`: how many have been given, and the `highest`."""

    scores: int
    highest: Decimal


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A criterion as somebody wants it."""

    label: dict[str, str]
    help: dict[str, str] = {}
    most: int = 5
    weight: Decimal | None = Decimal(1)


async def of_campaign(campaign_id: int) -> list[Criterion]:
    """The criteria of a campaign that the caller has found, in their order."""
    sql = f"select {COLUMNS} from criterion c where c.campaign_id = $1 order by c.position, c.id"
    return await db.fetch_as(Criterion, sql, campaign_id)


async def one(campaign_id: int, criterion_id: int) -> Used:
    """One of them. Raises Missing."""
    sql = f"select {USED} from criterion c where c.id = $1 and c.campaign_id = $2"
    found = await db.one_as(Used, sql, criterion_id, campaign_id)
    if found is None:
        raise Missing
    return found


async def add(by: Actor, campaign_id: int, draft: Draft) -> int:
    """One more at the end. Returns its id. Raises Missing, Refused (by field)."""
    campaign = await campaigns.one(by, campaign_id)
    async with db.transaction():
        await parts.lock(campaign_id)
        parts.refuse(_errors(draft, campaign.default_locale))
        row = (campaign_id, draft.label, draft.help, draft.most, draft.weight)
        criterion_id = int(await db.fetchval(INSERT, *row))
        await parts.record(campaign_id, "campaign.criterion_added", by, label=draft.label)
    return criterion_id


async def change(by: Actor, campaign_id: int, criterion_id: int, version: int, draft: Draft) -> None:
    """Change one; the scores given stay as they are. Raises Missing, Refused, Stale (theirs: as it is now)."""
    campaign = await campaigns.one(by, campaign_id)
    async with db.transaction():
        await parts.lock(campaign_id)
        before = await one(campaign_id, criterion_id)
        label = parts.merged(before.label, draft.label, campaign.locales)
        help_ = parts.merged(before.help, draft.help, campaign.locales)
        draft = msgspec.structs.replace(draft, label=label, help=help_)
        parts.refuse(_errors(draft, campaign.default_locale, before))
        if not await db.execute(UPDATE, criterion_id, version, label, help_, draft.most, draft.weight):
            raise Stale(before)
        await parts.record(campaign_id, "campaign.criterion_changed", by, label=label)


async def move(by: Actor, campaign_id: int, criterion_id: int, step: Literal[-1, 1]) -> None:
    """Up (-1) or down (1) by one place. Raises Missing."""
    criterion = await one((await campaigns.one(by, campaign_id)).id, criterion_id)
    await parts.move(by, "criterion", campaign_id, criterion_id, step, label=criterion.label)


async def remove(by: Actor, campaign_id: int, criterion_id: int) -> None:
    """Delete one with all scores given by it; the page says how many before. Raises Missing."""
    await campaigns.one(by, campaign_id)
    async with db.transaction():
        await parts.lock(campaign_id)
        criterion = await one(campaign_id, criterion_id)
        await db.execute("delete from criterion where id = $1", criterion_id)
        details = {"label": criterion.label, "scores": criterion.scores}
        await parts.record(campaign_id, "campaign.criterion_removed", by, **details)


def _errors(draft: Draft, default_locale: str, before: Used | None = None) -> dict[str, str]:
    errors = {}
    if not draft.label.get(default_locale):
        errors["label"] = _("Enter the name in {language}.").format(language=language_name(default_locale))
    if not 1 <= draft.most <= MOST_POINTS:
        errors["most"] = _("Enter a number from {least} to {most}.").format(least=1, most=MOST_POINTS)
    elif before and draft.most < before.highest:
        errors["most"] = _("Somebody has given {n} points already.").format(n=number(float(before.highest)))
    if draft.weight is None or not Decimal("0.01") <= draft.weight <= LARGEST_WEIGHT:
        errors["weight"] = weight_wrong()
    return errors


def weight_wrong() -> str:
    """Beside a weight that is none."""
    return _("Enter a weight above 0, such as 1 or 2.5.")


def lost_with(criterion: Used) -> str:
    """What is deleted together with a criterion."""
    if not criterion.scores:
        return _("Nobody has given points by it.")
    sentence = ngettext("{n} score is deleted too.", "{n} scores are deleted too.", criterion.scores)
    return sentence.format(n=number(criterion.scores))
