"""A whole portal for browsers: the real processes on a port and a database of their own, and people who use it."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from portal import db
from portal import settings as portal_settings
from portal.accounts import sessions
from portal.actor import SYSTEM, candidate
from portal.campaigns import actions as campaigns
from portal.campaigns import questions
from portal.campaigns.checks import CampaignDraft
from portal.campaigns.form_checks import QuestionDraft
from portal.dossiers import actions as dossiers
from portal.dossiers.actions import Application
from portal.emails.defaults import install_defaults
from portal.embedded.processes import dies_with_us
from portal.ledger import actions as ledger
from portal.organisation import actions as organisation
from portal.settings import ROOT
from tests import factories
from tests.factories import AccountRow
from tests.test_up import free_ports

STARTS_WITHIN = 60.0
STOPS_WITHIN = 30.0
LOCALES = ["en", "es", "fr", "pl"]
STORIES = ("fr", "pl")  # the languages that the stories are told in
CANARY = '"><img src=//canary.example/x onerror=alert(1)>'  # what an applicant must never make a page do
TITLE = {"en": "Rural Labs", "es": "Laboratorios rurales", "fr": "Ateliers ruraux", "pl": "Wiejskie pracownie"}
QUESTIONS = {
    "motive": {"en": "Why you?", "es": "¿Por qué usted?", "fr": "Pourquoi vous ?", "pl": "Dlaczego Państwo?"},
    "size": {"en": "Size", "es": "Tamaño", "fr": "Taille", "pl": "Wielkość"},
    "budget": {"en": "Budget", "es": "Presupuesto", "fr": "Budget", "pl": "Budżet"},
    "plan": {"en": "Plan", "es": "Plan", "fr": "Plan", "pl": "Plan pracy"},
}
SIZES = {"en": ["Small", "Large"], "es": ["Pequeño", "Grande"], "fr": ["Petit", "Grand"], "pl": ["Mała", "Duża"]}

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Applicant:
    """Somebody whose dossier lies there already."""

    dossier_id: int
    number: str
    name: str
    email: str
    locale: str


@dataclass(frozen=True)
class Team:
    """The staff of one language, their dossiers, a call that sends only acknowledgements yet, one without dossiers."""

    manager: AccountRow
    evaluator: AccountRow
    colleague: AccountRow
    decided: Applicant
    contested: Applicant
    new_call: int
    first: Applicant
    empty_call: int


@dataclass
class Portal:
    """Where it answers, who works there, what lies there."""

    base_url: str
    database: str
    admin: AccountRow
    slug: str
    campaign_id: int
    undecided: Applicant
    templates: dict[str, int]
    teams: dict[str, Team]
    sessions: dict[str, str] = field(default_factory=dict)

    def session(self, who: AccountRow) -> str:
        """The cookie of somebody who has signed in already."""
        return self.sessions[who.email]


@asynccontextmanager
async def running(database: str, valkey: str, folder: Path) -> AsyncIterator[Portal]:
    """`portal up` against a migrated database, with everything of the stories in it."""
    port = free_ports()
    base_url = f"http://127.0.0.1:{port}"
    async with working_on(database, base_url):
        there = await furnished(base_url, database)
    own = {
        "PORTAL_DATABASE_URL": database,
        "PORTAL_REDIS_URL": valkey,
        "PORTAL_SECRET_KEY": portal_settings.settings().secret_key,
        "PORTAL_DATA_DIR": str(folder / "data"),
        "PORTAL_BIND": f"127.0.0.1:{port}",
    }
    with (folder / "log").open("wb") as log:
        async with up(own, log.fileno()):
            yield there
    assert b"Traceback" not in (folder / "log").read_bytes(), (folder / "log").read_text()


@asynccontextmanager
async def up(own: dict[str, str], log: int) -> AsyncIterator[None]:
    """All processes, as `portal up` supervises them."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")} | own
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "portal", "up"),
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=log,
        preexec_fn=dies_with_us(signal.SIGTERM),
    )
    try:
        assert process.stdout
        async with asyncio.timeout(STARTS_WITHIN):
            said = await process.stdout.readline()
        assert said.startswith(b"Convoca answers at "), said
        yield
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOPS_WITHIN):
            await process.wait()


@asynccontextmanager
async def working_on(database: str, base_url: str) -> AsyncIterator[None]:
    """Actions of this process write there, and make links to there, within the block."""
    before = portal_settings.settings()
    await _use(database, base_url)
    try:
        yield
    finally:
        await _use(before.database_url or "", before.base_url)


async def _use(database: str, base_url: str) -> None:
    await db.close_pool()
    db.configure(database)
    await db.open_pool()
    portal_settings.use(database_url=database, base_url=base_url)


