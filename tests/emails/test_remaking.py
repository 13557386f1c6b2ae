"""After a correction: letters that have not left are written again, and never one that a worker has."""

from __future__ import annotations

import msgspec
import pytest

from portal import db as database
from portal.emails import actions, queries, remaking, unsent
from portal.emails.actions import Draft
from portal.emails.checks import Text
from portal.jobs import queries as jobs
from portal.outcomes import Stale
from portal.triggers.actions import fire
from portal.triggers.facts import Change, Mode
from tests import factories
from tests.clients import Client
from tests.factories import AccountRow, CampaignRow, DossierRow

WRONG = {
    "en": Text("Acepted: {{ dossier_number }}", "", "<p>Dear {{ first_name }},</p>\n<p>{{ dossier_link }}</p>"),
    "fr": Text("Accepté", "", "<p>Bonjour</p>"),
}
RIGHT = {
    "en": Text("Accepted: {{ dossier_number }}", "", "<p>Dear {{ full_name }},</p>\n<p>{{ status }}</p>"),
    "fr": Text("Accepté", "", "<p>Bonjour</p>"),
    "pl": Text("Zakwalifikowano", "", "<p>Szanowni Państwo</p>"),
}


class House(msgspec.Struct):
    """A campaign whose template has a mistake."""

    alice: AccountRow
    campaign: CampaignRow
    template_id: int

    async def planned(self, mode: Mode = "hold", locale: str = "en") -> tuple[DossierRow, int]:
        """A letter that has not left."""
        dossier = await factories.dossier(self.campaign, await factories.person("Ana", "Nowak", locale=locale))
        return dossier, await self.plan(dossier, mode)

    async def plan(self, dossier: DossierRow, mode: Mode = "hold") -> int:
        accepted = self.campaign.status["accepted"]
        event = await database.fetchval(
            """insert into status_change (dossier_id, from_id, to_id, actor_kind, manual)
            values ($1, $2, $3, 'user', true) returning id""",
            *(dossier.id, dossier.status_id, accepted),
        )
        change = Change(dossier_id=dossier.id, campaign_id=self.campaign.id, event_id=event, kind="status",
                        from_status=dossier.status_id, to_status=accepted, manual=True, actor_kind="user",
                        mode=mode)  # fmt: skip
        return (await fire(change))[0]

    async def corrected(self) -> queries.Version:
        draft = Draft(name="Winners", category="transactional", texts=RIGHT)
        return await actions.save(self.template_id, draft, 1, self.alice.actor)

    @property
    def page(self) -> str:
        return f"/templates/{self.template_id}/unsent"


async def house() -> House:
    await factories.organisation()
    alice = await factories.account("Alice")
    campaign = await factories.campaign(managers=(alice,))
    draft = Draft(name="Winners", category="transactional", texts=WRONG, fallback_locale="en")
    template_id = await actions.create(draft, alice.actor)
    version = await queries.current(template_id)
    await factories.trigger(campaign, factories.TemplateRow(template_id, version.id))
    return House(alice, campaign, template_id)


async def letter(message_id: int) -> tuple[str, str, int, dict[str, str]]:
    sql = """select l.locale, l.subject, v.number, l.values from letter l
        left join template_version v on v.id = l.version_id where l.id = $1"""
    row = await database.fetchrow(sql, message_id)
    assert row
    return row["locale"], row["subject"], row["number"], row["values"]


