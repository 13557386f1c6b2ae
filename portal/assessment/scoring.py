"""Scores by criteria: what each evaluator gives, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from hashlib import blake2b

import msgspec

from portal import db, timeline
from portal.actor import Actor
from portal.assessment import criteria, queries
from portal.assessment.criteria import Criterion
from portal.assessment.rules import Given, Score
from portal.i18n import _, text_in
from portal.outcomes import Refused, Stale

LONGEST_COMMENT = 2_000

SCORES = """
select s.criterion_id, s.account_id, a.name, s.points, s.comment, s.version,
       exists (select from conflict_of_interest x where x.dossier_id = s.dossier_id and x.account_id = s.account_id)
           as barred
from score s join account a on a.id = s.account_id where s.dossier_id = $1 order by folded(a.name), a.id"""

# The same evaluator's second form waits here for the first.
ONE_AT_A_TIME = "select pg_advisory_xact_lock(hashtextextended('score', $1 * 1000003 + $2))"

GIVE = """
insert into score (dossier_id, criterion_id, account_id, points, comment) values ($1, $2, $3, $4, $5)
on conflict (dossier_id, criterion_id, account_id) do update
set points = excluded.points, comment = excluded.comment, at = now(), version = score.version + 1"""
TAKE_BACK = "delete from score where dossier_id = $1 and criterion_id = $2 and account_id = $3"


async def of_dossier(dossier_id: int) -> list[Score]:
    """All scores of a dossier that the caller has found, by evaluator's name."""
    return await db.fetch_as(Score, SCORES, dossier_id)


def own(scores: Sequence[Score], account_id: int | None) -> dict[int, Score]:
    """Criterion -> what one account has given."""
    return {one.criterion_id: one for one in scores if one.account_id == account_id}


def seen(mine: Mapping[int, Score]) -> int:
    """What a form carries to notice that the same evaluator's scores were changed elsewhere; 0 without any.

    Which criteria have scores counts as well: one taken back and another given leave as many versions as before.
    """
    pairs = sorted((key, one.version) for key, one in mine.items())
    return int.from_bytes(blake2b(repr(pairs).encode(), digest_size=4).digest()) >> 1 if pairs else 0


async def save(by: Actor, dossier_id: int, given: Mapping[int, Given], version: int) -> None:
    """Give scores, for those criteria that are named; without points a score is taken back.

    `version`: as `seen` said. Raises Missing, Refused (by field: points_<criterion>), Stale.
    """
    async with db.transaction():
        subject = await queries.subject(by, dossier_id)
        await db.execute(ONE_AT_A_TIME, dossier_id, by.account_id)
        asked = {one.id: one for one in await criteria.of_campaign(subject.campaign_id)}
        if await queries.is_barred(dossier_id, by.account_id):
            raise Refused(_("You have declared a conflict of interest: you give this dossier no scores."))
        before = own(await of_dossier(dossier_id), by.account_id)
        if seen(before) != version:
            raise Stale(before)
        wanted = {key: one for key, one in given.items() if key in asked}
        _check(wanted, asked)
        changed = {key: one for key, one in wanted.items() if one != _given(before.get(key))}
        for key, one in changed.items():
            await _store(dossier_id, key, by.account_id, one)
        if changed:
            points = {
                text_in(asked[key].label): str(one.points) for key, one in changed.items() if one.points is not None
            }
            await timeline.record("dossier", dossier_id, "scores.given", by, **subject.lead, points=points)


def _given(score: Score | None) -> Given:
    return Given(score.points, score.comment) if score else Given(None)


def _check(given: Mapping[int, Given], asked: Mapping[int, Criterion]) -> None:
    errors = {}
    for key, one in given.items():
        if one.points is not None and not 0 <= one.points <= asked[key].most:
            errors[f"points_{key}"] = out_of_range(asked[key].most)
        elif one.points is None and one.comment:
            errors[f"points_{key}"] = _("Enter the points that the comment explains.")
    if errors:
        raise Refused(errors=errors)


async def _store(dossier_id: int, criterion_id: int, account_id: int | None, one: Given) -> None:
    if one.points is None:
        await db.execute(TAKE_BACK, dossier_id, criterion_id, account_id)
    else:
        points = one.points.quantize(Decimal("0.01"))
        await db.execute(GIVE, dossier_id, criterion_id, account_id, points, one.comment[:LONGEST_COMMENT])


def out_of_range(most: int) -> str:
    """Beside points that do not fit."""
    return _("Enter a number from {least} to {most}.").format(least=0, most=most)


class Progress(msgspec.Struct, frozen=True):
    """How far an evaluator is in a campaign: dossiers assigned, and of these scored on every criterion."""

    id: int
    name: str
    active: bool
    manager: bool
    assigned: int
    scored: int


# One pass over the campaign's assignments and one over its scores, whatever the number of people.
PROGRESS = """
with assigned as (select account_id, count(*) as n from assignment where campaign_id = $1 group by account_id),
sheet as (
    select dossier_id, account_id from score
    where criterion_id = any (array(select id from criterion where campaign_id = $1))
    group by dossier_id, account_id having count(*) >= (select count(*) from criterion where campaign_id = $1)),
scored as (
    select account_id, count(*) as n from assignment x join sheet using (dossier_id, account_id) group by account_id)
select a.id, a.name, a.active, bool_or(m.role = 'manager') as manager,
       coalesce(max(assigned.n), 0) as assigned, coalesce(max(scored.n), 0) as scored
from campaign_member m join account a on a.id = m.account_id
left join assigned on assigned.account_id = a.id left join scored on scored.account_id = a.id
where m.campaign_id = $1 group by a.id order by bool_or(m.role = 'manager'), folded(a.name), a.id"""


async def progress(campaign_id: int) -> list[Progress]:
    """How far each member of a campaign is; evaluators first."""
    return await db.fetch_as(Progress, PROGRESS, campaign_id)
