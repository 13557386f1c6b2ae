"""Who we are, and the addresses we may write from."""

from __future__ import annotations

from piccolo.columns import JSONB, Array, BigInt, Boolean, ForeignKey, Integer, Serial, Text
from piccolo.table import Table


class Sender(Table, tablename="sender"):
    """An address letters leave from. Only verified ones can be chosen; a paused one sends nothing."""

    id = Serial(primary_key=True)
    address = Text(unique=True)
    name = Text()
    bounce_domain = Text()
    verified = Boolean(default=False)
    paused = Boolean(default=False)
    daily_cap = Integer(null=True, default=None)
    per_minute = Integer(null=True, default=None)


class Organisation(Table, tablename="organisation"):
    """One row: the organisation whose portal this is."""

    single = Boolean(primary_key=True, default=True)
    name = Text()
    postal_address = Text()
    website = Text()
    brand_colour = Text(default="#1f5c4d")
    locale = Text(default="en")
    time_zone = Text(default="UTC")
    sender_id = ForeignKey(references=Sender, null=True)
    version = Integer(default=1)
    resend_uncertain = Text(default="receipts")
    logo_id = BigInt(null=True, default=None)
    footer = JSONB()
    second_factor = Array(base_column=Text())
    mass_cap = Integer(null=True, default=None)
    account_cap = Integer(null=True, default=None)
    limit_zone = Text(default="utc")
    person_cap = Integer(null=True, default=None)
    person_cap_days = Integer(default=7)
    approval_over = Integer(null=True, default=None)
    trial_mode = Boolean(default=False)
    slots = Integer(default=3)
    slot_minutes = Integer(default=30)
    drift_percent = Integer(default=20)