# ------------------------------------------------------------------------------------------------ what lies there
async def furnished(base_url: str, database: str) -> Portal:
    """The organisation, its letters, a call in four languages, the teams, their dossiers."""
    await organisation.ensure()
    await install_defaults(SYSTEM)
    admin = await factories.account("Adam", "administrator", locale="es")
    campaign_id = await call(admin, "rural-labs", "RL")
    templates = await ids("select key as name, id from template")
    await tell_the_winners(campaign_id, templates["acceptance"])
    teams = {locale: await team(admin, campaign_id, locale) for locale in STORIES}
    undecided = await applicant(campaign_id, "Marta", CANARY, "es", motive=CANARY)
    await dossiers.change_status(undecided.dossier_id, "accepted", 2, admin.actor, "hold")
    await ledger.suppress(undecided.email, "optional", "opted_out", "link", admin.actor)
    await ledger.suppress(undecided.email, "all", "complaint", "their server", admin.actor)
    there = Portal(base_url, database, admin, "rural-labs", campaign_id, undecided, templates, teams)
    people = [admin, *(who for each in teams.values() for who in (each.manager, each.evaluator, each.colleague))]
    there.sessions = {who.email: await sessions.open_session(who.id) for who in people}
    return there


async def call(admin: AccountRow, slug: str, prefix: str) -> int:
    """An open call, which acknowledges receipt (E13), with a question of nearly every kind."""
    draft = CampaignDraft(
        title=TITLE,
        slug=slug,
        number_prefix=prefix,
        locales=LOCALES,
        default_locale="en",
        time_zone="Europe/Warsaw",
        published=True,
    )
    campaign_id = await campaigns.create(admin.actor, draft)
    kinds = (("motive", "long", True), ("size", "choice", True), ("budget", "number", False), ("plan", "file", False))
    for key, kind, required in kinds:
        choices = SIZES if kind == "choice" else {}
        asked = QuestionDraft(key=key, kind=kind, label=QUESTIONS[key], required=required, choices=choices)
        await questions.add(admin.actor, campaign_id, asked)
    return campaign_id


async def tell_the_winners(campaign_id: int, template_id: int) -> None:
    """An automatic e-mail on *Accepted*."""
    sql = """insert into trigger (campaign_id, name, family, template_id, to_status_id, recipients)
    select $1, 'Acceptance', 'manager', $2, id, '{candidate}' from status where campaign_id = $1 and key = 'accepted'"""
    await db.execute(sql, campaign_id, template_id)


async def team(admin: AccountRow, campaign_id: int, locale: str) -> Team:
    """People who work in one language, and candidates who write in the other."""
    alice, bob, beata = [
        await factories.account(name, role, locale=locale, time_zone="Europe/Warsaw")
        for name, role in (("Alice", "manager"), ("Bob", "evaluator"), ("Beata", "evaluator"))
    ]
    new_call = await call(admin, f"new-call-{locale}", f"NC{locale.upper()}")
    empty_call = await call(admin, f"empty-call-{locale}", f"EC{locale.upper()}")
    for each in (campaign_id, new_call, empty_call):
        await join(each, alice, bob, beata)
    other = next(each for each in STORIES if each != locale)
    return Team(
        *(alice, bob, beata),
        decided=await applicant(campaign_id, "Zofia", "Decyzja", other),
        contested=await applicant(campaign_id, "Chloé", "Partagée", other),
        new_call=new_call,
        first=await applicant(new_call, "Inès", "Première", other),
        empty_call=empty_call,
    )


async def join(campaign_id: int, manager: AccountRow, *evaluators: AccountRow) -> None:
    """Put people on the team of a call."""
    await factories.member(campaign_id, manager, "manager")
    for each in evaluators:
        await factories.member(campaign_id, each, "evaluator")


async def applicant(campaign_id: int, first_name: str, last_name: str, locale: str, motive: str = "So.") -> Applicant:
    """Somebody who has submitted an application."""
    email = f"applicant{next(_numbers)}@people.example"
    application = Application(
        email=email,
        first_name=first_name,
        last_name=last_name,
        locale=locale,
        answers={"motive": motive, "size": "small"},
    )
    name = f"{first_name} {last_name}"
    dossier_id = await dossiers.create(campaign_id, application, candidate(name), submitting=True)
    number = await db.fetchval("select number from dossier where id = $1", dossier_id)
    return Applicant(dossier_id, str(number), name, email, locale)


async def ids(sql: str, *args: object) -> dict[str, int]:
    """{name: id}"""
    return {row["name"]: row["id"] for row in await db.fetch(sql, *args)}
