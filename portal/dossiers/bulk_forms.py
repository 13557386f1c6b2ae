"""What the staff's browsers send about many dossiers at once."""

from __future__ import annotations

from portal.dossiers import rules
from portal.dossiers.rules import REASON_LIMIT
from portal.dossiers.selection import LONGEST
from portal.web.fields import Choice, Flag, Integer, Text
from portal.web.forms import Form


class BulkStatusForm(Form):
    """A change of status of many. `dossiers`, `letters`: how many it announced; `estimated`: about so many letters."""

    unseen = frozenset({"picked", "to", "dossiers", "letters", "estimated"})
    picked = Text(longest=LONGEST)
    to = Text(longest=100)
    dossiers = Integer()
    letters = Integer()
    estimated = Flag()
    mode = Choice(*rules.MODES)
    reason = Text(longest=REASON_LIMIT, required=False)
