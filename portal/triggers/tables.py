"""The rules by which e-mails go by themselves."""

from __future__ import annotations

from piccolo.columns import JSONB, Array, Boolean, ForeignKey, Integer, Serial, Text, Time, Timestamptz
from piccolo.table import Table

from portal.accounts.tables import Account
from portal.campaigns.tables import Campaign, Status
from portal.emails.tables import Template


class Trigger(Table, tablename="trigger"):
    """When a dossier is submitted (candidate family) or enters a status by hand (manager family): send a template."""

    id = Serial(primary_key=True)
    campaign_id = ForeignKey(references=Campaign, null=False)
    name = Text()
    family = Text()
    template_id = ForeignKey(references=Template, null=False)
    from_status_id = ForeignKey(references=Status, null=True)
    to_status_id = ForeignKey(references=Status, null=True)
    recipients = Array(base_column=Text())
    cc = Array(base_column=Text())
    delay_minutes = Integer(default=0)
    active = Boolean(default=True)
    position = Integer(default=0)
    created_at = Timestamptz()
    created_by = ForeignKey(references=Account, null=True)
    version = Integer(default=1)
    phase_id = Integer(null=True, default=None)
    conditions = JSONB()
    stop = Boolean(default=False)
    days_before = Integer(null=True, default=None)
    at_time = Time(null=True, default=None)
