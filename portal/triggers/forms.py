"""The form of an automatic e-mail (E12), and what it offers."""

from __future__ import annotations

import re
from datetime import time
from typing import Any

import msgspec

from portal.accounts import queries as accounts
from portal.campaigns import phases
from portal.campaigns import queries as campaigns
from portal.campaigns.queries import Campaign
from portal.campaigns.team import members as team_of
from portal.i18n import _, language_name, pgettext, text_in
from portal.outcomes import Stale
from portal.triggers import lines, overview, queries, words
from portal.triggers.drafts import LONGEST_NAME, MOST_DAYS, Draft
from portal.triggers.facts import (
    ACCOUNT,
    ADDRESS,
    FAMILIES,
    GROUPS,
    LONGEST_DELAY,
    ROLE,
    Answer,
    Conditions,
    Family,
)
from portal.triggers.queries import Trigger
from portal.web.fields import Choice, Choices, Field, Flag, IdChoice, Integer, Options, Text
from portal.web.forms import Form
from portal.web.templating import url

ADDRESSES = re.compile(r"[\s,;]+")
ANSWER = "answer_"  # before a question's key, in the name of the field that asks about it


class TriggerForm(Form):
    """All of a trigger. `addresses` and `cc` take several, one a line or separated by commas."""

    family = Choice(*FAMILIES)
    template = IdChoice(missing=lambda: _("Choose a template."))
    from_status = IdChoice(required=False)
    to_status = IdChoice(required=False)
    days_before = Integer(most=MOST_DAYS, empty=-1, required=False)
    at_time = Text(longest=8, required=False)
    phase = IdChoice(required=False)
    recipients = Choices(*GROUPS)
    accounts = Choices()
    roles = Choices()
    addresses = Text(longest=2000, lines=True, required=False)
    cc = Text(longest=2000, lines=True, required=False)
    delay_minutes = Integer(most=LONGEST_DELAY, required=False)
    locales = Choices()
    evaluators = Choices()
    stop = Flag()
    name = Text(longest=LONGEST_NAME, required=False)
    active = Flag()
    version = Integer(required=False)

    def draft(self) -> Draft:
        """What the form asks for."""
        people = [*self.recipients, *(ROLE + each for each in self.roles), *(ACCOUNT + each for each in self.accounts)]
        return Draft(
            name=self.name,
            family=family_of(self.family),
            template_id=self.template or None,
            from_status_id=self.from_status or None,
            to_status_id=self.to_status or None,
            recipients=(*people, *(ADDRESS + each for each in split(self.addresses))),
            cc=tuple(split(self.cc)),
            delay_minutes=self.delay_minutes,
            active=self.active,
            phase_id=self.phase or None,
            conditions=self.conditions(),
            stop=self.stop,
            days_before=self.days_before if self.days_before >= 0 else None,
            at_time=hour(self.at_time),
        )

    def conditions(self) -> Conditions:
        """What else must hold. Ticks of one question are alternatives, several questions must all agree."""
        answers = [(name.removeprefix(ANSWER), self[name]) for name in self.fields if name.startswith(ANSWER)]
        return Conditions(
            locales=tuple(self.locales),
            evaluators=tuple(int(each) for each in self.evaluators),
            answers=tuple(Answer(key, tuple(chosen)) for key, chosen in answers if chosen),
        )

    @property
    def conditional(self) -> bool:
        """Whether any condition is ticked: then they are shown at once."""
        names = ("locales", "evaluators", *(name for name in self.fields if name.startswith(ANSWER)))
        return any(any(self.raw.get(name, ())) for name in names)


class ConfirmForm(Form):
    """A confirmation: the version that was seen, and how many waiting e-mails the page announced."""

    version = Integer()
    waiting = Integer()


class Offer(msgspec.Struct, frozen=True):
    """What the form offers. `questions`: field -> the question that it asks about, each a field of its own."""

    choices: dict[str, Options]
    questions: dict[str, str]

    @property
    def extra(self) -> dict[str, Field[Any]]:
        """The fields that only this campaign has."""
        return {name: Choices() for name in self.questions}

    @property
    def has_template(self) -> bool:
        """Whether there is a template at all (E04)."""
        return bool(self.choices["template"])


def split(text: str) -> list[str]:
    """The addresses in a box."""
    return [each for each in ADDRESSES.split(text) if each]


def family_of(text: str) -> Family:
    """A family by its name; the manager's for anything else."""
    return next((family for family in FAMILIES if family == text), "manager")


def hour(text: str) -> time | None:
    """A time of day as a browser sends it (09:00); None for anything else."""
    try:
        return time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        return None


async def offer(campaign: Campaign, chosen: Trigger | None = None) -> Offer:
    """Templates, statuses, people and roles to choose from. What a trigger uses is offered even when it is gone."""
    statuses = [(each.id, text_in(each.label)) for each in await campaigns.statuses(campaign.id)]
    people = [(str(each.id), f"{each.name} · {each.email}") for each in await accounts.active()]
    named = {word.removeprefix(ACCOUNT) for word in chosen.recipients if word.startswith(ACCOUNT)} if chosen else set()
    questions = {ANSWER + each.key: each for each in await overview.asked(campaign.id)}
    choices: dict[str, Options] = {
        "template": await _templates(chosen),
        "from_status": statuses,
        "to_status": statuses,
        "phase": [(each.id, each.name) for each in await phases.of_campaign(campaign.id)],
        "recipients": [(group, words.GROUP_CHOICES[group]()) for group in GROUPS],
        "accounts": people + _gone(named, people),
        "roles": await _roles(chosen),
        "locales": [(locale, language_name(locale)) for locale in campaign.locales],
        "evaluators": await _evaluators(campaign.id, chosen),
    }
    choices |= {name: lines.answer_choices(each) for name, each in questions.items()}
    return Offer(choices, {name: text_in(each.label) for name, each in questions.items()})


