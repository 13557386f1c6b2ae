"""The assessment of a campaign: evaluators and how far they are, dossiers spread over them, criteria."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from portal.actor import Actor
from portal.assessment import actions, criteria, forms, queries, scoring, work
from portal.assessment.criteria import Criterion
from portal.assessment.forms import CriterionForm, SpreadForm
from portal.assessment.queries import Member
from portal.assessment.rules import Spread
from portal.campaigns import queries as campaigns
from portal.campaigns.queries import Campaign, CountedStatus
from portal.formats import number
from portal.i18n import _, ngettext
from portal.jobs import actions as jobs
from portal.outcomes import Refused, Stale
from portal.web.conflicts import conflict
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

ASSIGN, EDIT = needs("assign.edit"), needs("campaign.edit")
HERE = "/campaigns/{campaign_id:int}/assessment"
CRITERIA = "/campaigns/{campaign_id:int}/criteria"
CRITERION = CRITERIA + "/{criterion_id:int}"
AT_ONCE = 2_000  # assignments that a page makes itself: half a second
ASKED = ("status", "evaluators", "each", "cap")


@get(HERE, opt=ASSIGN)
async def overview(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Who evaluates, how far they are, and by what."""
    campaign = await campaigns.one(request.user, campaign_id)
    return page(
        request,
        "assessment/campaign.html",
        campaign=campaign,
        people=await scoring.progress(campaign_id),
        criteria=await criteria.of_campaign(campaign_id),
        unassigned=await queries.unassigned(campaign_id),
    )


