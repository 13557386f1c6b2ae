"""What the staff's browsers send about many dossiers at once."""

from __future__ import annotations

from portal.assessment.rules import MOST_EVALUATORS
from portal.dossiers import rules
from portal.dossiers.exporting import FORMATS
from portal.dossiers.rules import REASON_LIMIT
from portal.dossiers.selection import LONGEST
from portal.web.fields import Choice, Flag, Ids, Integer, Text
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


class BulkAssignForm(Form):
    """Dossiers given to evaluators, taken back from them or spread over them. `dossiers`: how many it announced."""

    unseen = frozenset({"picked", "dossiers"})
    picked = Text(longest=LONGEST)
    dossiers = Integer()
    how = Choice("give", "take", "spread")
    evaluators = Ids(required=True)
    each = Integer(least=1, most=MOST_EVALUATORS, empty=1, required=False)


class ExportForm(Form):
    """A file of dossiers. `columns`: those that the list shows, or all."""

    unseen = frozenset({"picked"})
    picked = Text(longest=LONGEST)
    file = Choice(*FORMATS)
    columns = Choice("shown", "all")
