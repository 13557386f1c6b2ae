"""The filters of the audit log, as its export sends them."""

from __future__ import annotations

from portal.audit.rules import AREAS
from portal.web.fields import Choice, Day, Integer, Text
from portal.web.forms import Form


class FiltersForm(Form):
    """What the log is narrowed to."""

    area = Choice(*AREAS, required=False)
    who = Integer(required=False)
    campaign = Integer(required=False)
    subject = Text(longest=40, required=False)
    number = Integer(most=2**63 - 1, required=False)
    since = Day(required=False)
    until = Day(required=False)
