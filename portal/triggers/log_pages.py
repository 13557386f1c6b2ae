"""The log of a campaign's automatic e-mails (B02): who got what, and why not."""

from __future__ import annotations

from typing import Any, get_args

from litestar import Response, get
from litestar.params import FromPath, FromQuery

from portal.campaigns import queries as campaigns
from portal.i18n import _, pgettext, text_in
from portal.ledger.words import reason_word, state_tone, state_word
from portal.triggers import decisions, words
from portal.triggers.decisions import Filters, Line, Outcome
from portal.web.htmx import Request
from portal.web.lists import asked, chips
from portal.web.pages import page
from portal.web.rights import needs

LONGEST = 100  # letters that are looked for


@get("/campaigns/{campaign_id:int}/emails/log", opt=needs("campaign.emails"))
async def log_page(
    request: Request,
    campaign_id: FromPath[int],
    q: FromQuery[str] = "",
    trigger: FromQuery[int] = 0,
    outcome: FromQuery[str] = "",
) -> Response[Any]:
    """Every trigger that was considered, searched by person, trigger and outcome."""
    campaign = await campaigns.one(request.user, campaign_id)
    chosen: Outcome = next((each for each in get_args(Outcome) if each == outcome), "")
    filters = Filters(person=" ".join(q.split())[:LONGEST], trigger=trigger, outcome=chosen)
    named = await decisions.triggers(campaign.id)
    here = f"/campaigns/{campaign.id}/emails/log"
    query = {"q": filters.person, "trigger": str(trigger or ""), "outcome": chosen}
    query = {name: value for name, value in query.items() if value}
    return page(
        request,
        "triggers/log.html",
        campaign=campaign,
        found=await decisions.search(request.user, campaign.id, filters, asked(request, decisions.ORDER)),
        filters=filters,
        triggers=named,
        outcomes=[(each, outcome_word(each)) for each in get_args(Outcome) if each],
        chips=chips(here, list(_active(filters, dict(named)).items()), query),
        query=query,
        here=here,
        words=words,
        event_line=event_line,
        ledger={"state_word": state_word, "state_tone": state_tone, "reason_word": reason_word},
    )


def outcome_word(outcome: Outcome) -> str:
    """What a line may say."""
    texts = {
        "": lambda: pgettext("trigger log", "Sent or not sent"),
        "sent": lambda: pgettext("trigger log", "It applied"),
        "not": lambda: pgettext("trigger log", "It did not apply"),
        "all": lambda: pgettext("trigger log", "All, also those for other events"),
    }
    return texts[outcome]()


def event_line(line: Line) -> str:
    """What happened to the dossier."""
    if line.event == "deadline":
        return _("The closing date was near")
    if line.event == "submitted":
        return _("The candidate submitted the application")
    # NOTE: a change of status. {old}, {new}: internal names
    return _("{old} → {new}").format(old=text_in(line.old or {}), new=text_in(line.new or {}))


def _active(filters: Filters, named: dict[int, str]) -> dict[str, str]:
    """Query parameter -> its words, for those that are set."""
    active = {"q": filters.person} if filters.person else {}
    if filters.trigger:
        active["trigger"] = named.get(filters.trigger, str(filters.trigger))
    return active | ({"outcome": outcome_word(filters.outcome)} if filters.outcome else {})


routes: list[Any] = [log_page]
