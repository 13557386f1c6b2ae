"""Letters that PostgreSQL plans say what Python would have said, for any person."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

from portal import db as database
from portal.emails import queries as emails
from portal.emails.fields import values
from portal.emails.letters import Variant, subject_of, trees
from portal.emails.queries import facts_of_dossier
from portal.mailings import letters, planning, samples
from portal.tokens import verify
from tests import factories
from tests.mailings import material

NAMES = ("", "  ", "Zoë", "Łukasz", "O'Brien", 'A "B"', "{{ x }}", "a\tb", "ßtraße", "\u202eevil", "Jean  Paul", "$1")
ANSWERS: dict[str, tuple[Any, ...]] = {
    "title": ("", "Fields of tomorrow", "A\nB", None),
    "budget": (0, 1234567, 12.5, None),
    "region": ("north", "south", "gone", ""),
    "partners": ([], ["north"], ["north", "south"]),
    "country": ("PL", "FR", None),
    "agreed": (True, False),
    "begins": ("2026-03-29", "2026-12-31"),
}
KINDS = {
    "title": "short",
    "budget": "number",
    "region": "choice",
    "partners": "choices",
    "country": "country",
    "agreed": "consent",
    "begins": "date",
}
SUBJECT = (
    "{{ first_name|capitalize }} {{ dossier_number }} "
    "{% if answer_region and not answer_title %}{{ answer_region|upper }}"
    "{% else %}{{ answer_title|lower }}{% endif %} {{ answer_budget }} {{ answer_partners }}"
)
BODY = (
    "".join(
        f"<p>{{{{ {name} }}}}</p>"
        for name in (
            *("full_name", "last_name", "email", "campaign_title", "closing_date", "status", "organisation_name"),
            *("sender_name", "reply_before", "missing_documents", *(f"answer_{key}" for key in KINDS)),
        )
    )
    + '<p><a href="{{ dossier_link }}">x</a></p>'
)


async def test_a_letter_planned_in_SQL_is_the_one_that_Python_makes(db: None) -> None:
    alice = await material.alice()
    dice = random.Random(7)
    campaigns = [
        await factories.campaign(
            managers=(alice,), title={"fr": "Ateliers", "en": f"Labs {n}"}, closes_at=datetime(2026, 11, 30, 23, 59)
        )
        for n in range(2)
    ]
    choices = (("north", "North"), ("south", "South"))
    for campaign in campaigns:
        for key, kind in list(KINDS.items())[campaign is campaigns[1] :]:  # the second never asked for a title
            await factories.question(campaign.id, key, kind, choices=choices)
    for n in range(30):
        who = await factories.person(dice.choice(NAMES), dice.choice(NAMES), email=f"p{n}@people.example")
        answers = {key: dice.choice(given) for key, given in ANSWERS.items() if dice.random() < 0.8}
        locale = dice.choice(("en", "fr", "pl", "es"))
        await factories.dossier(dice.choice(campaigns), who, locale=locale, answers=answers)
    texts = dict.fromkeys(("en", "fr", "pl"), (SUBJECT, BODY))
    template = await factories.template(variants=texts)
    mailing = await material.draft(alice.actor, module="dossiers", per="dossier", template_id=template.id)
    await material.started(alice.actor, mailing)
    rows = await material.messages(mailing)
    assert len(rows) == 30
    for row in rows:
        await _agrees(row, await emails.version(template.version_id))


async def _agrees(row: Any, version: emails.Version) -> None:
    facts = await facts_of_dossier(row["dossier_id"], row["locale"])
    expected = values(facts, row["locale"]) | {"sender_name": "Passerelle"}
    wished = letters.fields_of(version) - {"dossier_link", "unsubscribe_link"}
    given = dict(row["values"])
    links = {name: given.pop(name) for name in ("dossier_link", "unsubscribe_link")}
    assert given == {name: expected[name] for name in wished if expected.get(name)}
    assert row["subject"] == subject_of(version.variants[row["locale"]], expected)
    assert verify("dossier", links["dossier_link"].rpartition("/")[2]) == row["dossier_id"]
    assert verify("opt_out", links["dossier_link"].rpartition("/")[2]) is None
    assert verify("opt_out", links["unsubscribe_link"].rpartition("/")[2]) == row["person_id"]
    before = expected["dossier_link"].rpartition("/")[0]
    assert links["dossier_link"].startswith(before)


async def test_letters_to_people_know_their_campaign_and_nothing_of_dossiers(db: None) -> None:
    alice = await material.alice()
    campaign = await factories.campaign(managers=(alice,), title={"en": "Labs"})
    texts = ("{{ campaign_title }} {{ last_name }}{{ dossier_number }}", "<p>{{ status }}{{ closing_date }}</p>")
    template = await factories.template(variants={"en": texts})
    ana = await factories.person("Ana", "Nowak")
    more = {"template_id": template.id, "campaign_id": campaign.id}
    mailing = await material.draft(alice.actor, ana.id, **more)
    await material.started(alice.actor, mailing)
    [row] = await material.messages(mailing)
    assert row["subject"] == "Labs Nowak"
    assert row["values"].keys() == {"campaign_title", "last_name", "closing_date", "unsubscribe_link"}


async def test_only_fields_that_a_template_uses_are_kept(db: None) -> None:
    variants = {"en": Variant("en", "{{ first_name }}", body="<p>{% if email %}x{% endif %}</p>")}
    assert trees(variants["en"]).fields() == {"first_name", "email"}
    alice = await material.alice()
    mailing = await material.draft(alice.actor, (await factories.person()).id)
    plan = await planning.plan_of(alice.actor, mailing)
    audience = await letters.audience_of(plan)
    made = await database.fetch(audience.sql(), *audience.parameters)
    assert {name for row in made for name in row["values"]} == {"first_name", "unsubscribe_link"}


async def test_a_letter_that_colleagues_look_at_opens_nobodys_application(db: None) -> None:
    alice = await material.alice()
    campaign = await factories.campaign(managers=(alice,))
    dossier = await factories.dossier(campaign)
    body = '<p><a href="{{ dossier_link }}">Open</a></p>'
    template = await factories.template(category="optional", variants={"en": ("Hello", body)})
    mailing = await material.draft(alice.actor, dossier.id, module="dossiers", template_id=template.id)
    seen = await samples.of_record(await planning.plan_of(alice.actor, mailing), dossier.id)
    assert f"/dossiers/{dossier.id}" in seen.html and "/u/example" in seen.html
    assert "/apply/" not in seen.html + seen.text
    await material.started(alice.actor, mailing)
    [row] = await material.messages(mailing)
    assert "/apply/" in row["values"]["dossier_link"]
