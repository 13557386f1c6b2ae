"""What the features read and write of the ledger as tables; its own protocol is SQL (claims, journal, settling)."""

from __future__ import annotations

from piccolo.columns import Integer, Serial, SmallInt, Text, Timestamptz
from piccolo.columns.column_types import ForeignKey
from piccolo.table import Table

from portal.organisation.tables import Sender


class Origin(Table, tablename="origin"):
    """Why messages exist, from whom and in which lane; its gate lets them go, pauses or cancels them."""

    id = Serial(primary_key=True)
    kind = Text()
    ref_id = Integer()
    sender_id = ForeignKey(references=Sender, null=False)
    lane = SmallInt()
    gate = Text(default="open")
    gate_reason = Text(default="")
    gated_at = Timestamptz(null=True, default=None)
    campaign_id = Integer(null=True, default=None)
    account_id = Integer(null=True, default=None)
