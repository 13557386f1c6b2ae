"""The forms of blocked addresses."""

from __future__ import annotations

from portal.i18n import _
from portal.people.wishes import LONGEST_NOTE, needs_proof
from portal.suppressions.words import SCOPES, scope_choices
from portal.web.fields import Choice, Email, File, Options, Text
from portal.web.forms import Form


class BlockForm(Form):
    """An address that is blocked by hand."""

    address = Email()
    scope = Choice(*SCOPES)
    note = Text(longest=LONGEST_NOTE, required=False, lines=True)


class ListForm(Form):
    """A list of addresses."""

    file = File()
    scope = Choice(*SCOPES)
    note = Text(longest=LONGEST_NOTE, required=False, lines=True)


class LiftForm(Form):
    """What was asked on the page; `reason`: the one that was seen."""

    unseen = frozenset({"address", "scope", "reason", "back"})
    address = Text(longest=400)
    scope = Choice(*SCOPES)
    reason = Text(longest=40)
    back = Text(longest=400, required=False)
    note = Text(longest=LONGEST_NOTE, required=False, lines=True)


class ProofForm(LiftForm):
    """The same where the person's own wish is lifted: how she asked for it is the proof."""

    note = Text(longest=LONGEST_NOTE, lines=True, missing=lambda: _("Write down how and when the person asked for it."))


def lift_form(reason: str) -> type[LiftForm]:
    """The form by which a block of this reason is lifted."""
    return ProofForm if needs_proof(reason) else LiftForm


def choices() -> dict[str, Options]:
    """For all of them."""
    return {"scope": scope_choices()}
