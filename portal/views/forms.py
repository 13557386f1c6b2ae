"""What browsers send about views."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode

from portal.views import rules
from portal.views.actions import Draft
from portal.web.fields import Choice, Flag, Integer, Text
from portal.web.forms import Form


class ViewForm(Form):
    """A view's name and its list as a query string. `campaign` and `module` say which list a new one belongs to."""

    unseen = frozenset({"version", "query", "module", "campaign"})
    name = Text(longest=rules.NAME_LIMIT)
    shared = Flag()
    opens_first = Flag()
    query = Text(longest=rules.LARGEST, required=False)
    module = Choice(*rules.MODULES)
    campaign = Integer(required=False)
    version = Integer(required=False)

    def draft(self) -> Draft:
        """The view as it shall be."""
        sent = parse_qs(self.query)
        return Draft(
            name=self.name,
            shared=self.shared,
            opens_first=self.opens_first,
            filters=rules.kept(sent),
            columns=sent.get("column", []),
        )


def as_query(filters: dict[str, object], columns: list[str]) -> str:
    """What a view keeps, as one hidden field."""
    return urlencode({**filters, "column": columns}, doseq=True)
