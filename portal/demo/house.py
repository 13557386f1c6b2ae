"""The invented foundation: its people, its two campaigns with their forms, templates and automatic e-mails."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from portal.accounts import actions as accounts
from portal.accounts import queries as account_rows
from portal.actor import SYSTEM, Actor
from portal.campaigns import actions as campaigns
from portal.campaigns import queries as campaign_rows
from portal.campaigns import questions, team
from portal.campaigns.checks import CampaignDraft
from portal.demo import kinds, letters, office
from portal.demo.form import QUESTIONS
from portal.emails import actions as emails
from portal.emails.defaults import install_defaults
from portal.organisation import actions as organisation
from portal.organisation import queries as organisation_rows
from portal.triggers import actions as triggers
from portal.triggers.drafts import Draft
from portal.triggers.queries import templates_offered

PASSWORD = "convoca-demo-2026"  # noqa: S105 - printed at the start of the demonstration
LOCALES = ["es", "fr", "pl", "en"]


class Colleague(msgspec.Struct, frozen=True):
    """Somebody of the foundation's team."""

    name: str
    email: str
    role: str
    locale: str
    time_zone: str


TEAM = (
    Colleague("Alex Morgan", "alex@passerelle.example", "administrator", "en", "Europe/London"),
    Colleague("Marta Pérez", "marta@passerelle.example", "manager", "es", "Europe/Madrid"),
    Colleague("Camille Renaud", "camille@passerelle.example", "manager", "fr", "Europe/Paris"),
    Colleague("Ola Kowalczyk", "ola@passerelle.example", "evaluator", "pl", "Europe/Warsaw"),
    Colleague("Tomasz Zieliński", "tomasz@passerelle.example", "translator", "pl", "Europe/Warsaw"),
)

LABS = {
    "es": "Laboratorios rurales 2027",
    "fr": "Labos ruraux 2027",
    "pl": "Wiejskie laboratoria 2027",
    "en": "Rural Labs 2027",
}
LABS_ABOUT = {
    "es": "Ayudas de hasta 20.000 € para proyectos que hacen más fácil vivir, aprender y trabajar en el medio rural.",
    "fr": (
        "Des aides jusqu’à 20\u202f000\u00a0€ pour des projets qui facilitent la vie, l’école et le travail "
        "à la campagne."
    ),
    "pl": "Dofinansowanie do 20\u00a0000 euro na projekty, dzięki którym na wsi łatwiej się żyje, uczy i\u00a0pracuje.",
    "en": "Grants of up to €20,000 for projects that make it easier to live, learn and work in the country.",
}
GRANTS = {
    "es": "Ayudas solidarias 2026",
    "fr": "Bourses Solidarité 2026",
    "pl": "Granty solidarnościowe 2026",
    "en": "Solidarity Grants 2026",
}
GRANTS_ABOUT = {
    "es": "Ayudas para vecinas y vecinos que se organizan: de 2.000 a 12.000 € por proyecto.",
    "fr": "Des bourses pour les habitants qui s’organisent\u00a0: de 2\u202f000 à 12\u202f000\u00a0€ par projet.",
    "pl": "Granty dla mieszkańców, którzy działają razem: od 2000 do 12\u00a0000 euro na projekt.",
    "en": "Grants for neighbours who organise themselves: from €2,000 to €12,000 for each project.",
}


class House(msgspec.Struct, frozen=True, kw_only=True):
    """Whom and what the story needs: people as actors, the campaigns' ids, how the closed one has to look."""

    people: dict[str, Actor]
    labs: int
    grants: int
    closed: CampaignDraft
    late: dict[int, tuple[int, Draft]]  # trigger -> (campaign, how it waits once the history has been sent)


async def build(now: datetime) -> House:
    """Everything but the candidates. The campaign that is closed in the end is open still: people have yet to apply."""
    people = await _team()
    alex, marta, camille = people["Alex Morgan"], people["Marta Pérez"], people["Camille Renaud"]
    await _organisation(alex)
    await install_defaults(alex)
    for draft in (letters.REVIEW_STARTED, letters.AGREEMENT, letters.SESSION, letters.REMINDER):
        await emails.create(draft, alex)
    above = await office.programme(alex)
    labs = await campaigns.create(marta, labs_draft(now, above))
    closed = grants_draft(now, above)
    grants = await campaigns.create(camille, msgspec.structs.replace(closed, closes_at=_evening(now, 9)))
    for campaign_id, manager in ((labs, marta), (grants, camille)):
        await _team_of(campaign_id, manager, people)
        for question in QUESTIONS:
            await questions.add(manager, campaign_id, question)
    await office.condition(labs, marta)
    late = {**await _labs_triggers(labs, marta), **await _grants_triggers(grants, camille)}
    return House(people=people, labs=labs, grants=grants, closed=closed, late=late)


def labs_draft(now: datetime, programme_id: int) -> CampaignDraft:
    """The open campaign: three weeks old, three weeks to go."""
    return CampaignDraft(
        title=LABS,
        description=LABS_ABOUT,
        slug="rural-labs-2027",
        locales=LOCALES,
        default_locale="es",
        time_zone="Europe/Madrid",
        opens_at=_evening(now, -21).replace(hour=9, minute=0),
        closes_at=_evening(now, 23),
        number_prefix="RL",
        programme_id=programme_id,
        published=True,
    )


