"""The form of a follow-up, one for each cause, and what it offers."""

from __future__ import annotations

from typing import Any

from portal.autoresponders import queries, words
from portal.autoresponders.queries import Autoresponder
from portal.autoresponders.rules import CAUSES, LONGEST_NAME, MOST_DAYS, MOST_HOURS, Cause, Draft
from portal.campaigns import queries as campaigns
from portal.campaigns.queries import Campaign
from portal.i18n import _, pgettext, text_in
from portal.triggers import queries as triggers
from portal.triggers.words import template_choice
from portal.web.fields import Choice, Flag, IdChoice, Integer, Options, Text
from portal.web.forms import Form

CLOSING = "closing"  # the campaign's date, beside the keys of questions, which bear a prefix
QUESTION = "question."


class FollowUpForm(Form):
    """All of a follow-up. `side`: of a date, whether `days` are counted before or after it."""

    cause = Choice(*CAUSES)
    template = IdChoice(missing=lambda: _("Choose a template."))
    status = IdChoice(required=False)
    question = Choice(required=False)
    side = Choice("before", "after", required=False)
    days = Integer(most=MOST_DAYS)
    hours = Integer(most=MOST_HOURS)
    name = Text(longest=LONGEST_NAME, required=False)
    active = Flag()
    version = Integer(required=False)

    @property
    def of(self) -> Cause:
        """What the follow-up follows."""
        return words.cause_of(self.shown("cause"))

    def draft(self) -> Draft:
        """What the form asks for."""
        return Draft(
            name=self.name,
            cause=self.of,
            status_id=self.status or None,
            question=self.question.removeprefix(QUESTION) if self.question.startswith(QUESTION) else "",
            days=-self.days if self.of == "date" and self.side == "before" else self.days,
            hours=self.hours,
            template_id=self.template or None,
            active=self.active,
        )


async def offer(campaign: Campaign, chosen: Autoresponder | None = None) -> dict[str, Options]:
    """Templates, statuses, dates and hours to choose from."""
    templates = await triggers.templates_offered(chosen.template_id if chosen else None)
    dates = [(CLOSING, _("The campaign’s closing date"))]
    dates += [(QUESTION + key, text_in(label)) for key, label in (await queries.dated(campaign.id)).items()]
    return {
        "cause": [(cause, words.cause_word(cause)) for cause in CAUSES],
        "template": [(each.id, template_choice(each.name, each.locales, each.optional)) for each in templates],
        "status": [(each.id, text_in(each.label)) for each in await campaigns.statuses(campaign.id)],
        "question": dates,
        "side": [
            ("before", pgettext("follow-up", "before the date")),
            ("after", pgettext("follow-up", "after the date")),
        ],
    }


def new_form(offered: dict[str, Options], cause: Cause) -> FollowUpForm:
    """An empty form with the usual answers. Nothing is sent unless it is activated."""
    values: dict[str, Any] = {"cause": cause, "days": 0, "hours": 0}
    if cause == "date":
        values |= {"question": CLOSING, "side": "after", "days": 1, "hours": 9}
    return FollowUpForm(values, choices=offered)


def edit_form(offered: dict[str, Options], one: Autoresponder) -> FollowUpForm:
    """The form filled with a follow-up."""
    return FollowUpForm(values_of(one), choices=offered)


def values_of(one: Autoresponder) -> dict[str, Any]:
    """A follow-up as the form's values."""
    values: dict[str, Any] = {
        "cause": one.cause,
        "template": one.template_id,
        "status": one.status_id or 0,
        "days": abs(one.days),
        "hours": one.hours,
        "name": one.name,
        "active": one.active,
        "version": one.version,
    }
    if one.cause == "date":
        values |= {
            "question": QUESTION + one.question if one.question else CLOSING,
            "side": "before" if one.days < 0 else "after",
        }
    return values


def described(form: FollowUpForm, theirs: Autoresponder) -> list[tuple[str, str]]:
    """What the other version says, as pairs of words, where it differs from what was typed."""
    other = FollowUpForm(values_of(theirs), choices=form.choices)
    pairs = []
    for name, label in words.FIELD_LABELS.items():
        if form.shown(name) != other.shown(name):
            labels = {str(value): said for value, said in other.options(name)}
            said = labels.get(other.shown(name), other.shown(name))
            pairs.append((label(), said or pgettext("form", "nothing")))
    return pairs
