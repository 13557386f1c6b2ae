"""A world in which every table has a row, so that every route has something to show, letters and documents too."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from portal import db, timeline
from portal.accounts import actions as accounts
from portal.dossiers import files
from portal.imports import actions as imports
from portal.jobs import actions as jobs
from portal.mailings.schedule_queries import handle_of
from portal.timeline_words import WORDS
from tests.dossiers.documents import PDF
from tests.house.routes import World, world

LETTER = b"""Message-ID: <one@mail.example>\r
From: Ana <ana@people.example>\r
To: office@passerelle.example\r
Subject: Hello\r
Content-Type: text/html; charset=utf-8\r
\r
<p>Hello</p>\r
"""
# Everything that a sentence of the history may name.
DETAILS = {
    "old": {"en": "Submitted"}, "new": {"en": "Accepted"}, "label": {"en": "Accepted"}, "title": {"en": "Rural Labs"},
    "address": "ana@people.example", "member": "Bob", "reason": "because", "hint": "cv_12345", "number": 2,
    "company": "Alpha", "seal": 1, "hash": "", "broken": None, "file": "list.csv", "n": 3,
}  # fmt: skip


async def furnished() -> World:
    """`world()` with a message, its tries, a document, a letter in the mailbox, a key and a history of everything."""
    here = await world()
    made = {
        "message_id": await _message(here),
        "letter_id": await _mailbox(),
        "file_id": await _document(here),
        "key_id": await _key(here),
        **await _assessment(here),
        "job_id": await _job(here),
        **await _letters(here),
        "view_id": await _view(here),
        "company_id": await _company(here),
        "import_id": await _import(here),
        **await _schedule(here),
        "mailing_id": await _mailing(here),
        "autoresponder_id": await _follow_up(here),
        "verb": "cancel",
    }
    made["topic_id"] = await _wishes(here)
    await _reminder(here)
    await _history(here)
    return msgspec.structs.replace(here, values=here.values | made)


async def _message(here: World) -> int:
    """One that waits for a person, with the letter that the trigger of the world would send."""
    template = await db.fetchval("select version_id from template where id = $1", here.values["template_id"])
    origin = await db.fetchval(
        "insert into origin (kind, ref_id, sender_id, lane) values ('trigger', $1, $2, 1) returning id",
        *(here.values["trigger_id"], here.values["sender_id"]),
    )
    change = await db.fetchval(
        """insert into status_change (dossier_id, from_id, to_id, actor_kind, account_id, manual, mode, reason)
        values ($1, $2, $2, 'user', $3, true, 'silent', 'because') returning id""",
        *(here.values["dossier_id"], here.values["status_id"], here.people["manager"].id),
    )
    row = await db.fetchrow(
        """insert into message (origin_id, person_id, dossier_id, occurrence, state, address, reply)
        values ($1, $2, $3, $4, 'held', 'ana@people.example', '250 OK') returning id, message_id""",
        *(origin, here.values["person_id"], here.values["dossier_id"], change),
    )
    assert row
    await db.execute(
        """insert into letter (id, version_id, locale, from_address, from_name, reply_to, to_name, shown_to, cc,
        subject, values) values ($1, $2, 'en', 'office@passerelle.example', 'Passerelle', 'office@passerelle.example',
        'Ana', 'ana@people.example', '{office@passerelle.example}', 'Hello', $3)""",
        *(row["id"], template, {"first_name": "Ana", "dossier_number": "RL-1"}),
    )
    sql = "insert into attempt (message_id, try, state, code, reply) values ($1, 1, 'retry', 451, 'not now')"
    await db.execute(sql, row["id"])
    return int(row["id"])


async def _reminder(here: World) -> None:
    """A reminder that is too late, and what was decided about the dossier."""
    campaign_id, trigger_id = here.values["campaign_id"], here.values["trigger_id"]
    await db.execute(
        """with made as (
            insert into trigger (campaign_id, name, family, template_id, from_status_id, recipients, days_before,
                at_time, conditions)
            select $1, 'A week left', 'deadline', $2, s.id, '{candidate}', 7, '09:00', '{"locales": ["en"]}'
            from status s where s.campaign_id = $1 and s.key = 'draft' returning id)
        insert into reminder (trigger_id, due_at, state) select id, now() - interval '2 days', 'late' from made""",
        *(campaign_id, here.values["template_id"]),
    )
    sql = """insert into decision (campaign_id, dossier_id, event, event_id, trigger_id, trigger_name, why_not, details)
        values ($1, $2, $3, 1, $4, 'Tell the candidate', $5, $6)"""
    for event, why_not, details in (
        ("submitted", "", {}),
        ("status", "other_answer", {"question": "country"}),
        ("deadline", "stopped", {"by": "Another"}),
    ):
        await db.execute(sql, campaign_id, here.values["dossier_id"], event, trigger_id, why_not, details)


async def _letters(here: World) -> dict[str, Any]:
    """A picture, and a document that goes with the letters of the template's first version."""
    picture = """insert into picture (key, name, media_type, width, height, content, sha256)
        values ($1, 'Logo', 'image/png', 1, 1, '', '') returning key"""
    attachment = """insert into attachment (name, media_type, content) values ('plan.pdf', 'application/pdf', $1)
        returning id"""
    number = await db.fetchval(attachment, PDF)
    sql = """insert into template_attachment (version_id, attachment_id)
        select version_id, $2 from template where id = $1"""
    await db.execute(sql, here.values["template_id"], number)
    return {"key": await db.fetchval(picture, "0" * 32), "attachment_id": number, "version_number": 1}


