"""Triggers are made, changed, paused and deleted; they fire once, and the preview says what is sent."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from portal import db as database
from portal import timeline
from portal.campaigns import actions as campaigns
from portal.campaigns.checks import CampaignDraft
from portal.emails.defaults import install_defaults
from portal.i18n import use
from portal.ledger import queries as ledger
from portal.outcomes import Missing, Refused, Stale
from portal.settings import settings
from portal.triggers import actions, decisions, queries
from portal.triggers.drafts import Draft
from portal.triggers.facts import MOST_A_DAY, Change
from tests import factories as make

pytestmark = pytest.mark.usefixtures("db")


class House(msgspec.Struct):
    alice: make.AccountRow
    bob: make.AccountRow
    dana: make.AccountRow
    campaign: make.CampaignRow
    template: make.TemplateRow


FOUR = {
    "en": (
        "Decision on {{ dossier_number }}",
        "<p>Dear {{ first_name }}</p><p>{{ dossier_link }}</p><p>{{ status }}</p>",
    ),
    "es": (
        "Decisión sobre {{ dossier_number }}",
        "<p>Hola {{ first_name }}</p><p>{{ dossier_link }}</p><p>{{ status }}</p>",
    ),
}


@pytest.fixture
async def house(db: None) -> House:
    await make.organisation()
    alice, bob, dana = [
        await make.account(name, role)
        for name, role in (("Alice", "manager"), ("Bob", "evaluator"), ("Dana", "manager"))
    ]
    campaign = await make.campaign(managers=(alice,), evaluators=(bob,))
    return House(alice, bob, dana, campaign, await make.template("Decision", variants=FOUR))


def draft(house: House, **changes: Any) -> Draft:
    made = Draft(family="manager", template_id=house.template.id, to_status_id=house.campaign.status["accepted"])
    return msgspec.structs.replace(made, **changes)


async def moved(house: House, dossier: make.DossierRow, **changes: Any) -> Change:
    """What dossiers.actions tells the triggers after Alice has accepted the dossier."""
    to = house.campaign.status["accepted"]
    event_id = await database.fetchval(
        """insert into status_change (dossier_id, from_id, to_id, actor_kind, manual)
        values ($1, $2, $3, 'user', true) returning id""",
        *(dossier.id, dossier.status_id, to),
    )
    await database.execute("update dossier set status_id = $2 where id = $1", dossier.id, to)
    made = Change(
        dossier_id=dossier.id,
        campaign_id=dossier.campaign_id,
        event_id=event_id,
        kind="status",
        from_status=dossier.status_id,
        to_status=to,
        manual=True,
        actor_kind="user",
    )
    return msgspec.structs.replace(made, **changes)


# ------------------------------------------------------------------------------------------------ made and changed
@pytest.mark.seed("E04")
async def test_E04_without_a_template_no_trigger_can_be_saved() -> None:
    alice = await make.account("Alice")
    campaign = await make.campaign(managers=(alice,))
    wish = Draft(family="manager", template_id=None, to_status_id=campaign.status["accepted"])
    await database.execute("update template set archived_at = now()")
    with pytest.raises(Refused) as refused:
        await actions.create(campaign.id, wish, alice.actor)
    assert refused.value.errors == {"template": "There is no template yet. Create a template before you save."}


@pytest.mark.seed("E12")
async def test_E12_a_trigger_keeps_all_that_was_chosen(house: House) -> None:
    status = house.campaign.status
    wish = draft(
        house,
        name="Tell the winners",
        from_status_id=status["under_review"],
        recipients=(
            "candidate",
            "evaluators",
            "role:administrator",
            f"account:{house.dana.id}",
            "address:jury@council.example",
        ),
        cc=("archive@council.example",),
        delay_minutes=30,
        active=False,
    )
    trigger_id = await actions.create(house.campaign.id, wish, house.alice.actor)
    assert await queries.trigger(house.alice.actor, trigger_id) == queries.Trigger(
        id=trigger_id,
        campaign_id=house.campaign.id,
        name="Tell the winners",
        family="manager",
        template_id=house.template.id,
        from_status_id=status["under_review"],
        to_status_id=status["accepted"],
        recipients=list(wish.recipients),
        cc=["archive@council.example"],
        delay_minutes=30,
        active=False,
        version=1,
    )


async def test_a_trigger_without_a_name_is_called_like_its_template(house: House) -> None:
    trigger_id = await actions.create(house.campaign.id, draft(house, name=" "), house.alice.actor)
    assert (await queries.trigger(house.alice.actor, trigger_id)).name == "Decision"


@pytest.mark.seed("E12")
@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"to_status_id": None}, {"to_status": "Choose the status that triggers the e-mail."}),
        ({"to_status_id": 0}, {"to_status": "Choose the status that triggers the e-mail."}),
        ({"recipients": ()}, {"recipients": "Choose at least one recipient."}),
        ({"recipients": ("account:0",)}, {"recipients": "Choose recipients from the list."}),
        ({"recipients": ("role:pope",)}, {"recipients": "Choose recipients from the list."}),
        ({"delay_minutes": 61}, {"delay_minutes": "Enter a number of minutes from 0 to 60."}),
        ({"name": "x" * 121}, {"name": "Shorten the name to 120 characters."}),
        (
            {"cc": ("evaluation@passerelle",)},
            {"cc": "“evaluation@passerelle” is not a complete address. Enter an address such as name@example.org."},
        ),
        (
            {"recipients": ("address:nobody",)},
            {"addresses": "“nobody” is not a complete address. Enter an address such as name@example.org."},
        ),
        ({"family": "candidate"}, {"to_status": "A submission always leads to the same status. Leave this empty."}),
    ],
)
async def test_E12_what_cannot_be_is_refused_beside_its_field(
    house: House, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    with pytest.raises(Refused) as refused:
        await actions.create(house.campaign.id, draft(house, **changes), house.alice.actor)
    assert refused.value.errors == errors


async def test_a_trigger_comes_from_another_status_than_it_goes_to(house: House) -> None:
    accepted = house.campaign.status["accepted"]
    with pytest.raises(Refused) as refused:
        await actions.create(house.campaign.id, draft(house, from_status_id=accepted), house.alice.actor)
    assert refused.value.errors == {"from_status": "Choose another status than the one it goes to."}


@pytest.mark.seed("E01")
async def test_E01_a_trigger_can_be_changed_at_any_time(house: House) -> None:
    trigger_id = await actions.create(house.campaign.id, draft(house), house.alice.actor)
    await actions.change(trigger_id, 1, draft(house, delay_minutes=5, name="Later"), house.alice.actor)
    now = await queries.trigger(house.alice.actor, trigger_id)
    assert (now.delay_minutes, now.name, now.version) == (5, "Later", 2)


async def test_whoever_is_slower_hears_who_was_faster(house: House) -> None:
    trigger_id = await actions.create(house.campaign.id, draft(house), house.alice.actor)
    await actions.change(trigger_id, 1, draft(house, delay_minutes=5), house.alice.actor)
    with pytest.raises(Stale) as stale:
        await actions.change(trigger_id, 1, draft(house, delay_minutes=9), house.alice.actor)
    assert (stale.value.theirs.delay_minutes, stale.value.by) == (5, "Alice")


async def test_a_stranger_finds_no_trigger(house: House) -> None:
    trigger_id = await actions.create(house.campaign.id, draft(house), house.alice.actor)
    for attempt in (
        actions.create(house.campaign.id, draft(house), house.dana.actor),
        actions.change(trigger_id, 1, draft(house), house.dana.actor),
        actions.switch(trigger_id, 1, False, house.dana.actor),
        actions.delete(trigger_id, 1, house.dana.actor),
    ):
        with pytest.raises(Missing):
            await attempt


async def test_a_template_that_was_archived_later_may_stay(house: House) -> None:
    trigger_id = await actions.create(house.campaign.id, draft(house), house.alice.actor)
    await database.execute("update template set archived_at = now() where id = $1", house.template.id)
    await actions.change(trigger_id, 1, draft(house, delay_minutes=5), house.alice.actor)
    with pytest.raises(Refused):
        await actions.create(house.campaign.id, draft(house), house.alice.actor)


async def test_every_change_is_on_the_campaigns_history(house: House) -> None:
    alice = house.alice.actor
    trigger_id = await actions.create(house.campaign.id, draft(house), alice)
    await actions.switch(trigger_id, 1, False, alice)
    await actions.switch(trigger_id, 2, True, alice)
    await actions.delete(trigger_id, 3, alice)
    events = await timeline.of_campaign(house.campaign.id)
    assert [event.what for event in events] == [
        "trigger.deleted",
        "trigger.activated",
        "trigger.paused",
        "trigger.created",
    ]


# ------------------------------------------------------------------------------------------------ fired
async def letters_of(dossier: make.DossierRow) -> list[tuple[str, str, str | None]]:
    return [(row.address, row.state, row.reason) for row in reversed(await ledger.of_dossier(dossier.id))]


@pytest.mark.seed("E02")
async def test_E02_a_trigger_sends_by_itself(house: House) -> None:
    await actions.create(house.campaign.id, draft(house), house.alice.actor)
    ana = await make.person("Ana", "Nowak", email="ana@people.example", locale="es")
    dossier = await make.dossier(house.campaign, ana)
    posted = await actions.fire(await moved(house, dossier))
    assert await letters_of(dossier) == [("ana@people.example", "queued", None)]
    assert [row.id for row in await ledger.of_dossier(dossier.id)] == posted


@pytest.mark.seed("B03")
async def test_B03_a_letter_waits_for_its_time_to_undo(house: House) -> None:
    await actions.create(house.campaign.id, draft(house, delay_minutes=30), house.alice.actor)
    dossier = await make.dossier(house.campaign, await make.person(email="ana@people.example"))
    await actions.fire(await moved(house, dossier))
    assert await letters_of(dossier) == [("ana@people.example", "held", "undo")]


async def test_the_same_event_never_sends_twice(house: House) -> None:
    await actions.create(house.campaign.id, draft(house), house.alice.actor)
    dossier = await make.dossier(house.campaign)
    change = await moved(house, dossier)
    assert len(await actions.fire(change)) == 1
    assert await actions.fire(change) == []


@pytest.mark.seed("E11")
async def test_E11_a_change_that_nobody_made_by_hand_sends_nothing(house: House) -> None:
    await actions.create(house.campaign.id, draft(house), house.alice.actor)
    dossier = await make.dossier(house.campaign)
    assert await actions.fire(await moved(house, dossier, manual=False, actor_kind="api")) == []


@pytest.mark.seed("E12")
async def test_E12_the_candidate_gets_her_own_link_and_colleagues_the_desks(house: House) -> None:
    wish = draft(house, recipients=("candidate", "evaluators"), cc=("archive@council.example",))
    await actions.create(house.campaign.id, wish, house.alice.actor)
    dossier = await make.dossier(house.campaign, await make.person(email="ana@people.example", locale="es"))
    await actions.fire(await moved(house, dossier))
    rows = await database.fetch(
        """select m.address, l.locale, l.subject, l.shown_to, l.values from message m join letter l using (id)
        where m.dossier_id = $1 order by m.id""",
        dossier.id,
    )
    links = [row["values"]["dossier_link"].split("/")[3] for row in rows]
    assert [(row["address"], row["locale"], row["shown_to"]) for row in rows] == [
        ("ana@people.example", "es", ""),
        (house.bob.email, "en", ""),
        ("archive@council.example", "es", "ana@people.example"),
    ]
    assert links == ["apply", "dossiers", "dossiers"]
    assert rows[0]["subject"] == f"Decisión sobre {dossier.number}"


@pytest.mark.seed("B02")
async def test_B02_every_trigger_considered_is_written_down(house: House) -> None:
    await make.trigger(house.campaign, house.template, name="Receipt", family="candidate", to_status=None)
    await make.trigger(house.campaign, house.template, name="Rejected", to_status="rejected")
    await make.trigger(house.campaign, house.template, name="Accepted")
    dossier = await make.dossier(house.campaign)
    ids = await actions.fire(await moved(house, dossier))
    assert [(one.trigger_name, one.why_not, one.message_ids) for one in await decisions.of_dossier(dossier.id)] == [
        ("Receipt", "other_family", []),
        ("Rejected", "other_status", []),
        ("Accepted", "", ids),
    ]


@pytest.mark.seed("B02")
async def test_what_goes_round_and_round_stops_for_the_day(house: House) -> None:
    await actions.create(house.campaign.id, draft(house), house.alice.actor)
    dossier = await make.dossier(house.campaign)
    sent = [len(await actions.fire(await moved(house, dossier))) for _each in range(MOST_A_DAY + 2)]
    assert sent == [1] * MOST_A_DAY + [0, 0]
    log = await decisions.of_dossier(dossier.id)
    assert [one.why_not for one in log] == [""] * MOST_A_DAY + ["too_often"] * 2
    await database.execute("update decision set at = now() - interval '25 hours'")
    assert len(await actions.fire(await moved(house, dossier))) == 1


async def test_a_paused_trigger_keeps_its_waiting_letters_back(house: House) -> None:
    trigger_id = await actions.create(house.campaign.id, draft(house, delay_minutes=30), house.alice.actor)
    dossier = await make.dossier(house.campaign, await make.person(email="ana@people.example"))
    await actions.fire(await moved(house, dossier))
    await actions.switch(trigger_id, 1, False, house.alice.actor)
    assert await letters_of(dossier) == [("ana@people.example", "held", "paused")]
    await actions.switch(trigger_id, 2, True, house.alice.actor)
    assert await letters_of(dossier) == [("ana@people.example", "held", "undo")]
    await actions.delete(trigger_id, 3, house.alice.actor)
    assert [state for _address, state, _reason in await letters_of(dossier)] == ["cancelled"]


async def test_without_any_sender_nothing_is_posted_and_nothing_breaks(house: House) -> None:
    await actions.create(house.campaign.id, draft(house), house.alice.actor)
    await database.execute("update organisation set sender_id = null")
    dossier = await make.dossier(house.campaign)
    assert await actions.fire(await moved(house, dossier)) == []


# ------------------------------------------------------------------------------------------------ previewed
@pytest.mark.seed("B04")
async def test_B04_the_preview_is_what_is_sent(house: House) -> None:
    wish = draft(
        house, recipients=("candidate", "managers", f"account:{house.dana.id}"), cc=("archive@council.example",)
    )
    await actions.create(house.campaign.id, wish, house.alice.actor)
    dossier = await make.dossier(house.campaign, await make.person(email="ana@people.example", locale="es"))
    shown = await queries.preview(dossier.id, house.campaign.status["accepted"], house.alice.actor)
    await actions.fire(await moved(house, dossier))
    sent = await database.fetch(
        """select m.address, m.state::text, m.reason, l.locale, l.subject
        from message m left join letter l using (id) where m.dossier_id = $1 order by m.id""",
        dossier.id,
    )
    assert [
        (
            one.recipient.address,
            one.recipient.state,
            one.recipient.reason,
            one.recipient.locale,
            one.letter and one.letter.subject,
        )
        for one in shown
    ] == [tuple(row) for row in sent]


@pytest.mark.seed("B04")
async def test_B04_the_preview_shows_the_new_status_and_no_bearer_link(house: House) -> None:
    await actions.create(house.campaign.id, draft(house), house.alice.actor)
    dossier = await make.dossier(house.campaign)
    shown = await queries.preview(dossier.id, house.campaign.status["accepted"], house.alice.actor)
    assert [one.letter and one.letter.text.splitlines()[:5] for one in shown] == [
        ["Dear Ana", "", f"{settings().base_url}/dossiers/{dossier.id}", "", "Accepted"]
    ]


async def test_the_preview_says_what_is_missing(house: House) -> None:
    gappy = await make.template("Gappy", variants={"fr": ("Objet", "<p>{{ reply_before }} {{ first_name }}</p>")})
    await actions.create(house.campaign.id, draft(house, template_id=gappy.id), house.alice.actor)
    dossier = await make.dossier(house.campaign)
    with use("en"):
        shown = await queries.preview(dossier.id, house.campaign.status["accepted"], house.alice.actor)
    assert [(one.recipient.locale, one.recipient.falls_back, one.empty) for one in shown] == [
        ("fr", True, ("Reply before",))
    ]


async def test_strangers_preview_nothing(house: House) -> None:
    dossier = await make.dossier(house.campaign)
    with pytest.raises(Missing):
        await queries.preview(dossier.id, house.campaign.status["accepted"], house.dana.actor)


# ------------------------------------------------------------------------------------------------ from the start
@pytest.mark.seed("E13")
async def test_E13_a_new_campaign_acknowledges_submissions_from_the_start(house: House) -> None:
    alice = house.alice.actor
    await install_defaults(alice)
    wish = CampaignDraft(title={"en": "Youth Call"}, locales=["en", "es", "fr", "pl"], time_zone="Europe/Madrid")
    campaign_id = await campaigns.create(alice, wish)
    found = await queries.of_campaign(alice, campaign_id)
    assert [(one.name, one.family, one.recipients, one.delay_minutes, one.active) for one in found] == [
        ("Acknowledgement of receipt", "candidate", ["candidate"], 0, True)
    ]
    rules = await queries.rules_of(campaign_id)
    assert [rule.locales for rule in rules] == [("en", "es", "fr", "pl")]


@pytest.mark.seed("E07")
async def test_E07_the_acknowledgement_overtakes_everything(house: House) -> None:
    await make.trigger(house.campaign, house.template, family="candidate", to_status=None)
    dossier = await make.dossier(house.campaign, status="draft")
    change = await moved(house, dossier, kind="submitted", actor_kind="candidate", manual=False)
    ids = await actions.fire(change)
    lanes = await database.fetch(
        "select lane from origin o join message m on m.origin_id = o.id where m.id = any ($1)", ids
    )
    assert [row["lane"] for row in lanes] == [0]
