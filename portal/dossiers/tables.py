"""A candidate's file in a campaign, its documents and its moves from status to status."""

from __future__ import annotations

from piccolo.columns import JSONB, BigInt, BigSerial, Boolean, Bytea, ForeignKey, Integer, Text, Timestamptz
from piccolo.table import Table

from portal.accounts.tables import Account
from portal.campaigns.tables import Campaign, Status
from portal.people.tables import Person


class Dossier(Table, tablename="dossier"):
    """One application. `version` grows with every change: whoever saves says which one was seen."""

    id = BigSerial(primary_key=True)
    campaign_id = ForeignKey(references=Campaign, null=False)
    person_id = ForeignKey(references=Person, null=False)
    number = Text(unique=True)
    status_id = ForeignKey(references=Status, null=False)
    locale = Text()
    first_name = Text()
    last_name = Text()
    answers = JSONB()
    created_at = Timestamptz()
    submitted_at = Timestamptz(null=True, default=None)
    changed_at = Timestamptz()
    version = Integer(default=1)
    once = Text(null=True, default=None, unique=True)
    withdrawn_at = Timestamptz(null=True, default=None)
    withdrawal_note = Text(default="")


class DossierFile(Table, tablename="dossier_file"):
    """A document of a dossier: its name is shown, its bytes lie under a random name in the data folder."""

    id = BigSerial(primary_key=True)
    dossier_id = ForeignKey(references=Dossier, null=False)
    question_key = Text()
    name = Text()
    stored_as = Text(unique=True)
    media_type = Text()
    size = BigInt()
    sha256 = Bytea()
    created_at = Timestamptz()


class StatusChange(Table, tablename="status_change"):
    """One move of a dossier, with its actor. Only `manual` ones fire the manager family of triggers (E11)."""

    id = BigSerial(primary_key=True)
    dossier_id = ForeignKey(references=Dossier, null=False)
    from_id = ForeignKey(references=Status, null=True)
    to_id = ForeignKey(references=Status, null=False)
    actor_kind = Text()
    account_id = ForeignKey(references=Account, null=True)
    manual = Boolean()
    mode = Text(null=True, default=None)
    reason = Text()
    at = Timestamptz()
