"""Drafts, submissions and changes of status, and which e-mails they cause."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal import db as database
from portal import timeline
from portal.actor import candidate
from portal.dossiers import actions, checks, documents, files, queries
from portal.dossiers.actions import Application
from portal.outcomes import Missing, Refused, Stale
from tests import factories
from tests.dossiers.conftest import Scene
from tests.dossiers.documents import PDF, png

ANA = candidate("Ana Nowak")


def application(**fields: Any) -> Application:
    known = {"email": "ana@people.example", "first_name": "Ana", "last_name": "Nowak", "locale": "pl"}
    return Application(**(known | fields))


async def letters(dossier_id: int) -> list[tuple[str, str, str]]:
    """(kind, address, state) of every message about a dossier."""
    rows = await database.fetch(
        """select o.kind, m.address, m.state::text from message m join origin o on o.id = m.origin_id
        where m.dossier_id = $1 order by m.id""",
        dossier_id,
    )
    return [tuple(row) for row in rows]


async def told(dossier_id: int) -> list[str]:
    """What the timeline says, oldest first."""
    return [event.what for event in reversed(await timeline.of_dossier(dossier_id))]


async def moves(dossier_id: int) -> list[tuple[Any, ...]]:
    rows = await database.fetch(
        """select a.key, b.key, c.actor_kind, c.manual, c.mode, c.reason from status_change c
        left join status a on a.id = c.from_id join status b on b.id = c.to_id where dossier_id = $1 order by c.id""",
        dossier_id,
    )
    return [tuple(row) for row in rows]


# ------------------------------------------------------------------------------------------------ drafts
async def test_a_draft_has_a_number_and_its_way_back_is_posted(scene: Scene) -> None:
    dossier_id = await actions.create(scene.campaign.id, application(), ANA)
    dossier = await queries.by_id(dossier_id)
    assert (dossier.status_key, dossier.locale, dossier.name, dossier.submitted_at) == (
        "draft",
        "pl",
        "Ana Nowak",
        None,
    )
    assert dossier.number.endswith("-0001")
    assert await letters(dossier_id) == [("return_link", "ana@people.example", "queued")]
    assert await told(dossier_id) == ["dossier.created"]


async def test_the_way_back_is_urgent_and_opens_the_draft(scene: Scene) -> None:
    dossier_id = await actions.create(scene.campaign.id, application(), ANA)
    row = await database.fetchrow(
        """select o.lane, l.system, l.locale, l.values from message m join origin o on o.id = m.origin_id
        join letter l on l.id = m.id where m.dossier_id = $1""",
        dossier_id,
    )
    dossier = await queries.by_id(dossier_id)
    assert row is not None
    assert (row["lane"], row["system"], row["locale"]) == (0, "return_link", "pl")
    assert row["values"]["dossier_link"] == dossier.link
    assert (await queries.by_link(dossier.slug, dossier.link.rsplit("/", 1)[1])).id == dossier_id


async def test_one_form_makes_one_dossier_however_often_it_is_sent(scene: Scene) -> None:
    first = await actions.create(scene.campaign.id, application(), ANA, once="form-1")
    second = await actions.create(scene.campaign.id, application(), ANA, once="form-1")
    other = await actions.create(scene.campaign.id, application(), ANA, once="form-2")
    assert first == second != other
    assert await database.fetchval("select last_number from campaign where id = $1", scene.campaign.id) == 2


async def test_going_back_and_changing_the_form_is_saved_in_the_same_draft(scene: Scene) -> None:
    first = await actions.create(scene.campaign.id, application(answers={"title": "one"}), ANA, once="form-1")
    again = await actions.create(scene.campaign.id, application(answers={"title": "two"}), ANA, once="form-1")
    sent = await actions.create(
        scene.campaign.id, application(answers={"title": "two"}), ANA, once="form-1", submitting=True
    )
    dossier = await queries.by_id(first)
    assert first == again == sent and (dossier.status_key, dossier.answers) == ("submitted", {"title": "two"})
    late = await actions.create(scene.campaign.id, application(answers={"title": "three"}), ANA, once="form-1")
    assert late == first and (await queries.by_id(first)).answers == {"title": "two"}


async def test_somebody_else_at_the_same_screen_has_an_application_of_her_own(scene: Scene) -> None:
    first = await actions.create(scene.campaign.id, application(), ANA, once="form-1")
    other = await actions.create(scene.campaign.id, application(email="eva@people.example"), ANA, once="form-1")
    assert first != other and (await queries.by_id(other)).email == "eva@people.example"


async def test_whoever_knows_an_address_does_not_rename_its_owner(scene: Scene) -> None:
    ana = await factories.person("Ana", "Nowak", email="ana@people.example", locale="pl")
    form = application(email="ANA@people.example", first_name="Mallory", last_name="X", locale="fr")
    dossier_id = await actions.create(scene.campaign.id, form, candidate("Mallory X"))
    dossier = await queries.by_id(dossier_id)
    person = await queries.person(ana.id)
    assert (dossier.person_id, dossier.name) == (ana.id, "Mallory X")
    assert (person.first_name, person.last_name, person.locale) == ("Ana", "Nowak", "pl")
    renamed = application(first_name="Anna", last_name="Nowak-Lis")
    await actions.save_answers(dossier_id, dossier.version, renamed, ANA)
    assert (await queries.by_id(dossier_id)).name == "Anna Nowak-Lis"
    assert (await queries.person(ana.id)).name == "Ana Nowak"


async def test_an_address_that_cannot_be_written_to_is_refused(scene: Scene) -> None:
    for address in ("ana", "ana@people", "ana@people.example\r\nBcc: all@people.example"):
        with pytest.raises(Refused) as refused:
            await actions.create(scene.campaign.id, application(email=address), ANA)
        assert list(refused.value.errors) == ["email"]


async def test_saving_from_an_old_version_is_told_what_is_saved_now(scene: Scene) -> None:
    dossier_id = await actions.create(scene.campaign.id, application(), ANA)
    await actions.save_answers(dossier_id, 1, application(answers={"title": "mine"}), ANA)
    with pytest.raises(Stale) as stale:
        await actions.save_answers(dossier_id, 1, application(answers={"title": "other tab"}), ANA)
    assert (stale.value.theirs.version, stale.value.theirs.answers) == (2, {"title": "mine"})


async def test_documents_are_kept_replaced_and_removed_with_the_draft(scene: Scene) -> None:
    await factories.question(scene.campaign.id, "plan", "file", "Plan")
    first, second = await files.keep("plan.pdf", PDF), await files.keep("photo.png", png())
    dossier_id = await actions.create(scene.campaign.id, application(documents={"plan": [first]}), ANA)
    assert [file.name for file in await queries.files(dossier_id)] == ["plan.pdf"]
    assert files.pending(first.stored_as) is None
    await actions.save_answers(dossier_id, 1, application(documents={"plan": [second]}), ANA)
    assert [file.name for file in await queries.files(dossier_id)] == ["photo.png"]
    assert not files.path_of(first.stored_as).exists()
    (photo,) = await queries.files(dossier_id)
    await actions.save_answers(dossier_id, 2, application(removed=[photo.id]), ANA)
    assert await queries.files(dossier_id) == []
    assert not files.path_of(second.stored_as).exists()


async def test_a_document_that_one_dossier_has_cannot_join_another(scene: Scene) -> None:
    kept = await files.keep("plan.pdf", PDF)
    await actions.create(scene.campaign.id, application(documents={"plan": [kept]}), ANA)
    assert files.pending(kept.stored_as) is None


async def test_the_sweep_forgets_only_what_nobody_has(scene: Scene) -> None:
    owned, orphan, young = [await files.keep(f"{name}.pdf", PDF) for name in ("owned", "orphan", "young")]
    notes = {kept.stored_as: files._note(kept.stored_as) for kept in (owned, orphan)}
    kept_note = notes[owned.stored_as].read_bytes()
    await actions.create(scene.campaign.id, application(documents={"plan": [owned]}), ANA)
    notes[owned.stored_as].write_bytes(kept_note)  # as after a crash between the commit and its tidying up
    for note in notes.values():
        os.utime(note, (1, 1))
    assert await documents.sweep() == 1
    assert [files.path_of(each.stored_as).exists() for each in (owned, orphan, young)] == [True, False, True]
    assert [files.pending(each.stored_as) is None for each in (owned, orphan, young)] == [True, True, False]


# ------------------------------------------------------------------------------------------------ submitting
@pytest.mark.seed("E07")
async def test_E07_submitting_sends_the_receipt_at_once_and_only_once(scene: Scene) -> None:
    dossier_id = await actions.create(scene.campaign.id, application(), ANA, submitting=True)
    dossier = await queries.by_id(dossier_id)
    assert (dossier.status_key, dossier.submitted_at is not None) == ("submitted", True)
    assert await moves(dossier_id) == [("draft", "submitted", "candidate", False, None, "")]
    assert await letters(dossier_id) == [("trigger", "ana@people.example", "queued")]
    with pytest.raises(Refused):
        await actions.submit(dossier_id, None, ANA)
    assert len(await letters(dossier_id)) == 1
    assert (await told(dossier_id))[:2] == ["dossier.created", "dossier.submitted"]


@pytest.mark.seed("E11")
async def test_E11_a_submission_fires_nothing_of_the_managers_family(scene: Scene) -> None:
    await factories.trigger(scene.campaign, name="On submitted", to_status="submitted")
    dossier_id = await actions.create(scene.campaign.id, application(), ANA, submitting=True)
    assert [kind for kind, _address, _state in await letters(dossier_id)] == ["trigger"]


async def test_what_is_missing_is_named_by_its_field_and_nothing_is_kept(scene: Scene) -> None:
    await factories.question(scene.campaign.id, "title", required=True)
    await factories.question(scene.campaign.id, "plan", "file", required=True)
    with pytest.raises(Refused) as refused:
        await actions.create(scene.campaign.id, application(), ANA, submitting=True)
    assert refused.value.errors == {"answer_title": "Enter an answer.", "file_plan": "Choose a file."}
    assert await database.fetchval("select count(*) from dossier where campaign_id = $1", scene.campaign.id) == 0


async def test_a_call_closes_to_the_second_in_its_own_zone(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    closing = datetime(2026, 12, 15, 23, 59)
    of = await factories.campaign(time_zone="Europe/Warsaw", closes_at=closing)
    instant = closing.replace(tzinfo=ZoneInfo("Europe/Warsaw")).astimezone(UTC)
    early, late = [await actions.create(of.id, application(), ANA) for _ in range(2)]
    at(monkeypatch, instant - timedelta(seconds=1))
    await actions.submit(early, None, ANA)
    at(monkeypatch, instant)
    for verb in (
        actions.submit(late, None, ANA),
        actions.save_answers(late, 1, application(), ANA),
        actions.create(of.id, application(), ANA),
    ):
        with pytest.raises(Refused) as refused:
            await verb
        expected = "This call for applications closed on 15 December 2026, 23:59 (local time: Warsaw)."
        assert refused.value.message == expected
    assert (await queries.by_id(late)).status_key == "draft"


def at(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    """The clock that says whether a call is open."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return now

    monkeypatch.setattr(checks, "datetime", Clock)


async def test_before_it_opens_nobody_applies_but_a_colleague_may_prepare(scene: Scene) -> None:
    of = await factories.campaign(managers=(scene.alice,), opens_at=datetime(2098, 1, 1))
    with pytest.raises(Refused) as refused:
        await actions.create(of.id, application(), ANA)
    assert refused.value.message.startswith("This call for applications opens on 1 January 2098, 00:00")
    by_hand = await actions.create_by_hand(of.id, application(), scene.alice.actor)
    assert (await queries.by_id(by_hand)).status_key == "draft"


async def test_a_dossier_made_by_hand_writes_to_nobody_and_belongs_to_my_campaigns(scene: Scene) -> None:
    dossier_id = await actions.create_by_hand(scene.campaign.id, application(), scene.alice.actor)
    assert await letters(dossier_id) == []
    assert (await timeline.of_dossier(dossier_id))[0].actor_name == "Alice"
    with pytest.raises(Missing):
        await actions.create_by_hand(scene.elsewhere.id, application(), scene.alice.actor)
