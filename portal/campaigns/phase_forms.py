"""The forms of phases: what browsers send, to drafts that actions understand."""

from __future__ import annotations

from collections.abc import Sequence

from portal.campaigns.checks import PhaseDraft
from portal.campaigns.forms import LONGEST_DESCRIPTION, DatesForm, TextsForm
from portal.campaigns.phases import Phase
from portal.campaigns.queries import Campaign, Status
from portal.i18n import _
from portal.web.fields import IdChoice, Integer, Options, Texts


class PhaseForm(DatesForm):
    """A phase after the initial one."""

    title = Texts(missing=lambda: _("Enter the title."))
    description = Texts(longest=LONGEST_DESCRIPTION, lines=True, required=False)
    entry_status_id = IdChoice(missing=lambda: _("Choose the status of those who take part."))
    submitted_status_id = IdChoice(missing=lambda: _("Choose the status that follows."))
    version = Integer(required=False)

    def draft(self) -> PhaseDraft:
        """What the action takes."""
        return PhaseDraft(**{name: self.values[name] for name in PhaseDraft.__struct_fields__})


class FirstPhaseForm(TextsForm):
    """What the initial phase is called."""

    title = Texts(longest=60, required=False)
    version = Integer()


def choices(statuses: Sequence[Status]) -> dict[str, Options]:
    """For PhaseForm: every status after *Draft*."""
    options = [(each.id, each.name) for each in statuses if each.key != "draft"]
    return {"entry_status_id": options, "submitted_status_id": options}


def of_phase(phase: Phase, statuses: Sequence[Status]) -> PhaseForm:
    """A phase as it is."""
    values = {name: getattr(phase, name) for name in PhaseForm().fields if name != "confirmed"}
    ids = {name: values[name] or 0 for name in ("entry_status_id", "submitted_status_id")}
    return PhaseForm({**values, **ids}, choices=choices(statuses))


def of_first(campaign: Campaign) -> FirstPhaseForm:
    """The name of the initial phase as it is."""
    return FirstPhaseForm({"title": campaign.first_phase, "version": campaign.version})
