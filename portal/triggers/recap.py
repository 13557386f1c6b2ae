"""The recap (E15): submissions, statuses, closings and languages, tried with the plan that sends. Reads only."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from portal import db
from portal.actor import ActorKind
from portal.campaigns import phases
from portal.campaigns.phases import Phase
from portal.campaigns.queries import Campaign
from portal.emails import queries as emails
from portal.emails.letters import Brand, Rendered
from portal.outcomes import Missing
from portal.triggers import overview, queries
from portal.triggers.compose import Planned
from portal.triggers.facts import Change, Kind, People, Rule
from portal.triggers.overview import StatusRow
from portal.triggers.people import Found, people_of
from portal.triggers.people import found as found_one
from portal.triggers.rules import Decision, plan

SAMPLE_ADDRESS = "name@example.org"

# A dossier to try things on: the one asked for, else the latest that was submitted, else the latest draft.
SAMPLE = """
select d.id, d.number, trim(d.first_name || ' ' || d.last_name) as name, d.locale, d.status_id
from dossier d where d.campaign_id = $1 and ($2 = '' or d.number = $2)
order by d.submitted_at desc nulls last, d.id desc limit 1"""


class Sample(msgspec.Struct, frozen=True):
    """The dossier that is tried; id 0: an invented one, because the campaign has none yet."""

    id: int
    number: str
    name: str
    locale: str
    status_id: int = 0

    @property
    def invented(self) -> bool:
        """Whether nobody has applied yet."""
        return self.id == 0


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What happens on a submission, when a dossier enters a status by hand, or before a closing.

    `weighed`: triggers on this very event that did not fire, and why. `before`: the status it was tried from.
    `phase`: whose submission it is (None: the initial one). `untold`: languages of the campaign whose candidates hear
    nothing although those of another do.
    """

    kind: Kind
    status: StatusRow | None
    before: StatusRow | None
    planned: list[Planned]
    weighed: list[Decision]
    phase: Phase | None = None
    rule: Rule | None = None
    untold: list[str] = []

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
        """Whether nothing goes at all, or a decision does not reach its candidate. A reminder is nobody's right."""
        if self.kind == "deadline":
            return False
        unheard = bool(self.status and self.status.is_decision and not self.tells_candidate)
        return not self.goes or unheard or bool(self.untold)

    @property
    def must_be_mended(self) -> bool:
        """Whether a candidate would wait in vain: no acknowledgement, or a decision nobody tells."""
        if self.kind == "submitted":
            return self.is_gap and self.phase is None
        return self.is_gap and bool(self.status and self.status.is_decision)


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


async def recap(campaign: Campaign, number: str = "", locale: str = "") -> Recap:
    """Try every case of a campaign that the caller has found through the actor, on the dossier with this number.

    `locale`: as if the dossier were in this language.
    """
    sample = await _sample(campaign, number)
    if locale in campaign.locales:
        sample = msgspec.structs.replace(sample, locale=locale)
    rules = await queries.rules_of(campaign.id)
    statuses = sorted(await overview.statuses_of(campaign.id), key=lambda each: not each.is_decision)
    found = msgspec.structs.replace(await _found(campaign, sample, statuses), locale=sample.locale)
    trial = Trial(campaign, sample, rules, statuses, await people_of(found, rules), await emails.brand())
    later = await phases.of_campaign(campaign.id)
    cases = [await trial.submission(phase) for phase in (None, *later)]
    cases += [await trial.status(each) for each in statuses if not each.protected]
    cases += [await trial.deadline(rule) for rule in rules if rule.family == "deadline"]
    return Recap(sample, cases, await overview.has_sender())