async def _wishes(here: World) -> int:
    """A kind of optional mail that somebody does not want, and what she agreed to."""
    sql = "insert into topic (name, description) values ($1, $2) returning id"
    topic_id = int(await db.fetchval(sql, {"en": "New calls"}, {"en": "Four times a year."}))
    await db.execute("insert into topic_opt_out (address, topic_id) values ('ana@people.example', $1)", topic_id)
    sql = """insert into consent (person_id, what, topic_id, given, wording, locale, source)
        values ($1, 'topic', $2, false, 'New calls', 'en', 'preferences')"""
    await db.execute(sql, here.values["person_id"], topic_id)
    sql = """insert into suppression (address, scope, reason, note, expires_at)
        values ('eva@people.example', 'optional', 'taking_a_break', 'back in May', now() + interval '9 days')"""
    await db.execute(sql)
    return topic_id


async def _mailbox() -> int:
    sql = """insert into mailbox_letter (mail_from, rcpt_to, message_id, subject, raw)
        values ('ana@people.example', '{office@passerelle.example}', 'one@mail.example', 'Hello', $1) returning id"""
    return int(await db.fetchval(sql, LETTER))


async def _document(here: World) -> int:
    kept = await files.keep("plan.pdf", PDF)
    files.claimed(kept.stored_as)
    sql = """insert into dossier_file (dossier_id, question_key, name, stored_as, media_type, size, sha256)
        values ($1, 'plan', $2, $3, $4, $5, $6) returning id"""
    row = (here.values["dossier_id"], kept.name, kept.stored_as, kept.media_type, kept.size, kept.sha256)
    return int(await db.fetchval(sql, *row))


async def _assessment(here: World) -> dict[str, int]:
    """A criterion, the evaluator's score by it, a note and a conflict of interest of the administrator's."""
    dossier_id, admin = here.values["dossier_id"], here.people["administrator"].id
    evaluator = here.people["evaluator"].id
    sql = "insert into criterion (campaign_id, label, help, position) values ($1, $2, $3, 1) returning id"
    criterion_id = await db.fetchval(sql, here.values["campaign_id"], {"en": "Idea"}, {"en": "Is it new?"})
    await db.execute("insert into score values ($1, $2, $3, 4, 'clear')", dossier_id, criterion_id, evaluator)
    await db.execute("insert into assignment values ($1, $2)", dossier_id, evaluator)
    await db.execute("insert into conflict_of_interest values ($1, $2, 'my cousin')", dossier_id, admin)
    sql = "insert into note (dossier_id, account_id, author_name, body) values ($1, $2, 'Adam', 'Late.') returning id"
    return {"criterion_id": int(criterion_id), "note_id": int(await db.fetchval(sql, dossier_id, admin))}


async def _key(here: World) -> int:
    """A key of the administrator's."""
    await accounts.create_api_key(here.people["administrator"].email)
    return int(await db.fetchval("select max(id) from api_key"))


async def _view(here: World) -> int:
    """A view of the administrator's, with filters and a rule."""
    sql = """insert into custom_view (module, name, owner_id, filters, criteria)
        values ('dossiers', 'Ours', $1, $2, $3) returning id"""
    criteria = {"join": "all", "items": [{"field": "company_sector", "op": "contains", "value": ["farm"]}]}
    return int(await db.fetchval(sql, here.people["administrator"].id, {"status": ["accepted"]}, criteria))