# ------------------------------------------------------------------------------------------------ spread evenly
@get(HERE + "/spread", opt=ASSIGN)
async def spread_page(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Choose, and see what it would come to before anything is assigned."""
    campaign = await campaigns.one(request.user, campaign_id)
    offered = await _offer(request.user, campaign_id)
    sent = {name: request.query_params.getall(name) for name in ASKED if name in request.query_params}
    if not sent:
        return await _spread(request, campaign, SpreadForm(offered.usual, choices=offered.choices), offered)
    form = SpreadForm(choices=offered.choices)
    form.take(sent)
    return await _spread(request, campaign, form, offered, status_code=200 if form.valid else 422)


@post(HERE + "/spread", opt=ASSIGN)
async def spread(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Do it, unless it has come to something else meanwhile."""
    campaign = await campaigns.one(request.user, campaign_id)
    offered = await _offer(request.user, campaign_id)
    form = await SpreadForm.read(request, choices=offered.choices)
    if not form.valid:
        return await _spread(request, campaign, form, offered, status_code=422)
    ids = await queries.to_assess(request.user, campaign_id, form.status)
    plan = await actions.plan_evenly(request.user, ids, form.accounts, each=form.each, cap=form.cap or None)
    if len(plan.pairs) != form.count:
        return await _spread(request, campaign, form, offered, status_code=409, before=form.count)
    if len(plan.pairs) > AT_ONCE:
        return see(request, f"/jobs/{await _start(request, campaign_id, form, len(plan.pairs))}")
    done = await actions.assign_evenly(request.user, ids, form.accounts, each=form.each, cap=form.cap or None)
    sentence = ngettext("{n} assignment made.", "{n} assignments made.", done.pairs)
    return see(request, _back(campaign_id), sentence.format(n=number(done.pairs)))


async def _start(request: Request, campaign_id: int, form: SpreadForm, pairs: int) -> int:
    """Leave it to a worker: it takes longer than a page."""
    chosen = {"statuses": form.status, "accounts": form.accounts, "each": form.each, "cap": form.cap or None}
    what = {"campaign": campaign_id, **chosen}
    return await jobs.start(work.JOB, request.user, what=what, total=pairs, campaign_id=campaign_id)


class _Offer(msgspec.Struct, frozen=True):
    """What there is to spread, over whom."""

    statuses: Sequence[CountedStatus]
    people: Sequence[Member]

    @property
    def choices(self) -> dict[str, Any]:
        """Statuses with their dossiers, people with their loads."""
        return {
            "status": [(one.key, f"{one.name} ({number(one.dossiers)})") for one in self.statuses],
            "evaluators": [(one.id, f"{one.name} ({number(one.load)})") for one in self.people],
        }

    @property
    def usual(self) -> Mapping[str, Any]:
        """What most will want: every dossier that waits for a decision, over the evaluators, two each."""
        open_ones = [one for one in self.statuses if one.key != "withdrawn" and not one.is_decision]
        people = [str(one.id) for one in self.people if not one.manager]
        return {
            "status": [one.key for one in open_ones if one.dossiers],
            "evaluators": people,
            "each": max(1, min(2, len(people))),
        }

    def shares(self, form: SpreadForm, plan: Spread) -> list[tuple[str, int, int]]:
        """(name, dossiers now, dossiers more) of each evaluator who was chosen."""
        more = Counter(who for _dossier, who in plan.pairs)
        return [(one.name, one.load, more[one.id]) for one in self.people if one.id in form.accounts]


async def _offer(actor: Actor, campaign_id: int) -> _Offer:
    statuses = [one for one in await campaigns.counted(actor, campaign_id) if one.key != "draft"]
    return _Offer(statuses, await queries.members(campaign_id))


async def _spread(
    request: Request,
    campaign: Campaign,
    form: SpreadForm,
    offered: _Offer,
    *,
    status_code: int = 200,
    before: int | None = None,
) -> Response[Any]:
    plan, ids = None, []
    if form.status and form.evaluators and form.each and not form.errors:
        ids = await queries.to_assess(request.user, campaign.id, form.status)
        plan = await actions.plan_evenly(request.user, ids, form.accounts, each=form.each, cap=form.cap or None)
    return page(
        request,
        "assessment/spread.html",
        status_code=status_code,
        campaign=campaign,
        form=form,
        plan=plan,
        before=before,
        dossiers=len(ids),
        shares=offered.shares(form, plan) if plan else [],
    )


# ------------------------------------------------------------------------------------------------ criteria
@get(CRITERIA + "/new", opt=EDIT)
async def new_criterion_page(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """The form for one more."""
    campaign = await campaigns.one(request.user, campaign_id)
    return _criterion(request, campaign, None, CriterionForm({"most": 5, "weight": 1, "version": 0}))


@post(CRITERIA + "/new", opt=EDIT)
async def add_criterion(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Add it at the end."""
    campaign = await campaigns.one(request.user, campaign_id)
    form = await CriterionForm.read(request)
    if form.valid:
        try:
            await criteria.add(request.user, campaign_id, form.draft())
            return see(request, _back(campaign_id), _("Criterion added."))
        except Refused as refused:
            form.refuse(refused)
    return _criterion(request, campaign, None, form, status_code=422)


@get(CRITERION, opt=EDIT)
async def criterion_page(request: Request, campaign_id: FromPath[int], criterion_id: FromPath[int]) -> Response[Any]:
    """One criterion."""
    campaign = await campaigns.one(request.user, campaign_id)
    criterion = await criteria.one(campaign_id, criterion_id)
    return _criterion(request, campaign, criterion, CriterionForm.of(criterion))


@post(CRITERION, opt=EDIT)
async def change_criterion(request: Request, campaign_id: FromPath[int], criterion_id: FromPath[int]) -> Response[Any]:
    """Save it; 409 compares when somebody was faster."""
    campaign = await campaigns.one(request.user, campaign_id)
    criterion = await criteria.one(campaign_id, criterion_id)
    form = await CriterionForm.read(request)
    if form.valid:
        try:
            await criteria.change(request.user, campaign_id, criterion_id, form.version, form.draft())
            return see(request, _back(campaign_id), _("Saved."))
        except Refused as refused:
            form.refuse(refused)
        except Stale as stale:
            own, theirs = f"/campaigns/{campaign_id}/criteria/{criterion_id}", CriterionForm.of(stale.theirs)
            return conflict(request, stale, form, theirs, labels=forms.labels(), action=own, back=own)
    return _criterion(request, campaign, criterion, form, status_code=422)


@post(CRITERION + "/up", opt=EDIT)
async def move_criterion_up(request: Request, campaign_id: FromPath[int], criterion_id: FromPath[int]) -> Response[Any]:
    """One place up."""
    await criteria.move(request.user, campaign_id, criterion_id, -1)
    return see(request, _back(campaign_id))


@post(CRITERION + "/down", opt=EDIT)
async def move_criterion_down(
    request: Request, campaign_id: FromPath[int], criterion_id: FromPath[int]
) -> Response[Any]:
    """One place down."""
    await criteria.move(request.user, campaign_id, criterion_id, 1)
    return see(request, _back(campaign_id))


@get(CRITERION + "/delete", opt=EDIT)
async def delete_criterion_page(
    request: Request, campaign_id: FromPath[int], criterion_id: FromPath[int]
) -> Response[Any]:
    """Ask before it goes, with the number of scores that go too."""
    campaign = await campaigns.one(request.user, campaign_id)
    criterion = await criteria.one(campaign_id, criterion_id)
    lost = criteria.lost_with(criterion)
    return page(request, "assessment/delete_criterion.html", campaign=campaign, criterion=criterion, lost=lost)


@post(CRITERION + "/delete", opt=EDIT)
async def delete_criterion(request: Request, campaign_id: FromPath[int], criterion_id: FromPath[int]) -> Response[Any]:
    """Delete it with its scores."""
    await criteria.remove(request.user, campaign_id, criterion_id)
    return see(request, _back(campaign_id), _("Criterion deleted."))


def _criterion(
    request: Request, campaign: Campaign, criterion: Criterion | None, form: CriterionForm, status_code: int = 200
) -> Response[Any]:
    template = "assessment/criterion.html"
    return page(request, template, status_code=status_code, campaign=campaign, criterion=criterion, form=form)


def _back(campaign_id: int) -> str:
    return f"/campaigns/{campaign_id}/assessment"


routes: list[Any] = [
    *(overview, spread_page, spread, new_criterion_page, add_criterion, criterion_page, change_criterion),
    *(move_criterion_up, move_criterion_down, delete_criterion_page, delete_criterion),
]