class Trial(msgspec.Struct, frozen=True):
    """One dossier, tried in every case with the plan that sends."""

    campaign: Campaign
    sample: Sample
    rules: Sequence[Rule]
    statuses: Sequence[StatusRow]
    people: People
    brand: Brand

    async def submission(self, phase: Phase | None) -> Case:
        """The candidate submits the form of a phase."""
        phase_id = phase.id if phase else None
        concerned = [rule for rule in self.rules if rule.family == "candidate" and rule.phase == phase_id]
        submitted = next(each.id for each in self.statuses if each.key == "submitted")
        to_status = (phase.submitted_status_id if phase else None) or submitted
        change = self._change("submitted", None, to_status, "candidate", phase=phase_id)
        return await self._case(change, concerned, phase=phase)

    async def status(self, status: StatusRow) -> Case:
        """A colleague moves the dossier to a status."""
        concerned = [rule for rule in self.rules if rule.family == "manager" and rule.to_status == status.id]
        before = self._before(status, concerned)
        return await self._case(self._change("status", before, status.id, "user"), concerned, status=status)

    async def deadline(self, rule: Rule) -> Case:
        """A closing is near."""
        where = rule.from_status or 0
        change = self._change("deadline", where, where, "rule", phase=rule.phase)
        return await self._case(change, [rule], rule=rule)

    async def _case(
        self,
        change: Change,
        concerned: Sequence[Rule],
        *,
        status: StatusRow | None = None,
        phase: Phase | None = None,
        rule: Rule | None = None,
    ) -> Case:
        decided = plan(change, concerned, self.people)
        return Case(
            kind=change.kind,
            status=status,
            before=next((each for each in self.statuses if each.id == change.from_status), None),
            planned=await queries.rendered(change, decided, self.brand),
            weighed=[decision for decision in decided if not decision.matched],
            phase=phase,
            rule=rule,
            untold=untold(change, concerned, self.people, self.campaign.locales) if rule is None else [],
        )

    def _before(self, status: StatusRow, concerned: Sequence[Rule]) -> int | None:
        """Where the dossier comes from: what an active trigger asks for, else where it is, else anywhere else."""
        asked = [rule.from_status for rule in concerned if rule.active]
        if asked and None not in asked:
            return asked[0]
        here = self.sample.status_id
        return here if here != status.id else None

    def _change(
        self, kind: Kind, before: int | None, to_status: int, actor_kind: ActorKind, phase: int | None = None
    ) -> Change:
        return Change(
            dossier_id=self.sample.id,
            campaign_id=self.campaign.id,
            event_id=0,
            kind=kind,
            from_status=before,
            to_status=to_status,
            manual=kind == "status",
            actor_kind=actor_kind,
            phase=phase,
        )


def untold(change: Change, rules: Sequence[Rule], people: People, locales: Sequence[str]) -> list[str]:
    """The languages whose candidates would hear nothing while those of another do: pure, the plan once a language."""
    silent = [locale for locale in locales if not _tells(change, rules, people, locale)]
    return silent if len(silent) < len(locales) else []


def _tells(change: Change, rules: Sequence[Rule], people: People, locale: str) -> bool:
    reader = msgspec.structs.replace(people.candidate, locale=locale)
    decided = plan(change, rules, msgspec.structs.replace(people, candidate=reader))
    return any(one.state != "skipped" for each in decided for one in each.recipients if one.person_id is not None)


async def _sample(campaign: Campaign, number: str) -> Sample:
    found = await db.one_as(Sample, SAMPLE, campaign.id, number.strip())
    if found is None and number.strip():
        raise Missing
    return found or Sample(0, "", "", campaign.default_locale)


async def _found(campaign: Campaign, sample: Sample, statuses: Sequence[StatusRow]) -> Found:
    if not sample.invented:
        return await found_one(sample.id)
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


async def letter(campaign: Campaign, trigger_id: int, number: str, locale: str, place: int) -> Rendered:
    """One letter of the recap, by its trigger and its place among the trigger's e-mails. Raises Missing."""
    found = (await recap(campaign, number, locale)).of(trigger_id)
    chosen = found[place].letter if 0 <= place < len(found) else None
    if chosen is None:
        raise Missing
    return chosen
