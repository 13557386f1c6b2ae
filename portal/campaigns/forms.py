"""The forms of campaigns: what browsers send, to drafts that actions understand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portal.accounts.words import role_word
from portal.campaigns import rules, words
from portal.campaigns.checks import CampaignDraft, StatusDraft
from portal.campaigns.phases import Phase
from portal.campaigns.programmes import Programme
from portal.campaigns.queries import Campaign, Status
from portal.campaigns.team import Colleague
from portal.i18n import LOCALES, _, current_locale, language_name
from portal.web.fields import Choice, Choices, Flag, IdChoice, Integer, Moment, Options, Text, Texts
from portal.web.forms import Form
from portal.web.zone import Zone

LONGEST_DESCRIPTION = 5_000


class TextsForm(Form):
    """A form with texts in the campaign's languages only; links to what is wrong lead to the default language."""

    default_language = ""

    @property
    def first_ids(self) -> dict[str, str]:
        """field -> id of its first element, where the summary's link goes."""
        first = super().first_ids
        if self.default_language in LOCALES:
            texts = [name for name, field in self.fields.items() if isinstance(field, Texts)]
            first |= {name: self.id(f"{name}.{self.default_language}") for name in texts}
        return first


class DatesForm(TextsForm):
    """A form that moves a closing date: `confirmed` is the seal of the move that was shown (closing.Move)."""

    unseen = frozenset({"version", "confirmed"})
    opens_at = Moment(required=False)
    closes_at = Moment(required=False)
    confirmed = Text(longest=16, required=False)

    @property
    def orderly(self) -> bool:
        """Whether the dates can be saved at all, so that it makes sense to ask about them."""
        return not (self.opens_at and self.closes_at and self.closes_at <= self.opens_at)


class CampaignForm(DatesForm):
    """The settings of a campaign."""

    title = Texts(missing=lambda: _("Enter the title."))
    description = Texts(longest=LONGEST_DESCRIPTION, lines=True, required=False)
    slug = Text(longest=rules.LONGEST_SLUG)
    locales = Choices(required=True)
    default_locale = Choice()
    time_zone = Zone()
    number_prefix = Text(longest=rules.LONGEST_PREFIX)
    published = Flag()
    programme_id = IdChoice(required=False)
    resubmission = Flag()
    withdrawal = Flag()
    assigned_only = Flag()
    version = Integer()

    def draft(self) -> CampaignDraft:
        """What the action takes."""
        plain = {name: self.values[name] for name in CampaignDraft.__struct_fields__}
        return CampaignDraft(**{**plain, "programme_id": self.programme_id or None})


class NewCampaignForm(TextsForm):
    """What a campaign needs to exist; the rest follows on its settings page."""

    title = Texts(missing=lambda: _("Enter the title."))
    locales = Choices(required=True)
    default_locale = Choice()
    time_zone = Zone()
    opens_at = Moment(required=False)
    closes_at = Moment(required=False)
    slug = Text(longest=rules.LONGEST_SLUG, required=False)
    number_prefix = Text(longest=rules.LONGEST_PREFIX, required=False)
    programme_id = IdChoice(required=False)

    def draft(self) -> CampaignDraft:
        """What the action takes."""
        return CampaignDraft(**{**self.values, "programme_id": self.programme_id or None})


class StatusForm(TextsForm):
    """A status."""

    label = Texts(longest=60, missing=lambda: _("Enter the name."))
    public_label = Texts(longest=60, required=False)
    tone = Choice()
    is_decision = Flag()
    phase_id = IdChoice(required=False)
    version = Integer(required=False)

    def draft(self) -> StatusDraft:
        """What the action takes."""
        plain = {name: self.values[name] for name in ("label", "public_label", "tone", "is_decision")}
        return StatusDraft(**plain, phase_id=self.phase_id or None)


class MemberForm(Form):
    """A colleague for the team."""

    prefix = "member-"
    account = IdChoice(missing=lambda: _("Choose an account."))
    role = Choice(missing=lambda: _("Choose a role."))


class RemovalForm(Form):
    """Who leaves which place in the team."""

    account = Integer()
    role = Choice("manager", "evaluator")


# ------------------------------------------------------------------------------------------------ what to choose from
def languages(locales: list[str] | None = None) -> Options:
    """Languages by their names in the reader's language."""
    return [(each, language_name(each)) for each in locales or LOCALES]


def campaign_choices(programmes: Sequence[Programme] = ()) -> dict[str, Options]:
    """For CampaignForm and NewCampaignForm."""
    options = [each.choice for each in programmes]
    return {"locales": languages(), "default_locale": languages(), "programme_id": options}


def status_choices(phases: Sequence[Phase] = ()) -> dict[str, Options]:
    """For StatusForm."""
    tones = [(each, words.tone_word(each)) for each in rules.TONES]
    return {"tone": tones, "phase_id": [(each.id, each.name) for each in phases]}


def member_choices(colleagues: list[Colleague]) -> dict[str, Options]:
    """For MemberForm."""
    accounts = [(each.account_id, f"{each.name} ({each.email})") for each in colleagues]
    return {"account": accounts, "role": [(each, role_word(each)) for each in ("evaluator", "manager")]}


# ------------------------------------------------------------------------------------------------ filled in
def new_campaign(time_zone: str, programmes: Sequence[Programme] = ()) -> NewCampaignForm:
    """An empty form with what most people want: all languages, the organisation's zone."""
    values = {"locales": list(LOCALES), "default_locale": current_locale.get(), "time_zone": time_zone}
    return NewCampaignForm(values, choices=campaign_choices(programmes))


def of_campaign(campaign: Campaign, programmes: Sequence[Programme] = ()) -> CampaignForm:
    """The settings as they are."""
    values = {**_values(campaign, CampaignForm), "programme_id": campaign.programme_id or 0}
    return CampaignForm(values, choices=campaign_choices(programmes))


def empty_member(colleagues: list[Colleague]) -> MemberForm:
    """The form that adds somebody to the team."""
    return MemberForm({"role": "evaluator"}, choices=member_choices(colleagues))


def of_status(status: Status, phases: Sequence[Phase] = ()) -> StatusForm:
    """A status as it is."""
    values = _values(status, StatusForm)
    return StatusForm({**values, "phase_id": status.phase_id or 0}, choices=status_choices(phases))


def _values(row: Any, form: type[Form]) -> dict[str, Any]:
    """The row's fields that the form has too."""
    fields = form().fields
    return {name: getattr(row, name) for name in row.__struct_fields__ if name in fields}
