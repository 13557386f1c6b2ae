"""What the pages of mailings send: one form for each step, all with the version that was seen.

`go` is the button that was pressed: "on" goes on with the next step.
"""

from __future__ import annotations

from datetime import datetime

from portal.i18n import _
from portal.mailings import words
from portal.mailings.rules import LONGEST_NAME, SENDERS
from portal.web import fields
from portal.web.field import Options
from portal.web.forms import Form
from portal.web.zone import Zone

LONGEST_LIST = 30_000  # characters of a list's address
NOTE = 1_000


def name_field() -> fields.Text:
    """What the mailing is called; only the team sees it."""
    return fields.Text(longest=LONGEST_NAME, missing=lambda: _("Give the mailing a name."))


class NewForm(Form):
    """A new mailing. `listed`: the query of the list that it comes from, ticks and all; "" when it comes from none."""

    unseen = frozenset({"listed"})

    name = name_field()
    module = fields.Choice(*words.MODULES)
    campaign_id = fields.IdChoice(required=False)
    listed = fields.Text(longest=LONGEST_LIST, required=False)


class LetterFields(Form):
    """The letter: which template, from whom, where answers go (Z15-Z17)."""

    template_id = fields.IdChoice(required=False)
    from_kind = fields.Choice(*SENDERS)
    reply_kind = fields.Choice(*SENDERS)
    per = fields.Choice(*words.PER)


class FirstLetterForm(NewForm, LetterFields):
    """A new mailing that opens on its letter, since its recipients were chosen in a list (Z14)."""


class WhoForm(Form):
    """Whom it is for. Criteria are read by the builder beside it."""

    version = fields.Integer(least=1)
    name = name_field()
    campaign_id = fields.IdChoice(required=False)
    audience = fields.Choice(*words.AUDIENCES)
    view_id = fields.IdChoice(required=False)
    go = fields.Text(required=False)


class WhatForm(LetterFields):
    """The letter of a mailing that is there already."""

    version = fields.Integer(least=1)
    go = fields.Text(required=False)


class WhenForm(Form):
    """When it starts: at once, or at a time on the clocks of a place (Z23)."""

    version = fields.Integer(least=1)
    how = fields.Choice("now", "later")
    starts_at = fields.Moment()
    time_zone = Zone()
    go = fields.Text(required=False)

    def check(self) -> None:
        """Only a later start needs its time."""
        if self.how == "now":
            self.errors.pop("starts_at", None)

    @property
    def start(self) -> datetime | None:
        """The local time of the start, or None for at once."""
        return self.starts_at if self.how == "later" else None


class LaunchForm(Form):
    """The number on the button and the seal of what was shown (Z22). `typed`: the number again, where it is large."""

    unseen = frozenset({"version", "expected", "seal"})

    version = fields.Integer(least=1)
    expected = fields.Integer()
    seal = fields.Text()
    typed = fields.Integer(empty=-1, required=False)


class NoteForm(Form):
    """Why a colleague sends a mailing back."""

    note = fields.Text(longest=NOTE, lines=True, missing=lambda: _("Say what should be changed."))


class DecisionForm(Form):
    """The answer to a question about a draft, as it was seen: whether to delete it."""

    version = fields.Integer(least=1)


def choices(names: dict[str, words.Words]) -> Options:
    """The options of a choice in words."""
    return [(value, word()) for value, word in names.items()]
