"""A call with its statuses, questions and team. Texts for candidates are jsonb by locale."""

from __future__ import annotations

from piccolo.columns import JSONB, Array, Boolean, ForeignKey, Integer, Serial, Text, Timestamp, Timestamptz
from piccolo.table import Table

from portal.accounts.tables import Account


class Campaign(Table, tablename="campaign"):
    """A call campaign. `opens_at` and `closes_at` are wall time in `time_zone`."""

    id = Serial(primary_key=True)
    slug = Text(unique=True)
    title = JSONB()
    description = JSONB()
    locales = Array(base_column=Text())
    default_locale = Text()
    time_zone = Text()
    opens_at = Timestamp(null=True, default=None)
    closes_at = Timestamp(null=True, default=None)
    published = Boolean(default=False)
    number_prefix = Text(unique=True)
    last_number = Integer(default=0)
    created_at = Timestamptz()
    created_by = ForeignKey(references=Account, null=True)
    version = Integer(default=1)
    programme_id = Integer(null=True, default=None)
    archived_at = Timestamptz(null=True, default=None)
    first_phase = JSONB()
    resubmission = Boolean(default=False)
    withdrawal = Boolean(default=True)
    assigned_only = Boolean(default=False)


class Status(Table, tablename="status"):
    """A step a dossier can be at, ordered; draft and submitted are protected (E16)."""

    id = Serial(primary_key=True)
    campaign_id = ForeignKey(references=Campaign, null=False)
    key = Text()
    label = JSONB()
    public_label = JSONB()
    tone = Text(default="mute")
    position = Integer()
    is_decision = Boolean(default=False)
    protected = Boolean(default=False)
    version = Integer(default=1)
    phase_id = Integer(null=True, default=None)


class Question(Table, tablename="question"):
    """A question of the campaign's form."""

    id = Serial(primary_key=True)
    campaign_id = ForeignKey(references=Campaign, null=False)
    key = Text()
    kind = Text()
    label = JSONB()
    help = JSONB()
    required = Boolean(default=False)
    choices = JSONB()
    max_length = Integer(null=True, default=None)
    position = Integer()
    version = Integer(default=1)
    phase_id = Integer(null=True, default=None)
    settings = JSONB()
    shown_if = JSONB()
    retired_at = Timestamptz(null=True, default=None)