def _gone(named: set[str], people: Options) -> list[tuple[str, str]]:
    """Accounts that a trigger names and that nobody can choose any more."""
    known = {value for value, _name in people}
    return [(each, pgettext("recipient", "an account that is gone")) for each in sorted(named - known)]


async def _roles(chosen: Trigger | None) -> Options:
    """Roles by name, and those that are gone but that a trigger names: by their key, as everywhere."""
    labels = await accounts.role_labels()
    named = {word.removeprefix(ROLE) for word in chosen.recipients if word.startswith(ROLE)} if chosen else set()
    return list(labels.items()) + [(key, key) for key in sorted(named - labels.keys())]


async def _evaluators(campaign_id: int, chosen: Trigger | None) -> Options:
    """Those of the team who evaluate, and those whom a trigger names already."""
    team = [(str(each.account_id), each.name) for each in await team_of(campaign_id) if each.role == "evaluator"]
    named = {str(each) for each in chosen.conditions.evaluators} if chosen else set()
    return team + _gone(named, team)


async def _templates(chosen: Trigger | None) -> Options:
    """Templates by name, each with its languages and whether people can opt out of it."""
    found = await queries.templates_offered(chosen.template_id if chosen else None)
    return [(each.id, words.template_choice(each.name, each.locales, each.optional)) for each in found]


def new_form(offered: Offer, family: Family, template: int, status: int) -> TriggerForm:
    """An empty form with the usual answers; `template` and `status` may come in the link."""
    values: dict[str, Any] = {"family": family, "recipients": ["candidate"], "delay_minutes": 0, "active": True}
    values["template"] = template
    if family == "deadline":
        values |= {"from_status": status or offered.choices["from_status"][0][0], "days_before": 7, "at_time": "09:00"}
    else:
        values["to_status"] = status
    return TriggerForm(values, choices=offered.choices, extra=offered.extra)


def edit_form(offered: Offer, trigger: Trigger, template: int = 0) -> TriggerForm:
    """The form filled with a trigger; `template` comes back from *New template*."""
    values = values_of(trigger)
    values |= {"template": template} if template else {}
    return TriggerForm(values, choices=offered.choices, extra=offered.extra)


def values_of(trigger: Trigger) -> dict[str, Any]:
    """A trigger as the form's values."""
    by_prefix = {
        prefix: [word.removeprefix(prefix) for word in trigger.recipients if word.startswith(prefix)]
        for prefix in (ROLE, ACCOUNT, ADDRESS)
    }
    asked = {ANSWER + each.key: list(each.any_of) for each in trigger.conditions.answers}
    when: dict[str, Any] = {}
    if trigger.days_before is not None and trigger.at_time is not None:
        when = {"days_before": trigger.days_before, "at_time": f"{trigger.at_time:%H:%M}"}
    return {
        **asked,
        **when,
        "family": trigger.family,
        "template": trigger.template_id,
        "from_status": trigger.from_status_id or 0,
        "to_status": trigger.to_status_id or 0,
        "recipients": [word for word in trigger.recipients if word in GROUPS],
        "roles": by_prefix[ROLE],
        "accounts": by_prefix[ACCOUNT],
        "addresses": "\n".join(by_prefix[ADDRESS]),
        "cc": "\n".join(trigger.cc),
        "delay_minutes": trigger.delay_minutes,
        "phase": trigger.phase_id or 0,
        "locales": list(trigger.conditions.locales),
        "evaluators": [str(each) for each in trigger.conditions.evaluators],
        "stop": trigger.stop,
        "name": trigger.name,
        "active": trigger.active,
        "version": trigger.version,
    }


def take_version(form: Form, stale: Stale) -> None:
    """After a conflict: saving once more means to keep one's own, so the form now answers to their version."""
    form.raw["version"] = [str(stale.theirs.version)]


def described(form: TriggerForm, theirs: Trigger, offered: Offer) -> list[tuple[str, str]]:
    """What the other version says, as pairs of words, where it differs from what was typed."""
    other, mine = TriggerForm(values_of(theirs), choices=form.choices, extra=offered.extra), form
    labels = {name: label() for name, label in words.FIELD_LABELS.items()} | offered.questions
    pairs = []
    for name, label in labels.items():
        if sorted(filter(None, mine.raw.get(name, []))) != sorted(filter(None, other.raw.get(name, []))):
            pairs.append((label, _said(other, name)))
    return pairs


def _said(form: TriggerForm, name: str) -> str:
    labels = {str(value): label for value, label in form.options(name)}
    said = [labels.get(value, value) for value in form.raw.get(name, []) if value]
    return " · ".join(said) or pgettext("form", "nothing")


def way_back(home: str, form: TriggerForm, trigger: Trigger | None) -> str:
    """Where *New template* returns to: this form, with what the link said."""
    if trigger:
        return f"{home}/{trigger.id}"
    return url(f"{home}/new", family=form.shown("family"), status=form.shown("to_status"))
