"""The recap (E15): the submission and each status, tried on a dossier with the plan that sends. Reads only."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from portal import db
from portal.campaigns.queries import Campaign
from portal.emails import queries as emails
from portal.emails.letters import Rendered
from portal.outcomes import Missing
from portal.triggers import overview, queries
from portal.triggers.compose import Planned
from portal.triggers.facts import Change, Rule
from portal.triggers.overview import StatusRow
from portal.triggers.people import Found
from portal.triggers.rules import Decision, plan

SAMPLE_ADDRESS = "name@example.org"

# A dossier to try things on: the one asked for, else the latest that was submitted, else the latest draft.
SAMPLE = """
select d.id, d.number, trim(d.first_name || ' ' || d.last_name) as name, d.locale
from dossier d where d.campaign_id = $1 and ($2 = '' or d.number = $2)
order by d.submitted_at desc nulls last, d.id desc limit 1"""


class Sample(msgspec.Struct, frozen=True):
    """The dossier that is tried; id 0: an invented one, because the campaign has none yet."""

    id: int
    number: str
    name: str
    locale: str

    @property
    def invented(self) -> bool:
        """Whether nobody has applied yet."""
        return self.id == 0


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What happens on the submission (`status` None) or when a dossier enters a status, by hand.

    `weighed`: triggers on this very event that did not fire, and why. `before`: the status it was tried from.
    """

    status: StatusRow | None
    before: StatusRow | None
    planned: list[Planned]
    weighed: list[Decision]

    @property
    def goes(self) -> list[Planned]:
        """E-mails that leave."""
        return [one for one in self.planned if one.goes]

    @property
    def tells_candidate(self) -> bool:
        """Whether the candidate gets one."""
        return any(one.recipient.person_id is not None for one in self.goes)

    @property
    def is_gap(self) -> bool:
        """Whether nothing goes at all, or a decision does not reach its candidate."""
        return not self.goes or bool(self.status and self.status.is_decision and not self.tells_candidate)

    @property
    def must_be_mended(self) -> bool:
        """Whether a candidate would wait in vain: no acknowledgement, or a decision nobody tells."""
        return self.is_gap and (self.status is None or self.status.is_decision)


class Recap(msgspec.Struct, frozen=True):
    """The dry run of a campaign."""

    sample: Sample
    cases: list[Case]
    has_sender: bool

    @property
    def gaps(self) -> list[Case]:
        """Cases in which nothing goes, or a decision does not reach its candidate."""
        return [case for case in self.cases if case.is_gap]

    def place(self, planned: Planned) -> int:
        """Where an e-mail stands among those of its trigger: with the trigger's id it names the letter."""
        return self.of(planned.trigger.id).index(planned)

    def of(self, trigger_id: int) -> list[Planned]:
        """All e-mails of a trigger, in the order of the page."""
        return [one for case in self.cases for one in case.planned if one.trigger.id == trigger_id]


async def recap(campaign: Campaign, number: str = "") -> Recap:
    """Try every case of a campaign that the caller has found through the actor, on the dossier with this number."""
    sample = await _sample(campaign, number)
    rules = await queries.rules_of(campaign.id)
    statuses = sorted(await overview.statuses_of(campaign.id), key=lambda each: not each.is_decision)
    found = await _found(campaign, sample, statuses)
    cases = [await _case(campaign, sample, found, rules, status, statuses) for status in _tried(statuses)]
    return Recap(sample, cases, await overview.has_sender())


def _tried(statuses: Sequence[StatusRow]) -> list[StatusRow | None]:
    """The submission first; nothing is expected on the two statuses that belong to the candidate."""
    return [None, *(status for status in statuses if not status.protected)]


async def _sample(campaign: Campaign, number: str) -> Sample:
    found = await db.one_as(Sample, SAMPLE, campaign.id, number.strip())
    if found is None and number.strip():
        raise Missing
    return found or Sample(0, "", "", campaign.default_locale)


async def _found(campaign: Campaign, sample: Sample, statuses: Sequence[StatusRow]) -> Found:
    if not sample.invented:
        return await queries.found(sample.id)
    submitted = next(status.id for status in statuses if status.key == "submitted")
    return Found(
        id=0,
        campaign_id=campaign.id,
        status_id=submitted,
        person_id=0,
        name="",
        address=SAMPLE_ADDRESS,
        locale=campaign.default_locale,
        campaign_locale=campaign.default_locale,
        organisation_locale="en",
    )


async def _case(
    campaign: Campaign,
    sample: Sample,
    found: Found,
    rules: Sequence[Rule],
    status: StatusRow | None,
    statuses: Sequence[StatusRow],
) -> Case:
    before = _before(status, found, rules)
    change = _change(campaign, sample, status, before, statuses)
    concerned = [rule for rule in rules if _concerns(rule, status)]
    decided = plan(change, concerned, await queries.people_of(found, concerned))
    return Case(
        status=status,
        before=next((each for each in statuses if each.id == before), None),
        planned=await queries.rendered(change, decided, await emails.brand()),
        weighed=[decision for decision in decided if not decision.matched],
    )


def _concerns(rule: Rule, status: StatusRow | None) -> bool:
    if status is None:
        return rule.family == "candidate"
    return rule.family == "manager" and rule.to_status == status.id


def _before(status: StatusRow | None, found: Found, rules: Sequence[Rule]) -> int | None:
    """Where the dossier comes from: what an active trigger asks for, else where it is, else anywhere else."""
    if status is None:
        return None
    asked = [rule.from_status for rule in rules if _concerns(rule, status) and rule.active]
    if asked and None not in asked:
        return asked[0]
    return found.status_id if found.status_id != status.id else None


def _change(
    campaign: Campaign, sample: Sample, status: StatusRow | None, before: int | None, statuses: Sequence[StatusRow]
) -> Change:
    submitted = next(each.id for each in statuses if each.key == "submitted")
    return Change(
        dossier_id=sample.id,
        campaign_id=campaign.id,
        event_id=0,
        kind="status" if status else "submitted",
        from_status=before,
        to_status=status.id if status else submitted,
        manual=status is not None,
        actor_kind="user" if status else "candidate",
    )


async def letter(campaign: Campaign, trigger_id: int, number: str, place: int) -> Rendered:
    """One letter of the recap, by its trigger and its place among the trigger's e-mails. Raises Missing."""
    found = (await recap(campaign, number)).of(trigger_id)
    chosen = found[place].letter if 0 <= place < len(found) else None
    if chosen is None:
        raise Missing
    return chosen
