"""What browsers send about views."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode

from portal.audiences.forms import read_criteria
from portal.views import rules
from portal.views.actions import Draft
from portal.web.fields import Choice, Flag, Integer, Text
from portal.web.forms import Form


class ViewForm(Form):
    """A view's name, its list as a query string, its criteria (extra fields of the builder).

    `campaign` and `module` say which list a new one belongs to.
    """

    unseen = frozenset({"version", "query", "module", "campaign"})
    name = Text(longest=rules.NAME_LIMIT)
    shared = Flag()
    opens_first = Flag()
    query = Text(longest=rules.LARGEST, required=False)
    module = Choice(*rules.MODULES)
    campaign = Integer(required=False)
    version = Integer(required=False)

    def filters(self) -> dict[str, Any]:
        """The list's filters and order."""
        return rules.kept(parse_qs(self.query))

    def draft(self) -> Draft:
        """The view as it shall be. Raises Refused when its criteria cannot be read."""
        sent = parse_qs(self.query)
        return Draft(
            name=self.name,
            shared=self.shared,
            opens_first=self.opens_first,
            filters=self.filters(),
            columns=sent.get("column", []),
            criteria=read_criteria(self.raw),
        )


def as_query(filters: dict[str, object], columns: list[str]) -> str:
    """What a view keeps, as one hidden field."""
    return urlencode({**filters, "column": columns}, doseq=True)
