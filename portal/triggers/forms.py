"""The form of an automatic e-mail (E12), and what it offers."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from portal.accounts import queries as accounts
from portal.accounts.rules import ROLES
from portal.accounts.words import role_word
from portal.campaigns import queries as campaigns
from portal.campaigns.queries import Campaign
from portal.i18n import _, pgettext, text_in
from portal.outcomes import Stale
from portal.triggers import queries, words
from portal.triggers.drafts import LONGEST_NAME, Draft
from portal.triggers.facts import ACCOUNT, ADDRESS, GROUPS, LONGEST_DELAY, ROLE, Family
from portal.triggers.queries import Trigger
from portal.web.fields import Choice, Choices, Flag, IdChoice, Integer, Options, Text
from portal.web.forms import Form
from portal.web.templating import url

ADDRESSES = re.compile(r"[\s,;]+")


class TriggerForm(Form):
    """All of a trigger. `addresses` and `cc` take several, one a line or separated by commas."""

    family = Choice("candidate", "manager")
    template = IdChoice(missing=lambda: _("Choose a template."))
    from_status = IdChoice(required=False)
    to_status = IdChoice(required=False)
    recipients = Choices(*GROUPS)
    accounts = Choices()
    roles = Choices()
    addresses = Text(longest=2000, lines=True, required=False)
    cc = Text(longest=2000, lines=True, required=False)
    delay_minutes = Integer(most=LONGEST_DELAY)
    name = Text(longest=LONGEST_NAME, required=False)
    active = Flag()
    version = Integer(required=False)

    def draft(self) -> Draft:
        """What the form asks for."""
        people = [*self.recipients, *(ROLE + each for each in self.roles), *(ACCOUNT + each for each in self.accounts)]
        return Draft(
            name=self.name,
            family="candidate" if self.family == "candidate" else "manager",
            template_id=self.template or None,
            from_status_id=self.from_status or None,
            to_status_id=self.to_status or None,
            recipients=(*people, *(ADDRESS + each for each in split(self.addresses))),
            cc=tuple(split(self.cc)),
            delay_minutes=self.delay_minutes,
            active=self.active,
        )

    def add(self, faults: dict[str, str]) -> None:
        """More errors, beside those of the form itself; all in the order of the fields."""
        errors = faults | self.errors
        order = ["", *self.fields]
        self.errors = {name: errors[name] for name in sorted(errors, key=order.index)}


class ConfirmForm(Form):
    """A confirmation: the version that was seen, and how many waiting e-mails the page announced."""

    version = Integer()
    waiting = Integer()


class Offer(msgspec.Struct, frozen=True):
    """What the form offers, besides the choices of its fields."""

    choices: dict[str, Options]

    @property
    def has_template(self) -> bool:
        """Whether there is a template at all (E04)."""
        return bool(self.choices["template"])


def split(text: str) -> list[str]:
    """The addresses in a box."""
    return [each for each in ADDRESSES.split(text) if each]


async def offer(campaign: Campaign, chosen: Trigger | None = None) -> Offer:
    """Templates, statuses, people and roles to choose from. What a trigger uses is offered even when it is gone."""
    statuses = [(each.id, text_in(each.label)) for each in await campaigns.statuses(campaign.id)]
    people = [(str(each.id), f"{each.name} · {each.email}") for each in await accounts.active()]
    named = {word.removeprefix(ACCOUNT) for word in chosen.recipients if word.startswith(ACCOUNT)} if chosen else set()
    known = {id for id, _name in people}
    gone = [(each, pgettext("recipient", "an account that is gone")) for each in sorted(named - known)]
    return Offer(
        {
            "template": await _templates(chosen),
            "from_status": statuses,
            "to_status": statuses,
            "recipients": [(group, words.GROUP_CHOICES[group]()) for group in GROUPS],
            "accounts": people + gone,
            "roles": [(role, role_word(role)) for role in ROLES],
        }
    )


async def _templates(chosen: Trigger | None) -> Options:
    """Templates by name, each with its languages and whether people can opt out of it."""
    found = await queries.templates_offered(chosen.template_id if chosen else None)
    return [(each.id, words.template_choice(each.name, each.locales, each.optional)) for each in found]


def new_form(offered: Offer, family: Family, template: int, status: int) -> TriggerForm:
    """An empty form with the usual answers; `template` and `status` may come in the link."""
    values: dict[str, Any] = {"family": family, "recipients": ["candidate"], "delay_minutes": 0, "active": True}
    values |= {"template": template, "to_status": status}
    return TriggerForm(values, choices=offered.choices)


def edit_form(offered: Offer, trigger: Trigger, template: int = 0) -> TriggerForm:
    """The form filled with a trigger; `template` comes back from *New template*."""
    values = values_of(trigger)
    return TriggerForm(values | ({"template": template} if template else {}), choices=offered.choices)


def values_of(trigger: Trigger) -> dict[str, Any]:
    """A trigger as the form's values."""
    by_prefix = {
        prefix: [word.removeprefix(prefix) for word in trigger.recipients if word.startswith(prefix)]
        for prefix in (ROLE, ACCOUNT, ADDRESS)
    }
    return {
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
        "name": trigger.name,
        "active": trigger.active,
        "version": trigger.version,
    }


def take_version(form: TriggerForm, stale: Stale) -> None:
    """After a conflict: saving once more means to keep one's own, so the form now answers to their version."""
    form.raw["version"] = [str(stale.theirs.version)]


def described(form: TriggerForm, theirs: Trigger) -> list[tuple[str, str]]:
    """What the other version says, as pairs of words, where it differs from what was typed."""
    other, mine = TriggerForm(values_of(theirs), choices=form.choices), form
    pairs = []
    for name, label in words.FIELD_LABELS.items():
        if sorted(mine.raw.get(name, [])) != sorted(other.raw.get(name, [])):
            pairs.append((label(), _said(other, name)))
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
