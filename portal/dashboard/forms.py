"""The one form of the dashboard: tell the candidates of a decision."""

from __future__ import annotations

from portal.web.fields import Integer
from portal.web.forms import Form


class TellForm(Form):
    """Which status, and how many candidates the button announced; `dossier`: only this one."""

    status = Integer()
    announced = Integer()
    dossier = Integer(required=False)