def grants_draft(now: datetime, programme_id: int) -> CampaignDraft:
    """The closed campaign: closed twelve days ago, being decided."""
    return CampaignDraft(
        title=GRANTS,
        description=GRANTS_ABOUT,
        slug="solidarity-grants-2026",
        locales=LOCALES,
        default_locale="fr",
        time_zone="Europe/Paris",
        opens_at=_evening(now, -60).replace(hour=9, minute=0),
        closes_at=_evening(now, -12),
        number_prefix="SG",
        programme_id=programme_id,
        published=True,
    )


def _evening(now: datetime, days: int) -> datetime:
    """23:59 on a day near today, as wall time."""
    day = now.astimezone(ZoneInfo("Europe/Madrid")) + timedelta(days=days)
    return datetime(day.year, day.month, day.day, 23, 59)  # campaigns keep wall time


async def _team() -> dict[str, Actor]:
    people = {}
    for one in TEAM:
        account_id = await accounts.create_user(
            one.email, one.name, [one.role], one.locale, PASSWORD, time_zone=one.time_zone
        )
        account = await account_rows.by_id(account_id)
        assert account
        people[one.name] = account_rows.actor_of(account)
    return people


async def _organisation(alex: Actor) -> None:
    await organisation.ensure()
    sender = await organisation.add_sender("convocatorias@passerelle.example", "Fondation Passerelle", None, True, alex)
    now = await organisation_rows.current()
    described = msgspec.structs.replace(
        now,
        name="Fondation Passerelle",
        postal_address="12 rue des Passerelles\n75011 Paris",
        website="https://www.passerelle.example",
        locale="en",
        time_zone="Europe/Paris",
        sender_id=sender,
    )
    await organisation.change(described, alex)


async def _team_of(campaign_id: int, owner: Actor, people: dict[str, Actor]) -> None:
    """Both managers and the evaluator; whoever created it is a manager of it already."""
    for name, role in (("Marta Pérez", "manager"), ("Camille Renaud", "manager"), ("Ola Kowalczyk", "evaluator")):
        await team.add(owner, campaign_id, people[name].account_id or 0, role)


# ------------------------------------------------------------------------------------------------ automatic e-mails
async def _labs_triggers(campaign_id: int, by: Actor) -> dict[int, tuple[int, Draft]]:
    found = await _named(campaign_id)
    wishes = (
        found.wish("Review started", "under_review"),
        found.wish("Online session for applicants", "under_review"),
        found.wish("Missing documents", "documents_missing", cc=("dossiers@passerelle.example",)),
    )
    await office.reminder(campaign_id, found.templates[letters.REMINDER.name], by)
    return await _create(campaign_id, wishes, by, minutes={"Missing documents": 10})


async def _grants_triggers(campaign_id: int, by: Actor) -> dict[int, tuple[int, Draft]]:
    found = await _named(campaign_id)
    wishes = (
        found.wish("Review started", "under_review"),
        found.wish("Missing documents", "documents_missing", recipients=("candidate", "evaluators")),
        found.wish("Acceptance", "accepted"),
        found.wish("Agreement to prepare", "accepted", recipients=("managers",)),
        found.wish("Rejection", "rejected"),
    )
    return await _create(campaign_id, wishes, by, minutes={"Acceptance": 60, "Rejection": 60, "Missing documents": 10})


class Named(msgspec.Struct, frozen=True):
    """Templates and statuses by what they are called."""

    templates: dict[str, int]
    statuses: dict[str, int]

    def wish(
        self, template: str, status: str, recipients: tuple[str, ...] = ("candidate",), cc: tuple[str, ...] = ()
    ) -> Draft:
        """An automatic e-mail on entering a status."""
        return Draft(
            name=template,
            family="manager",
            template_id=self.templates[template],
            to_status_id=self.statuses[status],
            recipients=recipients,
            cc=cc,
        )


async def _named(campaign_id: int) -> Named:
    templates = {each.name: each.id for each in await templates_offered()}
    return Named(templates, {each.key: each.id for each in await campaign_rows.statuses(campaign_id)})


async def _create(
    campaign_id: int, wishes: tuple[Draft, ...], by: Actor, minutes: dict[str, int]
) -> dict[int, tuple[int, Draft]]:
    """The triggers, all at once at first: the history is sent while the demonstration is made."""
    late = {}
    for wish in wishes:
        trigger_id = await triggers.create(campaign_id, wish, by)
        if wish.name in minutes:
            late[trigger_id] = (campaign_id, msgspec.structs.replace(wish, delay_minutes=minutes[wish.name]))
    return late


async def finish(house: House) -> None:
    """What has to wait until the history is written: the campaign closes, decisions get their time to undo."""
    camille = house.people["Camille Renaud"]
    grants = await campaign_rows.one(camille, house.grants)
    await campaigns.change(camille, house.grants, grants.version, house.closed)
    await office.assess(house.grants, camille, house.people["Ola Kowalczyk"])
    await office.view(house.grants, camille)
    await kinds.install(camille)
    for trigger_id, (_campaign_id, wish) in house.late.items():
        await triggers.change(trigger_id, 1, wish, camille)


__all__ = ["PASSWORD", "SYSTEM", "TEAM", "House", "build", "finish"]
