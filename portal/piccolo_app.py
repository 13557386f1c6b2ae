"""One Piccolo app for all tables. Migrations are SQL files, run in order by one small module each."""

from __future__ import annotations

from pathlib import Path

from piccolo.conf.apps import AppConfig

from portal.accounts.tables import Account, ApiKey
from portal.campaigns.tables import Campaign, Question, Status
from portal.dossiers.tables import Dossier, DossierFile, StatusChange
from portal.emails.tables import Template, TemplateVersion
from portal.ledger.tables import Origin
from portal.organisation.tables import Organisation, Sender
from portal.people.tables import Person
from portal.triggers.tables import Trigger

APP_CONFIG = AppConfig(
    app_name="portal",
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    table_classes=[
        Account, ApiKey, Campaign, Dossier, DossierFile, Organisation, Origin, Person, Question, Sender,
        Status, StatusChange, Template, TemplateVersion, Trigger,
    ],
    migration_dependencies=[],
    commands=[],
)  # fmt: skip