async def _company(here: World) -> int:
    """The company of the world's person."""
    sql = "insert into company (name, sector, country, city) values ('Alpha', 'Farms', 'FR', 'Lyon') returning id"
    company_id = int(await db.fetchval(sql))
    sql = "update person set company_id = $2, owner_id = $3, tags = '{press}', phone = '+33 1' where id = $1"
    await db.execute(sql, here.values["person_id"], company_id, here.people["manager"].id)
    return company_id


async def _mailing(here: World) -> int:
    """A draft of the manager's to the person of the world, with the template of the world."""
    manager, values = here.people["manager"], here.values
    sql = """insert into mailing (name, module, campaign_id, audience, template_id, created_by, changed_by)
        values ('To all', 'dossiers', $1, 'picked', $2, $3, $3) returning id"""
    mailing_id = await db.fetchval(sql, values["campaign_id"], values["template_id"], manager.id)
    await db.execute("insert into mailing_pick values ($1, $2)", mailing_id, values["dossier_id"])
    return int(mailing_id)


async def _schedule(here: World) -> dict[str, Any]:
    """A scheduled mailing of the manager's, whose last run is too late."""
    manager = here.people["manager"]
    sql = "insert into custom_view (module, name, owner_id) values ('candidates', 'All', $1) returning id"
    view_id = await db.fetchval(sql, manager.id)
    sql = """insert into schedule (name, module, campaign_id, view_id, template_id, active, starts_at, time_zone, rule,
        owner_id) values ('News', 'candidates', $1, $2, $3, true, '2026-01-05 09:00', 'Europe/Madrid', 'FREQ=WEEKLY',
        $4) returning id"""
    schedule_id = await db.fetchval(sql, here.values["campaign_id"], view_id, here.values["template_id"], manager.id)
    due_at = datetime(2026, 1, 12, 8, tzinfo=UTC)
    sql = "insert into schedule_run (schedule_id, due_at, state, problem) values ($1, $2, 'late', 'late')"
    await db.execute(sql, schedule_id, due_at)
    await db.execute("insert into schedule_seen values ($1, $2)", schedule_id, here.values["person_id"] + 1)
    return {"schedule_id": schedule_id, "run_id": handle_of(due_at), "decision": "send"}


async def _follow_up(here: World) -> int:
    """An automatic follow-up that is active, on a status."""
    sql = """insert into autoresponder (campaign_id, name, cause, status_id, template_id, active, active_from)
        values ($1, 'Next steps', 'status', $2, $3, true, now()) returning id"""
    keys = ("campaign_id", "status_id", "template_id")
    return int(await db.fetchval(sql, *(here.values[key] for key in keys)))


async def _job(here: World) -> int:
    """Long work of the administrator's, which could not be done everywhere."""
    by = here.people["administrator"].actor
    job_id = await jobs.start("status", by, what={}, items=[here.values["dossier_id"]])
    sql = "update job_item set state = 'refused', reason = 'changed' where job_id = $1"
    await db.execute(sql, job_id)
    return job_id


async def _import(here: World) -> int:
    """A list of the manager's, checked, with something wrong in it."""
    by, campaign_id = here.people["manager"].actor, here.values["campaign_id"]
    import_id = await imports.upload(by, "dossiers", campaign_id, "list.csv", b"email,name\nana@people.example,=1+1\n")
    sql = "update import_file set state = 'checked', counts = $2 where id = $1"
    await db.execute(sql, import_id, {"new": 1, "known": 1, "applied": 1, "wrong": 1})
    await db.execute("insert into import_problem values ($1, 2, 'email', 'email_wrong', '=nobody')", import_id)
    return import_id


async def _history(here: World) -> None:
    """One event of every kind, about everything at once."""
    lead: dict[str, Any] = {name: here.values[name] for name in ("campaign_id", "dossier_id", "person_id")}
    subjects = {"message": "message_id", "sender": "sender_id", "trigger": "trigger_id"}
    for what in WORDS:
        subject = what.partition(".")[0]
        number = here.values.get(subjects.get(subject, f"{subject}_id"), 1)
        await timeline.record(subject, number, what, here.people["manager"].actor, **lead, **DETAILS)
