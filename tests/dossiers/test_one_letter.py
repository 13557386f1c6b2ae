"""A letter on hold, or in its time to undo, is edited for its one recipient; never one that a worker holds."""

from __future__ import annotations

import asyncio

import pytest

from portal import db as database
from portal import timeline
from portal.dossiers import actions, one_letter, pending, queries
from portal.dossiers.one_letter import OneLetter
from portal.emails import queries as emails
from portal.emails.checks import Text
from portal.ledger import actions as ledger
from portal.outcomes import Missing, Refused, Stale
from portal.sending.queries import letter_of
from tests import factories
from tests.clients import Client
from tests.dossiers.conftest import Scene, make_scene
from tests.sending.helpers import sending, until
from tests.sending.sink import Sink, running

BETTER = Text("A place for {{ full_name }}", "", "<p>Dear {{ first_name }}, call us: {{ dossier_number }}</p>")


async def on_hold(scene: Scene, mode: str = "hold", delay: int = 30) -> OneLetter:
    """Alice accepts; the letter waits."""
    template = await factories.template(variants={"en": ("Decision", "<p>Hello {{ first_name }}</p>")})
    await factories.trigger(scene.campaign, template, delay_minutes=delay)
    dossier = await factories.dossier(scene.campaign)
    await actions.change_status(dossier.id, "accepted", 1, scene.alice.actor, mode)  # type: ignore[arg-type]
    [waiting] = await pending.letters(dossier.id)
    return await one_letter.find(await queries.by_id(dossier.id), waiting.id)


async def dossier_of(one: OneLetter) -> int:
    return int(await database.fetchval("select dossier_id from message where id = $1", one.id))


@pytest.mark.seed("B03")
@pytest.mark.parametrize("mode", ["hold", "send"])
async def test_B03_a_waiting_letter_is_edited_for_one_recipient(scene: Scene, mode: str) -> None:
    one = await on_hold(scene, mode)
    dossier_id = await dossier_of(one)
    await one_letter.edit(dossier_id, one.id, one.version_id, BETTER, "Her grant is larger", scene.alice.actor)
    now = await one_letter.find(await queries.by_id(dossier_id), one.id)
    assert (now.subject, now.edited, now.note) == (BETTER.subject, True, "Her grant is larger")
    octets, rendered = await letter_of(one.id)
    number = (await queries.by_id(dossier_id)).number
    assert rendered.subject.startswith("A place for Ana Nowak") and number in rendered.text and octets
    template = await emails.version(one.version_id)
    assert (await emails.current(template.template_id)).id == one.version_id
    numbered = "select count(*) from template_version where template_id = $1 and number is not null"
    assert await database.fetchval(numbered, template.template_id) == 1
    assert "message.edited" in [event.what for event in await timeline.of_dossier(dossier_id)]
    state = "held" if mode == "hold" else "queued"
    assert await database.fetchval("select state::text from message where id = $1", one.id) == state


async def test_what_is_wrong_with_it_is_said_as_with_templates(scene: Scene) -> None:
    one = await on_hold(scene)
    dossier_id = await dossier_of(one)
    for text, part in ((Text("", "", "<p>Hi</p>"), "subject"), (Text("Hi", "", "<p>{{ frist_name }}</p>"), "body")):
        with pytest.raises(Refused) as refused:
            await one_letter.edit(dossier_id, one.id, one.version_id, text, "", scene.alice.actor)
        assert list(refused.value.errors) == [part]


async def test_nobody_edits_what_has_left_what_is_cancelled_or_what_a_worker_holds(scene: Scene) -> None:
    one = await on_hold(scene, "send")
    dossier_id, alice = await dossier_of(one), scene.alice.actor
    with pytest.raises(Missing):
        await one_letter.edit(dossier_id, one.id, one.version_id, BETTER, "", scene.dana.actor)
    run_id = await database.fetchval(
        """insert into run (worker, life, lease_until)
        values ('worker', gen_random_uuid(), now() + interval '1 minute') returning id"""
    )
    await database.execute("update batch set run_id = $1 where done_at is null", run_id)
    with pytest.raises(Stale):
        await one_letter.edit(dossier_id, one.id, one.version_id, BETTER, "", alice)
    await database.execute("update batch set run_id = null where run_id = $1", run_id)
    await ledger.cancel(one.id, alice)
    with pytest.raises(Stale):
        await one_letter.edit(dossier_id, one.id, one.version_id, BETTER, "", alice)


async def test_two_people_who_edit_the_same_letter_lose_nothing(fresh_client: Client, valkey_url: str) -> None:
    scene = await make_scene()
    one = await on_hold(scene)
    path = f"/dossiers/{await dossier_of(one)}/letters/{one.id}"
    await fresh_client.sign_in(scene.alice.email)
    form = (await fresh_client.get(path)).form(path)
    answers = await asyncio.gather(
        *(fresh_client.post(path, form | {"subject": f"Decision {name}"}) for name in ("one", "two"))
    )
    assert sorted(answer.status for answer in answers) == [200, 409]
    theirs = next(answer for answer in answers if answer.status == 409)
    page = await fresh_client.post(path, theirs.form(path))
    assert page.toasts == ["Letter saved. It waits as before."]
    versions = "select count(*) from template_version where for_message = $1"
    assert await database.fetchval(versions, one.id) == 2


async def test_the_edited_letter_is_the_one_that_leaves(fresh_database: str, valkey_url: str) -> None:
    scene = await make_scene()
    one = await on_hold(scene)
    dossier_id = await dossier_of(one)
    await one_letter.edit(dossier_id, one.id, one.version_id, BETTER, "", scene.alice.actor)
    async with running(Sink()) as sink, sending(sink):
        await ledger.release(one.id, scene.alice.actor)

        async def arrived() -> bool:
            return bool(sink.got)

        await until(arrived)
    assert await database.fetchval("select subject from letter where id = $1", one.id) == "A place for Ana Nowak"


async def test_evaluators_read_but_do_not_edit(client: Client, scene: Scene) -> None:
    one = await on_hold(scene)
    path = f"/dossiers/{await dossier_of(one)}/letters/{one.id}"
    await client.sign_in(scene.bob.email)
    assert (await client.get(path)).status == 403
    page = await client.get(f"/dossiers/{await dossier_of(one)}")
    assert "1 e-mail has not left yet" in page.words and path not in page.text
    await client.sign_in(scene.alice.email)
    page = await client.get(path)
    assert page.h1 == "Letter to Ana Nowak" and "Hello Ana" in page.texts("#notes pre")[0]
    checked = await client.post(f"{path}/check", page.form(path) | {"body": "<p>{{ nobody }}</p>"}, target="notes")
    assert "nobody" in checked.text
