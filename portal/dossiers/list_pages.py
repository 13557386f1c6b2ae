"""The list of dossiers, of all campaigns or of one: filters, views, columns, ticks."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from portal.actor import Actor
from portal.assessment import queries as assessment
from portal.assessment.queries import Candidate
from portal.campaigns import form_queries, phases
from portal.campaigns import queries as campaigns
from portal.campaigns.kinds import Question
from portal.campaigns.queries import Campaign
from portal.campaigns.words import first_phase
from portal.dossiers import columns, filter_words, search
from portal.dossiers.filter_words import Offers
from portal.dossiers.filters import NOBODY, Filters, read_filters
from portal.dossiers.selection import Selection, from_text, read_selection
from portal.i18n import LOCALES, _, language_name, text_in
from portal.ledger.words import state_tone, state_word
from portal.views import queries as views
from portal.web.htmx import Request
from portal.web.lists import asked, chips
from portal.web.pages import page, see
from portal.web.rights import needs
from portal.web.templating import url

SEE = needs("dossier.see")
MODULE = "dossiers"


@get("/dossiers", opt=SEE)
async def all_dossiers(request: Request) -> Response[Any]:
    """The dossiers of all campaigns of the actor."""
    return await _list(request, read_selection(request.query_params), None)


@get("/campaigns/{campaign_id:int}/dossiers", opt=SEE)
async def campaign_dossiers(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """The same list within one campaign, under its tabs."""
    campaign = await campaigns.one(request.user, campaign_id)
    return await _list(request, read_selection(request.query_params, campaign_id), campaign)


async def _list(request: Request, selection: Selection, campaign: Campaign | None) -> Response[Any]:
    actor, filters = request.user, selection.filters
    saved = await views.of_module(actor, MODULE, campaign.id if campaign else None)
    if first := None if request.query_params or request.htmx.partial else views.opening(saved):
        return see(request, url(list_path(filters.campaign), view=first.id, **first.filters, column=first.columns))
    questions = await asked_in(campaign)
    offers = await offers_of(actor, filters, campaign, questions)
    every = columns.offered(questions, campaign is not None)
    shown = columns.chosen(every, filters.column)
    cursor = asked(request, filters.order)
    where = await search.narrowed(actor, filters)
    found = await search.find(actor, filters, cursor, more=columns.more(shown), where=where)
    whole = cursor is None and found.older is None and len(found.items) <= search.COUNTED_UP_TO  # nothing left to count
    count = search.Count(len(found.items)) if whole else await search.count(actor, filters, where)
    query = own_query(filters) if campaign else filters.without("place")  # the path may not say it
    path = list_path(campaign.id if campaign else None)
    return page(
        request,
        "dossiers/list.html",
        campaign=campaign,
        list_path=path,
        selection=selection,
        filters=filters,
        query=query,
        carried=filters.without("place", "view", "column"),
        found=found,
        elsewhere=[each for each in selection.ids if each not in {row.id for row in found.items}],
        paged=query | selection.ticks,
        moments=columns.PLAIN,
        **filter_words.counts(count, filters),
        state_word=state_word,
        state_tone=state_tone,
        chips=chips(path, filter_words.active(filters, offers, within=campaign is not None), query),
        offers=offers,
        every=every,
        shown=shown,
        views=saved,
        view=next((each for each in saved if str(each.id) == filters.view), None),
        orders=filter_words.orders() if campaign else [],
        withdrawn=filter_words.withdrawn_offered(),
    )


def own_query(filters: Filters) -> dict[str, Any]:
    """The list's own query: its path says the campaign, and it has no place in itself."""
    return filters.without("campaign", "place") if filters.campaign else filters.without("place")


def list_path(campaign_id: int | None) -> str:
    """Where a list stands."""
    return f"/campaigns/{campaign_id}/dossiers" if campaign_id else "/dossiers"


def back_to_list(filters: Filters) -> str:
    """The list that one came from."""
    return url(list_path(filters.campaign), **own_query(filters))


def own_page(request: Request, dossier_id: int, part: str = "") -> str:
    """A dossier's page, or the `part` of it, within the list that one came from."""
    return url(f"/dossiers/{dossier_id}{part}", **read_filters(request.query_params).query())


def asked_selection(request: Request) -> Selection:
    """The ticked dossiers, as the list sends them or as a page about them carries them on."""
    carried = request.query_params.get("picked", "")
    return from_text(carried) if carried else read_selection(request.query_params)


async def asked_in(campaign: Campaign | None) -> list[Question]:
    """The questions of all phases of a campaign, retired ones too: their answers are still there."""
    return [each.asked for each in await form_queries.all_questions(campaign.id)] if campaign else []


async def offers_of(actor: Actor, filters: Filters, campaign: Campaign | None, questions: list[Question]) -> Offers:
    """What the filters offer, in the reader's words."""
    mine = await search.campaigns(actor) if campaign is None else []
    people = await assessment.candidates(campaign.id) if campaign and actor.may("assign.edit") else []
    return Offers(
        campaigns=[(choice.key, text_in(choice.label)) for choice in mine],
        statuses=[(choice.key, text_in(choice.label)) for choice in await search.statuses(actor, filters.campaign)],
        languages=[(locale, language_name(locale)) for locale in LOCALES],
        evaluators=_evaluators(actor, people),
        phases=await _phases(campaign) if campaign else [],
        answers=filter_words.answers_offered(questions),
    )


async def _phases(campaign: Campaign) -> list[tuple[str, str]]:
    """The first phase and the later ones; none where there are no later ones."""
    later = await phases.of_campaign(campaign.id)
    first = [("0", first_phase(campaign.first_phase))] if later else []
    return first + [(str(each.id), text_in(each.title)) for each in later]


def _evaluators(actor: Actor, people: list[Candidate]) -> list[tuple[str, str]]:
    """Those who could evaluate; whoever does not assign sees at least the own ones."""
    first = [(str(actor.account_id), _("Assigned to me")), (NOBODY, _("Assigned to nobody"))]
    return first + [(str(one.id), one.name) for one in people if one.id != actor.account_id]


routes: list[Any] = [all_dossiers, campaign_dossiers]