async def test_alice_sees_what_changes_and_has_it_written_again(client: Client) -> None:
    here = await house()
    dossier, held = await here.planned("hold")
    _other, queued = await here.planned("send")
    _polish, polish = await here.planned("hold", "pl")
    await client.sign_in(here.alice.email)
    edit = f"/templates/{here.template_id}"
    form = (await client.get(edit)).form(edit)
    page = await client.post(edit, form | {"subject": RIGHT["en"].subject, "body": RIGHT["en"].body})
    assert page.toasts == [
        "Version 2 saved. 3 e-mails that have not left say what an earlier version said. Look at them"
    ]
    draft = Draft(name="Winners", category="transactional", texts=RIGHT)
    await actions.save(here.template_id, draft, 2, here.alice.actor)
    page = await client.get(here.page)
    assert "3 e-mails were written with an earlier version" in page.words
    assert {"Acepted", "Accepted"} <= {*page.texts(".diff del"), *page.texts(".diff ins")}
    assert "/apply/" not in page.text
    page = await client.post(here.page, page.form(here.page))
    assert page.toasts == ["3 e-mails written again."]
    assert "No e-mail waits" in page.words
    locale, subject, number, values = await letter(held)
    assert (locale, subject, number) == ("en", f"Accepted: {dossier.number}", 3)
    assert values["full_name"] == "Ana Nowak" and values["status"] == "Accepted" and "first_name" not in values
    assert (await letter(queued))[2] == 3
    assert (await letter(polish))[:2] == ("pl", "Zakwalifikowano")
    sql = "select count(*) from timeline_event where what = 'message.remade' and dossier_id is not null"
    assert await database.fetchval(sql) == 3


async def test_what_a_worker_has_what_has_left_and_what_was_edited_for_one_stays(db: None) -> None:
    here = await house()
    _one, claimed = await here.planned("send")
    sql = "insert into run (worker, life, lease_until) values ('w', gen_random_uuid(), now()) returning id"
    run = await database.fetchval(sql)
    await database.execute("update batch set run_id = $1", run)
    _two, left = await here.planned("hold")
    await database.execute("update message set state = 'accepted' where id = $1", left)
    _three, edited = await here.planned("hold")
    own = await database.fetchval(
        """insert into template_version (template_id, for_message, fallback_locale) values ($1, $2, 'en')
        returning id""",
        *(here.template_id, edited),
    )
    await database.execute("update letter set version_id = $1 where id = $2", own, edited)
    await here.corrected()
    assert await unsent.unsent(here.alice.actor, here.template_id) == []
    # And where it is claimed in the moment between looking and locking:
    await database.execute("update batch set run_id = null")
    letters = await unsent.unsent(here.alice.actor, here.template_id)
    await database.execute("update batch set run_id = $1", run)
    assert await remaking.remake(letters, await queries.current(here.template_id), here.alice.actor) == 0
    assert (await letter(claimed))[1].startswith("Acepted")


async def test_another_number_than_was_seen_is_a_conflict(client: Client) -> None:
    here = await house()
    await here.planned()
    await here.corrected()
    await client.sign_in(here.alice.email)
    form = (await client.get(here.page)).form(here.page)
    await database.execute("update template_version set saved_at = now()")
    _dossier, message_id = await here.planned()
    sql = "update letter set version_id = (select id from template_version where number = 1) where id = $1"
    await database.execute(sql, message_id)
    page = await client.post(here.page, form)
    assert page.status == 409 and "look at the number and the samples again" in page.words
    with pytest.raises(Stale):
        await remaking.remake_all(here.template_id, 1, 2, here.alice.actor)


async def test_letters_of_campaigns_that_one_does_not_see_stay(db: None) -> None:
    here, dana = await house(), await factories.account("Dana")
    await here.planned()
    await here.corrected()
    assert await unsent.unsent(dana.actor, here.template_id) == []
    bob = await factories.account("Bob", "evaluator")
    await factories.member(here.campaign.id, bob)
    assert await unsent.unsent(bob.actor, here.template_id) == []


async def test_many_letters_are_a_task(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    here = await house()
    monkeypatch.setattr(remaking, "AT_ONCE", 1)
    messages = [(await here.planned())[1] for _each in range(2)]
    await here.corrected()
    count, job_id = await remaking.remake_all(here.template_id, 2, 2, here.alice.actor)
    assert count == 2 and job_id
    job = await jobs.one(here.alice.actor, job_id)
    assert (job.kind, job.total) == ("regenerate", 2)
    await database.execute("update message set state = 'cancelled' where id = $1", messages[1])
    assert [await remaking.remake_one(job, each, here.alice.actor) for each in messages] == [None, "left"]
    assert [(await letter(each))[2] for each in messages] == [2, 1]
    draft = Draft(name="Winners", category="transactional", texts={**RIGHT, "en": WRONG["en"]})
    await actions.save(here.template_id, draft, 2, here.alice.actor)
    assert await remaking.remake_one(job, messages[0], here.alice.actor) == "newer"
