"""What the staff's browsers send about dossiers. The candidates' form is in `application_form`."""

from __future__ import annotations

from portal.dossiers import rules
from portal.dossiers.rules import NAME_LIMIT, REASON_LIMIT
from portal.dossiers.withdrawing import LONGEST_NOTE
from portal.web.fields import Choice, Email, IdChoice, Integer, Text
from portal.web.forms import Form


class StatusForm(Form):
    """A change of status as the dialog sends it. `count`: how many e-mails it announced."""

    status = Text(longest=100)
    version = Integer()
    count = Integer(required=False)
    mode = Choice(*rules.MODES)
    reason = Text(longest=REASON_LIMIT, required=False)


class NewDossierForm(Form):
    """A dossier made by hand."""

    campaign = IdChoice()
    email = Email()
    first_name = Text(longest=NAME_LIMIT, required=False)
    last_name = Text(longest=NAME_LIMIT, required=False)
    locale = Choice()


class WithdrawalForm(Form):
    """Why an application is withdrawn; it may stay untold."""

    note = Text(longest=LONGEST_NOTE, lines=True, required=False)
